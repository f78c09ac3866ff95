//! `/status.json`: what a service is, how it is, and its figures.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    cli::recent::{self, Recent},
    pipeline::{
        health::{Health, PartHealth},
        metrics::Overview,
    },
};

/// All of it as of now.
#[derive(Serialize)]
pub(super) struct Status {
    version: &'static str,
    host: String,
    started_at: Timestamp,
    now: Timestamp,
    uptime_seconds: i64,
    live: Verdict,
    ready: Verdict,
    parts: Vec<PartHealth>,
    #[serde(flatten)]
    overview: Overview,
    log: Vec<Recent>,
}

#[derive(Serialize)]
struct Verdict {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<Result<(), String>> for Verdict {
    fn from(result: Result<(), String>) -> Self {
        Self {
            ok: result.is_ok(),
            reason: result.err(),
        }
    }
}

impl Status {
    pub fn new(started_at: Timestamp, health: &Health, overview: Overview) -> Self {
        let now = Timestamp::now();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            started_at,
            now,
            uptime_seconds: now.as_second() - started_at.as_second(),
            live: health.live().into(),
            ready: health.ready().into(),
            parts: health.parts(),
            overview,
            log: recent::all(),
        }
    }
}
