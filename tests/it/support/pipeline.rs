//! Blobs in storage, events about them, and workers that follow the events.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::{Value, json};

use super::azurite::endpoint;
use super::blobs::{Blobs, Listed};
use super::clp::{Clp, ENVIRONMENT, SUBSCRIPTION};
use super::faults::Faults;
use super::kafka::Kafka;
use super::log_end::LogEnd;
use super::mixed::Mixed;
use super::process::{unique, wait_for};
use super::records::{Read, Record};
use super::running::{Outcome, Running};
use super::scene::{Line, lines_at};
use super::services::{azurite, kafka};
use super::topics::{Topics, partition_of, partitions};

/// Long enough for a killed worker's session and transaction to end, and for some work after that.
pub const LIMIT: Duration = Duration::from_secs(90);

/// A container and topics of its own, and a group of its own, so that tests do not meet.
pub struct Pipeline<K: Borrow<Kafka> = &'static Kafka> {
    pub group: String,
    pub kafka: K,
    pub blobs: Blobs,
    pub topics: Topics,
    /// The way to storage, where a test slows it down or cuts it.
    pub storage: Faults,
    pub clp: Clp,
}

impl Pipeline {
    pub fn new() -> Pipeline {
        Pipeline::on(kafka(), 4)
    }
}

impl<K: Borrow<Kafka>> Pipeline<K> {
    pub fn on(kafka: K, partitions: i32) -> Pipeline<K> {
        let topics = Topics::with_partitions(kafka.borrow(), partitions);
        Pipeline::with(kafka, topics)
    }

    pub fn with(kafka: K, topics: Topics) -> Pipeline<K> {
        let blobs = Blobs::new();
        let storage = Faults::to(azurite().address());
        let group = unique("group");
        let clp = Clp::new(kafka.borrow(), &blobs, &topics)
            .storage(blobs.container(), &endpoint(storage.address()))
            .set("worker.consumer_group", group.as_str())
            // The blobs' day is long past, and what is older than states are kept is not begun with.
            .set("worker.filters.min_date", "2025-06-01")
            .set("kafka.transaction_seconds", 1)
            .set("error_handling", json!({"max_azure_retries": 0, "max_retry_delay": 1}))
            // The brokers' least: a killed worker's partitions go to others after this.
            .set(
                "kafka.consumer",
                json!({"session.timeout.ms": 6000, "heartbeat.interval.ms": 500}),
            );
        Pipeline {
            group,
            kafka,
            blobs,
            topics,
            storage,
            clp,
        }
    }

    /// Changes the configuration.
    pub fn configured(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.clp = self.clp.set(path, value);
        self
    }

    /// Storage is read in small pieces, so that a delay of [`Pipeline::storage`] makes a blob last; transactions are small.
    pub fn in_small_pieces(self) -> Self {
        self.configured("storage.range_bytes", 64 << 10)
            .configured("storage.ranges_ahead", 2)
            .configured("kafka.transaction_bytes", 128 << 10)
    }

    /// A silent worker's partitions go to others after so many seconds.
    pub fn with_sessions_of(self, seconds: u64) -> Self {
        let properties = json!({"session.timeout.ms": seconds * 1000, "heartbeat.interval.ms": 500});
        self.configured("kafka.consumer", properties)
    }

    /// Puts a whole blob into storage and says that nobody writes to it any more.
    pub fn put(&self, blob: &Mixed) {
        self.blobs.append(&blob.name, &blob.bytes);
        self.close(&blob.name);
    }

    /// The end of the log in which the blob's lines are. It counts everything, also what is aborted later.
    pub fn log_end(&self, blob: &Mixed) -> LogEnd {
        self.end_of_lines(blob, Read::Uncommitted)
    }

    /// As [`Pipeline::log_end`], up to the first transaction that is open.
    pub fn committed_end(&self, blob: &Mixed) -> LogEnd {
        self.end_of_lines(blob, Read::CommittedNow)
    }

    /// The end of the one partition with lines of applications, as [`Pipeline::log_end`] counts.
    pub fn end_of_all_lines(&self) -> LogEnd {
        LogEnd::of(self.kafka.borrow(), &self.topics.raw_application, 0, Read::Uncommitted)
    }

