//! Signals that concern a screen. Ctrl-C and SIGTERM are those of every command; see [`cancel_on_signal`](crate::cli::cancel_on_signal).

use std::io;

use signal_hook::consts::{SIGCONT, SIGTSTP};
use tokio::signal::unix::{Signal, SignalKind, signal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreenSignal {
    /// Another than Ctrl-C or SIGTERM that ends a program: the terminal is gone, or SIGQUIT.
    End,
    /// To be stopped, as by Ctrl-Z, which a screen sees as a key.
    Suspend,
    /// Goes on after it was stopped.
    Continue,
}

/// Caught while a screen is up.
pub struct ScreenSignals {
    hang_up: Signal,
    quit: Signal,
    suspend: Signal,
    go_on: Signal,
}

impl ScreenSignals {
    pub fn catch() -> io::Result<Self> {
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            suspend: signal(SignalKind::from_raw(SIGTSTP))?,
            go_on: signal(SignalKind::from_raw(SIGCONT))?,
        })
    }

    pub async fn next(&mut self) -> ScreenSignal {
        tokio::select! {
            _ = self.hang_up.recv() => ScreenSignal::End,
            _ = self.quit.recv() => ScreenSignal::End,
            _ = self.suspend.recv() => ScreenSignal::Suspend,
            _ = self.go_on.recv() => ScreenSignal::Continue,
        }
    }
}
