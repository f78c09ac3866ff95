//! `clp extract --input`.

use std::{
    fs::File,
    io::{self, Read},
};

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;

use super::threads;
use crate::{
    cli::{App, to_stderr},
    domain::nanos,
    pipeline::extract::offline::{Counts, Extracting, Rules},
};

#[derive(Args, Debug)]
#[command(next_help_heading = "Of a file")]
pub struct OfflineArgs {
    /// File with raw lines, gzip or plain text; - for standard input. Kafka is not needed then
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, requires = "service")]
    pub input: Option<String>,

    /// Service whose lines these are: its name or an alias; with `proxy` in it, requests become proxy records
    #[arg(long, value_name = "SERVICE", requires = "input")]
    service: Option<String>,

    /// Environment, as E or SUBSCRIPTION/E, for the records of errors
    #[arg(short, long = "env", alias = "environment", value_name = "ENV", requires = "input")]
    environment: Option<String>,

    /// Subscription, for the records of errors
    #[arg(short, long, value_name = "SUBSCRIPTION", requires = "input")]
    subscription: Option<String>,
}

const STANDARD_INPUT: &str = "-";

pub fn run(input: &str, args: &OfflineArgs, app: &App) -> anyhow::Result<()> {
    let processing = &app.config()?.processing;
    let service = args.service.as_deref().unwrap_or_default();
    let service = app.config()?.selectors().resolve(service);
    let (name, input) = open(input)?;
    let (subscription, environment) = source(args.subscription.as_deref(), args.environment.as_deref());
    let rules = Rules {
        from_proxy: service.is_proxy(),
        service: service.name,
        environment,
        subscription,
        received_ns: nanos(Timestamp::now()),
        validate: processing.enable_validation,
        keep_errors: processing.skip_invalid_logs,
    };
    let mut output = app.output();
    let mut counts = Counts::default();
    let mut end = Ok(());
    for chunk in Extracting::start(input, rules, threads(processing)) {
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
fn source(subscription: Option<&str>, environment: Option<&str>) -> (String, String) {
    let environment = environment.unwrap_or_default();
    let (subscription, environment) = match (subscription, environment.split_once('/')) {
        (None, Some(both)) => both,
        (subscription, _) => (subscription.unwrap_or_default(), environment),
    };
    (subscription.to_owned(), environment.to_owned())
}
