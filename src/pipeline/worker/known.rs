//! What a lane knows of each blob, in few bytes: there may be hundreds of thousands that are long finished.

use jiff::Timestamp;

use crate::domain::{
    Checkpoint,
    event::{BlobState, BlobStatus},
};

/// A blob's state without its names, times in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub checkpoint: Checkpoint,
    /// Bytes, as listed when its state was last written.
    pub size: u64,
    /// Of the whole blob.
    pub lines: u64,
    pub skipped_bytes: u64,
    /// Bytes: up to there a last line was sent without its end.
    pub unterminated_at: Option<u64>,
    first_observed: i64,
    last_modified: i64,
    created: Option<std::num::NonZeroI64>,
    /// The environment's number in `Environments`.
    pub environment: u16,
    pub closed: bool,
    pub failed: bool,
}

impl Known {
    /// A blob that nothing is known of, first seen at `observed`.
    pub fn new(environment: u16, observed: Timestamp) -> Self {
        Self {
            environment,
            checkpoint: Checkpoint::default(),
            size: 0,
            lines: 0,
            skipped_bytes: 0,
            unterminated_at: None,
            first_observed: observed.as_millisecond(),
            last_modified: i64::MIN,
            created: None,
            closed: false,
            failed: false,
        }
    }

    pub fn of(environment: u16, state: &BlobState) -> Self {
        Self {
            environment,
            checkpoint: state.checkpoint(),
            size: state.size_in_bytes,
            lines: state.total_lines_ingested,
            skipped_bytes: state.skipped_bytes,
            unterminated_at: state.unterminated_at,
            first_observed: state.first_observed_date.as_millisecond(),
            last_modified: state.last_modified_date.as_millisecond(),
            created: None,
            closed: state.status == BlobStatus::Closed,
            failed: state.last_error.is_some(),
        }
        .created_at(state.creation_date)
    }

    /// The blob was created then, unless that is known: what was ingested is of the one that was there first.
    pub fn created_at(self, created: Option<Timestamp>) -> Self {
        let created = created.and_then(|created| std::num::NonZeroI64::new(created.as_millisecond()));
        Self {
            created: self.created.or(created),
            ..self
        }
    }

    pub fn listed_as(self, size: u64, last_modified: Timestamp) -> Self {
        Self {
            size,
            last_modified: last_modified.as_millisecond(),
            ..self
        }
    }

    pub fn with_status(self, closed: bool, failed: bool) -> Self {
        Self { closed, failed, ..self }
    }

    pub fn first_observed(&self) -> Timestamp {
        Timestamp::from_millisecond(self.first_observed).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    pub fn created(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.created?.get()).ok()
    }

    /// Compressed bytes that are listed and not ingested.
    pub fn lag(&self) -> u64 {
        self.size.saturating_sub(self.checkpoint.member)
    }

    /// Whether this is at least as new as a blob last written at `last_modified`.
    pub fn is_newer_than(&self, last_modified: Timestamp) -> bool {
        self.last_modified >= last_modified.as_millisecond()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a blob whose member at 40 was read in part.
    fn state() -> BlobState {
        let json = r#"{"subscription":"cp2","environment":"P1","blobName":"kubernetes/a.gz","status":"closed",
            "lastUpdated":"2025-06-06T12:00:00Z","sizeInBytes":100,"lastModifiedDate":"2025-06-06T12:00:00.123456Z",
            "serviceSelector":"api","lastIngestedOffset":40,"checkpointLines":3,"totalLinesIngested":20,
            "creationDate":"2025-06-06T00:00:01Z","firstObservedDate":"2025-06-06T00:05:00Z",
            "lastObservedDate":"2025-06-06T12:01:00Z","lastError":"gone","skippedBytes":7}"#;
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn it_knows_what_the_state_says() {
        let (state, known) = (state(), Known::of(4, &state()));
        assert_eq!((known.checkpoint, known.lines), (state.checkpoint(), 20));
        assert_eq!((known.size, known.skipped_bytes, known.lag()), (100, 7, 60));
        assert_eq!((known.closed, known.failed, known.environment), (true, true, 4));
        assert_eq!(known.created(), state.creation_date);
        assert_eq!(known.first_observed(), state.first_observed_date);
        assert!(
            !Known::of(
                4,
                &BlobState {
                    last_error: None,
                    ..state
                }
            )
            .failed
        );
    }

    #[test]
    fn times_are_compared_by_milliseconds() {
        let known = Known::of(0, &state());
        for (time, expected) in [
            ("2025-06-06T12:00:00.122Z", true),
            ("2025-06-06T12:00:00.123999Z", true),
            ("2025-06-06T12:00:00.124Z", false),
        ] {
            assert_eq!(known.is_newer_than(time.parse().unwrap()), expected, "{time}");
        }
    }

    #[test]
    fn a_blob_that_nothing_is_known_of_is_older_than_any_event() {
        let new = Known::new(0, Timestamp::UNIX_EPOCH);
        assert!(!new.is_newer_than("1970-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!((new.created(), new.lag()), (None, 0));
        let created = Some(Timestamp::from_second(7).unwrap());
        let later = Some(Timestamp::from_second(8).unwrap());
        for other in [None, later] {
            assert_eq!(new.created_at(created).created_at(other).created(), created);
        }
    }
}