    fn end_of_lines(&self, blob: &Mixed, read: Read) -> LogEnd {
        let (kafka, topic) = (self.kafka.borrow(), &self.topics.raw_application);
        let count = partitions(kafka, topic).expect("the topic");
        LogEnd::of(kafka, topic, blob.partition(count as u32), read)
    }

    /// Starts a worker that goes on until it is stopped.
    pub fn worker(&self, more: &[&str]) -> Running {
        let args = ["ingest", "--worker", "-v"].into_iter().chain(more.iter().copied());
        self.clp.args(args).deadline(Duration::from_secs(600)).spawn()
    }

    /// Runs a worker until everything is done.
    #[track_caller]
    pub fn work(&self, more: &[&str]) -> Outcome {
        let args = ["ingest", "--worker", "-v", "--until-idle", "1"];
        let args = args.into_iter().chain(more.iter().copied());
        self.clp.args(args).deadline(LIMIT).run().success()
    }

    /// Says that the blob is there, as it is now.
    pub fn observe(&self, blob: &str) {
        self.tell(&[observed(&self.listed(blob))]);
    }

    /// Says that nobody writes to the blob any more.
    pub fn close(&self, blob: &str) {
        self.tell(&[closed(&self.listed(blob))]);
    }

    pub fn listed(&self, blob: &str) -> Listed {
        self.blobs.properties(blob).expect("the blob")
    }

    /// Publishes events where they belong.
    pub fn tell(&self, events: &[Event]) {
        let count = partitions(self.kafka.borrow(), &self.topics.blobs).expect("the topic");
        let home = |event: &Event| partition_of(&event.blob, count as u32);
        let events: Vec<_> = events.iter().map(|event| (home(event), event)).collect();
        self.tell_at(&events);
    }

    /// Publishes events, each into any partition.
    pub fn tell_at(&self, events: &[(i32, &Event)]) {
        let records: Vec<Record> = events
            .iter()
            .map(|(partition, event)| Record {
                partition: *partition,
                offset: 0,
                key: Some(event.key.clone().into_bytes()),
                value: Some(event.value.to_string().into_bytes()),
                headers: Vec::new(),
                timestamp: 0,
            })
            .collect();
        self.kafka.borrow().append(&self.topics.blobs, &records);
    }

    /// How far the group has committed each partition of the events.
    pub fn committed(&self) -> BTreeMap<i32, i64> {
        let consumer: BaseConsumer = self.client().set("group.id", &self.group).create().expect("a consumer");
        let count = partitions(self.kafka.borrow(), &self.topics.blobs).expect("the topic") as i32;
        let mut all = TopicPartitionList::new();
        all.add_partition_range(&self.topics.blobs, 0, count - 1);
        let committed = consumer.committed_offsets(all, LIMIT).expect("the group's offsets");
        let offset = |offset: Offset| offset.to_raw().unwrap_or(-1).max(0);
        let elements = committed.elements();
        elements
            .iter()
            .map(|at| (at.partition(), offset(at.offset())))
            .collect()
    }

