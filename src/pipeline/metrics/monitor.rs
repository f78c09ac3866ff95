//! The figures of `monitor`.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    metrics::{
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use super::{
    handles::Handles,
    labels::{self, Counters, Each, ErrorKind, EventKind, Labels, Operation, ScanOutcome},
    overview::{ErrorCounts, EventCounts, MonitorFigures, ScanCounts},
};
use crate::domain::EnvironmentId;

/// Seconds since 1970, with their fractions.
type Timestamp = Gauge<f64, AtomicU64>;

/// A handle; clones count into the same figures.
#[derive(Clone)]
pub struct MonitorMetrics(Arc<Figures>);

struct Figures {
    families: Families,
    environments: Handles<EnvironmentId, MonitorEnvironment>,
    retries: Each<Operation>,
}

/// What there is for each environment.
struct Families {
    blobs: Family<Labels, Gauge>,
    bytes: Family<Labels, Gauge>,
    events: Counters,
    scans: Counters,
    scan_seconds: Family<Labels, Histogram>,
    last_scan: Family<Labels, Timestamp>,
    errors: Counters,
}

/// The figures of one environment, to be kept where it is scanned. Clones count into the same figures.
#[derive(Clone)]
pub struct MonitorEnvironment(Arc<EnvironmentFigures>);

struct EnvironmentFigures {
    blobs: Gauge,
    bytes: Gauge,
    events: Each<EventKind>,
    scans: Each<ScanOutcome>,
    scan_seconds: Histogram,
    last_scan: Timestamp,
    errors: Each<ErrorKind>,
}

/// A full scan of an environment.
#[derive(Clone, Copy, Debug)]
pub struct Scan {
    pub blobs: u64,
    pub bytes: u64,
    pub took: Duration,
}

/// Sums over all environments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonitorTotals {
    pub scans: u64,
    pub events: u64,
    pub errors: u64,
    /// In the last scans.
    pub blobs: u64,
    pub bytes: u64,
}

impl MonitorMetrics {
    pub fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("clp");
        let families = Families::register(registry);
        let retries = Counters::default();
        registry.register("retries", "What was tried again after a failure", retries.clone());
        Self(Arc::new(Figures {
            families,
            environments: Handles::default(),
            retries: Each::of(&retries, &Labels::new()),
        }))
    }

    /// The figures of an environment, made when they are first asked for.
    pub fn environment(&self, id: &EnvironmentId) -> MonitorEnvironment {
        let new = || self.0.families.environment(id);
        self.0.environments.get_or_insert(id, new)
    }

    pub fn retried(&self, operation: Operation) {
        self.0.retries.add(operation, 1);
    }

    pub(super) fn figures(&self) -> Vec<(EnvironmentId, MonitorFigures)> {
        let all = self.0.environments.all().into_iter();
        all.map(|(id, of)| (id, of.0.overview())).collect()
    }

    pub fn totals(&self) -> MonitorTotals {
        let mut totals = MonitorTotals::default();
        for (_, MonitorEnvironment(figures)) in self.0.environments.all() {
            totals.scans += figures.scans.total();
            totals.events += figures.events.total();
            totals.errors += figures.errors.total();
            totals.blobs += figures.blobs.get().max(0).unsigned_abs();
            totals.bytes += figures.bytes.get().max(0).unsigned_abs();
        }
        totals
    }
}

impl EnvironmentFigures {
    fn overview(&self) -> MonitorFigures {
        let last_scan = self.last_scan.get();
        MonitorFigures {
            listed_blobs: self.blobs.get().max(0).unsigned_abs(),
            listed_bytes: self.bytes.get().max(0).unsigned_abs(),
            last_scan: (last_scan > 0.0).then_some(last_scan),
            events: EventCounts::of(|kind| self.events.get(kind)),
            scans: ScanCounts::of(|outcome| self.scans.get(outcome)),
            errors: ErrorCounts::of(|kind| self.errors.get(kind)),
        }
    }
}

