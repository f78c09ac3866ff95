//! The figures of `ingest --worker`.

use std::sync::Arc;

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{
    LaneMetrics,
    blob_board::BlobBoard,
    handles::Handles,
    labels::{self, Counters, Each, ErrorKind, Labels},
    overview::{BlobCounts, ErrorCounts, WorkerFigures},
};
use crate::domain::EnvironmentId;

/// A handle; clones count into the same figures.
#[derive(Clone)]
pub struct WorkerMetrics(Arc<Figures>);

struct Figures {
    families: Families,
    environments: Handles<EnvironmentId, WorkerEnvironment>,
    lanes: LaneMetrics,
    blobs: BlobBoard,
}

/// What there is for each environment.
#[derive(Default)]
struct Families {
    lines: Counters,
    raw_bytes: Counters,
    read_bytes: Counters,
    skipped_bytes: Counters,
    errors: Counters,
    lag_bytes: Family<Labels, Gauge>,
    blobs: Family<Labels, Gauge>,
}

/// The figures of one environment, to be kept where its work is done. Clones count into the same figures.
#[derive(Clone)]
pub struct WorkerEnvironment(Arc<EnvironmentFigures>);

struct EnvironmentFigures {
    lines: Counter,
    raw_bytes: Counter,
    read_bytes: Counter,
    skipped_bytes: Counter,
    errors: Each<ErrorKind>,
    lag_bytes: Gauge,
    open_blobs: Gauge,
    closed_blobs: Gauge,
    failed_blobs: Gauge,
}

/// What one transaction brought of one environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Committed {
    pub lines: u64,
    /// Of the lines, as text.
    pub raw_bytes: u64,
    /// Of the blobs, compressed.
    pub read_bytes: u64,
    /// Damage that was passed over, compressed.
    pub skipped_bytes: u64,
}

/// How the blobs of an environment stand, as far as one lane has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// Compressed bytes that are listed and not ingested.
    pub lag_bytes: u64,
    pub open_blobs: u64,
    pub closed_blobs: u64,
    pub failed_blobs: u64,
}

/// One lane's part of an environment's gauges. Lanes add up; a part that is dropped, with the lane or its partitions,
/// counts no more.
pub struct Share {
    environment: WorkerEnvironment,
    standing: Standing,
}

/// Sums over all environments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerTotals {
    pub lines: u64,
    pub raw_bytes: u64,
    pub errors: u64,
    pub lag_bytes: u64,
    pub open_blobs: u64,
}

impl WorkerMetrics {
    pub fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("clp");
        let families = Families::default();
        families.register(registry);
        Self(Arc::new(Figures {
            families,
            environments: Handles::default(),
            lanes: LaneMetrics::register(registry),
            blobs: BlobBoard::default(),
        }))
    }

    /// The figures of the lanes.
    pub fn lanes(&self) -> &LaneMetrics {
        &self.0.lanes
    }

    /// The figures of an environment, made when they are first asked for.
    pub fn environment(&self, id: &EnvironmentId) -> WorkerEnvironment {
        let new = || self.0.families.environment(id);
        self.0.environments.get_or_insert(id, new)
    }

    /// The blobs that were committed last.
    pub fn blobs(&self) -> &BlobBoard {
        &self.0.blobs
    }

    pub(super) fn figures(&self) -> Vec<(EnvironmentId, WorkerFigures)> {
        let all = self.0.environments.all().into_iter();
        all.map(|(id, of)| (id, of.0.overview())).collect()
    }

    pub fn totals(&self) -> WorkerTotals {
        let mut totals = WorkerTotals::default();
        for (_, WorkerEnvironment(figures)) in self.0.environments.all() {
            totals.lines += figures.lines.get();
            totals.raw_bytes += figures.raw_bytes.get();
            totals.errors += figures.errors.total();
            totals.lag_bytes += figures.lag_bytes.get().max(0).unsigned_abs();
            totals.open_blobs += figures.open_blobs.get().max(0).unsigned_abs();
        }
        totals
    }
}