    /// Panics unless the group is done with all events of the blob.
    #[track_caller]
    pub fn assert_done_with(&self, blob: &str) {
        let committed = self.committed();
        let short = blob.trim_start_matches("kubernetes/");
        for record in self.kafka.borrow().read_committed(&self.topics.blobs) {
            if record.key_text().ends_with(short) && !record.key_text().contains("-completion:") {
                let (partition, offset) = (record.partition, record.offset);
                assert!(
                    committed[&partition] > offset,
                    "event {partition}/{offset} of {blob}: {committed:?}"
                );
            }
        }
    }

    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.kafka.borrow().brokers());
        config
    }

    /// The committed lines of each blob in the application topic, by the blob's whole name, in their order.
    #[track_caller]
    pub fn lines(&self) -> BTreeMap<String, Vec<Line>> {
        lines_at(self.kafka.borrow(), &self.topics.raw_application)
    }

    /// The last state under each blob's name; `None` is a tombstone.
    pub fn states(&self) -> BTreeMap<String, Option<Value>> {
        self.states_in(Read::Committed)
    }

    fn states_in(&self, read: Read) -> BTreeMap<String, Option<Value>> {
        self.kafka
            .borrow()
            .read(&self.topics.blob_state, read)
            .into_iter()
            .map(|record| {
                let name = record
                    .key_text()
                    .splitn(3, ':')
                    .nth(2)
                    .expect("a state's key")
                    .to_owned();
                (name, record.value.as_ref().map(|_| record.json()))
            })
            .collect()
    }

    /// Waits until the blob's last committed state is as asked for.
    #[track_caller]
    pub fn wait_for_state(&self, blob: &str, is: impl Fn(&Value) -> bool) -> Value {
        wait_for(&format!("the state of {blob}"), LIMIT, || {
            let state = self.states().remove(blob).flatten()?;
            is(&state).then_some(state)
        })
    }

    #[track_caller]
    pub fn state(&self, blob: &str) -> Value {
        let state = self.states().remove(blob).flatten();
        state.unwrap_or_else(|| panic!("no state of {blob}"))
    }

    /// The lines that the blob's last state counts, as of now: transactions that are open are not waited for.
    pub fn lines_told(&self, blob: &Mixed) -> u64 {
        let state = self.states_in(Read::CommittedNow).remove(&blob.name).flatten();
        state.map_or(0, |state| state["totalLinesIngested"].as_u64().expect("a number"))
    }

    /// Waits until the blob's last state says that all of it is in Kafka.
    #[track_caller]
    pub fn wait_until_ingested(&self, blob: &Mixed) {
        wait_for(&format!("the end of {}", blob.name), LIMIT, || {
            (self.lines_told(blob) >= blob.lines.len() as u64).then_some(())
        });
    }

    /// Panics unless every line of these blobs is in Kafka once, in its order and with its place, and their states say so.
    #[track_caller]
    pub fn assert_ingested_once(&self, blobs: &[&Mixed]) {
        let (mut found, states) = (self.lines(), self.states());
        for blob in blobs {
            let found = found.remove(&blob.name).unwrap_or_default();
            for (number, (found, line)) in (1..).zip(found.iter().zip(&blob.lines)) {
                assert_eq!(
                    (found.number, found.member, found.index),
                    (number, line.member, line.index)
                );
                assert!(found.bytes == line.bytes, "line {number} differs");
            }
            assert_eq!(found.len(), blob.lines.len(), "lines in Kafka and in {}", blob.name);
            let state = states[&blob.name].as_ref().expect("a state");
            assert_eq!(state["lastIngestedOffset"], blob.bytes.len());
            assert_eq!(state["totalLinesIngested"], blob.lines.len());
        }
        assert!(found.is_empty(), "lines of other blobs: {:?}", found.keys());
    }
}

/// A record of `Ingestion.Blobs`.
#[derive(Clone, Debug)]
pub struct Event {
    pub blob: String,
    pub key: String,
    pub value: Value,
}

impl Event {
    /// The same with another value in one field.
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Event {
        self.value[field] = value.into();
        self
    }

    /// The same of another environment.
    pub fn of(self, subscription: &str, environment: &str) -> Event {
        let key = self.key.replacen(
            &format!("{SUBSCRIPTION}:{ENVIRONMENT}:"),
            &format!("{subscription}:{environment}:"),
            1,
        );
        let event = self.with("subscription", subscription).with("environment", environment);
        Event { key, ..event }
    }
}

pub fn observed(listed: &Listed) -> Event {
    let own = json!({ "observationDate": listed.last_modified, "creationDate": listed.created });
    event("observed", listed, own)
}

pub fn closed(listed: &Listed) -> Event {
    event(
        "closed",
        listed,
        json!({ "closedDate": listed.last_modified, "timeoutMinutes": 5 }),
    )
}

/// With the fields that both events have, and its own.
fn event(kind: &str, listed: &Listed, own: Value) -> Event {
    let Listed {
        name: blob,
        size,
        last_modified,
        ..
    } = listed;
    let mut value = json!({
        "subscription": SUBSCRIPTION, "environment": ENVIRONMENT, "blobName": blob, "sizeInBytes": size,
        "lastModifiedDate": last_modified, "serviceSelector": "api",
    });
    let fields = own.as_object().expect("fields").clone();
    value.as_object_mut().expect("an event").extend(fields);
    let short = blob.strip_prefix("kubernetes/").expect("a name with its directory");
    Event {
        blob: blob.clone(),
        key: format!("{SUBSCRIPTION}:{ENVIRONMENT}:{kind}:{short}"),
        value,
    }
}
