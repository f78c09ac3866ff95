//! The environments side by side.

use std::{convert::Infallible, time::Duration};

use futures::future::{join_all, try_join_all};
use tokio::{
    sync::Semaphore,
    time::{Instant, MissedTickBehavior},
};

use super::{
    error::MonitorError,
    event::Events,
    watch::{Scan, Watch},
};
use crate::{
    config::ErrorHandling,
    domain::EnvironmentId,
    pipeline::metrics::{self, ErrorKind, MonitorMetrics, Operation},
};

/// Requests for lists in flight, of all environments together.
const LISTINGS_AT_ONCE: usize = 8;
/// Between two tries of a scan, also where the configuration says 0.
const SHORTEST_DELAY: Duration = Duration::from_secs(1);

/// Scans every environment once, side by side, and gives how each went, in their order.
///
/// # Errors
/// Only without `continue_on_environment_error`: the first failure.
pub async fn once(
    watches: Vec<Watch>,
    events: Events,
    handling: &ErrorHandling,
) -> Result<Vec<Result<Scan, MonitorError>>, MonitorError> {
    let listings = Semaphore::new(LISTINGS_AT_ONCE);
    let scans = watches.into_iter().map(|mut watch| {
        let (events, listings) = (&events, &listings);
        async move { scan(&mut watch, events, listings).await }
    });
    if handling.continue_on_environment_error {
        return Ok(join_all(scans).await);
    }
    Ok(try_join_all(scans).await?.into_iter().map(Ok).collect())
}

/// Scans every environment again and again, each after its own interval.
///
/// # Errors
/// Without `continue_on_environment_error` the first failure; else none but that nobody takes the events any more.
pub async fn serve(
    watches: Vec<Watch>,
    events: Events,
    handling: &ErrorHandling,
    metrics: &MonitorMetrics,
) -> Result<Infallible, MonitorError> {
    let listings = Semaphore::new(LISTINGS_AT_ONCE);
    let loops = watches
        .into_iter()
        .map(|watch| poll(watch, &events, &listings, handling, metrics));
    try_join_all(loops).await?;
    // Only without an environment does it come to this.
    std::future::pending().await
}

/// One environment's scans. After a long scan the next one begins at the next tick: ticks that were missed are not
/// made up for.
async fn poll(
    mut watch: Watch,
    events: &Events,
    listings: &Semaphore,
    handling: &ErrorHandling,
    metrics: &MonitorMetrics,
) -> Result<Infallible, MonitorError> {
    let interval = watch.polling_interval;
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut failed = 0;
    loop {
        ticks.tick().await;
        let scanned = scan(&mut watch, events, listings).await;
        watch.pulse.ready();
        match scanned {
            Ok(_) => failed = 0,
            Err(error @ MonitorError::Gone(_)) => return Err(error),
            Err(error) if !handling.continue_on_environment_error => return Err(error),
            Err(error) => {
                failed += 1;
                metrics.retried(Operation::Storage);
                let delay = delay(&error, failed, interval, handling);
                ticks.reset_after(delay);
                report(&error, delay);
            }
        }
    }
}

/// What may pass is tried again as the configuration says; what somebody has to mend, not more often than it is
/// polled anyway.
fn delay(error: &MonitorError, failed: u32, interval: Duration, handling: &ErrorHandling) -> Duration {
    let delay = handling.delay(failed).max(SHORTEST_DELAY);
    match error.is_retriable() {
        true => delay,
        false => delay.max(interval),
    }
}

fn report(error: &MonitorError, delay: Duration) {
    let seconds = delay.as_secs();
    let MonitorError::Storage { environment, source } = error else {
        return;
    };
    let hint = source.hint();
    match error.is_retriable() {
        true => tracing::warn!(%environment, error = %source, hint, "scan failed, next try in {seconds} s"),
        false => tracing::error!(%environment, error = %source, hint, "scan failed, next try in {seconds} s"),
    }
}

async fn scan(watch: &mut Watch, events: &Events, listings: &Semaphore) -> Result<Scan, MonitorError> {
    let begun = Instant::now();
    let result = watch.scan(events, listings).await;
    let took = begun.elapsed();
    match &result {
        Ok(scan) => {
            let (blobs, bytes) = (scan.counts.blobs, scan.counts.bytes);
            watch.figures.scanned(metrics::Scan { blobs, bytes, took });
            log(&watch.environment, scan, took);
        }
        Err(MonitorError::Storage { .. }) => watch.figures.scan_failed(ErrorKind::Storage, took),
        Err(MonitorError::Gone(_)) => watch.figures.scan_failed(ErrorKind::Kafka, took),
    }
    result
}

fn log(environment: &EnvironmentId, scan: &Scan, took: Duration) {
    let dates: Vec<String> = scan.dates.iter().map(ToString::to_string).collect();
    tracing::info!(
        %environment,
        dates = dates.join(" "),
        blobs = scan.counts.blobs,
        bytes = scan.counts.bytes,
        observed = scan.counts.observed,
        closed = scan.counts.closed,
        seconds = took.as_millis() as f64 / 1000.0,
        "scanned"
    );
}
