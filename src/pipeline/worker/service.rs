//! Starts the lanes of a process and stops them.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{Watch, lane::Lane, settings::Settings};
use crate::{
    kafka::{self, Connection},
    pipeline::lanes,
};

/// Runs `count` members of the group until `cancel`, or until none of them has had anything to do for `until_idle`.
///
/// # Errors
/// Of a lane that can not go on, once the others have stopped. Failures of storage and of single blobs are none.
pub async fn run(
    connection: Connection,
    settings: Arc<Settings>,
    count: u32,
    until_idle: Option<Duration>,
    cancel: CancellationToken,
    watch: Arc<Watch>,
) -> Result<(), kafka::Error> {
    let all = Arc::clone(&watch.lanes);
    lanes::run(count, until_idle, cancel, all, move |number, gate, stop| {
        Lane::join(&connection, Arc::clone(&settings), number, gate, Arc::clone(&watch))?.run(stop)
    })
    .await
}
