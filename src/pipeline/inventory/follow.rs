//! Kafka's side, followed: the states as they are now, of which each look reads only what is new.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::states;
use crate::{
    domain::{BlobHash, EnvironmentId, event::BlobState},
    kafka::{self, Connection, Partitions, Polled, Position},
};

/// Every last state, kept between looks. Holds one state a blob, and no more of librdkafka's than its queues take.
///
/// Unlike [`read_states`](super::read_states) it does not wait for transactions that are open: what they hold is seen once
/// they are committed.
pub struct StateFollower {
    reader: Partitions,
    topic: Arc<str>,
    wants: Wants,
    /// By the partition's number: those that were not read to their end yet.
    behind: Vec<bool>,
    states: HashMap<BlobHash, Held>,
}

/// Whether a state is kept.
pub type Wants = Box<dyn Fn(&EnvironmentId, &BlobState) -> bool + Send>;

/// A blob's last state.
pub struct Held {
    pub environment: EnvironmentId,
    pub state: BlobState,
    pub read_at: Instant,
}

/// Between two looks into queues in which nothing is yet.
const POLL: Duration = Duration::from_millis(10);
/// A topic that gives nothing for so long before its end does not answer.
const PATIENCE: Duration = Duration::from_secs(20);

impl StateFollower {
    /// Begins at the start of the topic. Blocks.
    ///
    /// # Errors
    /// The brokers do not answer, or refuse.
    pub fn open(connection: &Connection, topic: &str, partitions: u32, wants: Wants) -> Result<Self, kafka::Error> {
        let mut reader = Partitions::open(connection)?.sized_for(connection, partitions as usize)?;
        let topic: Arc<str> = topic.into();
        let starts = (0..partitions as i32).map(|partition| {
            let (offset, _) = reader.bounds(&topic, partition)?;
            Ok(Position {
                topic: Arc::clone(&topic),
                partition,
                offset,
            })
        });
        let starts: Vec<Position> = starts.collect::<Result<_, kafka::Error>>()?;
        reader.assign(&starts)?;
        Ok(Self {
            reader,
            topic,
            wants,
            behind: vec![true; starts.len()],
            states: HashMap::new(),
        })
    }

    /// Reads what has come: the first time up to the end of every partition. Blocks.
    ///
    /// # Errors
    /// The brokers do not answer, or refuse; what was read before stays, and another try goes on.
    pub fn catch_up(&mut self) -> Result<(), kafka::Error> {
        // Reading alone would not tell that the brokers are away.
        self.reader.bounds(&self.topic, 0)?;
        let mut moved_at = Instant::now();
        loop {
            self.reader.serve()?;
            let mut moved = false;
            for index in 0..self.behind.len() {
                moved |= self.drain(index)?;
            }
            let Some(behind) = self.behind.iter().position(|behind| *behind) else {
                return Ok(());
            };
            if moved {
                moved_at = Instant::now();
            } else if moved_at.elapsed() > PATIENCE {
                let (_, end) = self.reader.bounds(&self.topic, behind as i32)?;
                return Err(kafka::Error::Unstable {
                    topic: self.topic.to_string(),
                    partition: behind as i32,
                    end,
                    seconds: PATIENCE.as_secs(),
                });
            } else {
                kafka::pause(POLL);
            }
        }
    }

    pub fn states(&self) -> &HashMap<BlobHash, Held> {
        &self.states
    }

    /// Takes what waits of one partition. Whether there was something.
    fn drain(&mut self, index: usize) -> Result<bool, kafka::Error> {
        let mut moved = false;
        loop {
            match self.reader.poll(index)? {
                Polled::Nothing => return Ok(moved),
                Polled::End(partition) => {
                    if let Some(behind) = self.behind.get_mut(partition as usize) {
                        *behind = false;
                    }
                }
                Polled::Record(record) => {
                    if let Some(key) = record.key() {
                        take(&mut self.states, &self.wants, key, record.payload());
                    }
                }
            }
            moved = true;
        }
    }
}

fn take(states: &mut HashMap<BlobHash, Held>, wants: &Wants, key: &[u8], value: Option<&[u8]>) {
    let hash = BlobHash::of_key(key);
    match value.and_then(|value| states::parse(key, value)) {
        Some((environment, state)) if wants(&environment, &state) => {
            let held = Held {
                environment,
                state,
                read_at: Instant::now(),
            };
            states.insert(hash, held);
        }
        _ => {
            states.remove(&hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{event, key};

    #[test]
    fn the_last_state_counts_and_a_tombstone_ends_it() {
        let environment = EnvironmentId::new("cp2", "P1");
        let wants: Wants = Box::new(|_, state| state.blob_name != "kubernetes/other.gz");
        let mut found = HashMap::new();
        let mut write = |name: &str, lines: Option<u64>| {
            let key = key::state(&environment, name, None);
            let value = lines.map(|lines| {
                event::to_json(&BlobState {
                    total_lines_ingested: lines,
                    ..states::example(&environment, name)
                })
            });
            take(&mut found, &wants, key.as_bytes(), value.as_deref());
            let mut lines: Vec<u64> = found.values().map(|held| held.state.total_lines_ingested).collect();
            lines.sort_unstable();
            lines
        };
        assert_eq!(write("kubernetes/a.gz", Some(1)), [1]);
        assert_eq!(write("kubernetes/b.gz", Some(5)), [1, 5]);
        assert_eq!(write("kubernetes/other.gz", Some(9)), [1, 5]);
        assert_eq!(write("kubernetes/a.gz", Some(7)), [5, 7]);
        assert_eq!(write("kubernetes/b.gz", None), [7]);
    }
}
