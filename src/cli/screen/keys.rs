//! Keys, and changes of the terminal's size.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use ratatui::crossterm::event::{self, Event};
use tokio::sync::mpsc;

/// What is typed, read on a thread of its own, which ends soon after this is dropped.
pub struct Keys {
    events: mpsc::Receiver<Event>,
    ended: Arc<AtomicBool>,
}

/// Events that wait to be taken; a program that is so far behind reads no further keys.
const MAX_WAITING: usize = 64;
/// How long the thread outlives its reader at most.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Keys {
    pub fn read() -> Self {
        let (tx, events) = mpsc::channel(MAX_WAITING);
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                let read = event::poll(LOOK_EVERY).and_then(|is_there| is_there.then(event::read).transpose());
                // Without its terminal, or its reader, nothing is left to do.
                let goes_on = read.is_ok_and(|event| event.is_none_or(|event| tx.blocking_send(event).is_ok()));
                if !goes_on {
                    return;
                }
            }
        });
        Self { events, ended }
    }

    /// `None`: the terminal is gone.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// One that waits already.
    pub fn waiting(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}
