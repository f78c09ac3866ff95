//! Partitions that are read side by side, each by its own queue, without a group.

use std::{
    collections::BTreeMap,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, base_consumer::PartitionQueue},
    error::KafkaError,
    message::{BorrowedMessage, Headers},
};

use super::{
    Connection, Error,
    blocking::pause,
    connection::{CONNECT_TIMEOUT, REQUEST_TIMEOUT},
    context::Context,
    dispose::Disposed,
    error::is_denied,
    seek::seek,
};

/// Committed records of partitions that are named one by one. Nothing is committed, and no group knows of it.
pub struct Partitions {
    /// Before the client: they hold on to it.
    queues: Vec<PartitionQueue<Context>>,
    consumer: Disposed<Arc<BaseConsumer<Context>>>,
    /// What each queue may hold.
    queue_kbytes: usize,
}

/// A partition of a topic, and the offset that is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub topic: Arc<str>,
    pub partition: i32,
    pub offset: i64,
}

/// What a partition's queue holds.
pub enum Polled<'a> {
    Record(Fetched<'a>),
    /// Nothing is here yet.
    Nothing,
    /// The partition of this number is read to its end for now.
    End(i32),
}

/// A record, while it is looked at.
pub struct Fetched<'a>(pub(super) BorrowedMessage<'a>);

/// What waits in each partition's queue to be taken, at most. That there is enough of it makes bulk reading fast.
const QUEUE_KBYTES: usize = 4 << 10;
/// And in all of them.
const QUEUES_KBYTES: usize = 64 << 10;
/// A partition that is new, or was moved, gets a leader within this time, as a rule.
const LEADERLESS_PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(50);

impl Fetched<'_> {
    pub fn topic(&self) -> &str {
        self.0.topic()
    }

    pub fn partition(&self) -> i32 {
        self.0.partition()
    }

    pub fn offset(&self) -> i64 {
        self.0.offset()
    }

    pub fn key(&self) -> Option<&[u8]> {
        self.0.key()
    }

    /// `None` is a tombstone.
    pub fn payload(&self) -> Option<&[u8]> {
        self.0.payload()
    }

    /// Milliseconds since 1970.
    pub fn timestamp_ms(&self) -> Option<i64> {
        self.0.timestamp().to_millis()
    }

    pub fn headers(&self) -> Vec<(&str, Option<&[u8]>)> {
        let headers = self.0.headers();
        let pairs = headers.into_iter().flat_map(Headers::iter);
        pairs.map(|header| (header.key, header.value)).collect()
    }
}

impl Partitions {
    /// Makes a client; nothing is asked of the brokers yet.
    pub fn open(connection: &Connection) -> Result<Self, Error> {
        Self::open_for(connection, 1)
    }

    /// One that reads so many partitions side by side, in bounded memory; this one if it does.
    pub fn sized_for(self, connection: &Connection, partitions: usize) -> Result<Self, Error> {
        match queue_kbytes(partitions) < self.queue_kbytes {
            true => Self::open_for(connection, partitions),
            false => Ok(self),
        }
    }

    fn open_for(connection: &Connection, partitions: usize) -> Result<Self, Error> {
        let queue_kbytes = queue_kbytes(partitions);
        let consumer: BaseConsumer<Context> = config(connection, queue_kbytes)
            // librdkafka wants a name even where no group is joined; nothing is committed under it.
            .set("group.id", "clp-reader")
            .set("enable.auto.commit", "false")
            .create_with_context(Context::default())
            .map_err(Error::creation)?;
        Ok(Self {
            queues: Vec::new(),
            consumer: Disposed::new(Arc::new(consumer)),
            queue_kbytes,
        })
    }

    /// The topics that exist, with their partition counts.
    pub fn topics(&self) -> Result<BTreeMap<String, i32>, Error> {
        let metadata = self.consumer.fetch_metadata(None, CONNECT_TIMEOUT);
        let metadata = metadata.map_err(|error| Error::client("looking for topics", error))?;
        let there = metadata.topics().iter().filter(|topic| topic.error().is_none());
        Ok(there
            .map(|topic| (topic.name().to_owned(), topic.partitions().len() as i32))
            .collect())
    }

    /// The first offset, and the end up to which everything is committed or aborted. Asks again while a partition has no
    /// leader.
    pub fn bounds(&self, topic: &str, partition: i32) -> Result<(i64, i64), Error> {
        let begun = Instant::now();
        loop {
            match self.consumer.fetch_watermarks(topic, partition, REQUEST_TIMEOUT) {
                Ok(bounds) => return Ok(bounds),
                Err(error) if super::error::is_retriable(&error) && begun.elapsed() < LEADERLESS_PATIENCE => {
                    pause(RETRY);
                }
                Err(error) => return Err(failed(topic, error)),
            }
        }
    }

