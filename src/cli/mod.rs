//! What all commands share: global flags, output, progress, logging, and how errors end the process.

mod app;
mod blob_names;
mod exit;
mod global;
mod logging;
mod output;
mod parts;
mod progress;
mod serve;
mod signal;
mod table;
mod told;

pub use app::{App, Kafka};
pub use blob_names::{BlobNames, MAX_NAMES, NamesFile};
pub use exit::{Exit, Failure, go_on_after, report};
pub use global::{ColorChoice, GlobalArgs, LogFormat};
pub use output::{Format, Output, human_size, plural, to_stderr};
pub use parts::Parts;
pub use progress::Bar;
pub use serve::{MetricsArgs, Server};
pub use signal::{cancel_on_signal, exit_on_signal};
pub use table::{printable, table};
