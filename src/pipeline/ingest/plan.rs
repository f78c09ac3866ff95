//! Decisions of a run, as plain functions.

use crate::domain::{Checkpoint, event::BlobState};

use super::{IngestError, Job, Start};

/// Where a run begins, and how many lines of the blob lie before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginning {
    pub checkpoint: Checkpoint,
    /// Lines before the checkpoint, for the numbers in keys. 0 where that is not known.
    pub lines_before: u64,
    /// Lines that an earlier run sent and this one will send again.
    pub sent_before: u64,
}

pub fn beginning(start: Start, state: Option<&BlobState>) -> Beginning {
    let known = state.map_or((Checkpoint::default(), 0), |state| {
        (state.checkpoint(), state.total_lines_ingested)
    });
    match start {
        Start::Resume => Beginning {
            checkpoint: known.0,
            lines_before: known.1,
            sent_before: 0,
        },
        Start::Offset(offset) if Checkpoint::at(offset) == known.0 => Beginning {
            checkpoint: known.0,
            lines_before: known.1,
            sent_before: 0,
        },
        Start::Offset(offset) => Beginning {
            checkpoint: Checkpoint::at(offset),
            lines_before: 0,
            sent_before: if known.0 > Checkpoint::at(offset) { known.1 } else { 0 },
        },
    }
}

/// Where to begin, which must be inside the blob.
///
/// # Errors
/// [`IngestError::Shrunk`] if the blob is smaller than what an earlier run saw of it.
pub(super) fn beginning_inside(job: &Job, start: Start, state: Option<&BlobState>) -> Result<Beginning, IngestError> {
    let beginning = beginning(start, state);
    let (offset, size) = (beginning.checkpoint.member, job.blob.size);
    match offset > size {
        false => Ok(beginning),
        true => Err(IngestError::Shrunk {
            blob: job.blob.name.clone(),
            offset,
            size,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::BlobStatus;

    fn state(offset: u64, lines: u64, total: u64) -> BlobState {
        let then = jiff::Timestamp::UNIX_EPOCH;
        BlobState {
            subscription: "cp2".into(),
            environment: "P1".into(),
            blob_name: "kubernetes/a.gz".into(),
            status: BlobStatus::Open,
            last_updated: then,
            size_in_bytes: 1000,
            last_modified_date: then,
            service_selector: "api".into(),
            last_ingested_offset: offset,
            checkpoint_lines: lines,
            total_lines_ingested: total,
            creation_date: None,
            last_processed_date: None,
            first_observed_date: then,
            last_observed_date: then,
            last_error: None,
            skipped_bytes: 0,
            unterminated_at: None,
        }
    }

    #[test]
    fn where_a_run_begins() {
        let inside = Checkpoint { member: 500, lines: 7 };
        for (start, state, checkpoint, lines_before, sent_before) in [
            (Start::Resume, None, Checkpoint::at(0), 0, 0),
            (Start::Resume, Some(state(500, 7, 40)), inside, 40, 0),
            (Start::Offset(0), None, Checkpoint::at(0), 0, 0),
            (Start::Offset(0), Some(state(500, 7, 40)), Checkpoint::at(0), 0, 40),
            (Start::Offset(500), Some(state(500, 0, 33)), Checkpoint::at(500), 33, 0),
            (Start::Offset(500), Some(state(500, 7, 40)), Checkpoint::at(500), 0, 40),
            (Start::Offset(700), Some(state(500, 7, 40)), Checkpoint::at(700), 0, 0),
        ] {
            let expected = Beginning {
                checkpoint,
                lines_before,
                sent_before,
            };
            assert_eq!(beginning(start, state.as_ref()), expected, "{start:?}");
        }
    }
}
