//! One look at everything, of many that follow each other: blobs with their rates, and sums with their history.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Instant,
};

use jiff::Timestamp;

use super::{Histories, Rate, Rates, Row, Status, Total, row};
use crate::{
    domain::{BlobHash, EnvironmentId},
    pipeline::inventory::{BlobId, Held, Known, Selection},
    storage::BlobProperties,
};

/// What storage said of an environment, and when and for what it was asked.
pub struct Listing {
    pub asked_at: Instant,
    pub selection: Selection,
    pub blobs: Vec<BlobProperties>,
}

/// A blob with how fast it is ingested.
#[derive(Clone, Debug)]
pub struct Seen {
    pub id: BlobHash,
    pub row: Row,
    pub rate: Rate,
}

/// Sums of an environment, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    pub total: Total,
    pub closed: u64,
    pub ingested: u64,
    pub rate: Rate,
}

/// Everything as of one moment.
#[derive(Clone, Debug, Default)]
pub struct Look {
    pub at: Timestamp,
    /// By environment and name.
    pub blobs: Vec<Seen>,
    pub environments: BTreeMap<EnvironmentId, Summary>,
    pub overall: Summary,
    pub history: Histories,
}

/// Makes looks; keeps what rates and histories need of those before.
#[derive(Default)]
pub struct Looks {
    rates: Rates,
    history: Histories,
}

impl Summary {
    fn add(&mut self, row: &Row, rate: Rate) {
        self.total.add_row(row);
        self.closed += u64::from(row.status == Status::Closed);
        self.ingested += row.ingested;
        self.rate += rate;
    }

    /// Seconds until nothing is left if all goes on at this rate and nothing is written any more; `None` if it would never end.
    pub fn seconds_left(&self) -> Option<u64> {
        seconds_left(self.total.lag_bytes, self.rate)
    }
}

impl Seen {
    /// As [`Summary::seconds_left`].
    pub fn seconds_left(&self) -> Option<u64> {
        seconds_left(self.row.lag_bytes, self.rate)
    }
}

fn seconds_left(lag_bytes: u64, rate: Rate) -> Option<u64> {
    match lag_bytes {
        0 => Some(0),
        lag => (rate.bytes >= 1.0).then(|| (lag as f64 / rate.bytes).ceil() as u64),
    }
}

impl Looks {
    /// Of these rows. `is_whole`: all sources have been asked at least once, so that the sums are worth remembering.
    pub fn take(
        &mut self,
        (at, now): (Timestamp, Instant),
        rows: Vec<(BlobHash, Row)>,
        environments: impl IntoIterator<Item = EnvironmentId>,
        is_whole: bool,
    ) -> Look {
        let by_id: Vec<(BlobHash, &Row)> = rows.iter().map(|(id, row)| (*id, row)).collect();
        let rates = self.rates.at(now, &by_id);
        let mut look = Look {
            at,
            environments: environments.into_iter().map(|id| (id, Summary::default())).collect(),
            ..Look::default()
        };
        for ((id, row), rate) in rows.into_iter().zip(rates) {
            let environment = EnvironmentId::new(&row.subscription, &row.environment);
            look.environments.entry(environment).or_default().add(&row, rate);
            look.overall.add(&row, rate);
            look.blobs.push(Seen { id, row, rate });
        }
        if is_whole {
            self.history.add(at, &look.overall, &look.environments);
        }
        look.history = self.history.clone();
        look
    }
}

/// One row a blob, by environment and name, of lists and states that are not of the same moment.
///
/// A state that was read after its environment was listed may know more of the blob than the list. Then the blob is at least as
/// large as the state says; without this a growing blob would look as if it had shrunk.
pub fn rows<'a>(
    listings: &BTreeMap<EnvironmentId, Arc<Listing>>,
    states: &HashMap<BlobHash, Held>,
    service_of: impl Fn(&str) -> Option<&'a str>,
) -> Vec<(BlobHash, Row)> {
    let mut known: BTreeMap<BlobId, (BlobHash, Known)> = BTreeMap::new();
    for (environment, listing) in listings {
        for blob in &listing.blobs {
            let (id, hash) = identify(environment, &blob.name);
            let stored = match states.get(&hash).filter(|held| held.read_at > listing.asked_at) {
                Some(held) => at_least(blob, held),
                None => blob.clone(),
            };
            let known_blob = Known {
                id: id.clone(),
                stored: Some(stored),
                state: None,
            };
            known.insert(id, (hash, known_blob));
        }
    }
    for (hash, held) in states {
        let (id, _) = identify(&held.environment, &held.state.blob_name);
        let entry = known.entry(id.clone()).or_insert_with(|| {
            let unseen = Known {
                id,
                stored: None,
                state: None,
            };
            (*hash, unseen)
        });
        entry.1.state = Some(held.state.clone());
    }
    let rows = known.into_values().filter_map(|(hash, known)| {
        let BlobId { environment, name } = &known.id;
        let is_listed = listings.get(environment).is_some_and(|listing| {
            let older = states.get(&hash).is_none_or(|held| held.read_at <= listing.asked_at);
            older && listing.selection.wants(name)
        });
        Some((hash, row(&known, service_of(name), is_listed)?))
    });
    rows.collect()
}

