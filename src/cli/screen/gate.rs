//! The way to the terminal, which is shut once the terminal is given back.

use std::{
    io::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Standard output while a screen is up; nowhere at other times.
pub(super) struct Gate;

/// Held while bytes go out, so that none come behind those that give the terminal back.
static OPEN: Mutex<bool> = Mutex::new(false);

pub(super) fn is_open() -> bool {
    *lock()
}

pub(super) fn open() {
    *lock() = true;
}

pub(super) fn close() {
    *lock() = false;
}

fn lock() -> MutexGuard<'static, bool> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let open = lock();
        match *open {
            true => io::stdout().write(bytes),
            false => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let open = lock();
        match *open {
            true => io::stdout().flush(),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_out_while_no_screen_is_up() {
        // Closed, as always in unit tests: else this would be seen among their output.
        assert!(!is_open());
        assert_eq!(Gate.write(b"\x1b[2J").unwrap(), 4);
        Gate.flush().unwrap();
    }
}
