//! Sends batches and commits them with the checkpoint behind them.

use std::time::Instant;

use jiff::Timestamp;

use super::{Job, plan::Beginning, state};
use crate::{
    domain::{Checkpoint, event::BlobCompletion, event::BlobState, key},
    kafka::{self, Producer},
    pipeline::{
        lines::{Batch, End},
        outgoing::Outgoing,
        raw_lines::RawLines,
    },
};

/// What a run has brought into Kafka.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub from: Checkpoint,
    pub to: Checkpoint,
    pub lines: u64,
    /// Bytes of lines, newlines left out.
    pub raw_bytes: u64,
    pub torn_bytes: u64,
    pub skipped_bytes: u64,
}

/// A point that a run has come to, with the state that says so.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reached {
    pub summary: Summary,
    pub state: Option<BlobState>,
    /// Whether this run wrote the state; an earlier one did otherwise.
    pub is_own: bool,
    /// Whether the blob's end was committed with it, so that nothing is left to do.
    pub is_end: bool,
}

/// The writing side of one run.
pub(super) struct Sink<'a> {
    job: &'a Job,
    producer: Producer,
    lines: RawLines,
    /// What is in Kafka, and what will be once the open transaction is committed.
    committed: Reached,
    sent: Summary,
    /// What a commit was asked for that has not been answered by a yes.
    undecided: Option<Reached>,
    transaction_bytes: u64,
    transaction_begun: Option<Instant>,
}

impl<'a> Sink<'a> {
    /// `reached` is what is in Kafka, with what earlier attempts of the same run brought in.
    pub fn new(job: &'a Job, producer: Producer, beginning: Beginning, reached: Reached) -> Self {
        Self {
            job,
            producer,
            lines: RawLines::new(
                &job.environment,
                &job.blob.name,
                &job.service,
                &job.topics.raw,
                beginning.lines_before,
            ),
            sent: reached.summary,
            committed: reached,
            undecided: None,
            transaction_bytes: 0,
            transaction_begun: None,
        }
    }

    pub fn committed(&self) -> Summary {
        self.committed.summary
    }

    /// What is in Kafka for certain, and what may be.
    pub fn into_reached(self) -> (Reached, Option<Reached>) {
        (self.committed, self.undecided)
    }

    pub fn sent(&self) -> Summary {
        self.sent
    }

    /// When the open transaction must be committed for its age.
    pub fn due_at(&self) -> Option<Instant> {
        self.transaction_begun.map(|begun| begun + self.job.transaction_time)
    }

    /// Whether the open transaction is full.
    pub fn is_due(&self) -> bool {
        let old = self.due_at().is_some_and(|due| Instant::now() >= due);
        old || self.transaction_bytes >= self.job.transaction_bytes
    }

    pub fn send(&mut self, batch: &Batch) -> Result<(), kafka::Error> {
        self.transaction_begun.get_or_insert_with(Instant::now);
        for (piece, bytes) in batch.pieces() {
            self.lines.send(&mut self.producer, piece, bytes)?;
            self.sent.raw_bytes += bytes.len() as u64;
            self.sent.lines += u64::from(piece.ends_line());
        }
        self.producer.poll()?;
        self.sent.to = batch.after;
        self.transaction_bytes += batch.text_bytes();
        Ok(())
    }

    /// Bytes of damage that the reader passed over, up to `to`.
    pub fn skip(&mut self, bytes: u64, to: u64) {
        self.sent.skipped_bytes += bytes;
        self.sent.to = Checkpoint::at(to);
    }

    /// Commits everything sent so far with the checkpoint behind it; at the blob's known end also the completion event.
    ///
    /// # Errors
    /// After [`kafka::Error::Aborted`] nothing of the transaction is in Kafka; after others that is not known.
    pub fn commit(&mut self, end: Option<&End>) -> Result<(), kafka::Error> {
        if let Some(end) = end {
            self.sent.to = end.checkpoint;
            self.sent.torn_bytes = end.torn_bytes;
        }
        if self.transaction_begun.is_none() && end.is_none() && self.sent == self.committed.summary {
            return Ok(());
        }
        if end.is_some_and(|end| end.checkpoint == Checkpoint::at(self.job.blob.size)) {
            self.send_completion()?;
        }
        let state = self.send_state(end)?;
        let reached = Reached {
            summary: self.sent,
            state: Some(state),
            is_own: true,
            is_end: end.is_some(),
        };
        self.undecided = Some(reached.clone());
        let begun = Instant::now();
        self.producer.commit()?;
        tracing::debug!(lines = self.sent.lines, to = %self.sent.to, took = ?begun.elapsed(), "committed");
        self.committed = reached;
        self.undecided = None;
        self.transaction_bytes = 0;
        self.transaction_begun = None;
        Ok(())
    }

    /// Undoes what was sent since the last commit.
    pub fn abort(&mut self) -> Result<(), kafka::Error> {
        self.sent = self.committed.summary;
        self.producer.abort()
    }

    fn send_completion(&mut self) -> Result<(), kafka::Error> {
        let Job { environment, blob, .. } = self.job;
        let from = self.sent.from.member;
        let event = BlobCompletion {
            blob_name: blob.name.clone(),
            processed_from_offset: from,
            processed_to_end_offset: self.sent.to.member,
            lines_sent: self.sent.lines,
            subscription: environment.subscription.clone(),
            environment: environment.environment.clone(),
            processed_date: Timestamp::now(),
        };
        let key = key::completion(environment, from, &blob.name);
        Outgoing::event(&self.job.topics.blobs, &blob.name, key, &event).send(&mut self.producer)
    }

    fn send_state(&mut self, end: Option<&End>) -> Result<BlobState, kafka::Error> {
        let before = self.committed.state.as_ref();
        let mut state = state::after(self.job, before, self.sent.to, self.lines.sent());
        if let Some(end) = end {
            state.unterminated_at = end.cut_at().or(state.unterminated_at);
        }
        let key = state::key(self.job);
        Outgoing::event(&self.job.topics.blob_state, &self.job.blob.name, key, &state).send(&mut self.producer)?;
        Ok(state)
    }
}
