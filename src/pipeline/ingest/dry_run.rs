//! Reads and counts, and sends nothing.

use std::sync::Arc;

use super::{
    Control, Done, IngestError, Job, Start, Summary,
    plan::beginning_inside,
    read_ahead::read_ahead,
    run::{interrupted, warn_of_skipped},
    source, state,
};
use crate::{
    kafka::{self, Connection},
    pipeline::lines::Item,
};

/// Reads and counts as [`super::run()`] would, and sends nothing. Without [`Start::Resume`] it needs no Kafka.
pub async fn dry_run(connection: Connection, job: Job, control: Control) -> Result<Summary, IngestError> {
    kafka::blocking(move || {
        let state = match job.start {
            Start::Resume => state::read(&state::connect(&connection, &job)?, &job)?,
            Start::Offset(_) => None,
        };
        let start = source::aligned(&job)?;
        let beginning = beginning_inside(&job, start, state.as_ref())?;
        let mut summary = Summary {
            from: beginning.checkpoint,
            to: beginning.checkpoint,
            ..Summary::default()
        };
        let items = read_ahead(&Arc::new(job.clone()), beginning.checkpoint);
        for item in items {
            match item {
                Ok(Item::Batch(batch)) => {
                    summary.lines += batch.pieces().filter(|(piece, _)| piece.ends_line()).count() as u64;
                    summary.raw_bytes += batch.text_bytes();
                    summary.to = batch.after;
                    control.progress.update(batch.read_to, summary.lines);
                }
                Ok(Item::Skipped { from, to, reason }) => {
                    warn_of_skipped(&job, from, to, &reason);
                    summary.skipped_bytes += to - from;
                }
                Ok(Item::End(end)) => {
                    summary.to = end.checkpoint;
                    summary.torn_bytes = end.torn_bytes;
                    break;
                }
                Err(error) => {
                    return Err(IngestError::of_lines(
                        error,
                        &job.blob.name,
                        Done::Counted(summary.lines),
                    ));
                }
            }
            if control.cancel.is_cancelled() {
                return Err(interrupted(&job, Done::Counted(summary.lines)));
            }
        }
        Ok(summary)
    })
    .await
}
