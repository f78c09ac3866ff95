//! `clp monitor`.

mod resolve;

use std::{path::PathBuf, pin::pin, time::Duration};

use clap::Args;
use tokio::sync::mpsc;

use self::resolve::{Destination, watches};
use super::selection::EnvironmentSelection;
use crate::{
    cli::{App, Exit, Failure, GlobalArgs, MetricsArgs, Output, Parts, cancel_on_signal},
    config::{Config, DateRange, ErrorHandling},
    domain::Date,
    pipeline::{
        health::Health,
        metrics::{self, MonitorMetrics, log_progress},
        monitor::{self, Batch, Events, Watch},
    },
};

const EXAMPLES: &str = "Examples:
  clp monitor
  clp monitor config.yaml
  clp monitor --once --days-back 7 --env P1
  clp monitor --once --dry-run --date 20250606 |
    jq -c 'select(.event == \"BlobObserved\")'";

/// Watch storage and tell which blobs are new, have changed, or are closed
///
/// Scans the environments of the configuration, each at its own interval, and publishes BlobObserved, BlobsListed and
/// BlobClosed events. A restarted monitor goes on where the last one stopped; several at once do no harm.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Monitor {
    /// Configuration file; the same as --config
    #[arg(value_name = "CONFIG")]
    configuration: Option<PathBuf>,

    #[command(flatten)]
    environments: EnvironmentSelection,

    /// Scan this day and no other: YYYYMMDD, YYYY-MM-DD, today, yesterday
    #[arg(short, long, value_name = "DATE")]
    date: Option<Date>,

    /// Scan so many days before today, in place of the configured number
    #[arg(long, value_name = "N", conflicts_with = "date", value_parser = clap::value_parser!(u32).range(..=3660))]
    days_back: Option<u32>,

    /// End after one scan of each environment
    #[arg(long)]
    once: bool,

    /// Print the events, one JSON object a line, and publish none; needs no Kafka
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    metrics: MetricsArgs,
}

impl Monitor {
    /// Takes the file that was named without a flag, as the predecessor's monitor did.
    pub fn name_configuration(&self, global: &mut GlobalArgs) -> anyhow::Result<()> {
        match (&self.configuration, &global.config) {
            (Some(file), Some(other)) if file != other => {
                let (file, other) = (file.display(), other.display());
                Err(Failure::usage(format!("two configuration files are named: {file} and {other}")).into())
            }
            (Some(file), _) => {
                global.config = Some(file.clone());
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    fn range(&self, configured: &DateRange) -> DateRange {
        match (self.date, self.days_back) {
            (Some(date), _) => DateRange {
                specific_date: Some(date),
                monitor_current_day: false,
                ..configured.clone()
            },
            (None, Some(days_back)) => DateRange {
                days_back,
                specific_date: None,
                ..configured.clone()
            },
            (None, None) => configured.clone(),
        }
    }
}

/// When it is told to stop, events that are on their way get so long to arrive.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

pub async fn run(args: Monitor, app: &App) -> anyhow::Result<()> {
    app.log_as_service()?;
    let handling = &app.config()?.error_handling;
    let cancel = app.stop();
    let _signals = cancel_on_signal(cancel.clone());
    // Nothing is asked of storage before Kafka answers.
    let destination = match args.dry_run {
        true => None,
        false => match cancel.run_until_cancelled(Destination::find(app)).await {
            Some(found) => Some(found?),
            None => return stopped(args.once),
        },
    };
    let mut registry = metrics::registry();
    let (figures, health) = (MonitorMetrics::register(&mut registry), Health::default());
    let (watches, parts) = watches(&args, app, &figures, &health)?;
    let _server = args.metrics.serve(registry, figures.clone(), health.clone()).await?;
    let (events, batches) = monitor::events();
    let working = async {
        let watches = match &destination {
            Some(destination) => destination.recall(watches).await?,
            None => watches,
        };
        match args.once {
            true => once(watches, events, handling, parts).await,
            false => serve(watches, events, app.config()?, &figures).await,
        }
    };
    let scanning = async {
        tokio::select! {
            result = working => result,
            () = cancel.cancelled() => stopped(args.once),
        }
    };
    let telling = async {
        match &destination {
            Some(destination) => destination.publish(batches, handling, figures.clone()).await,
            None => print(app.output(), batches).await,
        }
    };
    let mut telling = pin!(telling);
    let scanned = tokio::select! {
        // Whoever takes the events ends before the scans only by failing.
        told = &mut telling => return told,
        scanned = scanning => scanned,
    };
    health.stopping();
    match tokio::time::timeout(STOP_PATIENCE, telling).await {
        Ok(told) => told?,
        Err(_) => tracing::warn!("Kafka does not answer; what has not arrived is told by the next start"),
    }
    scanned
}

/// A service ends well when it is told to; one scan does not.
fn stopped(once: bool) -> anyhow::Result<()> {
    match once {
        true => Err(Failure::new(Exit::Interrupted, "interrupted before all was scanned").into()),
        false => Ok(()),
    }
}

/// One scan of each environment.
async fn once(watches: Vec<Watch>, events: Events, handling: &ErrorHandling, mut parts: Parts) -> anyhow::Result<()> {
    for result in monitor::once(watches, events, handling).await? {
        parts.note(result.map_err(Into::into))?;
    }
    parts.into_result()
}

/// Scans until it is dropped.
async fn serve(watches: Vec<Watch>, events: Events, config: &Config, figures: &MonitorMetrics) -> anyhow::Result<()> {
    let _progress = log_progress(&config.monitoring, figures.clone());
    let Err(error) = monitor::serve(watches, events, &config.error_handling, figures).await;
    Err(error.into())
}

/// Takes events by printing them.
async fn print(mut output: Output, mut batches: mpsc::Receiver<Batch>) -> anyhow::Result<()> {
    while let Some(batch) = batches.recv().await {
        for event in &batch.events {
            output.json(event)?;
        }
        output.flush()?;
        // A scan that was given up does not ask any more.
        let _ = batch.arrived.send(());
    }
    Ok(())
}
