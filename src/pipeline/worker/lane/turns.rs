//! Blobs are read in turns, and what arrives of them is sent.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::Lane;
use crate::{
    domain::{
        Checkpoint,
        event::{BlobCompletion, BlobState, BlobStatus},
        key,
    },
    kafka::{self, Header, OwnedHeaders},
    pipeline::{
        lines::{Batch, End, Item, LastLine, LineError},
        metrics::ErrorKind,
        outgoing::Outgoing,
        raw_lines::{RawLines, record_limits},
        worker::{
            decide::{Decision, decide},
            failure::Failure,
            known::Known,
            reading::{Arrival, Step, Turn, Wish},
            work::{Rank, Work},
        },
    },
    storage,
};

/// Blobs that are opened ahead of the one that is inflated.
const TURNS_AHEAD: usize = 8;
/// Raw bytes of a blob after which others of the same day come first.
const TURN_BYTES: u64 = 256 << 20;
const FIRST_RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_secs(15 * 60);

/// A turn that was started.
pub(super) struct InHand {
    work: Work,
    rank: Rank,
    wish: Arc<Wish>,
}

/// The blob that is arriving.
pub(super) struct Current {
    turn: u64,
    lines: RawLines,
    known: Known,
    /// What was read of it since its state was last written.
    progressed: bool,
    /// Whether what was sent ends with a line's end.
    pub whole: bool,
    /// Raw bytes of it in this turn.
    bytes: u64,
    /// Compressed bytes that were read, as an offset.
    read_to: u64,
}

impl Lane {
    pub(super) fn start_turns(&mut self) {
        while self.turns.len() < TURNS_AHEAD {
            let Some((rank, work)) = self.backlog.take(Instant::now()) else {
                return;
            };
            self.start_turn(rank, work);
        }
    }

    fn start_turn(&mut self, rank: Rank, mut work: Work) {
        let known = self.known(&work);
        let oldest = self.settings.oldest_day(self.today());
        match decide(&work, known.as_ref(), oldest) {
            Decision::Nothing | Decision::TooOld => return self.done_with(&work),
            Decision::Settle => {
                let known = known.unwrap_or_else(|| self.unknown(&work));
                return self.settle(&work, known);
            }
            Decision::Shrunk => {
                let reason = format!("the blob has {} bytes, less than what was ingested of it", work.size);
                return self.fail(work, &Failure::lasting(ErrorKind::Data, reason));
            }
            Decision::Read => {}
        }
        let container = match self.settings.containers.get(&work.environment) {
            Some(Ok(container)) => container.clone(),
            Some(Err(reason)) => {
                let failure = Failure::lasting(ErrorKind::Configuration, reason.clone());
                return self.fail(work, &failure);
            }
            None => {
                let reason = format!(
                    "environment {} is not in the configuration of this worker",
                    work.environment
                );
                return self.fail(work, &Failure::lasting(ErrorKind::Configuration, reason));
            }
        };
        let known = known.unwrap_or_else(|| self.unknown(&work));
        work.begun.get_or_insert((known.checkpoint.member, known.lines));
        let raw = self.settings.raw_topic(&work.service);
        self.turns_begun += 1;
        let wish = Arc::new(Wish::default());
        self.reading.start(Turn {
            number: self.turns_begun,
            container,
            blob: Arc::clone(&work.blob),
            from: known.checkpoint,
            end: work.size,
            limits: record_limits(&work.environment, &work.blob, &work.service, raw.max_record_bytes),
            last_line: match work.closed {
                true => LastLine::Send,
                false => LastLine::Wait,
            },
            wish: Arc::clone(&wish),
        });
        self.turns.insert(self.turns_begun, InHand { work, rank, wish });
    }

    fn known(&self, work: &Work) -> Option<Known> {
        self.shares.get(&work.partition)?.known.get(&work.id).copied()
    }

    /// What is known of a blob that has no state.
    fn unknown(&self, work: &Work) -> Known {
        Known::new(self.watch.environments().number(&work.environment), work.observed)
    }

    /// What was read for partitions that went to others is not wanted any more.
    pub(super) fn stop_turns_of(&mut self, partitions: &[i32]) {
        self.turns.retain(|_, turn| {
            let stays = !partitions.contains(&turn.work.partition);
            if !stays {
                turn.wish.to_stop();
                self.backlog.put_down(turn.work.id);
            }
            stays
        });
        if self
            .current
            .as_ref()
            .is_some_and(|current| !self.turns.contains_key(&current.turn))
        {
            self.current = None;
        }
    }

