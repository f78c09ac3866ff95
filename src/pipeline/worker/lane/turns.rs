//! Blobs are read in turns, and what arrives of them is sent.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::Lane;
use crate::{
    domain::{Checkpoint, key},
    kafka::{self, RecordHeaders},
    pipeline::{
        lines::{Batch, End, Item, LastLine, LineError},
        metrics::ErrorKind,
        outgoing::Outgoing,
        raw_lines::{RawLines, record_limits},
        worker::{
            backlog::Rank,
            decide::{Decision, decide},
            failure::{Again, Failure},
            known::Known,
            reading::{Arrival, Step, Turn, Wish},
            work::Work,
        },
    },
    storage,
};

/// Blobs that are opened ahead of the one that is inflated.
const TURNS_AHEAD: usize = 8;
/// Raw bytes of a blob after which others of the same day come first.
const TURN_BYTES: u64 = 256 << 20;
/// Far longer than the end of a blob takes to follow its last lines.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// A turn that was started.
pub(super) struct InHand {
    pub work: Work,
    rank: Rank,
    wish: Arc<Wish>,
}

/// The blob that is arriving.
pub(super) struct Current {
    pub turn: u64,
    lines: RawLines,
    pub known: Known,
    /// Whether something was read of it since its state was last written.
    pub progressed: bool,
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
        let oldest = self.settings.oldest_day(self.today());
        match decide(&work, self.known(&work).as_ref(), oldest) {
            Decision::Nothing | Decision::TooOld => return self.done_with(&work),
            Decision::Settle => {
                let known = self.known_or_new(&work);
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
        let known = self.known_or_new(&work);
        work.begun.get_or_insert((known.checkpoint.member, known.lines));
        let raw = self.settings.raw_topic(&work.service);
        self.backlog.probe(&work.environment, Instant::now());
        self.turns_begun += 1;
        let wish = Arc::new(Wish::default());
        self.reading.start(Turn {
            number: self.turns_begun,
            container,
            blob: Arc::clone(&work.blob),
            from: known.checkpoint,
            created: known.created(),
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

    pub(super) fn known(&self, work: &Work) -> Option<Known> {
        self.shares.get(&work.partition)?.known.get(&work.id).copied()
    }

    /// What is known of a blob, if only that it is there.
    pub(super) fn known_or_new(&self, work: &Work) -> Known {
        let new = || Known::new(self.watch.environments().number(&work.environment), work.observed);
        self.known(work).unwrap_or_else(new)
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
        // What waits may be opened already.
        let others = self.turns.iter().filter(|(number, _)| **number != current.turn);
        let opened = others.map(|(_, other)| other.rank);
        let next = self.backlog.next_rank(Instant::now()).into_iter().chain(opened).min();
        let had_long = current.bytes >= TURN_BYTES && next.is_some();
        if had_long || next.is_some_and(|next| next.is_of_earlier_turn(&turn.rank)) {
            turn.wish.to_yield();
        }
    }

    /// Whether all of the blob that is arriving was sent, but not that this is its end.
    pub(super) fn awaits_end(&self) -> bool {
        let turn = |current: &Current| Some((current.known.checkpoint, self.turns.get(&current.turn)?));
        let current = self.current.as_ref().filter(|current| current.progressed);
        current
            .and_then(turn)
            .is_some_and(|(checkpoint, turn)| checkpoint == Checkpoint::at(turn.work.size))
    }

    /// Takes the end of a blob that [awaits](Self::awaits_end) it: nothing is left to read, so it follows at once.
    pub(super) fn reach_end(&mut self) -> Result<(), kafka::Error> {
        while self.awaits_end()
            && let Some(arrival) = self.reading.next(END_PATIENCE)
        {
            self.receive(arrival)?;
        }
        Ok(())
    }

    pub(super) fn receive(&mut self, arrival: Arrival) -> Result<(), kafka::Error> {
        let Arrival { turn, step } = arrival;
        let Some(InHand { work, .. }) = self.turns.get(&turn) else {
            return Ok(());
        };
        // Of an empty blob nothing was asked.
        if matches!(step, Step::Item(_)) && work.size > 0 {
            self.backlog.recover(&work.environment);
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
            Step::Replaced(created) => {
                self.replaced(turn, created);
                Ok(())
            }
            Step::Failed(error) => self.failed(turn, error),
        }
    }

    fn begin_with(&self, number: u64) -> Option<Current> {
        let work = &self.turns.get(&number)?.work;
        let known = self.known_or_new(work);
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
        let (Some(current), Some(producer)) = (&mut self.current, &mut self.producer.inner) else {
            return Ok(());
        };
        self.uncommitted.begin();
        let before = current.lines.sent();
        for (piece, bytes) in batch.pieces() {
            current.lines.send(producer, piece, bytes)?;
        }
        producer.poll()?;
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
        let mut headers = RecordHeaders::new();
        for (name, value) in [
            ("service", &*work.service),
            ("environment", work.environment.environment.as_str()),
            ("subscription", work.environment.subscription.as_str()),
            ("record-type", "corrupt-member"),
        ] {
            headers.push(name, Some(value.as_bytes()));
        }
        self.uncommitted
            .outgoing
            .push(Outgoing::event(&self.settings.topics.errors, &work.blob, key, &record).with_headers(headers));
    }

    fn end(&mut self, turn: u64, end: &End) {
        let (Some(InHand { work, .. }), Some(current)) = (self.turns.remove(&turn), self.current.take()) else {
            return;
        };
        let mut known = current.known;
        known.checkpoint = end.checkpoint;
        known.unterminated_at = end.cut_at().or(known.unterminated_at);
        if end.checkpoint == Checkpoint::at(work.size) {
            self.complete(&work, &known);
        } else if let Some(reason) = missing(&work, end) {
            // To try again would read the same; what comes later is told by an event.
            return self.fail_at(work, known, &Failure::lasting(ErrorKind::Data, reason));
        }
        self.settle(&work, known);
    }

    /// The events are done with, and other work for the blob may begin.
    pub(super) fn done_with(&mut self, work: &Work) {
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

    /// Another blob has the name now: what to do about that is for a human to say.
    fn replaced(&mut self, turn: u64, created: Timestamp) {
        self.current = None;
        if let Some(InHand { work, .. }) = self.turns.remove(&turn) {
            let reason = format!(
                "the blob was created anew at {created}, and nothing was ingested of the new one; `clp ingest --blob {} \
                 --start-offset 0` does it, while no worker runs",
                work.blob
            );
            self.fail(work, &Failure::lasting(ErrorKind::Data, reason));
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
            let known = known.unwrap_or_else(|| self.known_or_new(&work));
            let failure = Failure::of(&error, work.failures);
            if failure.again != Again::WithEnvironment {
                self.backlog.recover(&work.environment);
            }
            self.fail_at(work, known, &failure);
        }
        Ok(())
    }
}

/// What of the blob should be there and is not. The rest of a torn member may come while the blob is open.
fn missing(work: &Work, end: &End) -> Option<String> {
    let End {
        checkpoint, torn_bytes, ..
    } = end;
    match torn_bytes {
        0 if end.unterminated.is_some() => None,
        0 => Some(format!(
            "nothing follows {checkpoint}, though it was listed with {} bytes",
            work.size
        )),
        _ if work.closed => Some(format!(
            "its last {torn_bytes} bytes are no complete gzip member; lines from {checkpoint} on are not in Kafka"
        )),
        _ => None,
    }
}
