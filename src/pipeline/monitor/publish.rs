//! The other end of the way: events go to Kafka, and no event is dropped.

use tokio::sync::mpsc;

use super::event::Batch;
use crate::{
    config::ErrorHandling,
    kafka::{self, Connection, Delivery, Producer, Record, RecordHeaders, Severity, TopicLimits},
    pipeline::{
        metrics::{MonitorMetrics, Operation},
        raw_lines::Topic,
    },
};

/// Batches that go out together, with one wait for their acknowledgement.
const BATCHES_AT_ONCE: usize = 16;
/// Far above any event: names in Azure have at most 1024 characters.
const MAX_EVENT_BYTES: usize = 1 << 20;
/// What does not look as if another try would help is tried so often again: a new producer may fare better.
const HOPELESS_TRIES: u32 = 2;
/// Where the operator does not say otherwise: an event that the brokers do not acknowledge fails after half a minute, and
/// is sent again, with a warning; and a batch does not wait for more to come, as its scan waits for it.
const PROPERTIES: [(&str, &str); 2] = [("delivery.timeout.ms", "30000"), ("linger.ms", "1")];

/// Sends batches to `topic` until no more can come. While the brokers do not answer, batches wait and so do the scans
/// behind them; they are sent again until they have arrived, so an event may come twice, and after itself.
///
/// # Errors
/// What no try can mend, such as lacking rights or a topic that is gone.
pub async fn publish(
    mut connection: Connection,
    topic: Topic,
    mut batches: mpsc::Receiver<Batch>,
    handling: ErrorHandling,
    metrics: MonitorMetrics,
) -> Result<(), kafka::Error> {
    for (key, value) in PROPERTIES {
        if !connection.properties.contains_key(key) {
            let slot = connection.producer.entry(key.to_owned());
            slot.or_insert_with(|| value.to_owned());
        }
    }
    // Nothing is asked of Kafka by that, but properties that do not go together are found before anything is scanned.
    let opening = connection.clone();
    let opened = kafka::blocking(move || open(&opening)).await?;
    let mut producer = Some(opened);
    let mut waiting = Vec::new();
    while batches.recv_many(&mut waiting, BATCHES_AT_ONCE).await > 0 {
        let mut failed = 0;
        loop {
            let attempt = Attempt {
                producer: producer.take(),
                connection: connection.clone(),
                topic: topic.clone(),
                batches: std::mem::take(&mut waiting),
            };
            let (attempt, result) = kafka::blocking(move || attempt.make()).await?;
            waiting = attempt.batches;
            let Err(error) = result else {
                producer = attempt.producer;
                break;
            };
            failed += 1;
            let is_hopeless = error.severity() == Severity::Fatal && failed > HOPELESS_TRIES;
            if is_hopeless || error.is_of_configuration() {
                return Err(error);
            }
            metrics.retried(Operation::Publish);
            tracing::warn!(%error, "the events have not arrived, they are sent again");
            tokio::time::sleep(handling.delay(failed)).await;
        }
        for batch in waiting.drain(..) {
            // A scan that was given up does not ask any more.
            let _ = batch.arrived.send(());
        }
    }
    Ok(())
}

fn open(connection: &Connection) -> Result<Producer, kafka::Error> {
    Producer::open(connection, Delivery::AtLeastOnce, TopicLimits::of([MAX_EVENT_BYTES]))
}

/// One try to get some batches to Kafka. A producer that failed is not used again.
struct Attempt {
    producer: Option<Producer>,
    connection: Connection,
    topic: Topic,
    batches: Vec<Batch>,
}

impl Attempt {
    /// What was moved in comes back with the result.
    fn make(mut self) -> Result<(Self, Result<(), kafka::Error>), kafka::Error> {
        let result = self.send();
        Ok((self, result))
    }

    fn send(&mut self) -> Result<(), kafka::Error> {
        let mut producer = match self.producer.take() {
            Some(producer) => producer,
            None => open(&self.connection)?,
        };
        let (topic, partitions) = &self.topic;
        for event in self.batches.iter().flat_map(|batch| &batch.events) {
            producer.send(Record {
                topic,
                partition: event.partition(*partitions) as i32,
                key: Some(event.key().as_bytes()),
                payload: Some(&event.payload()),
                headers: &RecordHeaders::new(),
            })?;
        }
        producer.commit()?;
        self.producer = Some(producer);
        Ok(())
    }
}
