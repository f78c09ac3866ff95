//! Progress bars, on a terminal only.

use std::{
    io::{self, IsTerminal},
    sync::OnceLock,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar. Off a terminal it shows nothing.
pub struct Bar(ProgressBar);

static BARS: OnceLock<MultiProgress> = OnceLock::new();

impl Bar {
    /// A bar that counts to `bytes`.
    pub fn bytes(bytes: u64, quiet: bool) -> Self {
        let template = "{bar:24} {bytes}/{total_bytes}  {msg}  {binary_bytes_per_sec}  {eta} left";
        Self::draw(ProgressBar::new(bytes), template, quiet)
    }

    /// A bar over a count of things.
    pub fn count(count: u64, quiet: bool) -> Self {
        Self::draw(ProgressBar::new(count), "{bar:24} {msg}", quiet)
    }

    fn draw(bar: ProgressBar, template: &str, quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bars = BARS.get_or_init(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        let bar = bars.add(bar);
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

    /// Shows the position, and a text.
    pub fn tell(&self, position: u64, text: String) {
        self.0.set_position(position);
        self.0.set_message(text);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Runs `write` while no bar is drawn.
pub(super) fn above_bars<T>(write: impl FnOnce() -> T) -> T {
    match BARS.get() {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}
