//! What all commands share: global flags, output, progress, logging, and how errors end the process.

mod app;
mod blob_names;
mod captured;
mod exit;
mod global;
mod logging;
mod output;
mod parts;
mod progress;
mod recent;
pub mod screen;
mod serve;
mod signal;
mod table;
mod told;

pub use app::{App, Kafka, open_once};
pub use blob_names::{BlobNames, MAX_NAMES, NamesFile};
pub use captured::{Said, recent as recently_said};
pub use exit::{Exit, Failure, exit_of, go_on_after, in_words, report};
pub use global::{ColorChoice, GlobalArgs, LogFormat};
pub use output::{Format, Output, human_size, plural, to_stderr};
pub use parts::Parts;
pub use progress::Bar;
pub use serve::{MetricsAddress, MetricsArgs, Server};
pub use signal::{CaughtSignals, cancel_on_signal, catch_signals, exit_on_signal};
pub use table::{Column, printable, table, wrapped};
