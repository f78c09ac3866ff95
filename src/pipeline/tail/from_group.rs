//! A member of a consumer group as one feed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    Plan, Progress, Source, TailError, Take, Wanted,
    from_kafka::{missing, record, tell_missing},
};
use crate::kafka::{Connection, Error, GroupReader, Partitions, Polled};

/// Records as the group gives them, and the group's offsets behind what was shown.
pub struct FromGroup {
    reader: GroupReader,
    wanted: Vec<Wanted>,
    /// What Kafka got since then (in milliseconds since 1970) lies behind the end of a run that does not follow.
    closed_ms: i64,
    /// Partitions that gave such a record.
    passed: BTreeSet<(String, i32)>,
    /// How often an end was reached, by the number of the partition: librdkafka does not tell the topic. One that comes a
    /// second time may end a run early; what it leaves is shown by the next.
    ended: BTreeMap<i32, usize>,
}

/// Records that are taken at a time.
const TURN_RECORDS: usize = 256;

impl FromGroup {
    /// Whoever follows waits for topics that are missing.
    ///
    /// # Errors
    /// [`Error::MissingTopics`] for whoever does not follow; what the brokers answer.
    pub fn join(
        connection: &Connection,
        group: &str,
        wanted: Vec<Wanted>,
        from_beginning: bool,
        plan: &Plan,
    ) -> Result<Self, Error> {
        let there = Partitions::open(connection)?.topics()?;
        let missing = missing(&wanted, &there);
        if !plan.follow && !missing.is_empty() {
            let topics = missing.into_keys().collect();
            return Err(Error::MissingTopics { topics });
        }
        tell_missing(&missing, &mut BTreeSet::new());
        let topics: Vec<&str> = wanted.iter().map(|wanted| wanted.topic.as_str()).collect();
        let reader = GroupReader::join(connection, group, &topics, from_beginning)?;
        Ok(Self {
            reader,
            wanted,
            closed_ms: Timestamp::now().as_millisecond(),
            passed: BTreeSet::new(),
            ended: BTreeMap::new(),
        })
    }

    /// Whether all partitions were read to their ends, or past where they ended. A group of many members may have none left
    /// for this one.
    fn is_at_end(&self) -> Result<bool, Error> {
        if !self.reader.has_joined() {
            return Ok(false);
        }
        let mut unread: BTreeMap<i32, usize> = BTreeMap::new();
        for place in self.reader.partitions()? {
            if !self.passed.contains(&place) {
                *unread.entry(place.1).or_default() += 1;
            }
        }
        let ended = |partition: &i32| self.ended.get(partition).copied().unwrap_or_default();
        Ok(unread.iter().all(|(partition, count)| ended(partition) >= *count))
    }
}

impl Source for FromGroup {
    fn feeds(&self) -> usize {
        1
    }

    fn read(&mut self, _: usize, take: &mut Take<'_>) -> Result<Progress, TailError> {
        for turn in 0..TURN_RECORDS {
            let (topic, partition, offset, goes_on) = match self.reader.poll(Duration::ZERO)? {
                Polled::Nothing if turn > 0 => return Ok(Progress::More),
                Polled::Nothing => {
                    let is_at_end = self.is_at_end()?;
                    return Ok(if is_at_end { Progress::AtEnd } else { Progress::Waiting });
                }
                Polled::End(partition) => {
                    *self.ended.entry(partition).or_default() += 1;
                    continue;
                }
                Polled::Record(fetched) => {
                    let of_topic = |wanted: &&Wanted| wanted.topic == fetched.topic();
                    let kind = self.wanted.iter().find(of_topic).map(|wanted| wanted.kind);
                    if fetched.timestamp_ms().is_some_and(|ms| ms > self.closed_ms) {
                        self.passed.insert((fetched.topic().to_owned(), fetched.partition()));
                    }
                    let goes_on = take(&record(&fetched, kind.unwrap_or(super::Kind::Unknown)));
                    (
                        fetched.topic().to_owned(),
                        fetched.partition(),
                        fetched.offset(),
                        goes_on,
                    )
                }
            };
            self.reader.took(&topic, partition, offset);
            if !goes_on {
                break;
            }
        }
        Ok(Progress::More)
    }

    /// A group has its own place to begin at.
    fn step_back(&mut self, _: &[usize], _: u32) -> Result<(), TailError> {
        Ok(())
    }

    fn before(&self, _: usize) -> Option<i64> {
        None
    }

    fn go_on(&mut self) -> Result<(), TailError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), TailError> {
        self.closed_ms = Timestamp::now().as_millisecond();
        self.passed.clear();
        Ok(())
    }

    fn written(&mut self) -> Result<(), TailError> {
        self.reader.store();
        Ok(())
    }
}
