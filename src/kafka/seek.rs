//! Moves a consumer to other offsets.

use std::time::{Duration, Instant};

use rdkafka::{
    TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaError,
};

use super::{blocking::pause, connection::REQUEST_TIMEOUT};

/// Just assigned partitions refuse a seek for a moment.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(10);

/// What was fetched before is dropped.
pub(super) fn seek<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    list: &TopicPartitionList,
) -> Result<(), KafkaError> {
    if list.count() == 0 {
        return Ok(());
    }
    let begun = Instant::now();
    loop {
        let tried = consumer.seek_partitions(list.clone(), REQUEST_TIMEOUT);
        match tried.and_then(|list| list.elements().iter().try_for_each(|element| element.error())) {
            Err(_) if begun.elapsed() < PATIENCE => pause(RETRY),
            sought => return sought,
        }
    }
}