    /// Puts each position to the first record that Kafka got at `time` or later; leaves it where there is none.
    pub fn seek_time(&self, positions: &mut [Position], time: Timestamp) -> Result<(), Error> {
        let mut wanted = TopicPartitionList::with_capacity(positions.len());
        for position in positions.iter() {
            let time = Offset::Offset(time.as_millisecond().max(0));
            wanted
                .add_partition_offset(&position.topic, position.partition, time)
                .map_err(|error| failed(&position.topic, error))?;
        }
        let found = self.consumer.offsets_for_times(wanted, REQUEST_TIMEOUT);
        let found = found.map_err(|error| Error::client("looking for offsets by time", error))?;
        for position in positions {
            if let Some(element) = found.find_partition(&position.topic, position.partition)
                && let Offset::Offset(offset) = element.offset()
            {
                position.offset = offset;
            }
        }
        Ok(())
    }

    /// Reads these from now on, and nothing else. The thread that calls this is unparked whenever something has come.
    pub fn assign(&mut self, positions: &[Position]) -> Result<(), Error> {
        let what = |error| Error::client("assigning partitions", error);
        self.queues.clear();
        let mut list = TopicPartitionList::with_capacity(positions.len());
        for Position {
            topic,
            partition,
            offset,
        } in positions
        {
            list.add_partition_offset(topic, *partition, Offset::Offset(*offset))
                .map_err(what)?;
        }
        self.consumer.assign(&list).map_err(what)?;
        for Position { topic, partition, .. } in positions {
            let queue = self.consumer.split_partition_queue(topic, *partition);
            let mut queue = queue.ok_or_else(|| Error::MissingTopics {
                topics: vec![topic.to_string()],
            })?;
            let reader = thread::current();
            queue.set_nonempty_callback(move || reader.unpark());
            self.queues.push(queue);
        }
        // What came before its queue was set apart went to the consumer's own: a seek fetches it again.
        seek(&self.consumer, &list).map_err(what)
    }

    /// The next of the partition that was assigned as number `index`; does not wait.
    ///
    /// # Errors
    /// What only a change of rights or of the configuration can mend. The rest, such as brokers that are away, passes.
    pub fn poll(&self, index: usize) -> Result<Polled<'_>, Error> {
        let Some(queue) = self.queues.get(index) else {
            return Ok(Polled::Nothing);
        };
        match queue.poll(Duration::ZERO) {
            None => Ok(Polled::Nothing),
            Some(Ok(message)) => Ok(Polled::Record(Fetched(message))),
            Some(Err(error)) => passing(error),
        }
    }

    /// Serves what concerns no single partition; to be called now and then.
    pub fn serve(&self) -> Result<(), Error> {
        match self.consumer.poll(Duration::ZERO) {
            Some(Err(error)) => passing(error).map(drop),
            // Records come by the queues.
            Some(Ok(_)) | None => Ok(()),
        }
    }
}

/// For each of so many queues.
pub(super) fn queue_kbytes(queues: usize) -> usize {
    (QUEUES_KBYTES / queues.max(1)).clamp(1, QUEUE_KBYTES)
}

/// What any reader of committed records has set.
pub(super) fn config(connection: &Connection, queue_kbytes: usize) -> rdkafka::ClientConfig {
    let mut config = connection.reader();
    config
        .set("queued.min.messages", "100000")
        .set("queued.max.messages.kbytes", queue_kbytes.to_string())
        // A full queue is looked at again after this; librdkafka's own second would make it crawl.
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.wait.max.ms", "100")
        // Whoever follows shall not wait five minutes for a new partition.
        .set("topic.metadata.refresh.interval.ms", "10000")
        .set("auto.offset.reset", "earliest");
    for (key, value) in connection.properties.iter().chain(&connection.consumer) {
        config.set(key, value);
    }
    config
        .set("enable.partition.eof", "true")
        .set("isolation.level", "read_committed");
    config
}

/// Reading goes on after most errors.
pub(super) fn passing<'a>(error: KafkaError) -> Result<Polled<'a>, Error> {
    match error {
        KafkaError::PartitionEOF(partition) => Ok(Polled::End(partition)),
        error if error.rdkafka_error_code().is_some_and(is_denied) => Err(Error::client("reading topics", error)),
        error if super::error::is_retriable(&error) => {
            tracing::debug!(%error, "reading goes on");
            Ok(Polled::Nothing)
        }
        error => {
            tracing::warn!(%error, "reading goes on");
            Ok(Polled::Nothing)
        }
    }
}

fn failed(topic: &str, error: KafkaError) -> Error {
    Error::client(format!("reading topic {topic}"), error)
}
