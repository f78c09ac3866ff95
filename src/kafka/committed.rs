//! A partition's committed records, from its start to an end that no transaction can change any more.

use std::{
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::{BorrowedMessage, Headers},
    types::RDKafkaErrorCode,
};

use super::{Connection, Error, blocking::pause, connection::REQUEST_TIMEOUT, context::Context, dispose::Disposed};

/// Transactions that are open now end by themselves after their timeout, which is clp's 20 s or another program's.
const STABLE_PATIENCE: Duration = Duration::from_secs(120);
/// A partition without a leader gets one within this time, as a rule.
const LEADERLESS_PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Reads whole partitions. It may be connected before it is known that the time to read has come.
pub struct CommittedReader {
    uncommitted: Disposed<BaseConsumer<Context>>,
    committed: Disposed<BaseConsumer<Context>>,
}

/// A committed record, while it is looked at.
pub struct CommittedRecord<'a>(&'a BorrowedMessage<'a>);

impl CommittedRecord<'_> {
    pub fn offset(&self) -> i64 {
        self.0.offset()
    }

    pub fn key(&self) -> Option<&[u8]> {
        self.0.key()
    }

    /// `None`: a tombstone.
    pub fn payload(&self) -> Option<&[u8]> {
        self.0.payload()
    }

    /// The first header of this name that has a value.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let headers = self.0.headers()?;
        headers.iter().find(|header| header.key == name)?.value
    }
}

impl CommittedReader {
    /// Connects, and warms the connections up with a first question about a partition.
    pub fn connect(connection: &Connection, topic: &str, partition: i32) -> Result<Self, Error> {
        let reader = Self {
            uncommitted: reader(connection, "read_uncommitted")?,
            committed: reader(connection, "read_committed")?,
        };
        // Side by side: each has connections of its own to make.
        thread::scope(|scope| {
            let other = scope.spawn(|| warm_up(&reader.uncommitted, topic, partition));
            warm_up(&reader.committed, topic, partition)?;
            other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })?;
        Ok(reader)
    }

    /// The offset of the first record that the partition still has; more than 0 once retention took some.
    pub fn first_offset(&self, topic: &str, partition: i32) -> Result<i64, Error> {
        Ok(watermarks(&self.uncommitted, topic, partition)?.0)
    }

