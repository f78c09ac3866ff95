//! What topics hold now: the last value of each key in a compacted one, or the records of the last days.

use jiff::Timestamp;

use super::{CommittedReader, Connection, Error};

/// Reads compacted topics. It may be connected before it is known that the time to read has come.
pub struct LatestValues(CommittedReader);

impl LatestValues {
    /// Connects, and warms the connections up with a first question about a partition.
    pub fn connect(connection: &Connection, topic: &str, partition: i32) -> Result<Self, Error> {
        CommittedReader::connect(connection, topic, partition).map(Self)
    }

    /// Reads a partition from its start to its present end and passes each committed record's key and value (`None`: a
    /// tombstone) to `visit`, in order. Nothing that may still be committed is missed.
    ///
    /// # Errors
    /// Those of [`CommittedReader::read`].
    pub fn read(&self, topic: &str, partition: i32, visit: impl FnMut(&[u8], Option<&[u8]>)) -> Result<(), Error> {
        self.read_since(topic, partition, None, visit)
    }

    /// As [`LatestValues::read`], from the first record on whose timestamp is `since` or later.
    pub fn read_since(
        &self,
        topic: &str,
        partition: i32,
        since: Option<Timestamp>,
        mut visit: impl FnMut(&[u8], Option<&[u8]>),
    ) -> Result<(), Error> {
        self.0.read_since(topic, partition, since, |record| {
            if let Some(key) = record.key() {
                visit(key, record.payload());
            }
            Ok(())
        })
    }
}
