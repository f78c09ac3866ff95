//! A blob's bytes for a thread that inflates them.

use super::{Align, IngestError, Job, Start};
use crate::{
    gzip,
    storage::{self, Pieces},
};

/// Gives the blob's bytes from an offset to its listed end; see [`storage::open_at`].
pub(super) fn open(job: &Job) -> impl FnMut(u64) -> Pieces + use<> {
    storage::open_at(&job.container, &job.blob.name, job.blob.size, job.read)
}

/// Makes sure that a member starts where the run is to begin, or moves the beginning as asked.
///
/// # Errors
/// [`IngestError::Misaligned`] with both neighbours, [`IngestError::PastEnd`]; errors of the storage.
pub(super) fn aligned(job: &Job) -> Result<Start, IngestError> {
    let size = job.blob.size;
    let Start::Offset(offset) = job.start else {
        return Ok(Start::Resume);
    };
    if offset > size {
        return Err(IngestError::PastEnd {
            blob: job.blob.name.clone(),
            offset,
            size,
        });
    }
    // A corrupt first member is for the reading to report, as it is anywhere else in the blob.
    if offset == 0 || offset == size || gzip::is_member_start(offset, open(job))? {
        return Ok(job.start);
    }
    let Some(neighbours) = gzip::starts_around(offset, open(job))? else {
        return Ok(job.start);
    };
    match job.align {
        Some(Align::Next) => Ok(Start::Offset(neighbours.next)),
        Some(Align::Previous) => Ok(Start::Offset(neighbours.previous)),
        None => Err(IngestError::Misaligned {
            blob: job.blob.name.clone(),
            offset,
            previous: neighbours.previous,
            next: neighbours.next,
        }),
    }
}
