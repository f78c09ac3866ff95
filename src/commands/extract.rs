//! `clp extract`.

use std::{
    fs::File,
    io::{self, Read},
    num::NonZeroUsize,
    thread,
};

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;

use crate::{
    cli::{App, to_stderr},
    pipeline::extract::offline::{Counts, Extracting, Rules},
};

const EXAMPLES: &str = "Examples:
  clp extract --input 20250606.api-674b9bdb88-vm775.gz --service api
  clp extract --input proxy.gz --service apache-proxy | jq -c 'select(.record.status_code >= 500)'
  zcat *.gz | clp extract --input - --service api";

/// Extract records from raw lines: messages, requests, errors
///
/// Reads raw lines from a file, gzip or plain text, and writes one JSON object for each record, in their order:
/// {"kind": "application" | "http" | "proxy" | "error", "record": {…}}. A line that cannot be extracted becomes an error's record,
/// with the whole line in it. Blank messages and probes that are no HTTP requests are skipped. The counts are on standard
/// error. Kafka is not needed.
///
/// Exit code 6 if the gzip data is torn or corrupt; what comes before that is written.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Extract {
    /// File with raw lines; - for standard input
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    input: String,

    /// Service whose lines these are: its name or an alias; with `proxy` in it, requests become proxy records
    #[arg(long, value_name = "SERVICE")]
    service: String,

    /// Environment, as E or SUBSCRIPTION/E, for the records of errors
    #[arg(short, long = "env", alias = "environment", value_name = "ENV")]
    environment: Option<String>,

    /// Subscription, for the records of errors
    #[arg(short, long, value_name = "SUBSCRIPTION")]
    subscription: Option<String>,
}

const STANDARD_INPUT: &str = "-";

pub fn run(args: Extract, app: &App) -> anyhow::Result<()> {
    let processing = &app.config()?.processing;
    let service = app.config()?.selectors().resolve(&args.service);
    let (name, input) = open(&args.input)?;
    let (subscription, environment) = source(args.subscription, args.environment.unwrap_or_default());
    let rules = Rules {
        from_proxy: service.is_proxy(),
        service: service.name,
        environment,
        subscription,
        received_ns: i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default(),
        validate: processing.enable_validation,
        keep_errors: processing.skip_invalid_logs,
    };
    let workers = match processing.max_concurrency {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        count => count as usize,
    };
    let mut output = app.output();
    let mut counts = Counts::default();
    let mut end = Ok(());
    for chunk in Extracting::start(input, rules, workers) {
        match chunk {
            Ok(chunk) => {
                output.bytes(&chunk.json)?;
                output.flush()?;
                counts += chunk.counts;
            }
            Err(error) => end = Err(error).context(name.clone()),
        }
    }
    to_stderr(&counts.to_string());
    end
}

/// The input with its name for messages.
fn open(input: &str) -> anyhow::Result<(String, Box<dyn Read + Send>)> {
    if input == STANDARD_INPUT {
        return Ok(("standard input".to_owned(), Box::new(io::stdin())));
    }
    let file = File::open(input).with_context(|| format!("cannot open {input}"))?;
    Ok((input.to_owned(), Box::new(file)))
}

/// Subscription and environment; empty if they are not known.
fn source(subscription: Option<String>, environment: String) -> (String, String) {
    match (subscription, environment.split_once('/')) {
        (None, Some((subscription, environment))) => (subscription.to_owned(), environment.to_owned()),
        (subscription, _) => (subscription.unwrap_or_default(), environment),
    }
}