impl Families {
    fn register(registry: &mut Registry) -> Self {
        let families = Self {
            blobs: Family::default(),
            bytes: Family::default(),
            events: Family::default(),
            scans: Family::default(),
            // From 50 ms to 100 s.
            scan_seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.05, 2.0, 12))),
            last_scan: Family::default(),
            errors: Family::default(),
        };
        registry.register("listed_blobs", "Blobs in the last full scan", families.blobs.clone());
        registry.register_with_unit(
            "listed",
            "Compressed bytes in the last full scan",
            Unit::Bytes,
            families.bytes.clone(),
        );
        registry.register("events", "Events that Kafka acknowledged", families.events.clone());
        registry.register("scans", "Scans that were ended", families.scans.clone());
        registry.register_with_unit(
            "scan",
            "How long a scan took",
            Unit::Seconds,
            families.scan_seconds.clone(),
        );
        registry.register_with_unit(
            "last_scan_timestamp",
            "When a scan last went well, since 1970",
            Unit::Seconds,
            families.last_scan.clone(),
        );
        registry.register("errors", "Errors, by what they were about", families.errors.clone());
        families
    }

    fn environment(&self, id: &EnvironmentId) -> MonitorEnvironment {
        let labels = labels::of_environment(id);
        MonitorEnvironment(Arc::new(EnvironmentFigures {
            blobs: self.blobs.get_or_create_owned(&labels),
            bytes: self.bytes.get_or_create_owned(&labels),
            events: Each::of(&self.events, &labels),
            scans: Each::of(&self.scans, &labels),
            scan_seconds: self.scan_seconds.get_or_create_owned(&labels),
            last_scan: self.last_scan.get_or_create_owned(&labels),
            errors: Each::of(&self.errors, &labels),
        }))
    }
}

impl MonitorEnvironment {
    /// `count` events of a kind were acknowledged.
    pub fn published(&self, kind: EventKind, count: u64) {
        self.0.events.add(kind, count);
    }

    /// A full scan went well.
    pub fn scanned(&self, scan: Scan) {
        self.0.blobs.set(scan.blobs.cast_signed());
        self.0.bytes.set(scan.bytes.cast_signed());
        self.0.scans.add(ScanOutcome::Done, 1);
        self.0.scan_seconds.observe(scan.took.as_secs_f64());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.0.last_scan.set(now.as_secs_f64());
    }

    /// A scan ended with an error; what the one before it found stays.
    pub fn scan_failed(&self, kind: ErrorKind, took: Duration) {
        self.0.scans.add(ScanOutcome::Failed, 1);
        self.0.scan_seconds.observe(took.as_secs_f64());
        self.failed(kind);
    }

    pub fn failed(&self, kind: ErrorKind) {
        self.0.errors.add(kind, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::metrics::{registry, text};

    #[test]
    fn every_figure_has_its_name_and_labels() {
        let mut registry = registry();
        let metrics = MonitorMetrics::register(&mut registry);
        let p1 = metrics.environment(&EnvironmentId::new("cp2", "P1"));
        metrics.environment(&EnvironmentId::new("cp2", "D1"));
        p1.published(EventKind::Observed, 5);
        p1.published(EventKind::Closed, 1);
        p1.scanned(Scan {
            blobs: 40,
            bytes: 4000,
            took: Duration::from_secs(1),
        });
        p1.scan_failed(ErrorKind::Storage, Duration::from_secs(2));
        metrics.retried(Operation::Publish);
        let text = text(&registry);
        for line in [
            r#"clp_listed_blobs{subscription="cp2",environment="P1"} 40"#,
            r#"clp_listed_bytes{subscription="cp2",environment="P1"} 4000"#,
            r#"clp_listed_blobs{subscription="cp2",environment="D1"} 0"#,
            r#"clp_events_total{subscription="cp2",environment="P1",kind="observed"} 5"#,
            r#"clp_events_total{subscription="cp2",environment="P1",kind="listed"} 0"#,
            r#"clp_scans_total{subscription="cp2",environment="P1",outcome="done"} 1"#,
            r#"clp_scans_total{subscription="cp2",environment="P1",outcome="failed"} 1"#,
            r#"clp_scan_seconds_sum{subscription="cp2",environment="P1"} 3.0"#,
            r#"clp_errors_total{subscription="cp2",environment="P1",kind="storage"} 1"#,
            r#"clp_retries_total{operation="publish"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        let stamp = |environment: &str| {
            let start =
                format!(r#"clp_last_scan_timestamp_seconds{{subscription="cp2",environment="{environment}"}} "#);
            let line = text.lines().find_map(|line| line.strip_prefix(&start));
            line.unwrap().parse::<f64>().unwrap()
        };
        assert!(stamp("P1") > 1.7e9);
        assert_eq!(stamp("D1"), 0.0);
        let totals = MonitorTotals {
            scans: 2,
            events: 6,
            errors: 1,
            blobs: 40,
            bytes: 4000,
        };
        assert_eq!(metrics.totals(), totals);
    }
}
