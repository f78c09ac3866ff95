//! A progress bar over work that goes on elsewhere.

use std::time::Duration;

use crate::{cli::Bar, pipeline::ingest::Control};

/// Draws the bar until it is dropped.
pub(super) struct Watching(tokio::task::JoinHandle<()>);

const REDRAW: Duration = Duration::from_millis(100);

impl Watching {
    /// Over work on so many bytes of blobs.
    pub(super) fn start(bytes: u64, control: &Control, quiet: bool) -> Self {
        let bar = Bar::bytes(bytes, quiet);
        let progress = control.progress.clone();
        Self(tokio::spawn(async move {
            loop {
                bar.update(progress.position(), progress.lines());
                tokio::time::sleep(REDRAW).await;
            }
        }))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
    }
}
