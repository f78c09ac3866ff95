//! The figures of `extract`.

use std::sync::Arc;

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{
    LaneMetrics,
    handles::Handles,
    labels::{self, Counters, Each, Labels, Outcome},
    overview::{OutcomeCounts, TopicOverview},
};
use crate::domain::{EnvironmentId, record::Kind};

/// A handle; clones count into the same figures.
#[derive(Clone)]
pub struct ExtractMetrics(Arc<Figures>);

struct Figures {
    lines: Counters,
    raw_bytes: Counter,
    lag: Family<Labels, Gauge>,
    /// By topic.
    lags: Handles<String, Gauge>,
    environments: Handles<EnvironmentId, Each<Outcome>>,
    lanes: LaneMetrics,
}

/// What became of the lines of one transaction, by environment.
#[derive(Debug, Default)]
pub struct Extracted(Vec<(EnvironmentId, [u64; OUTCOMES.len()])>);

const OUTCOMES: [Outcome; 5] = [
    Outcome::Application,
    Outcome::Http,
    Outcome::Proxy,
    Outcome::Error,
    Outcome::Skipped,
];

/// Sums over all environments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtractTotals {
    pub lines: u64,
    pub raw_bytes: u64,
    pub errors: u64,
    pub skipped: u64,
}

/// One lane's part of a gauge. Lanes add up; a part that is dropped counts no more.
pub struct Lag {
    gauge: Gauge,
    records: i64,
}

impl Lag {
    pub fn set(&mut self, records: i64) {
        self.gauge.inc_by(records - self.records);
        self.records = records;
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        self.set(0);
    }
}

impl Extracted {
    /// Counts a line. `None`: it was passed over.
    pub fn add(&mut self, subscription: &str, environment: &str, kind: Option<Kind>) {
        let outcome = match kind {
            Some(Kind::Application) => 0,
            Some(Kind::Http) => 1,
            Some(Kind::Proxy) => 2,
            Some(Kind::Error) => 3,
            None => 4,
        };
        let is_it = |id: &EnvironmentId| id.environment == environment && id.subscription == subscription;
        // The lines of one environment mostly follow each other.
        match self.0.iter_mut().rev().find(|(id, _)| is_it(id)) {
            Some((_, counts)) => counts[outcome] += 1,
            None => {
                let mut counts = [0; OUTCOMES.len()];
                counts[outcome] = 1;
                self.0.push((EnvironmentId::new(subscription, environment), counts));
            }
        }
    }

    pub fn lines(&self) -> u64 {
        self.0.iter().flat_map(|(_, counts)| counts).sum()
    }
}

impl ExtractMetrics {
    pub fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("clp");
        let (lines, raw_bytes) = (Counters::default(), Counter::default());
        registry.register(
            "extracted_lines",
            "Raw lines that were committed, by what became of them",
            lines.clone(),
        );
        registry.register_with_unit(
            "raw",
            "Text of the lines that were committed",
            Unit::Bytes,
            raw_bytes.clone(),
        );
        let lag = Family::default();
        registry.register(
            "lag_records",
            "Raw records that wait in the partitions of this process",
            lag.clone(),
        );
        Self(Arc::new(Figures {
            lines,
            raw_bytes,
            lag,
            lags: Handles::default(),
            environments: Handles::default(),
            lanes: LaneMetrics::register(registry),
        }))
    }

    /// The figures of the lanes.
    pub fn lanes(&self) -> &LaneMetrics {
        &self.0.lanes
    }

    /// To be told after the commit, not before.
    pub fn committed(&self, extracted: &Extracted, raw_bytes: u64) {
        let Figures {
            lines, environments, ..
        } = &*self.0;
        for (id, counts) in &extracted.0 {
            let of = environments.get_or_insert(id, || Each::of(lines, &labels::of_environment(id)));
            for (outcome, count) in OUTCOMES.into_iter().zip(counts) {
                of.add(outcome, *count);
            }
        }
        self.0.raw_bytes.inc_by(raw_bytes);
    }

    /// A lane's part of the records of `topic` that wait, none at first.
    pub fn lag(&self, topic: &str) -> Lag {
        let new = || self.0.lag.get_or_create_owned(&vec![("topic", topic.to_owned())]);
        Lag {
            gauge: self.0.lags.get_or_insert(&topic.to_owned(), new),
            records: 0,
        }
    }

    pub(super) fn lags(&self) -> Vec<TopicOverview> {
        let of = |(topic, gauge): (String, Gauge)| TopicOverview {
            topic,
            lag_records: gauge.get().max(0).unsigned_abs(),
        };
        self.0.lags.all().into_iter().map(of).collect()
    }

    pub(super) fn outcomes(&self) -> Vec<(EnvironmentId, OutcomeCounts)> {
        let all = self.0.environments.all().into_iter();
        all.map(|(id, of)| (id, OutcomeCounts::of(|outcome| of.get(outcome))))
            .collect()
    }

    pub fn totals(&self) -> ExtractTotals {
        let mut totals = ExtractTotals {
            raw_bytes: self.0.raw_bytes.get(),
            ..ExtractTotals::default()
        };
        for (_, of) in self.0.environments.all() {
            totals.lines += of.total();
            totals.errors += of.get(Outcome::Error);
            totals.skipped += of.get(Outcome::Skipped);
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::metrics::{registry, text};

    #[test]
    fn lines_are_counted_by_environment_and_outcome() {
        let mut registry = registry();
        let metrics = ExtractMetrics::register(&mut registry);
        let mut extracted = Extracted::default();
        for (environment, kind) in [
            ("P1", Some(Kind::Http)),
            ("S1", Some(Kind::Error)),
            ("P1", Some(Kind::Http)),
            ("P1", None),
        ] {
            extracted.add("cp2", environment, kind);
        }
        assert_eq!(extracted.lines(), 4);
        metrics.committed(&extracted, 1000);
        let (mut first, mut second) = (metrics.lag("Raw"), metrics.lag("Raw"));
        first.set(10);
        second.set(5);
        second.set(3);
        let mut third = metrics.lag("Raw");
        third.set(100);
        drop(third);
        let text = text(&registry);
        for line in [
            r#"clp_extracted_lines_total{subscription="cp2",environment="P1",outcome="http"} 2"#,
            r#"clp_extracted_lines_total{subscription="cp2",environment="P1",outcome="skipped"} 1"#,
            r#"clp_extracted_lines_total{subscription="cp2",environment="P1",outcome="proxy"} 0"#,
            r#"clp_extracted_lines_total{subscription="cp2",environment="S1",outcome="error"} 1"#,
            "clp_raw_bytes_total 1000",
            r#"clp_lag_records{topic="Raw"} 13"#,
            r#"clp_transactions_total{outcome="committed"} 0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        let wanted = ExtractTotals {
            lines: 4,
            raw_bytes: 1000,
            errors: 1,
            skipped: 1,
        };
        assert_eq!(metrics.totals(), wanted);
    }
}
