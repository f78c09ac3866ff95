//! Raw lines in topics, and extractors that bring them on.

use std::borrow::Borrow;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::json;

use super::blobs::Blobs;
use super::clp::Clp;
use super::gz;
use super::kafka::Kafka;
use super::pipeline::LIMIT;
use super::process::{unique, wait_for};
use super::records::{Read, Record};
use super::running::{Outcome, Running};
use super::services::kafka;
use super::topics::{Topics, partition_of};

/// Partitions of the topics.
pub const PARTITIONS: u32 = 4;

/// Topics and a group of its own.
pub struct Extraction<K: Borrow<Kafka> = &'static Kafka> {
    pub group: String,
    pub kafka: K,
    pub topics: Topics,
    pub clp: Clp,
}

impl Extraction {
    pub fn new() -> Extraction {
        Extraction::on(kafka())
    }
}

impl<K: Borrow<Kafka>> Extraction<K> {
    pub fn on(kafka: K) -> Extraction<K> {
        let topics = Topics::with_partitions(kafka.borrow(), PARTITIONS as i32);
        let group = unique("extract");
        let clp = Clp::new(kafka.borrow(), &Blobs::new(), &topics)
            .set("processing.consumer_group", group.as_str())
            .set("processing.max_concurrency", 1)
            .set("kafka.transaction_seconds", 1)
            // The brokers' least: a killed member's partitions go to others after this.
            .set(
                "kafka.consumer",
                json!({"session.timeout.ms": 6000, "heartbeat.interval.ms": 500}),
            );
        Extraction {
            group,
            kafka,
            topics,
            clp,
        }
    }

    /// Changes the configuration.
    pub fn configured(mut self, path: &str, value: impl Into<serde_json::Value>) -> Self {
        self.clp = self.clp.set(path, value);
        self
    }

    /// Starts an extractor that goes on until it is stopped.
    pub fn extractor(&self) -> Running {
        self.clp
            .args(["extract", "-v"])
            .deadline(Duration::from_secs(600))
            .spawn()
    }

    /// Runs an extractor until everything is done.
    #[track_caller]
    pub fn extract(&self) -> Outcome {
        self.run().success()
    }

    pub fn run(&self) -> Outcome {
        self.clp
            .args(["extract", "-v", "--until-idle", "1"])
            .deadline(LIMIT)
            .run()
    }

    /// How far the group has committed each partition of a topic.
    pub fn committed(&self, topic: &str) -> Vec<(i32, i64)> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", self.kafka.borrow().brokers())
            .set("group.id", &self.group)
            .create()
            .expect("a consumer");
        let mut all = TopicPartitionList::new();
        all.add_partition_range(topic, 0, PARTITIONS as i32 - 1);
        let committed = consumer.committed_offsets(all, LIMIT).expect("the group's offsets");
        let offset = |offset: Offset| offset.to_raw().unwrap_or(0).max(0);
        let elements = committed.elements();
        elements
            .iter()
            .map(|at| (at.partition(), offset(at.offset())))
            .collect()
    }

    pub fn append(&self, topic: &str, records: &[Record]) {
        self.kafka.borrow().append(topic, records);
    }

    pub fn read(&self, topic: &str) -> Vec<Record> {
        self.kafka.borrow().read_committed(topic)
    }

    /// The offset behind the last committed record of the extracted application records, over all partitions.
    pub fn extracted(&self) -> usize {
        let read = |topic| self.kafka.borrow().read(topic, Read::CommittedNow).len();
        read(&self.topics.extracted_application)
    }

    #[track_caller]
    pub fn wait_for_extracted(&self, count: usize) {
        wait_for(&format!("{count} extracted records"), LIMIT, || {
            (self.extracted() >= count).then_some(())
        });
    }

    /// Panics unless each of so many lines of each blob is there once, as the right record, and in its order.
    #[track_caller]
    pub fn assert_extracted_once(&self, blobs: &[String], lines: u64) {
        let mut next = vec![0; blobs.len()];
        for record in self.read(&self.topics.extracted_application) {
            let key = record.key_text();
            let blob = blobs.iter().position(|blob| key.ends_with(short(blob)));
            let blob = blob.unwrap_or_else(|| panic!("a record of another blob: {key}"));
            let index: u64 = next[blob];
            assert_eq!(key, format!("cp2:P1:line-{}:{}", index + 1, short(&blobs[blob])));
            next[blob] += 1;
            assert_eq!(record.partition, partition_of(&blobs[blob], PARTITIONS));
            let (kind, json) = (record.header("record-type"), record.json());
            match index % 10 {
                3 | 8 => assert_eq!((kind, json["method"].is_string()), (Some("http"), true), "{json}"),
                _ => {
                    assert_eq!(kind, Some("application"));
                    let message = json["msg"].as_str().expect("a message");
                    assert_eq!(message.rsplit(' ').next(), Some(index.to_string().as_str()), "{json}");
                }
            }
        }
        assert_eq!(next, vec![lines; blobs.len()]);
    }
}

/// Raw records of the lines from `from` up to `to` of a blob, as ingest sends them.
pub fn raw(blob: &str, lines: std::ops::Range<u64>) -> Vec<Record> {
    lines
        .map(|index| raw_record(blob, index, gz::log_line(index).into_bytes()))
        .collect()
}

/// The raw record of the line with this index.
pub fn raw_record(blob: &str, index: u64, line: Vec<u8>) -> Record {
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    Record {
        partition: partition_of(blob, PARTITIONS),
        offset: 0,
        key: Some(format!("cp2:P1:line-{}:{}", index + 1, short(blob)).into_bytes()),
        value: Some(line),
        headers: vec![
            header("service", "api"),
            header("environment", "P1"),
            header("subscription", "cp2"),
            header("blob-offset", "0"),
            header("blob-line", &index.to_string()),
        ],
        timestamp: 0,
    }
}

pub(super) fn short(blob: &str) -> &str {
    blob.strip_prefix("kubernetes/").expect("a name with its directory")
}
