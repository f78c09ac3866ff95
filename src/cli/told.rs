//! What is told beside the log, on the same standard error and in the log's form.

use std::sync::OnceLock;

use serde::Serialize;

use super::LogFormat;

/// Text until something else is asked for.
static FORM: OnceLock<LogFormat> = OnceLock::new();

/// The first call counts.
pub(super) fn set_form(form: LogFormat) {
    let _ = FORM.set(form);
}

/// What is told whatever the filters are, beside the log and in its form: results for people, and errors.
pub(super) enum Told<'a> {
    Line(&'a str),
    Error { message: &'a str, hint: Option<&'a str> },
}

impl Told<'_> {
    /// As one line of JSON or as text, with its line ends.
    pub fn in_form(&self) -> String {
        match FORM.get() {
            Some(LogFormat::Json) => self.json(),
            Some(LogFormat::Text) | None => self.text(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Line(line) => format!("{line}\n"),
            Self::Error { message, hint: None } => format!("error: {message}\n"),
            Self::Error {
                message,
                hint: Some(hint),
            } => format!("error: {message}\nhint: {hint}\n"),
        }
    }

    /// With the keys, and in the order, of the log's own lines.
    fn json(&self) -> String {
        #[derive(Serialize)]
        struct Event<'a> {
            timestamp: String,
            level: &'static str,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            hint: Option<&'a str>,
            target: &'static str,
        }
        let (level, message, hint) = match *self {
            Self::Line(line) => ("INFO", line.trim(), None),
            Self::Error { message, hint } => ("ERROR", message, hint),
        };
        let event = Event {
            timestamp: now(),
            level,
            message,
            hint,
            target: env!("CARGO_PKG_NAME"),
        };
        // Text and nothing else: JSON takes all of it.
        let json = serde_json::to_string(&event).unwrap_or_default();
        format!("{json}\n")
    }
}

/// RFC 3339 in UTC, to the millisecond.
pub(super) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}
