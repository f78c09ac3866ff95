//! What is to be done for a blob.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    domain::{BlobHash, Date, EnvironmentId},
    pipeline::inventory::date_of,
};

/// A blob to be read up to a known end.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    pub id: BlobHash,
    pub environment: Arc<EnvironmentId>,
    pub blob: Arc<str>,
    /// The selector's name.
    pub service: Arc<str>,
    /// The partition of `Ingestion.Blobs` that the blob belongs to.
    pub partition: i32,
    /// Bytes, as listed: what lies behind is for another event.
    pub size: u64,
    pub last_modified: Timestamp,
    pub created: Option<Timestamp>,
    /// When the monitor saw it so.
    pub observed: Timestamp,
    /// Nobody writes to it any more: an unterminated last line is one like the others.
    pub closed: bool,
    /// Where the events stand that ask for this.
    pub offsets: Vec<i64>,
    /// Where reading for these events began, if it was interrupted, and how many lines of the blob lay before that.
    pub begun: Option<(u64, u64)>,
    /// Attempts that failed so far, other than for a failure of its whole environment.
    pub failures: u32,
    /// The failure that its state in Kafka tells, if this lane wrote that.
    pub told: Option<Arc<str>>,
}

impl Work {
    /// The day of the blob's name; of its last write, if the name has none.
    pub fn date(&self) -> Date {
        date_of(&self.blob, self.last_modified)
    }

    /// Takes in what another event of the same blob asks for: the younger says what the blob is like.
    pub fn merge(&mut self, other: Self) {
        let age = |work: &Self| (work.last_modified, work.size, work.closed);
        let (older, younger) = match age(&other) >= age(self) {
            true => (self.clone(), other),
            false => (other, self.clone()),
        };
        *self = Self {
            offsets: older.offsets.into_iter().chain(younger.offsets).collect(),
            created: younger.created.or(older.created),
            begun: older.begun.or(younger.begun),
            failures: older.failures.min(younger.failures),
            told: None,
            ..younger
        };
    }
}

/// Of a blob of this name, for tests.
#[cfg(test)]
pub fn example(blob: &str) -> Work {
    let environment = EnvironmentId::new("cp2", "P1");
    Work {
        id: BlobHash::of(&environment, blob),
        environment: Arc::new(environment),
        blob: blob.into(),
        service: "api".into(),
        partition: 0,
        size: 10,
        last_modified: Timestamp::UNIX_EPOCH,
        created: None,
        observed: Timestamp::UNIX_EPOCH,
        closed: false,
        offsets: Vec::new(),
        begun: None,
        failures: 0,
        told: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "2025-06-06T12:00:00Z";

    #[test]
    fn the_younger_event_says_what_the_blob_is_like() {
        let at = |time: &str, size, closed, offset| Work {
            last_modified: time.parse().unwrap(),
            size,
            closed,
            offsets: vec![offset],
            ..example("a")
        };
        let later = "2025-06-06T12:00:01Z";
        for (first, second, size, closed) in [
            (at(DAY, 10, false, 1), at(later, 20, false, 2), 20, false),
            (at(later, 20, false, 1), at(DAY, 10, true, 2), 20, false),
            // Written at the same time, as far as storage tells: the larger, then the closed one.
            (at(DAY, 10, true, 1), at(DAY, 20, false, 2), 20, false),
            (at(DAY, 20, true, 1), at(DAY, 20, false, 2), 20, true),
            (at(DAY, 20, true, 1), at(later, 5, false, 2), 5, false),
        ] {
            let mut work = first.clone();
            work.merge(second.clone());
            assert_eq!((work.size, work.closed), (size, closed), "{first:?} and {second:?}");
            work.offsets.sort_unstable();
            assert_eq!(work.offsets, [1, 2]);
        }
    }

    #[test]
    fn what_only_one_of_them_knows_stays() {
        let created: Timestamp = DAY.parse().unwrap();
        let begun = Work {
            begun: Some((7, 3)),
            created: Some(created),
            failures: 2,
            ..example("a")
        };
        let younger = Work {
            size: 99,
            ..example("a")
        };
        for (mut work, other) in [(begun.clone(), younger.clone()), (younger, begun)] {
            work.merge(other);
            assert_eq!((work.begun, work.created), (Some((7, 3)), Some(created)));
            assert_eq!((work.size, work.failures), (99, 0));
        }
    }

    #[test]
    fn a_blob_is_of_the_day_of_its_name_or_of_its_last_write() {
        let day = |blob: &str| date_of(blob, DAY.parse().unwrap()).to_string();
        let named = "kubernetes/20250101.api-1_default_platform-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.gz";
        assert_eq!(day(named), "20250101");
        assert_eq!(day("kubernetes/odd.gz"), "20250606");
    }
}
