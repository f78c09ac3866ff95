//! What is to be done for a blob.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::{BlobHash, BlobName, Date, EnvironmentId};

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
            ..younger
        };
    }
}

/// The day of the blob's name; of its last write, if the name has none.
pub fn date_of(blob: &str, last_modified: Timestamp) -> Date {
    BlobName::parse(blob).map_or_else(
        || Date::of(&last_modified.to_zoned_datetime(jiff::tz::TimeZone::UTC)),
        |name| name.date,
    )
}