fn identify(environment: &EnvironmentId, name: &str) -> (BlobId, BlobHash) {
    let id = BlobId {
        environment: environment.clone(),
        name: name.to_owned(),
    };
    (id, BlobHash::of(environment, name))
}

fn at_least(listed: &BlobProperties, held: &Held) -> BlobProperties {
    let state = &held.state;
    BlobProperties {
        size: listed.size.max(state.size_in_bytes).max(state.last_ingested_offset),
        last_modified: listed.last_modified.max(state.last_modified_date),
        ..listed.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        domain::{Selectors, event::BlobState},
        pipeline::{inventory::example_state, status::example_row},
    };

    /// One that the service `api` matches.
    const NAME: &str = concat!(
        "kubernetes/20250606.api-x_default_platform-",
        "931d71bdaa7b0a1b8b623ff1df112725c6b1d36789518820d232868fc02ee46e.gz"
    );

    fn environment() -> EnvironmentId {
        EnvironmentId::new("cp2", "P1")
    }

    fn blob(name: &str, size: u64) -> BlobProperties {
        BlobProperties {
            name: name.to_owned(),
            size,
            last_modified: Timestamp::UNIX_EPOCH,
            created: None,
        }
    }

    /// The row of a blob of `listed` bytes, and of a state that was read so many seconds after the list was asked for.
    fn joined(listed: Option<u64>, state: Option<(u64, u64, i64)>) -> Row {
        let asked_at = Instant::now() + Duration::from_secs(60);
        let listing = Listing {
            asked_at,
            selection: Selection {
                days: Vec::new(),
                states_of_all_days: true,
                services: Selection::services_of(&Selectors::default(), None),
                services_are_named: false,
            },
            blobs: listed.map(|size| blob(NAME, size)).into_iter().collect(),
        };
        let states = state.map(|(size_in_bytes, last_ingested_offset, seconds)| {
            let state = BlobState {
                size_in_bytes,
                last_ingested_offset,
                ..example_state(&environment(), NAME)
            };
            let after = Duration::from_secs(seconds.unsigned_abs());
            let held = Held {
                environment: environment(),
                state,
                read_at: if seconds < 0 {
                    asked_at - after
                } else {
                    asked_at + after
                },
            };
            (BlobHash::of(&environment(), NAME), held)
        });
        let listings = BTreeMap::from([(environment(), Arc::new(listing))]);
        let mut rows = rows(&listings, &states.into_iter().collect(), |_| None);
        assert_eq!(rows.len(), 1);
        rows.remove(0).1
    }

    #[test]
    fn a_state_newer_than_the_list_knows_more() {
        for (listed, state, size, lag, in_storage, is_error) in [
            (Some(100), None, 100, 100, Some(true), false),
            (Some(100), Some((90, 90, -1)), 100, 10, Some(true), false),
            (Some(100), Some((150, 120, 1)), 150, 30, Some(true), false),
            (Some(100), Some((80, 80, 1)), 100, 20, Some(true), false),
            // A list that is newer is right about a blob that has shrunk.
            (Some(100), Some((150, 120, -1)), 100, 0, Some(true), true),
            (None, Some((150, 120, -1)), 150, 30, Some(false), false),
            // It may have come after the list.
            (None, Some((150, 120, 1)), 150, 30, None, false),
        ] {
            let row = joined(listed, state);
            assert_eq!(
                (row.size, row.lag_bytes, row.in_storage, row.last_error.is_some()),
                (size, lag, in_storage, is_error),
                "{listed:?} {state:?}"
            );
        }
    }

    #[test]
    fn sums_and_histories_are_of_each_environment_and_of_all() {
        let row = |environment: &str, name: &str, ingested| {
            let id = BlobHash::of(&EnvironmentId::new("cp2", environment), name);
            let row = Row {
                size: 100,
                ingested,
                lag_bytes: 100 - ingested,
                ..example_row(environment, name)
            };
            (id, row)
        };
        let (begun, mut looks) = (Instant::now(), Looks::default());
        let all = || ["P1", "S1", "D1"].map(|name| EnvironmentId::new("cp2", name));
        let time = |seconds: i64| {
            let at = Timestamp::from_second(seconds).unwrap();
            (at, begun + Duration::from_secs(seconds.unsigned_abs()))
        };
        let first = vec![row("P1", "a", 10), row("P1", "b", 0), row("S1", "a", 100)];
        looks.take(time(0), first.clone(), all(), false);
        let look = looks.take(time(5), first, all(), true);
        assert_eq!(look.overall.seconds_left(), None);
        let look_again = vec![row("P1", "a", 60), row("P1", "b", 50), row("S1", "a", 100)];
        let again = looks.take(time(10), look_again, all(), true);
        let lags: Vec<u64> = again
            .environments
            .values()
            .map(|summary| summary.total.lag_bytes)
            .collect();
        assert_eq!(lags, [0, 90, 0]);
        assert_eq!(again.overall.rate.bytes, 10.0);
        assert_eq!(again.overall.seconds_left(), Some(9));
        assert_eq!(again.blobs[1].rate.bytes, 5.0);
        let history: Vec<u64> = again.history.overall.points().map(|point| point.lag_bytes).collect();
        assert_eq!(history, [190, 90]);
        assert_eq!(look.history.environments[&environment()].points().len(), 1);
    }
}
