//! The log, on standard error.

use std::io::{self, Write};

use tracing_subscriber::{
    EnvFilter, fmt,
    fmt::{MakeWriter, format::Writer, time::FormatTime},
};

use super::{GlobalArgs, LogFormat, output, progress, told};

/// Starts logging as the flags say. `CLP_LOG` takes filters such as `clp::storage=debug` and beats `-q` and `-v`.
pub(super) fn start(args: &GlobalArgs) {
    let level = match i16::from(args.verbose) - i16::from(args.quiet) {
        ..=-2 => "error",
        -1 => "warn",
        0 => "info",
        1 => "debug",
        2.. => "trace",
    };
    let by_flags = EnvFilter::new(format!("warn,clp={level}"));
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
    let _ = match args.log_format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder
            .with_ansi(output::use_color(args.color, &io::stderr()))
            .with_target(args.verbose > 1)
            .try_init(),
    };
    if let Some(error) = unreadable {
        tracing::warn!("CLP_LOG does not count: {error}; it takes filters such as warn,clp::storage=debug");
    }
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
        LogLine(Vec::new())
    }
}

struct LogLine(Vec<u8>);

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        // Nobody is left to tell when standard error is closed.
        progress::above_bars(|| {
            let _ = io::stderr().write_all(&self.0);
        });
    }
}