    /// After a commit: whoever had long enough makes room for others.
    pub(super) fn share_turns(&mut self) {
        let Some((current, turn)) = self
            .current
            .as_ref()
            .and_then(|current| Some((current, self.turns.get(&current.turn)?)))
        else {
            return;
        };
        let next = self.backlog.next_rank(Instant::now());
        let had_long = current.bytes >= TURN_BYTES && (next.is_some() || self.turns.len() > 1);
        if had_long || next.is_some_and(|next| next.is_of_earlier_turn(&turn.rank)) {
            turn.wish.to_yield();
        }
    }

    pub(super) fn receive(&mut self, arrival: Arrival) -> Result<(), kafka::Error> {
        let Arrival { turn, step } = arrival;
        if !self.turns.contains_key(&turn) {
            return Ok(());
        }
        if self.current.as_ref().is_none_or(|current| current.turn != turn) {
            self.current = self.begin_with(turn);
        }
        match step {
            Step::Item(Item::Batch(batch)) => self.send(&batch),
            Step::Item(Item::Skipped { from, to, reason }) => {
                self.skip(from, to, &reason);
                Ok(())
            }
            Step::Item(Item::End(end)) => {
                self.end(turn, &end);
                Ok(())
            }
            Step::Yielded => {
                self.yielded(turn);
                Ok(())
            }
            Step::Failed(error) => self.failed(turn, error),
        }
    }

    fn begin_with(&self, number: u64) -> Option<Current> {
        let work = &self.turns.get(&number)?.work;
        let known = self.known(work).unwrap_or_else(|| self.unknown(work));
        let topic = &self.settings.raw_topic(&work.service).topic;
        Some(Current {
            turn: number,
            lines: RawLines::new(&work.environment, &work.blob, &work.service, topic, known.lines),
            read_to: known.checkpoint.member,
            known,
            progressed: false,
            whole: true,
            bytes: 0,
        })
    }

    fn send(&mut self, batch: &Batch) -> Result<(), kafka::Error> {
        let (Some(current), Some(producer)) = (&mut self.current, &mut self.producer) else {
            return Ok(());
        };
        self.uncommitted.begin();
        let before = current.lines.sent();
        for (piece, bytes) in batch.pieces() {
            current.lines.send(producer, piece, bytes)?;
        }
        producer.poll();
        let bytes = batch.text_bytes();
        current.progressed = true;
        current.whole = batch.whole;
        current.bytes += bytes;
        current.known.lines = current.lines.sent();
        if batch.whole {
            current.known.checkpoint = batch.after;
        }
        self.uncommitted.bytes += bytes;
        if let Some(turn) = self.turns.get(&current.turn) {
            let sent = self.uncommitted.of(&turn.work.environment);
            sent.lines += current.lines.sent() - before;
            sent.raw_bytes += bytes;
            sent.read_bytes += batch.read_to.saturating_sub(current.read_to);
        }
        current.read_to = batch.read_to;
        Ok(())
    }

    /// Damage was passed over: that is told in the same transaction.
    fn skip(&mut self, from: u64, to: u64, reason: &str) {
        let Some(current) = &mut self.current else {
            return;
        };
        let Some(InHand { work, .. }) = self.turns.get(&current.turn) else {
            return;
        };
        tracing::warn!(environment = %work.environment, blob = &*work.blob, from, to, reason, "corrupt bytes were passed over");
        self.watch.failed(&work.environment, ErrorKind::Corrupt);
        self.uncommitted.of(&work.environment).skipped_bytes += to - from;
        current.progressed = true;
        current.whole = true;
        current.known.checkpoint = Checkpoint::at(to);
        current.known.skipped_bytes += to - from;
        self.uncommitted.begin();
        let record = serde_json::json!({ "blob": &*work.blob, "from": from, "to": to, "reason": reason });
        let key = key::state(&work.environment, &work.blob, None);
        let header = |key, value| Header {
            key,
            value: Some(value),
        };
        let headers = OwnedHeaders::new()
            .insert(header("service", &*work.service))
            .insert(header("environment", work.environment.environment.as_str()))
            .insert(header("subscription", work.environment.subscription.as_str()))
            .insert(header("record-type", "corrupt-member"));
        self.uncommitted
            .outgoing
            .push(Outgoing::event(&self.settings.topics.errors, &work.blob, key, &record).with_headers(headers));
    }

