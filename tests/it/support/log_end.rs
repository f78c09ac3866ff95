//! Where a partition's log ends, asked again and again.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::kafka::Kafka;
use super::process::{unique, wait_for};
use super::records::Read;
use super::running::Running;

const LIMIT: Duration = Duration::from_secs(60);

/// Watches the end of a partition's log.
pub struct LogEnd {
    consumer: BaseConsumer,
    topic: String,
    partition: i32,
}

impl LogEnd {
    /// [`Read::Uncommitted`] counts everything, also what is aborted later; otherwise the end is that of what is decided.
    pub fn of(kafka: &Kafka, topic: &str, partition: i32, read: Read) -> LogEnd {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", kafka.brokers())
            .set("group.id", unique("watcher"))
            .set("isolation.level", read.isolation_level())
            .set("reconnect.backoff.max.ms", "100")
            .create()
            .expect("a consumer");
        LogEnd {
            consumer,
            topic: topic.to_owned(),
            partition,
        }
    }

    /// Asks until it is told: a question to a broker that hangs or stops just then may never be answered.
    pub fn now(&self) -> i64 {
        const ATTEMPT: Duration = Duration::from_secs(2);
        wait_for("the end of the log", LIMIT, || {
            let watermarks = self.consumer.fetch_watermarks(&self.topic, self.partition, ATTEMPT);
            if watermarks.is_err() {
                // librdkafka keeps asking a leader that is none any more until it is made to look for another.
                let _ = self.consumer.fetch_metadata(Some(&self.topic), ATTEMPT);
            }
            watermarks.ok().map(|(_, end)| end)
        })
    }

    /// Waits until so many more records are in the log; panics with the run's output if it ends before.
    #[track_caller]
    pub fn wait_for_more(&self, running: &mut Running, records: i64) {
        let wanted = self.now() + records;
        wait_for(&format!("{records} more records"), LIMIT, || {
            if running.has_exited() {
                panic!("the run ended too early\n{}", running.stderr());
            }
            (self.now() >= wanted).then_some(())
        });
    }
}
