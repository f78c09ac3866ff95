//! Putting records into topics past `clp`, and taking them away.

use std::time::Duration;

use futures::executor::block_on;
use rdkafka::admin::AdminOptions;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::kafka::Kafka;
use super::process::unique;
use super::records::Record;
use super::topics::admin;

const LIMIT: Duration = Duration::from_secs(30);

impl Kafka {
    /// Appends these records, each to the partition that it names, and waits until they are there.
    pub fn append(&self, topic: &str, records: &[Record]) {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", self.brokers())
            .set("enable.idempotence", "true")
            // What a topic takes by default, which is more than what a producer sends by default.
            .set("message.max.bytes", "1048588")
            .create()
            .expect("a producer");
        for record in records {
            let headers = record
                .headers
                .iter()
                .fold(OwnedHeaders::new(), |headers, (key, value)| {
                    headers.insert(Header {
                        key,
                        value: Some(value),
                    })
                });
            let mut sent = BaseRecord::<Vec<u8>, Vec<u8>>::to(topic)
                .partition(record.partition)
                .headers(headers);
            if let Some(key) = &record.key {
                sent = sent.key(key);
            }
            if let Some(value) = &record.value {
                sent = sent.payload(value);
            }
            producer.send(sent).map_err(|(e, _)| e).expect("send a record");
        }
        producer.flush(LIMIT).expect("deliver the records");
    }

    /// Takes a transactional id from whoever has it, and ends that one's transaction.
    pub fn take_over(&self, transactional_id: &str) -> BaseProducer {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", self.brokers())
            .set("transactional.id", transactional_id)
            .create()
            .expect("a producer");
        producer.init_transactions(LIMIT).expect("take a transactional id");
        producer
    }

    /// Puts a record into a transaction that stays open until the returned producer ends it.
    pub fn in_open_transaction(&self, topic: &str, partition: i32, key: &str, value: &str) -> BaseProducer {
        let producer = self.take_over(&unique("other"));
        producer.begin_transaction().expect("begin a transaction");
        let record = BaseRecord::to(topic).partition(partition).key(key).payload(value);
        producer.send(record).map_err(|(e, _)| e).expect("send a record");
        producer.flush(LIMIT).expect("deliver the record");
        producer
    }

    /// Deletes a partition's records before this offset, as retention does.
    pub fn delete_before(&self, topic: &str, partition: i32, offset: i64) {
        let mut before = TopicPartitionList::new();
        before
            .add_partition_offset(topic, partition, Offset::Offset(offset))
            .expect("an offset");
        let options = AdminOptions::new().operation_timeout(Some(LIMIT));
        block_on(admin(&self.brokers()).delete_records(&before, &options)).expect("delete records");
    }
}
