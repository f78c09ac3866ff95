//! Reading topics from their first to their last record, independently of `clp`'s own consumers.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::kafka::Kafka;
use super::process::{unique, wait_for};

/// Longer than any transaction timeout that a test sets: a killed producer's transaction ends within it.
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Vec<u8>)>,
    /// Milliseconds since 1970.
    pub timestamp: i64,
}

impl Record {
    pub fn key_text(&self) -> &str {
        std::str::from_utf8(self.key.as_deref().expect("a key")).expect("a key in UTF-8")
    }

    /// The value as text; empty for a tombstone.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(self.value.as_deref().expect("a value")).expect("a value in JSON")
    }

    /// The first header of this name, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        Some(std::str::from_utf8(value).expect("a header in UTF-8"))
    }
}

/// What a reader is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Committed records, once every transaction that was open at the start has ended.
    Committed,
    /// Committed records as of now: up to the first record of a transaction that is still open.
    CommittedNow,
    /// Everything in the log, also what was aborted.
    Uncommitted,
}

impl Read {
    pub(super) fn isolation_level(self) -> &'static str {
        match self {
            Read::Committed | Read::CommittedNow => "read_committed",
            Read::Uncommitted => "read_uncommitted",
        }
    }
}

impl Kafka {
    /// All committed records, ordered by partition and offset; waits for the end of open transactions.
    pub fn read_committed(&self, topic: &str) -> Vec<Record> {
        self.read(topic, Read::Committed)
    }

    /// Everything that was ever produced and is still there, aborted records too.
    pub fn read_uncommitted(&self, topic: &str) -> Vec<Record> {
        self.read(topic, Read::Uncommitted)
    }

    /// All records that `read` shows, ordered by partition and offset.
    pub fn read(&self, topic: &str, read: Read) -> Vec<Record> {
        let mut records = self.fold(topic, read, Vec::new(), |records, record| records.push(record));
        records.sort_unstable_by_key(|r| (r.partition, r.offset));
        records
    }

    /// Gives each record to `add` without keeping any; in order within a partition only.
    pub fn fold<T>(&self, topic: &str, read: Read, mut state: T, mut add: impl FnMut(&mut T, Record)) -> T {
        let consumer = self.consumer(read);
        let targets = self.ends(topic);
        if read == Read::Committed {
            // What a read-committed reader sees as the end is the last stable offset; when it has come to where the
            // log ended, everything up to there is decided.
            wait_for(&format!("the open transactions on {topic} to end"), DEADLINE, || {
                let stable = targets
                    .iter()
                    .all(|&(partition, end)| self.end_of(&consumer, topic, partition) >= end);
                stable.then_some(())
            });
        }
        let mut assignment = TopicPartitionList::new();
        for &(partition, _) in &targets {
            assignment
                .add_partition_offset(topic, partition, Offset::Beginning)
                .expect("an offset");
        }
        consumer.assign(&assignment).expect("assign partitions");
        let mut unfinished: HashSet<i32> = targets.iter().map(|&(partition, _)| partition).collect();
        while !unfinished.is_empty() {
            match consumer.poll(DEADLINE) {
                Some(Ok(message)) => add(&mut state, record(&message)),
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    unfinished.remove(&partition);
                }
                Some(Err(e)) if e.rdkafka_error_code().is_some_and(retried) => {}
                Some(Err(e)) => panic!("read {topic}: {e}"),
                None => panic!("read {topic}: nothing came for {DEADLINE:?}, ends are missing of {unfinished:?}"),
            }
        }
        state
    }

    /// Waits until so many committed records are in the topic, and gives all that are there then.
    pub fn wait_for_records(&self, topic: &str, count: usize, within: Duration) -> Vec<Record> {
        wait_for(&format!("{count} records in {topic}"), within, || {
            let records = self.read(topic, Read::CommittedNow);
            (records.len() >= count).then_some(records)
        })
    }

    /// The end of each partition's log, control records counted.
    pub fn ends(&self, topic: &str) -> Vec<(i32, i64)> {
        let consumer = self.consumer(Read::Uncommitted);
        let metadata = consumer.fetch_metadata(Some(topic), DEADLINE).expect("fetch metadata");
        let found = &metadata.topics()[0];
        assert!(found.error().is_none(), "metadata of {topic}: {:?}", found.error());
        found
            .partitions()
            .iter()
            .map(|p| (p.id(), self.end_of(&consumer, topic, p.id())))
            .collect()
    }

    /// Asks until it is told: right after a topic was made, or a broker was started, a partition may have no leader yet.
    fn end_of(&self, consumer: &BaseConsumer, topic: &str, partition: i32) -> i64 {
        const ATTEMPT: Duration = Duration::from_secs(5);
        wait_for(
            &format!("the end of partition {partition} of {topic}"),
            DEADLINE,
            || {
                consumer
                    .fetch_watermarks(topic, partition, ATTEMPT)
                    .ok()
                    .map(|(_, end)| end)
            },
        )
    }

    fn consumer(&self, read: Read) -> BaseConsumer {
        ClientConfig::new()
            .set("bootstrap.servers", self.brokers())
            // librdkafka wants a name also where, as here, no group is joined and nothing is committed.
            .set("group.id", unique("reader"))
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", read.isolation_level())
            .set("queued.max.messages.kbytes", "16384")
            .set("fetch.wait.max.ms", "50")
            .set("reconnect.backoff.max.ms", "100")
            .create()
            .expect("a consumer")
    }
}

/// Broken connections to a broker that a test stopped a moment ago; the client goes on by itself.
fn retried(code: rdkafka::error::RDKafkaErrorCode) -> bool {
    use rdkafka::error::RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure, OperationTimedOut};
    matches!(code, AllBrokersDown | BrokerTransportFailure | OperationTimedOut)
}

fn record(message: &impl Message) -> Record {
    let headers = message.headers().map(|headers| {
        headers
            .iter()
            .map(|h| (h.key.to_owned(), h.value.unwrap_or_default().to_vec()))
            .collect::<Vec<_>>()
    });
    Record {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.unwrap_or_default(),
        timestamp: message.timestamp().to_millis().unwrap_or(-1),
    }
}
