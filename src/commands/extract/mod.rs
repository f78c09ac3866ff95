//! `clp extract`.

mod offline;
mod service;

use std::{num::NonZeroUsize, thread};

use clap::Args;

use crate::{cli::App, config};

const EXAMPLES: &str = "Examples:
  clp extract                     # the service: until it is told to stop
  clp extract --until-idle 60     # in a job: until a minute brought nothing to do
  clp extract --input 20250606.api-674b9bdb88-vm775.gz --service api
  clp extract --input proxy.gz --service apache-proxy |
    jq -c 'select(.record.status_code >= 500)'
  zcat *.gz | clp extract --input - --service api";

/// Extract records from raw lines: messages, requests, errors
///
/// As a service, it follows the raw topics and brings a record for each line into Extracted.Application, Extracted.Proxy or
/// Extraction.Errors, each exactly once, in the order of each blob. Start as many as you like: they are members of one
/// consumer group.
///
/// With --input, it reads raw lines from a file and writes one JSON object for each record, in their order:
/// {"kind": "application" | "http" | "proxy" | "error", "record": {…}}. The counts are on standard error. Exit code 6 if the
/// gzip data is torn or corrupt; what comes before that is written.
///
/// A line that cannot be extracted becomes an error's record, with the whole line in it. Blank messages and probes that
/// are no HTTP requests are skipped.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Extract {
    #[command(flatten)]
    offline: offline::OfflineArgs,

    #[command(flatten)]
    service: service::ServiceArgs,
}

pub async fn run(args: Extract, app: &App) -> anyhow::Result<()> {
    match &args.offline.input {
        Some(input) => offline::run(input, &args.offline, app),
        None => service::run(&args.service, app).await,
    }
}

fn threads(processing: &config::Processing) -> usize {
    match processing.max_concurrency {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        count => count as usize,
    }
}
