//! The events of `Ingestion.Blobs` and the states of `Ingestion.BlobState`: JSON objects with camelCase fields and
//! RFC 3339 UTC dates. Fields may be added; readers ignore those that they do not know.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
        assert!(written.get("creationDate").is_none());
    }
}
