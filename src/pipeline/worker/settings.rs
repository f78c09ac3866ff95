//! What all lanes of a worker share.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    config::{ErrorHandling, Filters, Order},
    domain::{Date, EnvironmentId, Selectors, topic},
    pipeline::{ingest::DeliveryMode, inventory::oldest_day, raw_lines::Topic},
    storage::{Container, ReadOptions},
};

/// One blob's request that fails is not tried again for longer than this: the lane's other blobs wait for it. The worker
/// comes back to the blob, or to all of its environment, later.
pub const STORAGE_PATIENCE: Duration = Duration::from_secs(10);

pub struct Settings {
    pub group: String,
    /// What other members see of this one.
    pub client_id: String,
    /// Names this process among those of the group, the same after each of its starts.
    pub instance: String,
    pub topics: Topics,
    /// The storage of every configured environment, or why it can not be opened.
    pub containers: BTreeMap<EnvironmentId, Result<Container, String>>,
    pub selectors: Selectors,
    pub filters: Filters,
    pub order: Order,
    /// Blobs that wait in a lane; beyond that it reads no event until half of them are done.
    pub max_waiting_blobs: usize,
    pub delivery: DeliveryMode,
    pub read: ReadOptions,
    /// Raw bytes after which a transaction is committed.
    pub transaction_bytes: u64,
    pub transaction_time: Duration,
    /// Days after which a finished blob's state is forgotten.
    pub retention_days: u32,
    pub error_handling: ErrorHandling,
}

pub struct Topics {
    pub blobs: Topic,
    pub blob_state: Topic,
    pub raw_application: RawTopic,
    pub raw_proxy: RawTopic,
    pub errors: Topic,
}

pub struct RawTopic {
    pub topic: Topic,
    /// Bytes: the largest record that it takes, all included.
    pub max_record_bytes: usize,
}

impl Settings {
    /// The topic of the lines of the service called `selector`.
    pub fn raw_topic(&self, selector: &str) -> &RawTopic {
        match topic::is_proxy(selector) {
            true => &self.topics.raw_proxy,
            false => &self.topics.raw_application,
        }
    }

    /// The first day whose blobs' states are kept; blobs of older days are not begun with.
    pub fn oldest_day(&self, today: Date) -> Date {
        oldest_day(today, self.retention_days, self.filters.min_date)
    }
}
