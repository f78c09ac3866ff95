//! Counts by level and by status.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::series::Value;
use crate::pipeline::tail::Level;

/// The gravest first; what names no known level is last.
pub const LEVELS: [&str; 7] = ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "OTHER"];
/// As they are told; what is no HTTP status is last.
pub const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];

/// Index into [`LEVELS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LevelIndex(pub u8);

impl LevelIndex {
    pub fn of(name: &str) -> Self {
        Self(match Level::of(name) {
            Some(Level::Fatal) => 0,
            Some(Level::Error) => 1,
            Some(Level::Warn) => 2,
            Some(Level::Info) => 3,
            Some(Level::Debug) => 4,
            Some(Level::Trace) => 5,
            None => 6,
        })
    }

    pub fn is_error(self) -> bool {
        self.0 <= 1
    }

    pub fn is_warning(self) -> bool {
        self.0 == 2
    }

    pub fn name(self) -> &'static str {
        LEVELS[usize::from(self.0)]
    }
}

/// Lines by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels(pub [u64; LEVELS.len()]);

impl Levels {
    pub(super) fn count(&mut self, level: LevelIndex) {
        self.0[usize::from(level.0)] += 1;
    }

    /// Of level ERROR or FATAL.
    pub fn errors(&self) -> u64 {
        self.0[0] + self.0[1]
    }

    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// Requests by the class of their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes(pub [u64; CLASSES.len()]);

impl Classes {
    pub(super) fn count(&mut self, status: i128) {
        let class = match status {
            100..600 => (status / 100 - 1) as usize,
            _ => CLASSES.len() - 1,
        };
        self.0[class] += 1;
    }

    pub fn client_errors(&self) -> u64 {
        self.0[3]
    }

    pub fn server_errors(&self) -> u64 {
        self.0[4]
    }

    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

fn add_all(counts: &mut [u64], more: &[u64]) {
    counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
}

impl Value for Levels {
    fn add(&mut self, other: Self) {
        add_all(&mut self.0, &other.0);
    }
}

impl Value for Classes {
    fn add(&mut self, other: Self) {
        add_all(&mut self.0, &other.0);
    }
}

fn by_name<S: Serializer>(names: &[&str], counts: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(names.len()))?;
    for (name, count) in names.iter().zip(counts) {
        map.serialize_entry(name, count)?;
    }
    map.end()
}

impl Serialize for Levels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        by_name(&LEVELS, &self.0, serializer)
    }
}

impl Serialize for Classes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        by_name(&CLASSES, &self.0, serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_and_status_counts_somewhere() {
        let mut levels = Levels::default();
        for name in ["ERROR", "severe", "Warning", "INFO", "FINE", "TRACE", "NOTICE", ""] {
            levels.count(LevelIndex::of(name));
        }
        assert_eq!(
            serde_json::to_string(&levels).unwrap(),
            r#"{"FATAL":1,"ERROR":1,"WARN":1,"INFO":1,"DEBUG":1,"TRACE":1,"OTHER":2}"#
        );
        assert_eq!((levels.errors(), levels.total()), (2, 8));
        let mut classes = Classes::default();
        for status in [100, 200, 204, 304, 404, 500, 599, 600, 0, -1, i128::MAX] {
            classes.count(status);
        }
        assert_eq!(
            serde_json::to_string(&classes).unwrap(),
            r#"{"1xx":1,"2xx":2,"3xx":1,"4xx":1,"5xx":2,"other":4}"#
        );
    }
}
