//! Why a monitor, or one of its scans, ends early.

use super::event::Gone;
use crate::{domain::EnvironmentId, storage};

#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    #[error("environment {environment}")]
    Storage {
        environment: EnvironmentId,
        source: storage::Error,
    },
    /// Why that is so, the other end of the way knows.
    #[error(transparent)]
    Gone(#[from] Gone),
}

impl MonitorError {
    /// Whether a later scan may succeed without anybody changing anything.
    pub fn is_retriable(&self) -> bool {
        matches!(self, Self::Storage { source, .. } if source.is_retriable())
    }
}
