//! A member of a consumer group as one feed.

use std::time::Duration;

use super::{Progress, Source, TailError, Take, Wanted, from_kafka::record};
use crate::kafka::{Connection, Error, GroupReader, Polled};

/// Records as the group gives them, and the group's offsets behind what was shown.
pub struct FromGroup {
    reader: GroupReader,
    wanted: Vec<Wanted>,
    /// How often a partition's end was reached. That is once for each before all are read; what comes a second time
    /// meanwhile may end a run early, and is shown by the next.
    ended: usize,
}

/// Records that are taken at a time.
const TURN_RECORDS: usize = 256;

impl FromGroup {
    pub fn join(
        connection: &Connection,
        group: &str,
        wanted: Vec<Wanted>,
        from_beginning: bool,
    ) -> Result<Self, Error> {
        let topics: Vec<&str> = wanted.iter().map(|wanted| wanted.topic.as_str()).collect();
        let reader = GroupReader::join(connection, group, &topics, from_beginning)?;
        Ok(Self {
            reader,
            wanted,
            ended: 0,
        })
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
                    let assigned = self.reader.partitions()?;
                    let is_at_end = assigned > 0 && self.ended >= assigned;
                    return Ok(if is_at_end { Progress::AtEnd } else { Progress::Waiting });
                }
                Polled::End => {
                    self.ended += 1;
                    continue;
                }
                Polled::Record(fetched) => {
                    let of_topic = |wanted: &&Wanted| wanted.topic == fetched.topic();
                    let kind = self.wanted.iter().find(of_topic).map(|wanted| wanted.kind);
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

    fn written(&mut self) -> Result<(), TailError> {
        self.reader.store();
        Ok(())
    }
}