impl EnvironmentFigures {
    fn overview(&self) -> WorkerFigures {
        let gauge = |gauge: &Gauge| gauge.get().max(0).unsigned_abs();
        WorkerFigures {
            lag_bytes: gauge(&self.lag_bytes),
            blobs: BlobCounts {
                open: gauge(&self.open_blobs),
                closed: gauge(&self.closed_blobs),
                failed: gauge(&self.failed_blobs),
            },
            lines: self.lines.get(),
            raw_bytes: self.raw_bytes.get(),
            read_bytes: self.read_bytes.get(),
            skipped_bytes: self.skipped_bytes.get(),
            errors: ErrorCounts::of(|kind| self.errors.get(kind)),
        }
    }
}

impl Families {
    fn register(&self, registry: &mut Registry) {
        registry.register("lines", "Lines that were committed", self.lines.clone());
        let bytes = [
            ("raw", "Text of the lines that were committed", &self.raw_bytes),
            (
                "read",
                "Compressed bytes of blobs that were committed",
                &self.read_bytes,
            ),
            (
                "skipped",
                "Compressed bytes of damage that were passed over",
                &self.skipped_bytes,
            ),
        ];
        for (name, help, family) in bytes {
            registry.register_with_unit(name, help, Unit::Bytes, family.clone());
        }
        registry.register("errors", "Errors, by what they were about", self.errors.clone());
        registry.register_with_unit(
            "lag",
            "Compressed bytes that are listed and not ingested",
            Unit::Bytes,
            self.lag_bytes.clone(),
        );
        registry.register(
            "blobs",
            "Blobs in this process's partitions, by state",
            self.blobs.clone(),
        );
    }

    fn environment(&self, id: &EnvironmentId) -> WorkerEnvironment {
        let labels = labels::of_environment(id);
        let blobs = |state: &str| {
            let mut labels = labels.clone();
            labels.push(("state", state.to_owned()));
            self.blobs.get_or_create_owned(&labels)
        };
        WorkerEnvironment(Arc::new(EnvironmentFigures {
            lines: self.lines.get_or_create_owned(&labels),
            raw_bytes: self.raw_bytes.get_or_create_owned(&labels),
            read_bytes: self.read_bytes.get_or_create_owned(&labels),
            skipped_bytes: self.skipped_bytes.get_or_create_owned(&labels),
            errors: Each::of(&self.errors, &labels),
            lag_bytes: self.lag_bytes.get_or_create_owned(&labels),
            open_blobs: blobs("open"),
            closed_blobs: blobs("closed"),
            failed_blobs: blobs("failed"),
        }))
    }
}

impl WorkerEnvironment {
    /// To be told after the commit, not before.
    pub fn committed(&self, committed: Committed) {
        self.0.lines.inc_by(committed.lines);
        self.0.raw_bytes.inc_by(committed.raw_bytes);
        self.0.read_bytes.inc_by(committed.read_bytes);
        self.0.skipped_bytes.inc_by(committed.skipped_bytes);
    }

    pub fn failed(&self, kind: ErrorKind) {
        self.0.errors.add(kind, 1);
    }

    /// A lane's part of the gauges, empty at first.
    pub fn share(&self) -> Share {
        Share {
            environment: self.clone(),
            standing: Standing::default(),
        }
    }
}

