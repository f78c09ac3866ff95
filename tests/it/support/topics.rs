//! The seven topics of one test, with names of its own.

use std::time::Duration;

use futures::executor::block_on;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;

use super::kafka::Kafka;
use super::process::{unique, wait_for};

const DEADLINE: Duration = Duration::from_secs(30);
/// Enough that an order over partitions can go wrong, few enough that a broker of hundreds of tests stays small.
const PARTITIONS: i32 = 4;

/// Removed again when dropped.
pub struct Topics {
    pub blobs: String,
    pub blob_state: String,
    pub raw_application: String,
    pub raw_proxy: String,
    pub extracted_application: String,
    pub extracted_proxy: String,
    pub errors: String,
    brokers: String,
}

impl Topics {
    /// Creates all seven, with 4 partitions each.
    pub fn create(kafka: &Kafka) -> Topics {
        Topics::with_partitions(kafka, PARTITIONS)
    }

    pub fn with_partitions(kafka: &Kafka, partitions: i32) -> Topics {
        const COMPACT: &[(&str, &str)] = &[("cleanup.policy", "compact")];
        let topics = Topics::names(kafka);
        let config = |name: &str| if name == topics.blob_state { COMPACT } else { &[] };
        create_all(kafka, &topics.all().map(|name| (name, config(name))), partitions);
        topics
    }

    /// Only the names, for a program that shall create them or miss them.
    pub fn names(kafka: &Kafka) -> Topics {
        let prefix = unique("test");
        let name = |kind: &str| format!("{prefix}.{kind}");
        Topics {
            blobs: name("Ingestion.Blobs"),
            blob_state: name("Ingestion.BlobState"),
            raw_application: name("Raw.ApplicationLogs"),
            raw_proxy: name("Raw.ProxyLogs"),
            extracted_application: name("Extracted.Application"),
            extracted_proxy: name("Extracted.Proxy"),
            errors: name("Extraction.Errors"),
            brokers: kafka.brokers(),
        }
    }

    pub fn all(&self) -> [&str; 7] {
        self.by_configuration_key().map(|(_, name)| name)
    }

    /// The names under their keys in `kafka.topics` of the configuration.
    pub fn by_configuration_key(&self) -> [(&'static str, &str); 7] {
        [
            ("blobs", &self.blobs),
            ("blob_state", &self.blob_state),
            ("raw_application", &self.raw_application),
            ("raw_proxy", &self.raw_proxy),
            ("extracted_application", &self.extracted_application),
            ("extracted_proxy", &self.extracted_proxy),
            ("errors", &self.errors),
        ]
    }
}

impl Drop for Topics {
    /// As good as it goes: the broker may be stopped, and some topics may never have been made.
    fn drop(&mut self) {
        let _ = block_on(admin(&self.brokers).delete_topics(&self.all(), &options(Duration::from_secs(2))));
    }
}

/// Removes one topic, and waits until clients see it no more.
pub fn delete(kafka: &Kafka, name: &str) {
    let results = block_on(admin(&kafka.brokers()).delete_topics(&[name], &options(DEADLINE)));
    for result in results.expect("delete a topic") {
        result.unwrap_or_else(|(topic, code)| panic!("delete topic {topic}: {code}"));
    }
    wait_for(&format!("the end of {name}"), DEADLINE, || {
        partitions(kafka, name).is_none().then_some(())
    });
}

/// Creates one topic, and waits until clients see its partitions led.
pub fn create(kafka: &Kafka, name: &str, partitions: i32, config: &[(&str, &str)]) {
    create_all(kafka, &[(name, config)], partitions);
}

fn create_all(kafka: &Kafka, topics: &[(&str, &[(&str, &str)])], partitions: i32) {
    let admin = admin(&kafka.brokers());
    let replicas = kafka.replicas() as i32;
    let wanted: Vec<NewTopic<'_>> = topics
        .iter()
        .map(|(name, config)| {
            let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replicas));
            config.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
        })
        .collect();
    let results = block_on(admin.create_topics(&wanted, &options(DEADLINE))).expect("create topics");
    for result in results {
        result.unwrap_or_else(|(topic, code)| panic!("create topic {topic}: {code}"));
    }
    for (name, _) in topics {
        wait_for_partitions(&admin, name, partitions);
    }
}

fn wait_for_partitions(admin: &AdminClient<DefaultClientContext>, name: &str, partitions: i32) {
    wait_for(&format!("the partitions of {name}"), DEADLINE, || {
        let metadata = admin.inner().fetch_metadata(Some(name), DEADLINE).ok()?;
        let found = metadata.topics().first()?.partitions();
        (found.len() == partitions as usize && found.iter().all(|p| p.error().is_none())).then_some(())
    });
}

/// Adds partitions to a topic until it has so many, and waits until clients see them led.
pub fn grow(kafka: &Kafka, name: &str, partitions: i32) {
    let admin = admin(&kafka.brokers());
    let wanted = NewPartitions::new(name, partitions as usize);
    for result in block_on(admin.create_partitions(&[wanted], &options(DEADLINE))).expect("add partitions") {
        result.unwrap_or_else(|(topic, code)| panic!("add partitions to {topic}: {code}"));
    }
    wait_for_partitions(&admin, name, partitions);
}

/// The number of partitions; `None` if there is no such topic.
pub fn partitions(kafka: &Kafka, name: &str) -> Option<usize> {
    let metadata = admin(&kafka.brokers())
        .inner()
        .fetch_metadata(Some(name), DEADLINE)
        .expect("fetch metadata");
    let topic = metadata.topics().first()?;
    match topic.error().map(RDKafkaErrorCode::from) {
        None => Some(topic.partitions().len()),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition) => None,
        Some(e) => panic!("metadata of {name}: {e}"),
    }
}

/// The partition of a blob's records: FNV-1a, 32 bits, over the whole name.
pub fn partition_of(blob: &str, partitions: u32) -> i32 {
    let step = |hash: u64, byte: u8| ((hash ^ u64::from(byte)) * 16_777_619) & 0xffff_ffff;
    (blob.bytes().fold(2_166_136_261, step) % u64::from(partitions)) as i32
}

pub(super) fn admin(brokers: &str) -> AdminClient<DefaultClientContext> {
    ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .expect("an admin client")
}

fn options(within: Duration) -> AdminOptions {
    AdminOptions::new()
        .operation_timeout(Some(within))
        .request_timeout(Some(within))
}
