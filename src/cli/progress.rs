//! Progress bars, on a terminal only.

use std::{
    io::{self, IsTerminal},
    sync::OnceLock,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over the bytes of one thing. Off a terminal it shows nothing.
pub struct Bar(ProgressBar);

static BARS: OnceLock<MultiProgress> = OnceLock::new();

impl Bar {
    /// A bar that counts to `bytes`.
    pub fn bytes(bytes: u64, quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bars = BARS.get_or_init(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        let bar = bars.add(ProgressBar::new(bytes));
        let template = "{bar:24} {bytes}/{total_bytes}  {msg}  {binary_bytes_per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Shows the position, in bytes, and the number of lines.
    pub fn update(&self, position: u64, lines: u64) {
        self.0.set_position(position);
        self.0.set_message(format!("{lines} lines"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Runs `write` while no bar is drawn.
pub(super) fn above_bars(write: impl FnOnce()) {
    match BARS.get() {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}
