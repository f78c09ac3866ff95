//! Produce: the request for one broker, and what the answer says of each batch in it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kafka_protocol::{
    error::ResponseError as Code,
    messages::{
        ProduceRequest, ProduceResponse, TopicName, TransactionalId,
        produce_request::{PartitionProduceData, TopicProduceData},
    },
};

use super::{
    failure::{Verdict, of_batch, words},
    outbox::{Fate, Sealed},
    queues::Queue,
    wire,
};

/// Of one request: so much, or one batch.
const REQUEST_BYTES: usize = 1 << 20;

/// What goes to one broker at once: a batch of each partition at most.
#[derive(Default)]
pub struct Parcel {
    topics: BTreeMap<Arc<str>, Vec<PartitionProduceData>>,
    bytes: usize,
}

impl Parcel {
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// Takes a partition's batch, if it fits.
    pub fn take(&mut self, queue: &Queue, batch: &Sealed) -> bool {
        if !self.is_empty() && self.bytes + batch.bytes.len() > REQUEST_BYTES {
            return false;
        }
        self.bytes += batch.bytes.len();
        let data = PartitionProduceData::default()
            .with_index(queue.partition)
            .with_records(Some(batch.bytes.clone()));
        self.topics.entry(Arc::clone(&queue.topic)).or_default().push(data);
        true
    }

    /// To be acknowledged by all replicas in sync within the time.
    pub fn request(self, id: Option<TransactionalId>, within: Duration) -> ProduceRequest {
        let topics = self.topics.into_iter().map(|(topic, partitions)| {
            TopicProduceData::default()
                .with_name(TopicName::from(wire::text(&topic)))
                .with_partition_data(partitions)
        });
        ProduceRequest::default()
            .with_transactional_id(id)
            .with_acks(-1)
            .with_timeout_ms(within.as_millis() as i32)
            .with_topic_data(topics.collect())
    }
}

/// What became of the partition's batch, with the reason if it is not written.
pub fn verdict(answer: &ProduceResponse, queue: &Queue) -> (Verdict, Option<String>) {
    let topics = answer.responses.iter();
    let topics = topics.filter(|topic| topic.name.0.as_str() == &*queue.topic);
    let mut partitions = topics.flat_map(|topic| &topic.partition_responses);
    let Some(told) = partitions.find(|told| told.index == queue.partition) else {
        return (Verdict::Of(Fate::Again), None);
    };
    match Code::try_from_code(told.error_code) {
        None => (Verdict::Of(Fate::Written), None),
        Some(code) => (
            of_batch(code, &queue.topic, told.error_message.as_deref()),
            Some(words(code)),
        ),
    }
}
