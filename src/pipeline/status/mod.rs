//! How far each blob has come, and sums of that. Plain decisions; what they are made of comes from
//! [`inventory`](super::inventory).

mod history;
mod look;
mod rates;
mod totals;

use jiff::Timestamp;

use super::inventory::Known;
use crate::domain::event::BlobStatus;

pub use history::{Histories, History, MAX_POINTS, Point};
pub use look::{Listing, Look, Looks, Seen, Summary, rows};
pub use rates::{Rate, Rates};
pub use totals::{Total, Totals};

/// One blob, as storage and Kafka tell it together.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Row {
    pub subscription: String,
    pub environment: String,
    pub service: Option<String>,
    pub blob: String,
    /// Bytes: what storage says, else what it was when Kafka was last told.
    pub size: u64,
    /// Bytes of it behind which nothing has been ingested: the checkpoint's member.
    pub ingested: u64,
    /// Bytes of it that are not ingested.
    pub lag_bytes: u64,
    /// Lines ingested, by the state's own count.
    pub lines: u64,
    pub status: Status,
    pub last_modified: Timestamp,
    pub last_processed: Option<Timestamp>,
    /// `None` where storage was not asked for this blob, or did not answer.
    pub in_storage: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Kafka has no state of it.
    New,
    Open,
    Closed,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

impl From<BlobStatus> for Status {
    fn from(status: BlobStatus) -> Self {
        match status {
            BlobStatus::Open => Self::Open,
            BlobStatus::Closed => Self::Closed,
        }
    }
}

/// What is to be said of a blob; `service` is the one that its name belongs to, `listed` whether storage was asked for it
/// and answered. `None` if neither side knows it.
pub fn row(known: &Known, service: Option<&str>, listed: bool) -> Option<Row> {
    let (stored, state) = (known.stored.as_ref(), known.state.as_ref());
    let size = stored
        .map(|blob| blob.size)
        .or(state.map(|state| state.size_in_bytes))?;
    let ingested = state.map_or(0, |state| state.last_ingested_offset);
    let state_service = state.map(|state| state.service_selector.as_str());
    let state_error = state.and_then(|state| state.last_error.clone());
    let shrunk = ingested > size && stored.is_some();
    Some(Row {
        subscription: known.id.environment.subscription.clone(),
        environment: known.id.environment.environment.clone(),
        service: state_service.or(service).map(str::to_owned),
        blob: known.id.name.clone(),
        size,
        ingested,
        lag_bytes: size.saturating_sub(ingested),
        lines: state.map_or(0, |state| state.total_lines_ingested),
        status: state.map_or(Status::New, |state| state.status.into()),
        last_modified: stored
            .map(|blob| blob.last_modified)
            .or(state.map(|state| state.last_modified_date))?,
        last_processed: state.and_then(|state| state.last_processed_date),
        in_storage: if stored.is_some() {
            Some(true)
        } else {
            listed.then_some(false)
        },
        last_error: state_error
            .or_else(|| shrunk.then(|| format!("it has {size} bytes in storage, fewer than were ingested"))),
        skipped_bytes: state.map(|state| state.skipped_bytes).filter(|bytes| *bytes > 0),
    })
}

/// An open blob of the service `api`.
#[cfg(test)]
pub(crate) fn example_row(environment: &str, blob: &str) -> Row {
    Row {
        subscription: "cp2".into(),
        environment: environment.into(),
        service: Some("api".into()),
        blob: blob.into(),
        size: 0,
        ingested: 0,
        lag_bytes: 0,
        lines: 0,
        status: Status::Open,
        last_modified: Timestamp::UNIX_EPOCH,
        last_processed: None,
        in_storage: Some(true),
        last_error: None,
        skipped_bytes: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{EnvironmentId, event::BlobState},
        pipeline::inventory::{BlobId, example_state},
        storage::BlobProperties,
    };

    fn known(stored: Option<u64>, ingested: Option<u64>) -> Known {
        let id = BlobId {
            environment: EnvironmentId::new("cp2", "P1"),
            name: "kubernetes/a.gz".to_owned(),
        };
        let state = ingested.map(|ingested| BlobState {
            last_ingested_offset: ingested,
            ..example_state(&id.environment, &id.name)
        });
        let stored = stored.map(|size| BlobProperties {
            name: id.name.clone(),
            size,
            last_modified: "2025-06-06T07:30:15Z".parse().unwrap(),
            created: None,
        });
        Known { id, stored, state }
    }

    #[test]
    fn what_is_said_of_a_blob() {
        // The state's own size is 1000.
        for (stored, ingested, size, lag, status, in_storage) in [
            (Some(700), None, 700, 700, Status::New, Some(true)),
            (Some(1500), Some(1000), 1500, 500, Status::Closed, Some(true)),
            (Some(1000), Some(1000), 1000, 0, Status::Closed, Some(true)),
            (None, Some(400), 1000, 600, Status::Closed, Some(false)),
        ] {
            let row = row(&known(stored, ingested), Some("jsapps"), true).unwrap();
            assert_eq!(
                (row.size, row.lag_bytes, row.status, row.in_storage),
                (size, lag, status, in_storage),
                "{stored:?} {ingested:?}"
            );
            assert_eq!(row.last_error, None);
            assert_eq!(
                row.service.as_deref(),
                Some(if ingested.is_some() { "api" } else { "jsapps" })
            );
        }
        assert_eq!(row(&known(None, None), None, true), None);
        assert_eq!(row(&known(None, Some(1)), None, false).unwrap().in_storage, None);
    }

    #[test]
    fn a_blob_smaller_than_what_was_ingested_has_an_error() {
        let row = row(&known(Some(700), Some(1000)), None, true).unwrap();
        assert_eq!(row.lag_bytes, 0);
        assert_eq!(
            row.last_error.as_deref(),
            Some("it has 700 bytes in storage, fewer than were ingested")
        );
    }
}
