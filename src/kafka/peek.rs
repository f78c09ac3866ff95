//! A look at a topic's first records.

use std::time::{Duration, Instant};

use rdkafka::{Message, Offset, TopicPartitionList, consumer::Consumer, error::KafkaError};

use super::{Connection, Error, committed::reader, connection::REQUEST_TIMEOUT};

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRecord {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub payload: Vec<u8>,
}

const POLL: Duration = Duration::from_millis(100);

/// The first `count` committed records that come out of a topic's partitions, or all if there are fewer.
pub fn peek(connection: &Connection, topic: &str, count: usize) -> Result<Vec<SeenRecord>, Error> {
    let what = |error: KafkaError| Error::client(format!("reading topic {topic}"), error);
    let consumer = reader(connection, "read_committed")?;
    let metadata = consumer.fetch_metadata(Some(topic), REQUEST_TIMEOUT).map_err(what)?;
    let partitions = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
    let mut assignment = TopicPartitionList::new();
    for partition in 0..partitions {
        assignment
            .add_partition_offset(topic, partition as i32, Offset::Beginning)
            .map_err(what)?;
    }
    consumer.assign(&assignment).map_err(what)?;
    let (mut records, mut ended) = (Vec::new(), 0);
    let begun = Instant::now();
    while records.len() < count && ended < partitions && begun.elapsed() < REQUEST_TIMEOUT {
        match consumer.poll(POLL) {
            None => {}
            Some(Ok(message)) => records.push(SeenRecord {
                partition: message.partition(),
                offset: message.offset(),
                key: message.key().map(<[u8]>::to_vec),
                payload: message.payload().unwrap_or_default().to_vec(),
            }),
            Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
            Some(Err(error)) if super::error::is_retriable(&error) => {}
            Some(Err(error)) => return Err(what(error)),
        }
    }
    Ok(records)
}
