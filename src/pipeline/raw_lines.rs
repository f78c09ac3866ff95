//! A blob's lines as records of a raw topic: keys, headers, partition, size.

use crate::{
    domain::{EnvironmentId, key::LineKey, topic},
    kafka::{self, Producer, Record, RecordHeaders},
    pipeline::lines::{Limits, Piece},
};

/// Kafka's own default for a topic's `max.message.bytes`.
pub const MAX_RECORD_BYTES: usize = 1_048_588;

/// Bytes of a record besides its payload, key and header values: header names, lengths, and the batch around it.
const RECORD_OVERHEAD_BYTES: usize = 512;
/// Position headers and `part`, in decimal.
const NUMBER_HEADERS_BYTES: usize = 4 * 20;
const LEAST_PART_BYTES: usize = 64;

/// A topic with its partition count.
pub type Topic = (String, u32);

/// The reader's bounds for a raw topic whose records may have `max_record_bytes`, all included.
pub fn record_limits(environment: &EnvironmentId, blob: &str, service: &str, max_record_bytes: usize) -> Limits {
    let key = LineKey::new(environment, blob).max_len();
    let headers = service.len() + environment.environment.len() + environment.subscription.len();
    let besides = key + headers + NUMBER_HEADERS_BYTES + RECORD_OVERHEAD_BYTES;
    Limits::for_parts_of(max_record_bytes.saturating_sub(besides).max(LEAST_PART_BYTES))
}

/// Sends one blob's lines.
pub struct RawLines {
    topic: String,
    partition: i32,
    keys: LineKey,
    /// Those that all of the blob's lines have; with its offset, those of a member's lines; and those of the
    /// line that is sent.
    common: RecordHeaders,
    of_member: (Option<u64>, RecordHeaders),
    headers: RecordHeaders,
    sent: u64,
}

impl RawLines {
    /// `lines_before` lines of the blob are in Kafka already; the keys count on from there.
    pub fn new(environment: &EnvironmentId, blob: &str, service: &str, topic: &Topic, lines_before: u64) -> Self {
        let mut common = RecordHeaders::new();
        common.push("service", Some(service.as_bytes()));
        common.push("environment", Some(environment.environment.as_bytes()));
        common.push("subscription", Some(environment.subscription.as_bytes()));
        Self {
            topic: topic.0.clone(),
            partition: topic::partition_of(blob, topic.1) as i32,
            keys: LineKey::new(environment, blob),
            common,
            of_member: (None, RecordHeaders::new()),
            headers: RecordHeaders::new(),
            sent: lines_before,
        }
    }

    /// Lines of the blob that were sent, those before this run included.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    pub fn send(&mut self, producer: &mut Producer, piece: &Piece, bytes: &[u8]) -> Result<(), kafka::Error> {
        let (member, of_member) = &mut self.of_member;
        if *member != Some(piece.position.member) {
            *member = Some(piece.position.member);
            of_member.copy_from(&self.common);
            let mut offset = itoa::Buffer::new();
            let offset = offset.format(piece.position.member);
            of_member.push("blob-offset", Some(offset.as_bytes()));
        }
        self.headers.copy_from(of_member);
        let mut index = itoa::Buffer::new();
        let index = index.format(piece.position.index);
        self.headers.push("blob-line", Some(index.as_bytes()));
        if let Some(part) = piece.part {
            self.headers.push("part", Some(part.to_string().as_bytes()));
        }
        producer.send(Record {
            topic: &self.topic,
            partition: self.partition,
            key: Some(self.keys.line(self.sent + 1)),
            payload: Some(bytes),
            headers: &self.headers,
        })?;
        if piece.ends_line() {
            self.sent += 1;
        }
        Ok(())
    }
}
