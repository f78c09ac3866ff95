//! A line of progress in the log, every so often.

use std::time::{Duration, Instant};

use tokio_util::task::AbortOnDropHandle;

use crate::config::Monitoring;

use super::{ExtractMetrics, ExtractTotals, MonitorMetrics, MonitorTotals, WorkerMetrics, WorkerTotals};

/// Figures of which a line can tell what came since the line before.
pub trait Progress: Send + 'static {
    /// The figures at one moment.
    type Totals: Clone + Send;

    fn now(&self) -> Self::Totals;

    /// Logs what came between two moments, `elapsed` apart.
    fn log(before: &Self::Totals, now: &Self::Totals, elapsed: Duration);
}

/// Logs a line as often as the configuration wants it, until the returned handle is dropped. `None`: it wants none.
pub fn log_progress<P: Progress>(monitoring: &Monitoring, progress: P) -> Option<AbortOnDropHandle<()>> {
    let interval = Duration::from_secs(monitoring.stats_report_interval);
    monitoring.enable_metrics.then(|| log_every(interval, progress))
}

fn log_every<P: Progress>(interval: Duration, progress: P) -> AbortOnDropHandle<()> {
    let mut before = progress.now();
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            let begun = Instant::now();
            tokio::time::sleep(interval).await;
            let now = progress.now();
            P::log(&before, &now, begun.elapsed());
            before = now;
        }
    }))
}

impl Progress for WorkerMetrics {
    type Totals = WorkerTotals;

    fn now(&self) -> WorkerTotals {
        self.totals()
    }

    fn log(before: &WorkerTotals, now: &WorkerTotals, elapsed: Duration) {
        let lines = now.lines.saturating_sub(before.lines);
        tracing::info!(
            lines,
            raw_bytes = now.raw_bytes.saturating_sub(before.raw_bytes),
            lines_per_second = per_second(lines, elapsed),
            lag_bytes = now.lag_bytes,
            open_blobs = now.open_blobs,
            errors = now.errors.saturating_sub(before.errors),
            seconds = elapsed.as_secs(),
            "progress"
        );
    }
}

impl Progress for MonitorMetrics {
    type Totals = MonitorTotals;

    fn now(&self) -> MonitorTotals {
        self.totals()
    }

    fn log(before: &MonitorTotals, now: &MonitorTotals, elapsed: Duration) {
        tracing::info!(
            scans = now.scans.saturating_sub(before.scans),
            events = now.events.saturating_sub(before.events),
            blobs = now.blobs,
            bytes = now.bytes,
            errors = now.errors.saturating_sub(before.errors),
            seconds = elapsed.as_secs(),
            "progress"
        );
    }
}

impl Progress for ExtractMetrics {
    type Totals = ExtractTotals;

    fn now(&self) -> ExtractTotals {
        self.totals()
    }

    fn log(before: &ExtractTotals, now: &ExtractTotals, elapsed: Duration) {
        let lines = now.lines.saturating_sub(before.lines);
        tracing::info!(
            lines,
            raw_bytes = now.raw_bytes.saturating_sub(before.raw_bytes),
            lines_per_second = per_second(lines, elapsed),
            errors = now.errors.saturating_sub(before.errors),
            skipped = now.skipped.saturating_sub(before.skipped),
            seconds = elapsed.as_secs(),
            "progress"
        );
    }
}

fn per_second(count: u64, elapsed: Duration) -> u64 {
    let rate = count as f64 / elapsed.as_secs_f64().max(f64::EPSILON);
    rate.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_rounded_and_bear_no_time_at_all() {
        for (count, millis, wanted) in [
            (0, 0, 0),
            (0, 1000, 0),
            (600, 60_000, 10),
            (5, 2000, 3),
            (100, 100, 1000),
        ] {
            assert_eq!(per_second(count, Duration::from_millis(millis)), wanted);
        }
    }
}