    fn end(&mut self, turn: u64, end: &End) {
        let (Some(InHand { work, .. }), Some(current)) = (self.turns.remove(&turn), self.current.take()) else {
            return;
        };
        self.backlog.recover(&work.environment);
        let mut known = current.known;
        known.checkpoint = end.checkpoint;
        if end.checkpoint == Checkpoint::at(work.size) {
            self.complete(&work, &known);
        } else if end.torn_bytes > 0 && work.closed {
            let reason = format!(
                "its last member is not complete: {} bytes from offset {}",
                end.torn_bytes, end.checkpoint.member
            );
            return self.record_failure(work, known, &reason, true);
        }
        self.settle(&work, known);
    }

    /// Says that the blob's known end is reached.
    fn complete(&mut self, work: &Work, known: &Known) {
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
    fn settle(&mut self, work: &Work, known: Known) {
        let known = known.with_status(is_closed(work, &known), known.skipped_bytes > 0);
        let error = (known.skipped_bytes > 0).then(|| skipped(known.skipped_bytes));
        self.write_state(work, known, error);
        self.done_with(work);
    }

    /// The events are done with, and other work for the blob may begin.
    fn done_with(&mut self, work: &Work) {
        if let Some(share) = self.shares.get_mut(&work.partition) {
            for offset in &work.offsets {
                share.cursor.finish(*offset);
            }
        }
        self.uncommitted.offsets_moved |= !work.offsets.is_empty();
        self.backlog.put_down(work.id);
    }

    /// The turn ended before the blob did; it goes on behind the others.
    fn yielded(&mut self, turn: u64) {
        self.state_of_current();
        self.current = None;
        if let Some(InHand { work, .. }) = self.turns.remove(&turn) {
            let id = work.id;
            self.backlog.add(work);
            self.backlog.put_down(id);
        }
    }

    /// # Errors
    /// If part of a line was sent, which only an abort takes back.
    fn failed(&mut self, turn: u64, error: LineError<storage::Error>) -> Result<(), kafka::Error> {
        if !self.may_cut() {
            return Err(kafka::Error::Aborted {
                reason: format!("reading failed in the middle of a line: {error}"),
            });
        }
        let known = self.current.take().map(|current| current.known);
        if let Some(InHand { work, .. }) = self.turns.remove(&turn) {
            let known = known.unwrap_or_else(|| self.unknown(&work));
            self.note_failure(&work, known);
            let failure = Failure::of(&error, work.failures);
            self.fail(work, &failure);
        }
        Ok(())
    }

    /// What was read before the failure stays.
    fn note_failure(&mut self, work: &Work, known: Known) {
        if let Some(share) = self.shares.get_mut(&work.partition) {
            share.known.insert(work.id, known);
        }
    }

    /// The blob can not be read now: its state says why, and it is tried again later.
    fn fail(&mut self, work: Work, failure: &Failure) {
        let known = self.known(&work).unwrap_or_else(|| self.unknown(&work));
        let Failure { reason, kind, .. } = failure;
        tracing::warn!(environment = %work.environment, blob = &*work.blob, reason, "the blob can not be read now");
        self.watch.failed(&work.environment, *kind);
        if failure.concerns_all {
            let handling = self.settings.error_handling.clone();
            let delay = |failures| handling.delay(failures);
            self.backlog.rest(&work.environment, delay, Instant::now());
        }
        self.record_failure(work, known, reason, failure.again);
    }

    fn record_failure(&mut self, mut work: Work, known: Known, reason: &str, again: bool) {
        let known = known.with_status(is_closed(&work, &known), true);
        self.write_state(&work, known, Some(reason.to_owned()));
        self.done_with(&work);
        work.offsets.clear();
        work.begun = None;
        let delay = LONGEST_RETRY.min(FIRST_RETRY * 2_u32.pow(work.failures.min(10)));
        work.failures += 1;
        if again && !self.backlog.retry(Instant::now() + delay, work) {
            tracing::warn!(
                "very many blobs wait for another attempt; the rest is tried again after a restart, or tomorrow"
            );
        }
    }

    /// Makes room: the state remembers the blob until its environment answers again.
    pub(super) fn put_off(&mut self, work: Work) {
        let known = self.known(&work).unwrap_or_else(|| self.unknown(&work));
        self.record_failure(work, known, "its environment's storage does not answer", true);
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

    fn write_state(&mut self, work: &Work, known: Known, last_error: Option<String>) {
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
        };
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
fn is_closed(work: &Work, known: &Known) -> bool {
    work.closed || (known.closed && known.is_newer_than(work.last_modified))
}
