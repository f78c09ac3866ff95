//! The log, on standard error.

use std::{
    io::{self, Write},
    sync::OnceLock,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, fmt,
    fmt::{MakeWriter, format::Writer, time::FormatTime},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::{GlobalArgs, LogFormat, captured, output, recent::KeepRecent, told};
use crate::config::LogLevel;

/// Changes what is logged; only there if neither flags nor `CLP_LOG` say what that is.
static CHANGE: OnceLock<Box<dyn Fn(EnvFilter) + Send + Sync>> = OnceLock::new();

/// Starts logging as the flags say. `CLP_LOG` takes filters such as `clp::storage=debug` and beats `-q` and `-v`.
pub(super) fn start(args: &GlobalArgs) {
    let level = match i16::from(args.verbose) - i16::from(args.quiet) {
        ..=-2 => "error",
        -1 => "warn",
        0 => "info",
        1 => "debug",
        2.. => "trace",
    };
    let by_flags = of_level(level);
    let asked = std::env::var("CLP_LOG")
        .ok()
        .filter(|filters| !filters.trim().is_empty());
    let (filter, unreadable) = match asked.as_deref().map(EnvFilter::try_new) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (by_flags, Some(error)),
        None => (by_flags, None),
    };
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(LogWriter)
        .with_timer(UtcMillis);
    // A second start, in a program that uses the library, leaves the first as it is.
    told::set_form(args.log_format);
    // Nothing is left to change once the log is gone.
    let change: Box<dyn Fn(EnvFilter) + Send + Sync> = match args.log_format {
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_filter_reloading();
            let handle = builder.reload_handle();
            let _ = builder.finish().with(KeepRecent).try_init();
            Box::new(move |filter| drop(handle.reload(filter)))
        }
        LogFormat::Text => {
            let builder = builder
                .with_ansi(output::use_color(args.color, &io::stderr()))
                .with_target(args.verbose > 1)
                .with_filter_reloading();
            let handle = builder.reload_handle();
            let _ = builder.finish().with(KeepRecent).try_init();
            Box::new(move |filter| drop(handle.reload(filter)))
        }
    };
    if asked.is_none() && args.verbose == 0 && args.quiet == 0 {
        let _ = CHANGE.set(change);
    }
    if let Some(error) = unreadable {
        tracing::warn!("CLP_LOG does not count: {error}; it takes filters such as warn,clp::storage=debug");
    }
}

/// Logs as the configuration says, where neither flags nor `CLP_LOG` do.
pub(super) fn set_level(level: LogLevel) {
    if let Some(change) = CHANGE.get() {
        change(of_level(&level.to_string()));
    }
}

/// Our own log at this level, and warnings of the libraries.
fn of_level(level: &str) -> EnvFilter {
    EnvFilter::new(format!("warn,clp={level}"))
}

struct UtcMillis;

impl FormatTime for UtcMillis {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        writer.write_str(&told::now())
    }
}

/// Writes whole events, above a progress bar if one is shown.
struct LogWriter;

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = LogLine;

    fn make_writer(&'a self) -> Self::Writer {
        LogLine(Level::INFO, Vec::new())
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        LogLine(*meta.level(), Vec::new())
    }
}

struct LogLine(Level, Vec<u8>);

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        captured::write(self.0, &self.1);
    }
}
