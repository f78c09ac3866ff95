//! The events of `Ingestion.Blobs` and the states of `Ingestion.BlobState`: JSON objects with camelCase fields and
//! RFC 3339 UTC dates. Fields may be added; readers ignore those that they do not know.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Date, EnvironmentId, key::RecordKey};

/// The bytes of an event's or a state's record: they hold texts, numbers and dates only, which always have a JSON form.
#[expect(clippy::expect_used, reason = "see above")]
pub fn to_json(event: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(event).expect("an event has a JSON form")
}

/// A blob is new, or it has changed since it was last said to be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobObserved {
    pub subscription: String,
    pub environment: String,
    pub blob_name: String,
    pub observation_date: Timestamp,
    /// Bytes, as listed.
    pub size_in_bytes: u64,
    pub last_modified_date: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<Timestamp>,
    pub service_selector: String,
}

/// One scan of a day for a selector has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobsListed {
    pub subscription: String,
    pub environment: String,
    pub service_selector: String,
    pub date: Date,
    pub listing_start_time: Timestamp,
    pub listing_end_time: Timestamp,
    pub blob_count: u64,
    /// Bytes of all of them.
    pub total_bytes: u64,
}

/// A blob was not written to for the inactivity timeout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobClosed {
    pub subscription: String,
    pub environment: String,
    pub blob_name: String,
    pub service_selector: String,
    pub last_modified_date: Timestamp,
    pub closed_date: Timestamp,
    /// Bytes, as listed.
    pub size_in_bytes: u64,
    pub timeout_minutes: u32,
}

/// What `Ingestion.Blobs` tells of blobs that are to be read. Their key says which of them a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobEvent {
    Observed(BlobObserved),
    Closed(BlobClosed),
}

/// A record that its key calls one of the events, and that is none.
#[derive(Debug, thiserror::Error)]
#[error("the record with the key {key} is no event of that kind: {reason}")]
pub struct InvalidEvent {
    pub key: String,
    pub reason: String,
}

impl BlobEvent {
    /// Reads a record of `Ingestion.Blobs`. `None`: an event that tells nothing about a blob to be read, such as a
    /// completion, or one of a kind that is not known.
    ///
    /// # Errors
    /// [`InvalidEvent`] if the key promises what the value is not.
    pub fn read(key: &[u8], value: &[u8]) -> Result<Option<Self>, InvalidEvent> {
        let Some(parsed) = std::str::from_utf8(key).ok().and_then(RecordKey::parse) else {
            return Ok(None);
        };
        let event = match parsed.kind {
            "observed" => serde_json::from_slice(value).map(Self::Observed),
            "closed" => serde_json::from_slice(value).map(Self::Closed),
            _ => return Ok(None),
        };
        event.map(Some).map_err(|error| InvalidEvent {
            key: String::from_utf8_lossy(key).into_owned(),
            reason: error.to_string(),
        })
    }

    pub fn blob_name(&self) -> &str {
        match self {
            Self::Observed(event) => &event.blob_name,
            Self::Closed(event) => &event.blob_name,
        }
    }

    pub fn environment(&self) -> EnvironmentId {
        match self {
            Self::Observed(event) => EnvironmentId::new(&event.subscription, &event.environment),
            Self::Closed(event) => EnvironmentId::new(&event.subscription, &event.environment),
        }
    }
}

/// A range of a blob is in Kafka: written when a run reaches the blob's known end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobCompletion {
    pub blob_name: String,
    /// Bytes: where the run began.
    pub processed_from_offset: u64,
    /// Bytes: the end of the last member that was read.
    pub processed_to_end_offset: u64,
    pub lines_sent: u64,
    pub subscription: String,
    pub environment: String,
    pub processed_date: Timestamp,
}

/// Whether a blob is still written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlobStatus {
    Open,
    Closed,
}

