//! What all commands share: global flags, output, progress, logging, and how errors end the process.

mod app;
mod exit;
mod global;
mod logging;
mod output;
mod parts;
mod progress;
mod signal;
mod table;

pub use app::App;
pub use exit::{Exit, Failure, go_on_after, report};
pub use global::{ColorChoice, GlobalArgs, LogFormat};
pub use output::{Format, Output, human_size, plural, to_stderr};
pub use parts::Parts;
pub use progress::Bar;
pub use signal::cancel_on_signal;
pub use table::table;
