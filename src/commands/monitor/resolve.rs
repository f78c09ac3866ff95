//! Arguments and configuration become what is watched, and where it is told.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::Monitor;
use crate::{
    cli::{App, Failure, Kafka, Parts},
    commands::topics,
    config::{DateRange, ErrorHandling, MonitorTarget},
    domain::{Date, Selector},
    kafka::{self, Cluster},
    pipeline::{
        health::Health,
        metrics::MonitorMetrics,
        monitor::{self, Batch, Known, Schedule, Watch},
        raw_lines::Topic,
    },
};

/// Between two scans and in them, an environment gives a sign of life after the time that it waits, and at most so much
/// more: longer than one request to storage may take with all its retries.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// The environments that can be watched. Those whose storage can not be opened are noted in the parts; the others go
/// on without them, if the configuration says so.
pub(super) fn watches(
    args: &Monitor,
    app: &App,
    metrics: &MonitorMetrics,
    health: &Health,
) -> anyhow::Result<(Vec<Watch>, Parts)> {
    let range = args.range(&app.config()?.date_range);
    if range.dates(Date::today_utc()).is_empty() {
        return Err(
            Failure::usage("no day is left to scan: --days-back 0 without the current day")
                .with_hint("give --date, or set date_range.monitor_current_day: true")
                .into(),
        );
    }
    let targets = targets(args, app)?;
    let mut parts = Parts::of(targets.len(), "environments");
    let mut watches = Vec::new();
    for target in targets {
        match watch(target, range.clone(), app, metrics, health) {
            Err(error) if !app.config()?.error_handling.continue_on_environment_error => return Err(error),
            result => watches.extend(parts.note(result)?),
        }
    }
    if watches.is_empty() {
        parts.into_result()?;
        return Err(Failure::configuration("nothing to monitor").into());
    }
    Ok((watches, parts))
}

/// The environments that are named; else those that the configuration wants monitored.
fn targets(args: &Monitor, app: &App) -> anyhow::Result<Vec<MonitorTarget>> {
    let config = app.config()?;
    let selection = &args.environments;
    let wanted = config.monitored();
    if selection.environments.is_empty() && selection.subscription.is_none() && !wanted.is_empty() {
        return Ok(wanted);
    }
    let mut targets = Vec::new();
    for id in selection.resolve(app)? {
        let before = targets.len();
        targets.extend(wanted.iter().filter(|target| target.environment == id).cloned());
        if targets.len() == before && !selection.environments.is_empty() {
            // Named, so wanted, though the configuration does not say how.
            targets.push(config.monitor_target(id));
        }
    }
    match targets.is_empty() {
        false => Ok(targets),
        true => Err(
            Failure::configuration("nothing to monitor: no such item of `environments` is enabled")
                .with_hint("enable one, leave `environments` out to monitor all there are, or name one with --env")
                .into(),
        ),
    }
}

fn watch(
    target: MonitorTarget,
    range: DateRange,
    app: &App,
    metrics: &MonitorMetrics,
    health: &Health,
) -> anyhow::Result<Watch> {
    let config = app.config()?;
    let (container, _) = app.container(&target.environment, None)?;
    let global = &config.global;
    let closing = &global.blob_closing;
    let patience = PATIENCE + target.polling_interval.max(config.error_handling.longest_delay());
    Ok(Watch {
        container,
        figures: metrics.environment(&target.environment),
        pulse: health.part(format!("the scan of {}", target.environment), patience),
        environment: target.environment,
        polling_interval: target.polling_interval,
        selectors: distinct(target.selectors),
        schedule: Schedule::new(range, global.eod_overlap_minutes, global.timezone.zone().clone()),
        close_after_minutes: closing.enabled.then_some(closing.timeout_minutes),
        clock: Arc::new(Timestamp::now),
        known: Known::default(),
    })
}

/// A selector may be named by several of its aliases.
fn distinct(selectors: Vec<Selector>) -> Vec<Selector> {
    let mut kept: Vec<Selector> = Vec::new();
    for selector in selectors {
        if kept.iter().all(|other| other.name != selector.name) {
            kept.push(selector);
        }
    }
    kept
}

/// The Kafka that the events go to.
pub(super) struct Destination {
    kafka: Kafka,
    blobs: Topic,
    states: Option<Topic>,
}

impl Destination {
    /// Asks whether Kafka is there, and the topic of the events.
    pub(super) async fn find(app: &App) -> anyhow::Result<Self> {
        let config = &app.config()?.kafka;
        let kafka = app.kafka()?;
        let connection = kafka.connection.clone();
        let cluster = kafka::blocking(move || Cluster::connect(&connection)).await?;
        let counts = topics::partitions(&cluster, &[&config.topics.blobs], config)?;
        let states = cluster.topics.get(&config.topics.blob_state);
        Ok(Self {
            kafka,
            blobs: (config.topics.blobs.clone(), counts[0]),
            states: states.map(|info| (config.topics.blob_state.clone(), info.partitions)),
        })
    }

    /// Fills in what was told before.
    pub(super) async fn recall(&self, mut watches: Vec<Watch>) -> Result<Vec<Watch>, kafka::Error> {
        let (connection, blobs, states) = (self.kafka.connection.clone(), self.blobs.clone(), self.states.clone());
        kafka::blocking(move || {
            monitor::recall(&connection, &blobs, states.as_ref(), &mut watches, Timestamp::now())?;
            Ok(watches)
        })
        .await
    }

    /// Takes events by publishing them.
    pub(super) async fn publish(
        &self,
        batches: mpsc::Receiver<Batch>,
        handling: &ErrorHandling,
        metrics: MonitorMetrics,
    ) -> anyhow::Result<()> {
        let (connection, topic) = (self.kafka.connection.clone(), self.blobs.clone());
        Ok(monitor::publish(connection, topic, batches, handling.clone(), metrics).await?)
    }
}
