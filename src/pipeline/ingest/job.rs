//! What one run is to do.

use crate::{
    config,
    domain::EnvironmentId,
    pipeline::lines::OnCorrupt,
    storage::{BlobProperties, Container, ReadOptions},
};

/// One blob, where its lines go, and where to begin.
#[derive(Clone)]
pub struct Job {
    pub environment: EnvironmentId,
    pub container: Container,
    /// As listed: nothing behind this size is read.
    pub blob: BlobProperties,
    /// The name that goes into the `service` header.
    pub service: String,
    pub topics: Topics,
    pub start: Start,
    pub align: Option<Align>,
    pub on_corrupt: OnCorrupt,
    pub delivery: DeliveryMode,
    pub read: ReadOptions,
    /// Bytes: the largest record that the raw topic takes.
    pub max_record_bytes: usize,
    /// Raw bytes after which a transaction is committed.
    pub transaction_bytes: u64,
    pub transaction_time: std::time::Duration,
}

/// Topic names with their partition counts.
#[derive(Clone, Debug)]
pub struct Topics {
    pub raw: (String, u32),
    pub blobs: (String, u32),
    pub blob_state: (String, u32),
    /// Whether `raw` is the blob's own topic. A run into another keeps a state of its own.
    pub raw_is_own: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At a member's start, in bytes; a line is taken to start there.
    Offset(u64),
    /// Where the last run stopped, by `BlobState`; at the blob's start if there was none.
    Resume,
}

/// Where to begin if the offset asked for is inside a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Next,
    Previous,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryMode {
    ExactlyOnce,
    AtLeastOnce,
}

impl From<config::Delivery> for DeliveryMode {
    fn from(configured: config::Delivery) -> Self {
        match configured {
            config::Delivery::ExactlyOnce => Self::ExactlyOnce,
            config::Delivery::AtLeastOnce => Self::AtLeastOnce,
        }
    }
}

impl DeliveryMode {
    pub fn name(self) -> &'static str {
        match self {
            Self::ExactlyOnce => "exactly-once",
            Self::AtLeastOnce => "at-least-once",
        }
    }
}
