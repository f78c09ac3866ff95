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

impl ExtractError {
    /// What to try.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Kafka(error) => error.hint(),
            Self::Refused { .. } => Some(
                "with processing.skip_invalid_logs: true such a line becomes an error's record, and the service goes on"
                    .to_owned(),
            ),
        }
    }
}