/// How far a blob has come: the checkpoint that every run resumes from, last value by key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobState {
    pub subscription: String,
    pub environment: String,
    pub blob_name: String,
    pub status: BlobStatus,
    pub last_updated: Timestamp,
    /// Bytes, when last seen.
    pub size_in_bytes: u64,
    pub last_modified_date: Timestamp,
    pub service_selector: String,
    /// Bytes: the checkpoint's member.
    pub last_ingested_offset: u64,
    /// Lines sent from `last_ingested_offset` on. States of the predecessor have none: 0.
    #[serde(default)]
    pub checkpoint_lines: u64,
    pub total_lines_ingested: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_processed_date: Option<Timestamp>,
    pub first_observed_date: Timestamp,
    pub last_observed_date: Timestamp,
    /// Why the blob is not wholly in Kafka; gone once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Compressed bytes of corrupt members that were passed over, whose lines are not in Kafka.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped_bytes: u64,
    /// Bytes: up to there a last line was sent without its end, because nobody wrote any more. What was written after all
    /// begins a line of its own there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unterminated_at: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl BlobState {
    pub fn checkpoint(&self) -> super::Checkpoint {
        super::Checkpoint {
            member: self.last_ingested_offset,
            lines: self.checkpoint_lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_the_predecessor_is_read() {
        let json = r#"{"subscription":"cp2","environment":"P1","blobName":"kubernetes/a.gz","status":"open",
            "lastUpdated":"2025-06-06T07:30:15Z","sizeInBytes":10,"lastModifiedDate":"2025-06-06T07:30:15.123456789Z",
            "serviceSelector":"api","lastIngestedOffset":7,"totalLinesIngested":3,
            "firstObservedDate":"2025-06-06T07:30:15+02:00","lastObservedDate":"2025-06-06T07:30:15Z","more":1}"#;
        let state: BlobState = serde_json::from_str(json).unwrap();
        assert_eq!(state.checkpoint(), crate::domain::Checkpoint::at(7));
        let written = serde_json::to_value(&state).unwrap();
        assert_eq!(written["checkpointLines"], 0);
        assert_eq!(written["firstObservedDate"], "2025-06-06T05:30:15Z");
        for left_out in ["creationDate", "lastError", "skippedBytes", "unterminatedAt"] {
            assert!(written.get(left_out).is_none(), "{left_out}");
        }
    }

    #[test]
    fn the_key_says_which_event_it_is() {
        let observed = br#"{"subscription":"cp2","environment":"P1","blobName":"kubernetes/a.gz","sizeInBytes":10,
            "observationDate":"2025-06-06T07:30:15Z","lastModifiedDate":"2025-06-06T07:30:15Z","serviceSelector":"api"}"#;
        let read = BlobEvent::read(b"cp2:P1:observed:a.gz", observed).unwrap().unwrap();
        assert!(matches!(&read, BlobEvent::Observed(event) if event.size_in_bytes == 10));
        assert_eq!(read.environment(), EnvironmentId::new("cp2", "P1"));
        assert_eq!(read.blob_name(), "kubernetes/a.gz");

        let closed = br#"{"subscription":"cp2","environment":"P1","blobName":"kubernetes/a.gz","serviceSelector":"api",
            "lastModifiedDate":"2025-06-06T07:30:15Z","closedDate":"2025-06-06T07:35:15Z","sizeInBytes":10,"timeoutMinutes":5}"#;
        let read = BlobEvent::read(b"cp2:P1:closed:a.gz", closed).unwrap().unwrap();
        assert!(matches!(&read, BlobEvent::Closed(event) if event.timeout_minutes == 5));

        for other in ["cp2:P1:offset0-completion:a.gz", "cp2:P1:listed:api-20250606", "odd"] {
            assert_eq!(BlobEvent::read(other.as_bytes(), b"{}").unwrap(), None, "{other}");
        }
        let error = BlobEvent::read(b"cp2:P1:closed:a.gz", b"{}").unwrap_err().to_string();
        assert!(
            error.contains("cp2:P1:closed:a.gz") && error.contains("missing field"),
            "{error}"
        );
    }
}
