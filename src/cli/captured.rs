//! What goes to standard error; kept back while a full screen is up, which any line would garble.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tracing::Level;

use super::progress;

/// What was said while a screen was up; `None` while none is.
static CAPTURED: Mutex<Option<Captured>> = Mutex::new(None);

/// The last lines, and of those that somebody should see the first and the last. Bounded.
#[derive(Debug, Default)]
struct Captured {
    recent: VecDeque<Said>,
    grave: VecDeque<Vec<u8>>,
    forgotten: u64,
}

/// A line that was said, as plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub level: Level,
    pub line: String,
}

const MAX_RECENT: usize = 200;
const MAX_GRAVE: usize = 50;

/// From now on lines are kept back.
pub(super) fn begin() {
    lock().get_or_insert_default();
}

/// Lines go to standard error again; first the warnings and errors of the meantime.
pub(super) fn end() {
    let Some(captured) = lock().take() else {
        return;
    };
    if captured.forgotten > 0 {
        let line = format!("{} further warnings and errors were left out\n", captured.forgotten);
        write(Level::WARN, line.as_bytes());
    }
    for line in captured.grave {
        write(Level::WARN, &line);
    }
}

/// The last lines that were kept back, oldest first.
pub fn recent() -> Vec<Said> {
    lock()
        .as_ref()
        .map_or_else(Vec::new, |captured| captured.recent.iter().cloned().collect())
}

/// Writes to standard error, or keeps it back.
pub(super) fn write(level: Level, bytes: &[u8]) {
    if let Some(captured) = lock().as_mut() {
        captured.add(level, bytes);
        return;
    }
    // When standard error is closed, nobody is left to tell.
    progress::above_bars(|| {
        let _ = io::stderr().write_all(bytes);
    });
}

impl Captured {
    fn add(&mut self, level: Level, bytes: &[u8]) {
        for line in String::from_utf8_lossy(bytes).lines() {
            if self.recent.len() == MAX_RECENT {
                self.recent.pop_front();
            }
            let line = console::strip_ansi_codes(line).into_owned();
            self.recent.push_back(Said { level, line });
        }
        if level <= Level::WARN {
            if self.grave.len() == MAX_GRAVE {
                self.grave.pop_front();
                self.forgotten += 1;
            }
            self.grave.push_back(bytes.to_vec());
        }
    }
}

/// A panic elsewhere while the lock was held leaves plain lines usable.
fn lock() -> MutexGuard<'static, Option<Captured>> {
    CAPTURED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_and_errors_are_kept_for_later_and_all_lines_for_the_screen() {
        let mut captured = Captured::default();
        captured.add(Level::INFO, b"working\n");
        captured.add(Level::WARN, b"\x1b[33m WARN\x1b[0m look\n");
        captured.add(Level::ERROR, b"error: gone\nhint: come back\n");
        let lines: Vec<&str> = captured.recent.iter().map(|said| said.line.as_str()).collect();
        assert_eq!(lines, ["working", " WARN look", "error: gone", "hint: come back"]);
        // As they would have been on standard error.
        assert_eq!(
            captured.grave,
            [&b"\x1b[33m WARN\x1b[0m look\n"[..], b"error: gone\nhint: come back\n"]
        );
    }

    #[test]
    fn no_outage_fills_the_memory() {
        let mut captured = Captured::default();
        for number in 0..10_000 {
            captured.add(Level::WARN, format!("{number}\n").as_bytes());
        }
        assert_eq!((captured.recent.len(), captured.grave.len()), (MAX_RECENT, MAX_GRAVE));
        assert_eq!(captured.forgotten, 10_000 - MAX_GRAVE as u64);
        assert_eq!(captured.grave.back().unwrap(), b"9999\n");
    }
}
