//! Figures of the services: counted where the work is done, scraped by Prometheus, and told once a minute in the log.
//!
//! ```text
//!  monitor ──▶ MonitorMetrics ─┐              ┌─▶ text()          /metrics, by `cli::serve`
//!  worker  ──▶ WorkerMetrics ──┴─▶ Registry ──┘
//!                    ├───────────▶ totals() ────▶ log_progress()     a line of progress in the log
//!                    └───────────▶ overview() ──▶ /status.json       and the page made of it, by `cli::serve`
//! ```
//!
//! A service makes a [`registry`], registers its figures in it and gives it away; counting goes on through handles, which
//! are cheap to clone. Series exist from the beginning, at 0: a rate over a series that comes into being with its first
//! error would not see that error.

mod blob_board;
mod extract;
mod handles;
mod labels;
mod lanes;
mod monitor;
mod overview;
mod process;
mod progress;
mod worker;

pub use blob_board::{BlobBoard, BlobStanding, CommittedBlob};
pub use extract::{ExtractMetrics, ExtractTotals, Extracted, Lag};
pub use labels::{ErrorKind, EventKind, Operation, Rebalance};
pub use lanes::LaneMetrics;
pub use monitor::{MonitorEnvironment, MonitorMetrics, MonitorTotals, Scan};
pub use overview::{Overlook, Overview};
pub use progress::{Progress, log_progress};
pub use prometheus_client::registry::Registry;
pub use worker::{Committed, Share, Standing, WorkerEnvironment, WorkerMetrics, WorkerTotals};

use prometheus_client::{encoding::text, metrics::info::Info};

/// The content type of the metrics in the text format.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// With what every service tells: clp's version, and what the system knows of the process.
pub fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.sub_registry_with_prefix("clp").register(
        "build",
        "The version that runs",
        Info::new([("version", env!("CARGO_PKG_VERSION"))]),
    );
    process::register(&mut registry);
    registry
}

/// All figures as of now, in the text form of OpenMetrics.
pub fn text(registry: &Registry) -> String {
    let mut text = String::new();
    // Writing into a string does not fail, and no figure here fails to encode.
    let _ = text::encode(&mut text, registry);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_version_and_ends_as_the_format_says() {
        let text = text(&registry());
        assert!(
            text.contains(concat!(
                "clp_build_info{version=\"",
                env!("CARGO_PKG_VERSION"),
                "\"} 1\n"
            )),
            "{text}"
        );
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
