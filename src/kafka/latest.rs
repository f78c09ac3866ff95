//! What topics hold now: the last value of each key in a compacted one, or the records of the last days.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    types::RDKafkaErrorCode,
};

use super::{Connection, Error, blocking::pause, connection::REQUEST_TIMEOUT, context::Context, dispose::Disposed};

/// Transactions that are open now end by themselves after their timeout, which is clp's 20 s or another program's.
const STABLE_PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// Reads compacted topics. It may be connected before it is known that the time to read has come.
pub struct LatestValues {
    uncommitted: Disposed<BaseConsumer<Context>>,
    committed: Disposed<BaseConsumer<Context>>,
}

impl LatestValues {
    /// Connects, and warms the connections up with a first question about a partition.
    pub fn connect(connection: &Connection, topic: &str, partition: i32) -> Result<Self, Error> {
        let latest = Self {
            uncommitted: reader(connection, "read_uncommitted")?,
            committed: reader(connection, "read_committed")?,
        };
        latest.end(&latest.uncommitted, topic, partition)?;
        latest.end(&latest.committed, topic, partition)?;
        Ok(latest)
    }

    fn end(&self, consumer: &BaseConsumer<Context>, topic: &str, partition: i32) -> Result<i64, Error> {
        let watermarks = consumer.fetch_watermarks(topic, partition, REQUEST_TIMEOUT);
        Ok(watermarks.map_err(|error| failed(topic, error))?.1)
    }

    /// Reads a partition from its start to its present end and passes each committed record's key and value (`None`: a
    /// tombstone) to `visit`, in order.
    ///
    /// The end is what a read-uncommitted look shows when this is called, and the partition is read as read-committed
    /// up to there, which waits for the transactions that are open before it. So nothing that may still be committed is
    /// missed.
    ///
    /// # Errors
    /// [`Error::Unstable`] if a transaction stays open for longer than two minutes; else what the brokers answered, or
    /// that they fell silent.
    pub fn read(&self, topic: &str, partition: i32, visit: impl FnMut(&[u8], Option<&[u8]>)) -> Result<(), Error> {
        self.read_since(topic, partition, None, visit)
    }

    /// As [`LatestValues::read`], from the first record on whose timestamp is `since` or later.
    pub fn read_since(
        &self,
        topic: &str,
        partition: i32,
        since: Option<Timestamp>,
        mut visit: impl FnMut(&[u8], Option<&[u8]>),
    ) -> Result<(), Error> {
        let end = self.end(&self.uncommitted, topic, partition)?;
        let start = Instant::now();
        while self.end(&self.committed, topic, partition)? < end {
            if start.elapsed() > STABLE_PATIENCE {
                return Err(Error::Unstable {
                    topic: topic.to_owned(),
                    partition,
                    end,
                    seconds: STABLE_PATIENCE.as_secs(),
                });
            }
            pause(POLL);
        }
        if end == 0 {
            return Ok(());
        }
        let from = match since {
            None => Offset::Beginning,
            Some(since) => self.offset_at(topic, partition, since)?,
        };
        let mut assignment = TopicPartitionList::new();
        assignment
            .add_partition_offset(topic, partition, from)
            .map_err(|error| failed(topic, error))?;
        self.committed
            .assign(&assignment)
            .map_err(|error| failed(topic, error))?;
        // The stable end is behind `end` now, so the first report of the partition's end comes after all that counts.
        let mut last_heard = Instant::now();
        loop {
            match self.committed.poll(POLL) {
                None if last_heard.elapsed() > REQUEST_TIMEOUT => {
                    return Err(failed(
                        topic,
                        KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut),
                    ));
                }
                None => {}
                Some(Ok(message)) => {
                    last_heard = Instant::now();
                    if let Some(key) = message.key() {
                        visit(key, message.payload());
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
                Some(Err(error)) if super::error::is_retriable(&error) => {
                    tracing::debug!(%error, topic, "reading goes on");
                }
                Some(Err(error)) => return Err(failed(topic, error)),
            }
        }
    }

    /// Where the first record of `time` or later lies; [`Offset::End`] if there is none.
    fn offset_at(&self, topic: &str, partition: i32, time: Timestamp) -> Result<Offset, Error> {
        let mut wanted = TopicPartitionList::new();
        wanted
            .add_partition_offset(topic, partition, Offset::Offset(time.as_millisecond()))
            .map_err(|error| failed(topic, error))?;
        let found = self.committed.offsets_for_times(wanted, REQUEST_TIMEOUT);
        let found = found.map_err(|error| failed(topic, error))?;
        let Some(element) = found.find_partition(topic, partition) else {
            return Ok(Offset::Beginning);
        };
        element.error().map_err(|error| failed(topic, error))?;
        Ok(element.offset())
    }
}

fn failed(topic: &str, error: KafkaError) -> Error {
    Error::client(format!("reading topic {topic}"), error)
}

pub(super) fn reader(connection: &Connection, isolation_level: &str) -> Result<Disposed<BaseConsumer<Context>>, Error> {
    connection
        .client()
        // librdkafka wants a name even where no group is joined; nothing is committed under it.
        .set("group.id", "clp-reader")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("isolation.level", isolation_level)
        .set("queued.max.messages.kbytes", "4096")
        // The end is asked for at once; a broker would else wait for half a second whether more comes.
        .set("fetch.wait.max.ms", "5")
        .create_with_context(Context::default())
        .map(Disposed::new)
        .map_err(Error::creation)
}
