//! What storage holds and what Kafka knows of it, blob by blob, side by side.
//!
//! ```text
//!  storage ──── list, days × environments ──▶ BlobProperties ─┐
//!                                                             ├─▶ Known: one a blob
//!  Ingestion.BlobState ── last value by key ──▶ BlobState ────┘
//! ```
//!
//! Who looks again and again keeps the states by a [`StateFollower`], and reads only what is new.

mod follow;
mod list;
mod selection;
mod services;
mod states;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    domain::{BlobName, Date, EnvironmentId, event::BlobState},
    storage::BlobProperties,
};

pub use follow::{Held, StateFollower, Wants};
pub use list::list;
pub use selection::Selection;
pub use services::{ServiceGroup, ServiceSum, ServiceSums};
#[cfg(test)]
pub(in crate::pipeline) use states::example as example_state;
pub use states::{States, read_states};

/// A blob of an environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlobId {
    pub environment: EnvironmentId,
    /// The whole name, with its directory.
    pub name: String,
}

/// What is known of one blob, from either side; one of them at least.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    pub id: BlobId,
    pub stored: Option<BlobProperties>,
    pub state: Option<BlobState>,
}

/// Brings both sides together, by environment and name.
pub fn join(stored: impl IntoIterator<Item = (EnvironmentId, BlobProperties)>, mut states: States) -> Vec<Known> {
    let mut stored: BTreeMap<BlobId, BlobProperties> = stored
        .into_iter()
        .map(|(environment, blob)| {
            let name = blob.name.clone();
            (BlobId { environment, name }, blob)
        })
        .collect();
    let ids: BTreeSet<BlobId> = stored.keys().chain(states.keys()).cloned().collect();
    ids.into_iter()
        .map(|id| Known {
            stored: stored.remove(&id),
            state: states.remove(&id),
            id,
        })
        .collect()
}

/// The first day for which states are kept. Of a blob of an earlier day that has none, it can not be said whether it was
/// never ingested or its state has expired. `asked_for` is the first day that workers are told to take all the same.
pub fn oldest_day(today: Date, retention_days: u32, asked_for: Option<Date>) -> Date {
    let kept = today.days_before(retention_days);
    asked_for.map_or(kept, |first| first.min(kept))
}

/// The day of the blob's name; of its last write, if the name has none.
pub fn date_of(blob: &str, last_modified: Timestamp) -> Date {
    BlobName::parse(blob).map_or_else(
        || Date::of(&last_modified.to_zoned_datetime(TimeZone::UTC)),
        |name| name.date,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_before_the_retention_are_taken_only_if_asked_for() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        for (asked_for, expected) in [
            (None, "20250308"),
            (Some("20250101"), "20250101"),
            // To ask for fewer days makes no state expire earlier.
            (Some("20250601"), "20250308"),
        ] {
            let oldest = oldest_day(day("20250606"), 90, asked_for.map(day));
            assert_eq!(oldest, day(expected), "{asked_for:?}");
        }
    }

    #[test]
    fn either_side_may_lack_a_blob() {
        let environment = EnvironmentId::new("cp2", "P1");
        let blob = |name: &str| BlobProperties {
            name: name.to_owned(),
            size: 1,
            last_modified: Timestamp::UNIX_EPOCH,
            created: None,
        };
        let state = |name: &str| {
            let id = BlobId {
                environment: environment.clone(),
                name: name.to_owned(),
            };
            (id, states::example(&environment, name))
        };
        let stored = ["a", "b"].map(|name| (environment.clone(), blob(name)));
        let known = join(stored, [state("b"), state("c")].into());
        let sides: Vec<_> = known
            .iter()
            .map(|known| (known.id.name.as_str(), known.stored.is_some(), known.state.is_some()))
            .collect();
        assert_eq!(sides, [("a", true, false), ("b", true, true), ("c", false, true)]);
    }
}