impl Share {
    pub fn set(&mut self, now: Standing) {
        let before = std::mem::replace(&mut self.standing, now);
        let figures = &self.environment.0;
        for (gauge, before, now) in [
            (&figures.lag_bytes, before.lag_bytes, now.lag_bytes),
            (&figures.open_blobs, before.open_blobs, now.open_blobs),
            (&figures.closed_blobs, before.closed_blobs, now.closed_blobs),
            (&figures.failed_blobs, before.failed_blobs, now.failed_blobs),
        ] {
            gauge.inc_by(now.wrapping_sub(before).cast_signed());
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(Standing::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::pipeline::metrics::{Rebalance, registry, text};

    fn id(environment: &str) -> EnvironmentId {
        EnvironmentId::new("cp2", environment)
    }

    #[test]
    fn every_figure_has_its_name_and_labels() {
        let mut registry = registry();
        let metrics = WorkerMetrics::register(&mut registry);
        let p1 = metrics.environment(&id("P1"));
        p1.committed(Committed {
            lines: 10,
            raw_bytes: 1000,
            read_bytes: 100,
            skipped_bytes: 7,
        });
        p1.failed(ErrorKind::Corrupt);
        let mut share = p1.share();
        share.set(Standing {
            lag_bytes: 55,
            open_blobs: 3,
            closed_blobs: 2,
            failed_blobs: 1,
        });
        let lanes = metrics.lanes();
        lanes.committed(Duration::from_millis(30));
        lanes.aborted(Duration::from_secs(1));
        lanes.rebalanced(Rebalance::Assigned, 6);
        lanes.rebalanced(Rebalance::Lost, 2);
        lanes.lane_started();
        let text = text(&registry);
        for line in [
            r#"clp_lines_total{subscription="cp2",environment="P1"} 10"#,
            r#"clp_raw_bytes_total{subscription="cp2",environment="P1"} 1000"#,
            r#"clp_read_bytes_total{subscription="cp2",environment="P1"} 100"#,
            r#"clp_skipped_bytes_total{subscription="cp2",environment="P1"} 7"#,
            r#"clp_errors_total{subscription="cp2",environment="P1",kind="corrupt"} 1"#,
            r#"clp_errors_total{subscription="cp2",environment="P1",kind="storage"} 0"#,
            r#"clp_lag_bytes{subscription="cp2",environment="P1"} 55"#,
            r#"clp_blobs{subscription="cp2",environment="P1",state="open"} 3"#,
            r#"clp_blobs{subscription="cp2",environment="P1",state="closed"} 2"#,
            r#"clp_blobs{subscription="cp2",environment="P1",state="failed"} 1"#,
            r#"clp_transactions_total{outcome="committed"} 1"#,
            r#"clp_transactions_total{outcome="aborted"} 1"#,
            r#"clp_transaction_seconds_count 2"#,
            r#"clp_retries_total{operation="transaction"} 1"#,
            r#"clp_rebalances_total{kind="assigned"} 1"#,
            r#"clp_rebalances_total{kind="revoked"} 0"#,
            r#"clp_assigned_partitions 4"#,
            r#"clp_lanes 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn lanes_add_up_and_what_a_lane_loses_counts_no_more() {
        let metrics = WorkerMetrics::register(&mut registry());
        let mut first = metrics.environment(&id("P1")).share();
        let mut second = metrics.environment(&id("P1")).share();
        let standing = |lag_bytes, open_blobs| Standing {
            lag_bytes,
            open_blobs,
            ..Standing::default()
        };
        let seen = || {
            let totals = metrics.totals();
            (totals.lag_bytes, totals.open_blobs)
        };
        first.set(standing(100, 2));
        second.set(standing(30, 1));
        assert_eq!(seen(), (130, 3));
        first.set(standing(40, 1));
        assert_eq!(seen(), (70, 2));
        drop(first);
        assert_eq!(seen(), (30, 1));
        drop(second);
        assert_eq!(seen(), (0, 0));
    }

    #[test]
    fn totals_are_of_all_environments() {
        let metrics = WorkerMetrics::register(&mut registry());
        for (environment, lines) in [("P1", 1), ("D1", 10), ("P1", 100)] {
            let environment = metrics.environment(&id(environment));
            environment.committed(Committed {
                lines,
                raw_bytes: lines * 1000,
                ..Committed::default()
            });
            environment.failed(ErrorKind::Storage);
        }
        let wanted = WorkerTotals {
            lines: 111,
            raw_bytes: 111_000,
            errors: 3,
            ..WorkerTotals::default()
        };
        assert_eq!(metrics.totals(), wanted);
    }
}
