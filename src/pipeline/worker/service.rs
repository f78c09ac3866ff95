//! Starts the lanes of a process and stops them.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time};
use tokio_util::sync::CancellationToken;

use super::{Watch, lane::Lane, settings::Settings};
use crate::kafka::{self, Connection};

/// After the wish to stop, lanes get so long to commit and to leave the group. Whoever asked gives up on a process after
/// ten seconds, as a rule; clients that are closed at the program's end get up to two of them.
const STOP_PATIENCE: Duration = Duration::from_secs(7);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs `lanes` members of the group until `cancel`, or until none of them has had anything to do for `until_idle`.
///
/// # Errors
/// Of a lane that can not go on, once the others have stopped. Failures of storage and of single blobs are none.
pub async fn run(
    connection: Connection,
    settings: Arc<Settings>,
    lanes: u32,
    until_idle: Option<Duration>,
    cancel: CancellationToken,
    watch: Arc<Watch>,
) -> Result<(), kafka::Error> {
    // A lane that fails stops its siblings, not whoever waits on the caller's token.
    let stop = cancel.child_token();
    let mut running = JoinSet::new();
    for number in 0..lanes {
        let (connection, settings, watch, stop) = (
            connection.clone(),
            Arc::clone(&settings),
            Arc::clone(&watch),
            stop.clone(),
        );
        running.spawn(kafka::blocking(move || {
            Lane::join(&connection, settings, number, watch)?.run(&stop)
        }));
    }
    let mut result = Ok(());
    let mut look = time::interval(LOOK_EVERY);
    let mut asked_at = None;
    while !running.is_empty() {
        tokio::select! {
            Some(ended) = running.join_next() => {
                let ended = ended.unwrap_or(Err(kafka::Error::Cancelled));
                if let Err(error) = ended {
                    stop.cancel();
                    result = result.and(Err(error));
                }
            }
            _ = look.tick() => {
                if until_idle.is_some_and(|time| watch.is_idle_for(time)) {
                    stop.cancel();
                }
                if stop.is_cancelled() {
                    watch.health.stopping();
                    let asked_at = *asked_at.get_or_insert_with(time::Instant::now);
                    if asked_at.elapsed() > STOP_PATIENCE {
                        tracing::warn!("Kafka does not answer; what is not committed comes again with the next start");
                        return result;
                    }
                }
            }
        }
    }
    result
}
