//! What all lanes of a worker share.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    config::{ErrorHandling, Filters, Order},
    domain::{Date, EnvironmentId, Selectors, topic},
    pipeline::{ingest::DeliveryMode, raw_lines::Topic},
    storage::{Container, ReadOptions},
};

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

fn oldest_day(today: Date, retention_days: u32, asked_for: Option<Date>) -> Date {
    let kept = today.days_before(retention_days);
    asked_for.map_or(kept, |first| first.min(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_before_the_retention_are_taken_only_if_asked_for() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        for (asked_for, expected) in [
            (None, "20250308"),
            (Some("20250101"), "20250101"),
            // To ask for fewer days makes no state expire earlier.
            (Some("20250601"), "20250308"),
        ] {
            let oldest = oldest_day(day("20250606"), 90, asked_for.map(day));
            assert_eq!(oldest, day(expected), "{asked_for:?}");
        }
    }
}
