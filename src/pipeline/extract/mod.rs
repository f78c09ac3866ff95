//! Raw lines become records.
//!
//! ```text
//! bytes ──▶ RawLine ──▶ Scanner ──▶ Line ──▶ rules ──▶ Record
//!           as UTF-8    grammar     values   which kind, what is missing
//! ```
//!
//! A line is gone through once. Nothing of it is built but the values that go into its record, and those are borrowed
//! from the line where they hold no escapes. Any bytes are a line: time is linear in its length, and the stack does not
//! grow with its depth.

mod container;
mod line;
pub mod offline;
mod request;
mod rules;
mod scanner;
pub mod service;
mod text;
mod time;
mod value;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};

pub(in crate::pipeline) use self::container::logger as workload;
use self::{line::Line, rules::Fault};
use crate::domain::record::{Failed, Record, Source};

/// A line of a blob, without its line break: any bytes.
#[derive(Debug)]
pub struct RawLine<'a> {
    bytes: &'a [u8],
    /// With U+FFFD for what is no UTF-8.
    text: Cow<'a, str>,
}

/// Where a line comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub service: &'a str,
    pub environment: &'a str,
    pub subscription: &'a str,
    /// Whether it was on the proxy's raw topic.
    pub from_proxy: bool,
    /// Nanoseconds since 1970. The time of an error whose line has none of its own.
    pub received_ns: i64,
}

impl<'a> RawLine<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        // Looked at first because the lossy conversion is several times as slow, also where nothing is lost.
        let text = str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
        Self { bytes, text }
    }

    /// The line whole, and the name of its encoding if it is not as it was.
    fn whole(&self) -> (Cow<'_, str>, Option<&'static str>) {
        match &self.text {
            Cow::Borrowed(text) => (Cow::Borrowed(text), None),
            Cow::Owned(_) => (Cow::Owned(BASE64_STANDARD.encode(self.bytes)), Some("base64")),
        }
    }
}

/// The line's record, which may be one of an error. `None` for a line that is passed over: a blank message, or a probe
/// that is no request.
///
/// With `validate`, a record without a level, logger, message or pod is an error.
pub fn extract<'a>(raw: &'a RawLine<'_>, origin: Origin<'a>, validate: bool) -> Option<Record<'a>> {
    let mut line = Line::default();
    let record = match line.read(&raw.text) {
        Ok(()) => rules::record(&line, origin.from_proxy, validate),
        Err(invalid) => Err(invalid.into()),
    };
    record.unwrap_or_else(|fault| Some(Record::Error(failed(raw, &line, origin, &fault))))
}

fn failed<'a>(raw: &'a RawLine<'_>, line: &Line<'a>, origin: Origin<'a>, fault: &Fault) -> Failed<'a> {
    let (raw_line, raw_line_encoding) = raw.whole();
    Failed {
        raw_line,
        raw_line_encoding,
        error: fault.to_string(),
        error_type: fault.error_type(origin.from_proxy),
        timestamp: time::ts_ns(line).unwrap_or(origin.received_ns),
        source: Source {
            service: origin.service,
            environment: origin.environment,
            subscription: origin.subscription,
            pod_name: line.pod.name.text(),
        },
    }
}
