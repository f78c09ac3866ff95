//! Why showing lines ended early.

use std::io;

use crate::{kafka, storage};

#[derive(Debug, thiserror::Error)]
pub enum TailError {
    #[error(transparent)]
    Kafka(#[from] kafka::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("{0}")]
    Output(#[source] io::Error),
    #[error("interrupted")]
    Interrupted,
}

impl TailError {
    /// What to try.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Kafka(error) => error.hint(),
            Self::Storage(error) => error.hint(),
            Self::Output(_) | Self::Interrupted => None,
        }
    }
}
