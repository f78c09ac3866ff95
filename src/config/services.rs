//! The sections `worker` (ingest as a service) and `processing` (extract).

use serde::{Deserialize, Serialize};

use super::values::Pattern;
use crate::domain::Date;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Worker {
    /// Workers of one group share the blobs between them.
    pub consumer_group: String,
    /// Members of the group that run side by side in one process.
    pub lanes: u32,
    pub order: Order,
    /// Blobs that wait in a lane; beyond that it reads no event until half of them are done.
    pub max_waiting_blobs: u32,
    pub filters: Filters,
}

/// Which of the blobs that wait a worker reads first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Those of the newest day, so that a backfill of old days holds up nobody who looks at today.
    #[default]
    NewestFirst,
    OldestFirst,
    /// As their events come.
    Arrival,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            consumer_group: "clp-ingest".to_owned(),
            lanes: 1,
            order: Order::default(),
            max_waiting_blobs: 50_000,
            filters: Filters::default(),
        }
    }
}

/// What a worker ingests; an empty list lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_date: Option<Date>,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_date: Option<Date>,
    pub subscriptions: Vec<String>,
    pub environments: Vec<String>,
    /// Each looks for something in the selector's name or in the blob's name.
    pub selectors: Vec<Pattern>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Processing {
    /// The consumer group of `extract`.
    pub consumer_group: String,
    /// Another one for the raw topic of proxies, where a predecessor had one: its offsets are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_consumer_group: Option<String>,
    /// Members of the group for each raw topic; with `--input`, threads. 0 is one for each core.
    pub max_concurrency: u32,
    /// Whether records without a level, logger, message or pod are errors.
    pub enable_validation: bool,
    /// Whether a line that cannot be extracted goes to the errors' topic; if not, it ends the run.
    pub skip_invalid_logs: bool,
}

impl Default for Processing {
    fn default() -> Self {
        Self {
            consumer_group: "clp-extract".to_owned(),
            proxy_consumer_group: None,
            max_concurrency: 0,
            enable_validation: true,
            skip_invalid_logs: true,
        }
    }
}
