//! What goes into a transaction, and when it ends.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::Lane;
use crate::{
    domain::EnvironmentId,
    kafka::{self, Offsets},
    pipeline::{
        metrics::{Committed, CommittedBlob},
        outgoing::Outgoing,
    },
};

/// Events and states that are held for the end of a transaction.
const MAX_OUTGOING: usize = 5_000;
/// Offsets alone are committed so often.
const OFFSETS_EVERY: Duration = Duration::from_secs(5);

/// What was sent, or is to be sent, since the last commit.
#[derive(Default)]
pub(super) struct Uncommitted {
    /// Of lines.
    pub bytes: u64,
    of: HashMap<Arc<EnvironmentId>, Committed>,
    /// As the states among `outgoing` tell them.
    pub blobs: Vec<CommittedBlob>,
    /// When the first of it came.
    pub begun: Option<Instant>,
    /// To be sent behind the lines.
    pub outgoing: Vec<Outgoing>,
    /// Events are done with that ask for nothing.
    pub offsets_moved: bool,
    offsets_at: Option<Instant>,
}

impl Uncommitted {
    pub fn begin(&mut self) {
        self.begun.get_or_insert_with(Instant::now);
    }

    pub fn age(&self) -> Duration {
        self.begun.map_or(Duration::ZERO, |begun| begun.elapsed())
    }

    /// What it holds of an environment.
    pub fn of(&mut self, environment: &Arc<EnvironmentId>) -> &mut Committed {
        self.of.entry(Arc::clone(environment)).or_default()
    }

    /// Whether lines, states or events are not committed. Offsets alone can wait.
    pub fn is_empty(&self) -> bool {
        self.begun.is_none() && self.outgoing.is_empty()
    }
}

impl Lane {
    /// Whether everything that was sent ends with a line's end, and no blob lacks only the word that this was its end: a
    /// state that says so must not be committed before the completion event is with it.
    pub(super) fn may_cut(&self) -> bool {
        self.current.as_ref().is_none_or(|current| current.whole) && !self.awaits_end()
    }

    pub(super) fn is_commit_due(&mut self) -> bool {
        let idle = self.turns.is_empty() && self.backlog.next_rank(Instant::now()).is_none();
        let Uncommitted {
            bytes, begun, outgoing, ..
        } = &self.uncommitted;
        if self.uncommitted.is_empty() {
            let old = |at: Instant| at.elapsed() >= OFFSETS_EVERY;
            return idle
                && self.uncommitted.offsets_moved
                && old(*self.uncommitted.offsets_at.get_or_insert_with(Instant::now));
        }
        let full = *bytes >= self.settings.transaction_bytes || outgoing.len() >= MAX_OUTGOING;
        let old = begun.is_some_and(|begun| begun.elapsed() >= self.settings.transaction_time);
        self.may_cut() && (full || old || idle)
    }

    /// Makes everything since the last commit final: lines, then states and events, and last the group's offsets.
    ///
    /// # Errors
    /// After any of them, what is in Kafka is known only by beginning anew.
    pub(super) fn commit(&mut self) -> Result<(), kafka::Error> {
        self.state_of_current();
        let nothing = self.uncommitted.is_empty() && !self.uncommitted.offsets_moved;
        let offsets: Offsets = self
            .shares
            .iter()
            .filter(|(_, share)| share.is_ready())
            .map(|(partition, share)| (*partition, share.cursor.committed()))
            .collect();
        let Some(producer) = self.producer.inner.as_mut().filter(|_| !nothing && !offsets.is_empty()) else {
            return Ok(());
        };
        let begun = Instant::now();
        for record in self.uncommitted.outgoing.drain(..) {
            record.send(producer)?;
        }
        producer.commit_with(&self.member, &offsets)?;
        self.producer.succeeded();
        let Uncommitted {
            bytes,
            of,
            blobs,
            begun: first,
            ..
        } = std::mem::take(&mut self.uncommitted);
        let lines: u64 = of.values().map(|of| of.lines).sum();
        tracing::debug!(lane = self.number, lines, bytes, took = ?begun.elapsed(), "committed");
        self.watch.committed(first.unwrap_or(begun).elapsed(), of, blobs);
        Ok(())
    }
}
