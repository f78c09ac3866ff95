//! How a run is stopped and watched from outside.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio_util::sync::CancellationToken;

/// The outside's hold on a run.
#[derive(Clone, Default)]
pub struct Control {
    /// Ends the run: what was sent is committed, and the next run resumes behind it.
    pub cancel: CancellationToken,
    pub progress: Arc<Progress>,
}

/// How far a run is, for those who watch.
#[derive(Debug, Default)]
pub struct Progress {
    position: AtomicU64,
    lines: AtomicU64,
}

impl Progress {
    /// Compressed bytes of the blob that were read, as an offset.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    pub(in crate::pipeline) fn update(&self, position: u64, lines: u64) {
        self.position.store(position, Ordering::Relaxed);
        self.lines.store(lines, Ordering::Relaxed);
    }

    /// So much more, of work that several threads do.
    pub(in crate::pipeline) fn add(&self, bytes: u64, lines: u64) {
        self.position.fetch_add(bytes, Ordering::Relaxed);
        self.lines.fetch_add(lines, Ordering::Relaxed);
    }
}
