//! Extract as a service: raw lines from Kafka become records in Kafka, each exactly once.
//!
//! ```text
//!  Raw.ApplicationLogs ─▶ lanes ─▶ Joiner ─▶ extract ─▶ Extracted.Application ─┐
//!  Raw.ProxyLogs ───────▶ lanes    (parts)   (rules)    Extracted.Proxy        ├─▶ one transaction with the
//!                                                       Extraction.Errors ─────┘   group's offsets
//! ```
//!
//! A lane is a member of the group for one of the two raw topics. What it keeps between two transactions comes again: the
//! group's offset of a partition is that of the first part of an unfinished line, and nothing behind it was sent.

mod error;
mod joiner;
mod lane;
mod origin;
mod settings;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

pub use error::ExtractError;
pub use settings::{Input, Output, Settings};

use self::lane::Lane;
use crate::{
    kafka::Connection,
    pipeline::{lanes, lanes::Lanes, metrics::ExtractMetrics},
};

/// Runs the lanes until `cancel`, or until none of them has had anything to do for `until_idle`.
///
/// # Errors
/// Of a lane that can not go on, once the others have stopped.
pub async fn run(
    connection: Connection,
    settings: Arc<Settings>,
    until_idle: Option<Duration>,
    cancel: CancellationToken,
    lanes: Arc<Lanes>,
    metrics: ExtractMetrics,
) -> Result<(), ExtractError> {
    let (count, all) = (settings.lanes(), Arc::clone(&lanes));
    lanes::run(count, until_idle, cancel, all, move |number, gate, stop| {
        Lane::join(&connection, &settings, number, gate, &lanes, &metrics)?.run(stop)
    })
    .await
}
