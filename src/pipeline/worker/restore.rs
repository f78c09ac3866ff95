//! Reads the states of a lane's blobs back from `Ingestion.BlobState`.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread,
};

use super::{Watch, known::Known, settings::Settings};
use crate::{
    domain::{
        BlobHash, Date, EnvironmentId,
        event::{BlobState, BlobStatus},
        key, topic,
    },
    kafka::{self, Connection, LatestValues},
    pipeline::inventory::date_of,
};

/// What `Ingestion.BlobState` says about the blobs of some partitions of `Ingestion.Blobs`.
#[derive(Default)]
pub struct Restored {
    /// By partition of `Ingestion.Blobs`.
    pub known: HashMap<i32, HashMap<BlobHash, Known>>,
    /// Blobs that are not wholly in Kafka for an error, to be tried again.
    pub failed: HashMap<BlobHash, BlobState>,
    /// Finished blobs whose states are older than they are kept.
    pub expired: HashMap<BlobHash, BlobState>,
}

/// Reads on a thread of its own. To be called once the partitions were assigned: only then is the end of the states that
/// counts known, because whoever had the partitions before can not commit any more.
pub fn start(
    connection: &Connection,
    settings: &Settings,
    partitions: &[i32],
    today: Date,
    watch: &Arc<Watch>,
) -> Receiver<Result<Restored, kafka::Error>> {
    let (sender, receiver) = channel();
    let connection = connection.clone();
    let reader = Reader {
        states: settings.topics.blob_state.clone(),
        event_partitions: settings.topics.blobs.1,
        oldest: settings.oldest_day(today),
        wanted: partitions.to_vec(),
        watch: Arc::clone(watch),
    };
    thread::spawn(move || {
        // Nobody listens once the lane began anew.
        let _ = sender.send(reader.read(&connection));
    });
    receiver
}

struct Reader {
    states: (String, u32),
    event_partitions: u32,
    /// Finished blobs of days before it are expired.
    oldest: Date,
    wanted: Vec<i32>,
    watch: Arc<Watch>,
}

impl Reader {
    fn read(&self, connection: &Connection) -> Result<Restored, kafka::Error> {
        let mut restored = Restored::default();
        for partition in &self.wanted {
            restored.known.insert(*partition, HashMap::new());
        }
        let (name, count) = &self.states;
        let partitions: Vec<i32> = match *count == self.event_partitions {
            true => self.wanted.clone(),
            false => (0..*count as i32).collect(),
        };
        let Some(first) = partitions.first() else {
            return Ok(restored);
        };
        let latest = LatestValues::connect(connection, name, *first)?;
        for partition in partitions {
            latest.read(name, partition, |key, value| self.take(&mut restored, key, value))?;
        }
        Ok(restored)
    }

    fn take(&self, restored: &mut Restored, key: &[u8], value: Option<&[u8]>) {
        let id = BlobHash::of_key(key);
        restored.failed.remove(&id);
        restored.expired.remove(&id);
        let Some(value) = value else {
            for known in restored.known.values_mut() {
                known.remove(&id);
            }
            return;
        };
        let state: BlobState = match serde_json::from_slice(value) {
            Ok(state) => state,
            Err(error) => {
                let key = String::from_utf8_lossy(key);
                tracing::warn!(%key, %error, "the blob's state is no BlobState, it is taken for none");
                return;
            }
        };
        let environment = EnvironmentId::new(&state.subscription, &state.environment);
        if key::state(&environment, &state.blob_name, None).as_bytes() != key {
            // Of a one-shot run into another topic.
            return;
        }
        let partition = topic::partition_of(&state.blob_name, self.event_partitions) as i32;
        let Some(known) = restored.known.get_mut(&partition) else {
            return;
        };
        known.insert(id, Known::of(self.watch.environments.number(&environment), &state));
        if is_expired(&state, self.oldest) {
            restored.expired.insert(id, state);
        } else if state.last_error.is_some() && !is_ingested(&state) {
            restored.failed.insert(id, state);
        }
    }
}

/// Whether the state of a finished blob is older than states are kept: of a day before `oldest`, and either closed or not
/// written to since, where the monitor closes none. One that lacks something is kept until somebody has looked at it.
fn is_expired(state: &BlobState, oldest: Date) -> bool {
    let is_before = |name: &str| date_of(name, state.last_modified_date) < oldest;
    let is_over = state.status == BlobStatus::Closed || is_before("");
    is_ingested(state) && is_over && is_before(&state.blob_name)
}

fn is_ingested(state: &BlobState) -> bool {
    state.checkpoint().member >= state.size_in_bytes
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::pipeline::inventory::example_state;

    #[test]
    fn which_states_expire() {
        let at = |time: &str| time.parse::<Timestamp>().unwrap();
        let state = |day: &str, status, written: &str, ingested| BlobState {
            status,
            last_modified_date: at(written),
            last_ingested_offset: ingested,
            ..example_state(
                &EnvironmentId::new("cp2", "P1"),
                &format!("kubernetes/{day}.api-1_default_platform-{}.gz", "0a".repeat(32)),
            )
        };
        let (before, after) = ("2025-03-07T23:59:00Z", "2025-03-08T00:00:00Z");
        use BlobStatus::{Closed, Open};
        for (state, expected) in [
            (state("20250307", Closed, before, 1000), true),
            (state("20250307", Closed, after, 1000), true),
            (state("20250308", Closed, before, 1000), false),
            // Nobody closes blobs.
            (state("20250307", Open, before, 1000), true),
            (state("20250307", Open, after, 1000), false),
            // Something of it is not in Kafka.
            (state("20250307", Closed, before, 999), false),
            (state("20250307", Open, before, 999), false),
        ] {
            assert_eq!(is_expired(&state, "20250308".parse().unwrap()), expected, "{state:?}");
        }
    }
}
