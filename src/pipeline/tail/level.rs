//! How grave a line is.

use clap::ValueEnum;

/// In the order of their weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Level {
    Trace,
    Debug,
    Info,
    #[value(alias = "warning")]
    Warn,
    Error,
    #[value(alias = "severe")]
    Fatal,
}

impl Level {
    /// The level that a line names, in any letter case; also those of `java.util.logging`.
    pub fn of(name: &str) -> Option<Self> {
        const NAMES: [(&str, Level); 12] = [
            ("TRACE", Level::Trace),
            ("FINEST", Level::Trace),
            ("FINER", Level::Trace),
            ("DEBUG", Level::Debug),
            ("FINE", Level::Debug),
            ("CONFIG", Level::Debug),
            ("INFO", Level::Info),
            ("WARN", Level::Warn),
            ("WARNING", Level::Warn),
            ("ERROR", Level::Error),
            ("FATAL", Level::Fatal),
            ("SEVERE", Level::Fatal),
        ];
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
        known.map(|(_, level)| *level)
    }

    /// What an HTTP status says about its request.
    pub fn of_status(status: i64) -> Self {
        match status {
            500.. => Self::Error,
            400.. => Self::Warn,
            _ => Self::Info,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_statuses_have_levels() {
        for (name, level) in [
            ("INFO", Some(Level::Info)),
            ("warning", Some(Level::Warn)),
            ("Severe", Some(Level::Fatal)),
            (" ERROR ", Some(Level::Error)),
            ("FINE", Some(Level::Debug)),
            ("NOTICE", None),
            ("", None),
        ] {
            assert_eq!(Level::of(name), level, "{name}");
        }
        let order = [
            Level::Trace,
            Level::Debug,
            Level::Info,
            Level::Warn,
            Level::Error,
            Level::Fatal,
        ];
        assert!(order.is_sorted());
        for (status, level) in [
            (200, Level::Info),
            (399, Level::Info),
            (404, Level::Warn),
            (503, Level::Error),
        ] {
            assert_eq!(Level::of_status(status), level, "{status}");
        }
    }
}
