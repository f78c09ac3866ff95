//! What a test of `clp ingest` has at hand, and what it looks for in Kafka afterwards.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::azurite::endpoint;
use super::blobs::Blobs;
use super::clp::Clp;
use super::faults::Faults;
use super::kafka::Kafka;
use super::log_end::LogEnd;
use super::mixed::Mixed;
use super::records::{Read, Record};
use super::running::{Outcome, Running};
use super::services::azurite;
use super::topics::Topics;

pub const PARTITIONS: u32 = 4;

/// One blob in a container of its own, topics of its own, and a slow way to storage, so that a run lasts as long as a
/// test needs to do something to it.
pub struct Ingestion<K: Borrow<Kafka> = &'static Kafka> {
    pub kafka: K,
    pub topics: Topics,
    pub blob: Arc<Mixed>,
    pub storage: Faults,
    pub clp: Clp,
    blobs: Blobs,
}

impl<K: Borrow<Kafka>> Ingestion<K> {
    pub fn new(kafka: K, blob: impl Into<Arc<Mixed>>) -> Ingestion<K> {
        let blob = blob.into();
        let (blobs, topics) = (Blobs::new(), Topics::with_partitions(kafka.borrow(), PARTITIONS as i32));
        blobs.append(&blob.name, &blob.bytes);
        let storage = Faults::to(azurite().address());
        let clp = Clp::new(kafka.borrow(), &blobs, &topics)
            .storage(blobs.container(), &endpoint(storage.address()))
            .set("storage.range_bytes", 64 << 10)
            .set("storage.ranges_ahead", 2)
            .set("kafka.transaction_bytes", 64 << 10)
            .set("kafka.transaction_seconds", 1);
        Ingestion {
            kafka,
            topics,
            blob,
            storage,
            clp,
            blobs,
        }
    }

    pub fn container(&self) -> String {
        self.blobs.container().to_owned()
    }

    /// Changes the configuration.
    pub fn configured(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.clp = self.clp.set(path, value);
        self
    }

    pub fn start(&self, more: &[&str]) -> Running {
        self.clp.spawn(self.args(more))
    }

    /// A run that may take longer than others.
    pub fn start_within(&self, deadline: Duration, more: &[&str]) -> Running {
        self.clp.args(self.args(more)).deadline(deadline).spawn()
    }

    pub fn run(&self, more: &[&str]) -> Outcome {
        self.clp.run(self.args(more))
    }

    fn args<'b>(&'b self, more: &[&'b str]) -> Vec<&'b str> {
        [&["ingest", "--format", "json", "--blob", &self.blob.name], more].concat()
    }

    /// The end of the log of the lines' partition. It counts everything, also what is aborted later.
    pub fn log_end(&self) -> LogEnd {
        LogEnd::of(
            self.kafka.borrow(),
            &self.topics.raw_application,
            self.blob.partition(PARTITIONS),
            Read::Uncommitted,
        )
    }

    /// Panics unless every line is in the topic once, in order, with the right key, headers and bytes.
    #[track_caller]
    pub fn assert_lines_once(&self) {
        let lines = self.committed_lines();
        for (number, (record, line)) in lines.iter().zip(&self.blob.lines).enumerate() {
            let number = number + 1;
            assert_eq!(record.key_text(), self.blob.key(number));
            assert!(record.value.as_deref() == Some(&line.bytes), "line {number} differs");
            assert_eq!(record.partition, self.blob.partition(PARTITIONS), "line {number}");
            let headers: Vec<(&str, &str)> = record
                .headers
                .iter()
                .map(|(key, value)| (key.as_str(), std::str::from_utf8(value).unwrap()))
                .collect();
            let (member, index) = (line.member.to_string(), line.index.to_string());
            let expected = [
                ("service", "api"),
                ("environment", "P1"),
                ("subscription", "cp2"),
                ("blob-offset", &member),
                ("blob-line", &index),
            ];
            assert_eq!(headers, expected, "line {number}");
        }
        assert_eq!(lines.len(), self.blob.lines.len(), "lines in Kafka and in the blob");
    }

    pub fn committed_lines(&self) -> Vec<Record> {
        self.kafka.borrow().read_committed(&self.topics.raw_application)
    }

    /// The completion events, in order.
    pub fn completions(&self) -> Vec<Record> {
        self.kafka.borrow().read_committed(&self.topics.blobs)
    }

    /// The last state under the blob's own key, or under that of another topic.
    pub fn state(&self, foreign_topic: Option<&str>) -> Option<Value> {
        let mut key = format!("cp2:P1:{}", self.blob.name);
        if let Some(topic) = foreign_topic {
            key = format!("{key}@{topic}");
        }
        let states = self.kafka.borrow().read_committed(&self.topics.blob_state);
        let last = states.iter().rfind(|record| record.key_text() == key)?;
        assert_eq!(last.partition, self.blob.partition(PARTITIONS));
        Some(last.json())
    }

    /// Lines that the last committed state counts, as of now.
    pub fn lines_committed_now(&self) -> u64 {
        let states = self.kafka.borrow().read(&self.topics.blob_state, Read::CommittedNow);
        let last = states.last().map(Record::json);
        last.map_or(0, |state| state["totalLinesIngested"].as_u64().unwrap())
    }

    /// Panics unless all lines are there once, the last run's completion is the only one, and the state says the end.
    #[track_caller]
    pub fn assert_complete(&self, last_run: &Outcome) {
        self.assert_lines_once();
        let report = &last_run.json_lines()[0];
        let size = self.blob.bytes.len() as u64;
        assert_eq!(report["to_offset"], size);
        assert_eq!(report["checkpoint_lines"], 0);
        let from = report["from_offset"].as_u64().unwrap();
        let completions = self.completions();
        let [completion] = completions.as_slice() else {
            panic!("{} completion events", completions.len());
        };
        let key = format!("cp2:P1:offset{from}-completion:{}", self.blob.short_name());
        assert_eq!(completion.key_text(), key);
        assert_eq!(completion.partition, self.blob.partition(PARTITIONS));
        let event = completion.json();
        assert_eq!(event["blobName"], self.blob.name);
        assert_eq!(event["processedFromOffset"], from);
        assert_eq!(event["processedToEndOffset"], size);
        assert_eq!(event["linesSent"], report["lines"]);
        let state = self.state(None).expect("a state");
        assert_eq!(state["lastIngestedOffset"], size);
        assert_eq!(state["checkpointLines"], 0);
        assert_eq!(state["totalLinesIngested"], self.blob.lines.len());
    }
}
