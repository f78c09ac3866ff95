//! A blob's checkpoint in `Ingestion.BlobState`.

use jiff::Timestamp;

use super::Job;
use crate::{
    domain::{
        Checkpoint,
        event::{BlobState, BlobStatus},
        key, topic,
    },
    kafka::{self, Connection, LatestValues},
};

/// The key under which the job's state is kept.
pub(super) fn key(job: &Job) -> String {
    let foreign = (!job.topics.raw_is_own).then_some(job.topics.raw.0.as_str());
    key::state(&job.environment, &job.blob.name, foreign)
}

pub(super) fn partition(job: &Job) -> i32 {
    topic::partition_of(&job.blob.name, job.topics.blob_state.1) as i32
}

/// Gets ready to read the blob's state.
pub(super) fn connect(connection: &Connection, job: &Job) -> Result<LatestValues, kafka::Error> {
    LatestValues::connect(connection, &job.topics.blob_state.0, partition(job))
}

/// Reads the blob's last state. To be called when no other writer of it is left.
///
/// A state that can not be read as one counts as none, with a warning; only another program can have written it.
pub(super) fn read(latest: &LatestValues, job: &Job) -> Result<Option<BlobState>, kafka::Error> {
    let wanted = key(job);
    let mut last = None;
    latest.read(&job.topics.blob_state.0, partition(job), |key, value| {
        if key == wanted.as_bytes() {
            last = value.map(<[u8]>::to_vec);
        }
    })?;
    Ok(last.and_then(|json| match serde_json::from_slice(&json) {
        Ok(state) => Some(state),
        Err(error) => {
            tracing::warn!(key = wanted, %error, "the blob's state is no BlobState, it is taken for none");
            None
        }
    }))
}

/// The state after a run came to `checkpoint`.
pub(super) fn after(job: &Job, before: Option<&BlobState>, checkpoint: Checkpoint, total_lines: u64) -> BlobState {
    let now = Timestamp::now();
    BlobState {
        subscription: job.environment.subscription.clone(),
        environment: job.environment.environment.clone(),
        blob_name: job.blob.name.clone(),
        status: before.map_or(BlobStatus::Open, |state| state.status),
        last_updated: now,
        size_in_bytes: job.blob.size,
        last_modified_date: job.blob.last_modified,
        service_selector: job.service.clone(),
        last_ingested_offset: checkpoint.member,
        checkpoint_lines: checkpoint.lines,
        total_lines_ingested: total_lines,
        creation_date: job.blob.created.or(before.and_then(|state| state.creation_date)),
        last_processed_date: Some(now),
        first_observed_date: before.map_or(now, |state| state.first_observed_date),
        last_observed_date: now,
        last_error: None,
        skipped_bytes: before.map_or(0, |state| state.skipped_bytes),
        unterminated_at: before.and_then(|state| state.unterminated_at),
    }
}
