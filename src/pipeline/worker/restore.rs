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
        let date = super::work::date_of(&state.blob_name, state.last_modified_date);
        let finished = state.status == BlobStatus::Closed && state.checkpoint().member >= state.size_in_bytes;
        if date < self.oldest && finished {
            restored.expired.insert(id, state);
        } else if state.last_error.is_some() && state.checkpoint().member < state.size_in_bytes {
            restored.failed.insert(id, state);
        }
    }
}
