//! Inflates ahead of whoever takes the lines.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use super::{Job, source};
use crate::{
    domain::Checkpoint,
    pipeline::{
        lines::{Item, LastLine, LineError, LineReader, Reading},
        raw_lines::record_limits,
    },
    storage,
};

pub(super) type Items = Receiver<Result<Item, LineError<storage::Error>>>;

/// Batches that wait between the thread that inflates and the one that sends.
const BATCHES_AHEAD: usize = 1;

/// Inflates on a thread of its own, one batch ahead of the one that sends. The thread ends when nobody listens any more.
pub(super) fn read_ahead(job: &Arc<Job>, start: Checkpoint) -> Items {
    let (sender, receiver) = sync_channel(BATCHES_AHEAD);
    let runtime = tokio::runtime::Handle::current();
    let job = Arc::clone(job);
    let reading = Reading {
        start,
        end: job.blob.size,
        limits: record_limits(&job.environment, &job.blob.name, &job.service, job.max_record_bytes),
        last_line: LastLine::Send,
        on_corrupt: job.on_corrupt,
    };
    thread::spawn(move || {
        let _inside_runtime = runtime.enter();
        let mut reader = LineReader::new(reading, source::open(&job));
        loop {
            let item = reader.next_item();
            let last = matches!(item, Ok(Item::End(_)) | Err(_));
            if sender.send(item).is_err() || last {
                return;
            }
        }
    });
    receiver
}