    /// Reads a partition from its start to its present end and passes each committed record to `visit`, in order.
    ///
    /// The end is what a read-uncommitted look shows when this is called, and the partition is read as read-committed
    /// up to there, which waits for the transactions that are open before it. So nothing that may still be committed is
    /// missed.
    ///
    /// # Errors
    /// [`Error::Unstable`] if a transaction stays open for longer than two minutes; else what the brokers answered, or
    /// that they fell silent. The first error of `visit` ends the reading.
    pub fn read<E: From<Error>>(
        &self,
        topic: &str,
        partition: i32,
        visit: impl FnMut(CommittedRecord<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.read_since(topic, partition, None, visit)
    }

    /// As [`CommittedReader::read`], from the first record on whose timestamp is `since` or later.
    pub fn read_since<E: From<Error>>(
        &self,
        topic: &str,
        partition: i32,
        since: Option<Timestamp>,
        mut visit: impl FnMut(CommittedRecord<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (first, end) = self.stable_end(topic, partition)?;
        if first == end {
            return Ok(());
        }
        let from = match since {
            None => Offset::Beginning,
            Some(since) => self.offset_at(topic, partition, since)?,
        };
        self.go_to(topic, partition, from)?;
        // The stable end is behind `end` now, and where the partition is reported to end all that counts was seen. But a
        // broker that has just become its leader, and does not know yet how far it is committed, reports an end as well. It
        // answers no question about the end until it knows, so that is asked again, and then whether more has come.
        let mut next = from;
        let mut asked_again_at = None;
        let mut last_heard = Instant::now();
        loop {
            match self.committed.poll(POLL) {
                None if last_heard.elapsed() > REQUEST_TIMEOUT => {
                    let silence = KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut);
                    return Err(failed(topic, silence).into());
                }
                None => {}
                // Where more comes all the time, the partition's end may never be reached.
                Some(Ok(message)) if message.offset() >= end => return Ok(()),
                Some(Ok(message)) => {
                    last_heard = Instant::now();
                    next = Offset::Offset(message.offset() + 1);
                    visit(CommittedRecord(&message))?;
                }
                Some(Err(KafkaError::PartitionEOF(at_end))) if at_end == partition => {
                    if next == Offset::Offset(end) || asked_again_at == Some(next) {
                        return Ok(());
                    }
                    watermarks(&self.committed, topic, partition)?;
                    self.go_to(topic, partition, next)?;
                    asked_again_at = Some(next);
                    last_heard = Instant::now();
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {}
                Some(Err(error)) if super::error::is_retriable(&error) => {
                    tracing::debug!(%error, topic, "reading goes on");
                }
                Some(Err(error)) => return Err(failed(topic, error).into()),
            }
        }
    }

    /// Reads on from there.
    fn go_to(&self, topic: &str, partition: i32, offset: Offset) -> Result<(), Error> {
        let mut assignment = TopicPartitionList::new();
        let assigned = assignment.add_partition_offset(topic, partition, offset);
        assigned
            .and_then(|()| self.committed.assign(&assignment))
            .map_err(|error| failed(topic, error))
    }

    /// The first offset and the present end, once all transactions before that are decided.
    fn stable_end(&self, topic: &str, partition: i32) -> Result<(i64, i64), Error> {
        let (first, end) = watermarks(&self.uncommitted, topic, partition)?;
        let start = Instant::now();
        while watermarks(&self.committed, topic, partition)?.1 < end {
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
        Ok((first, end))
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

fn warm_up(consumer: &BaseConsumer<Context>, topic: &str, partition: i32) -> Result<(), Error> {
    // librdkafka drops its first connection once it knows the brokers. Of the questions that this may hit, this one is asked again
    // at once, that for a partition's leader only after most of a second. What is wrong, the next question tells.
    let _ = consumer.fetch_metadata(Some(topic), REQUEST_TIMEOUT);
    watermarks(consumer, topic, partition).map(drop)
}

/// The first offset and the end. Asks again while a partition that is new, or was moved, has no leader.
fn watermarks(consumer: &BaseConsumer<Context>, topic: &str, partition: i32) -> Result<(i64, i64), Error> {
    let start = Instant::now();
    loop {
        match consumer.fetch_watermarks(topic, partition, REQUEST_TIMEOUT) {
            Ok(watermarks) => return Ok(watermarks),
            Err(error) if super::error::is_retriable(&error) && start.elapsed() < LEADERLESS_PATIENCE => {
                pause(POLL * 5)
            }
            Err(error) => return Err(failed(topic, error)),
        }
    }
}

fn failed(topic: &str, error: KafkaError) -> Error {
    Error::client(format!("reading topic {topic}"), error)
}

pub(super) fn reader(connection: &Connection, isolation_level: &str) -> Result<Disposed<BaseConsumer<Context>>, Error> {
    connection
        .reader()
        // librdkafka wants a name even where no group is joined; nothing is committed under it.
        .set("group.id", "clp-reader")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("isolation.level", isolation_level)
        // From the leader alone: a follower may be behind the end that the leader told.
        .set("client.rack", "")
        // Records wait in few bytes and few of them: a short one costs librdkafka many times its bytes.
        .set("queued.max.messages.kbytes", "1024")
        .set("queued.min.messages", "1000")
        // A full queue is looked at again after this; librdkafka's own second would make it crawl.
        .set("fetch.queue.backoff.ms", "5")
        // Compressed bytes, which become records all at once: of short lines there may be a hundred thousand in 256 KiB.
        .set("fetch.message.max.bytes", "65536")
        // The end is asked for at once; a broker would else wait for half a second whether more comes.
        .set("fetch.wait.max.ms", "5")
        .create_with_context(Context::default())
        .map(Disposed::consumer)
        .map_err(Error::creation)
}
