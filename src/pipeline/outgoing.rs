//! Records that are not lines: events, states, tombstones.

use super::raw_lines::Topic;
use crate::{
    domain::{event::to_json, topic},
    kafka::{self, Producer, Record, RecordHeaders},
};

/// One record, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub topic: String,
    pub partition: i32,
    pub key: Vec<u8>,
    pub payload: Option<Vec<u8>>,
    pub headers: RecordHeaders,
}

impl Outgoing {
    /// An event about `blob`, as JSON, to the blob's partition.
    pub fn event(topic: &Topic, blob: &str, key: String, event: &impl serde::Serialize) -> Self {
        Self {
            topic: topic.0.clone(),
            partition: topic::partition_of(blob, topic.1) as i32,
            key: key.into_bytes(),
            payload: Some(to_json(event)),
            headers: RecordHeaders::new(),
        }
    }

    /// Makes a compacted topic forget what `key` says about `blob`.
    pub fn tombstone(topic: &Topic, blob: &str, key: String) -> Self {
        Self {
            topic: topic.0.clone(),
            partition: topic::partition_of(blob, topic.1) as i32,
            key: key.into_bytes(),
            payload: None,
            headers: RecordHeaders::new(),
        }
    }

    pub fn with_headers(self, headers: RecordHeaders) -> Self {
        Self { headers, ..self }
    }

    /// Sends it behind all lines of the transaction.
    ///
    /// # Errors
    /// Those of [`Producer::conclude`].
    pub fn send(self, producer: &mut Producer) -> Result<(), kafka::Error> {
        producer.conclude(Record {
            topic: &self.topic,
            partition: self.partition,
            key: Some(&self.key),
            payload: self.payload.as_deref(),
            headers: &self.headers,
        })
    }
}
