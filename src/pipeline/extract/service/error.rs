//! What ends the service.

use crate::kafka;

#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    #[error(transparent)]
    Kafka(#[from] kafka::Error),
    #[error("the raw record at offset {offset} of {topic} partition {partition} can not be extracted: {reason}")]
    Refused {
        topic: String,
        partition: i32,
        offset: i64,
        reason: String,
    },
}
