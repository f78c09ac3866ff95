//! What a transaction says about blobs beside their lines: how far each has come, and which ends were reached.

use std::sync::Arc;

use jiff::Timestamp;

use super::Lane;
use crate::{
    domain::{
        event::{BlobCompletion, BlobState, BlobStatus},
        key,
    },
    pipeline::{
        metrics::{BlobStanding, CommittedBlob},
        outgoing::Outgoing,
        worker::{known::Known, work::Work},
    },
};

impl Lane {
    /// Says that the blob's known end is reached.
    pub(super) fn complete(&mut self, work: &Work, known: &Known) {
        let (from, lines_before) = work.begun.unwrap_or_default();
        let event = BlobCompletion {
            blob_name: work.blob.to_string(),
            processed_from_offset: from,
            processed_to_end_offset: known.checkpoint.member,
            lines_sent: known.lines - lines_before,
            subscription: work.environment.subscription.clone(),
            environment: work.environment.environment.clone(),
            processed_date: Timestamp::now(),
        };
        let key = key::completion(&work.environment, from, &work.blob);
        let event = Outgoing::event(&self.settings.topics.blobs, &work.blob, key, &event);
        self.uncommitted.outgoing.push(event);
    }

    /// The work is done; its state says so.
    pub(super) fn settle(&mut self, work: &Work, known: Known) {
        let known = known.with_status(is_closed(work, &known), known.skipped_bytes > 0);
        let error = (known.skipped_bytes > 0).then(|| skipped(known.skipped_bytes));
        self.write_state(work, known, error);
        self.done_with(work);
    }

    /// Before a commit in the middle of a blob: its state goes with the lines.
    pub(super) fn state_of_current(&mut self) {
        let Some(current) = self
            .current
            .as_mut()
            .filter(|current| current.progressed && current.whole)
        else {
            return;
        };
        current.progressed = false;
        let known = current.known.with_status(false, current.known.skipped_bytes > 0);
        let error = (known.skipped_bytes > 0).then(|| skipped(known.skipped_bytes));
        if let Some(work) = self.turns.get(&current.turn).map(|turn| turn.work.clone()) {
            self.write_state(&work, known, error);
        }
    }

    pub(super) fn write_state(&mut self, work: &Work, known: Known, last_error: Option<String>) {
        let known = known.created_at(work.created).listed_as(work.size, work.last_modified);
        let now = Timestamp::now();
        let state = BlobState {
            subscription: work.environment.subscription.clone(),
            environment: work.environment.environment.clone(),
            blob_name: work.blob.to_string(),
            status: match known.closed {
                true => BlobStatus::Closed,
                false => BlobStatus::Open,
            },
            last_updated: now,
            size_in_bytes: work.size,
            last_modified_date: work.last_modified,
            service_selector: work.service.to_string(),
            last_ingested_offset: known.checkpoint.member,
            checkpoint_lines: known.checkpoint.lines,
            total_lines_ingested: known.lines,
            creation_date: known.created(),
            last_processed_date: Some(now),
            first_observed_date: known.first_observed(),
            last_observed_date: work.observed,
            last_error,
            skipped_bytes: known.skipped_bytes,
            unterminated_at: known.unterminated_at,
        };
        self.uncommitted.blobs.push(CommittedBlob {
            id: work.id,
            environment: Arc::clone(&work.environment),
            blob: Arc::clone(&work.blob),
            service: Arc::clone(&work.service),
            size: work.size,
            ingested: known.checkpoint.member,
            lag_bytes: known.lag(),
            lines: known.lines,
            status: match (known.failed, known.closed) {
                (true, _) => BlobStanding::Failed,
                (false, true) => BlobStanding::Closed,
                (false, false) => BlobStanding::Open,
            },
            committed_at: now,
            last_error: state.last_error.clone(),
        });
        if let Some(share) = self.shares.get_mut(&work.partition) {
            share.known.insert(work.id, known);
        }
        self.uncommitted.begin();
        let key = key::state(&work.environment, &work.blob, None);
        let record = Outgoing::event(&self.settings.topics.blob_state, &work.blob, key, &state);
        self.uncommitted.outgoing.push(record);
    }
}

fn skipped(bytes: u64) -> String {
    format!("{bytes} bytes of corrupt members were passed over; their lines are not in Kafka")
}

/// Whether the blob is closed once the work is done, though the event may be older than what is known.
pub(super) fn is_closed(work: &Work, known: &Known) -> bool {
    work.closed || (known.closed && known.is_newer_than(work.last_modified))
}
