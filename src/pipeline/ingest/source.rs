//! A blob's bytes for a thread that inflates them.

use bytes::Bytes;

use super::{Align, IngestError, Job, Start};
use crate::{gzip, storage};

/// Gives the blob's bytes from an offset to its listed end. The ranges are fetched ahead by async tasks, so this must be
/// called inside tokio's runtime, and the iterator be used on a thread that may block.
pub(super) fn open(job: &Job) -> impl FnMut(u64) -> Pieces + use<> {
    let (container, name, end, read) = (job.container.clone(), job.blob.name.clone(), job.blob.size, job.read);
    move |offset| {
        let range = offset.min(end)..end;
        Pieces(storage::prefetch(container.clone(), name.clone(), range, read))
    }
}

/// Consecutive pieces of a blob.
pub(super) struct Pieces(tokio::sync::mpsc::Receiver<Result<Bytes, storage::Error>>);

impl Iterator for Pieces {
    type Item = Result<Bytes, storage::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.blocking_recv()
    }
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
