//! The figures of a service as plain values of one moment, for whoever shows them to people.
//!
//! They are read from the same handles that `/metrics` is made of, when somebody asks; nothing is counted for them.

use serde::Serialize;

use super::{
    ExtractMetrics, MonitorMetrics, WorkerMetrics,
    blob_board::CommittedBlob,
    labels::{ErrorKind, EventKind, Outcome, ScanOutcome},
    lanes::LanesOverview,
};
use crate::domain::EnvironmentId;

/// Who can tell its figures.
pub trait Overlook: Send + Sync + 'static {
    fn overview(&self) -> Overview;
}

/// What one service tells; only what it has.
#[derive(Debug, Serialize)]
pub struct Overview {
    pub service: &'static str,
    pub environments: Vec<EnvironmentOverview>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topics: Option<Vec<TopicOverview>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lanes: Option<LanesOverview>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blobs: Option<Vec<CommittedBlob>>,
}

/// An environment's figures, by the service that tells them.
#[derive(Debug, Serialize)]
pub struct EnvironmentOverview {
    pub subscription: String,
    pub environment: String,
    #[serde(flatten)]
    pub figures: Figures,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Figures {
    Worker(WorkerFigures),
    Monitor(MonitorFigures),
    Extract { outcomes: OutcomeCounts },
}

#[derive(Debug, Serialize)]
pub struct WorkerFigures {
    pub lag_bytes: u64,
    pub blobs: BlobCounts,
    /// These count since the start of the service.
    pub lines: u64,
    pub raw_bytes: u64,
    pub read_bytes: u64,
    pub skipped_bytes: u64,
    pub errors: ErrorCounts,
}

#[derive(Debug, Serialize)]
pub struct BlobCounts {
    pub open: u64,
    pub closed: u64,
    pub failed: u64,
}

#[derive(Debug, Serialize)]
pub struct MonitorFigures {
    /// In the last full scan.
    pub listed_blobs: u64,
    pub listed_bytes: u64,
    /// Seconds since 1970 at which a scan last went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scan: Option<f64>,
    /// These count since the start of the service.
    pub events: EventCounts,
    pub scans: ScanCounts,
    pub errors: ErrorCounts,
}

#[derive(Debug, Serialize)]
pub struct TopicOverview {
    pub topic: String,
    pub lag_records: u64,
}

#[derive(Debug, Serialize)]
pub struct EventCounts {
    pub observed: u64,
    pub closed: u64,
    pub listed: u64,
}

#[derive(Debug, Serialize)]
pub struct ScanCounts {
    pub done: u64,
    pub failed: u64,
}

#[derive(Debug, Serialize)]
pub struct OutcomeCounts {
    pub application: u64,
    pub http: u64,
    pub proxy: u64,
    pub error: u64,
    pub skipped: u64,
}

#[derive(Debug, Serialize)]
pub struct ErrorCounts {
    pub storage: u64,
    pub kafka: u64,
    pub corrupt: u64,
    pub data: u64,
    pub configuration: u64,
}

impl ErrorCounts {
    pub(super) fn of(get: impl Fn(ErrorKind) -> u64) -> Self {
        Self {
            storage: get(ErrorKind::Storage),
            kafka: get(ErrorKind::Kafka),
            corrupt: get(ErrorKind::Corrupt),
            data: get(ErrorKind::Data),
            configuration: get(ErrorKind::Configuration),
        }
    }
}

impl EventCounts {
    pub(super) fn of(get: impl Fn(EventKind) -> u64) -> Self {
        Self {
            observed: get(EventKind::Observed),
            closed: get(EventKind::Closed),
            listed: get(EventKind::Listed),
        }
    }
}

impl ScanCounts {
    pub(super) fn of(get: impl Fn(ScanOutcome) -> u64) -> Self {
        Self {
            done: get(ScanOutcome::Done),
            failed: get(ScanOutcome::Failed),
        }
    }
}

impl OutcomeCounts {
    pub(super) fn of(get: impl Fn(Outcome) -> u64) -> Self {
        Self {
            application: get(Outcome::Application),
            http: get(Outcome::Http),
            proxy: get(Outcome::Proxy),
            error: get(Outcome::Error),
            skipped: get(Outcome::Skipped),
        }
    }
}

impl Overview {
    fn of(service: &'static str, environments: Vec<(EnvironmentId, Figures)>) -> Self {
        let environments = environments.into_iter().map(|(id, figures)| EnvironmentOverview {
            subscription: id.subscription,
            environment: id.environment,
            figures,
        });
        Self {
            service,
            environments: environments.collect(),
            raw_bytes: None,
            topics: None,
            lanes: None,
            blobs: None,
        }
    }
}

impl Overlook for WorkerMetrics {
    fn overview(&self) -> Overview {
        let figures = self
            .figures()
            .into_iter()
            .map(|(id, figures)| (id, Figures::Worker(figures)));
        Overview {
            lanes: Some(self.lanes().overview()),
            blobs: Some(self.blobs().all()),
            ..Overview::of("worker", figures.collect())
        }
    }
}

impl Overlook for MonitorMetrics {
    fn overview(&self) -> Overview {
        let figures = self
            .figures()
            .into_iter()
            .map(|(id, figures)| (id, Figures::Monitor(figures)));
        Overview::of("monitor", figures.collect())
    }
}

impl Overlook for ExtractMetrics {
    fn overview(&self) -> Overview {
        let outcomes = self.outcomes().into_iter();
        let figures = outcomes.map(|(id, outcomes)| (id, Figures::Extract { outcomes }));
        Overview {
            raw_bytes: Some(self.totals().raw_bytes),
            topics: Some(self.lags()),
            lanes: Some(self.lanes().overview()),
            ..Overview::of("extract", figures.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::pipeline::metrics::{Committed, Extracted, Scan, Standing, registry};

    fn told(of: &impl Overlook) -> Value {
        serde_json::to_value(of.overview()).unwrap()
    }

    fn id() -> EnvironmentId {
        EnvironmentId::new("cp2", "P1")
    }

    #[test]
    fn a_worker_tells_of_environments_lanes_and_blobs() {
        let metrics = WorkerMetrics::register(&mut registry());
        let environment = metrics.environment(&id());
        environment.committed(Committed {
            lines: 10,
            raw_bytes: 1000,
            read_bytes: 100,
            skipped_bytes: 7,
        });
        environment.failed(ErrorKind::Corrupt);
        let mut share = environment.share();
        share.set(Standing {
            lag_bytes: 55,
            open_blobs: 3,
            closed_blobs: 2,
            failed_blobs: 1,
        });
        metrics.lanes().committed(Duration::from_secs(1));
        metrics.lanes().lane_started();
        let expected = json!({
            "service": "worker",
            "environments": [{
                "subscription": "cp2", "environment": "P1", "lag_bytes": 55, "blobs": {"open": 3, "closed": 2, "failed": 1},
                "lines": 10, "raw_bytes": 1000, "read_bytes": 100, "skipped_bytes": 7,
                "errors": {"storage": 0, "kafka": 0, "corrupt": 1, "data": 0, "configuration": 0},
            }],
            "lanes": {"lanes": 1, "partitions": 0, "committed": 1, "aborted": 0},
            "blobs": [],
        });
        assert_eq!(told(&metrics), expected);
    }

    #[test]
    fn a_monitor_tells_of_its_scans() {
        let metrics = MonitorMetrics::register(&mut registry());
        let environment = metrics.environment(&id());
        assert!(told(&metrics)["environments"][0].get("last_scan").is_none());
        environment.published(EventKind::Observed, 5);
        environment.scanned(Scan {
            blobs: 40,
            bytes: 4000,
            took: Duration::from_secs(1),
        });
        environment.scan_failed(ErrorKind::Storage, Duration::from_secs(1));
        let told = told(&metrics);
        let of = &told["environments"][0];
        assert!(of["last_scan"].as_f64().unwrap() > 1e9, "{told}");
        for (field, expected) in [
            ("listed_blobs", json!(40)),
            ("listed_bytes", json!(4000)),
            ("events", json!({"observed": 5, "closed": 0, "listed": 0})),
            ("scans", json!({"done": 1, "failed": 1})),
        ] {
            assert_eq!(of[field], expected, "{field}");
        }
        assert_eq!(of["errors"]["storage"], 1);
        assert!(told.get("blobs").is_none() && told.get("lanes").is_none(), "{told}");
    }

    #[test]
    fn extraction_tells_of_outcomes_and_topics() {
        let metrics = ExtractMetrics::register(&mut registry());
        let mut extracted = Extracted::default();
        extracted.add("cp2", "P1", None);
        extracted.add("cp2", "P1", Some(crate::domain::record::Kind::Http));
        metrics.committed(&extracted, 700);
        let mut lag = metrics.lag("Raw");
        lag.set(12);
        let told = told(&metrics);
        assert_eq!(told["raw_bytes"], 700);
        assert_eq!(told["topics"], json!([{"topic": "Raw", "lag_records": 12}]));
        let outcomes = json!({"application": 0, "http": 1, "proxy": 0, "error": 0, "skipped": 1});
        assert_eq!(told["environments"][0]["outcomes"], outcomes);
    }
}
