//! What is on its way to one partition: batches in the order of their sequence numbers, each until its fate is known.
//!
//! A broker takes a producer's batches in the order of their sequence numbers only, and knows again what it has taken
//! already, up to five batches back. So the laws here: no more than the present five are on their way; after any trouble
//! nothing is sent until all that were on their way are answered or given up; then they go again, in order and with the
//! same numbers, the first of them alone. ([`Outbox::next`], [`Outbox::answered`])

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;

/// A sealed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Counts a producer's batches.
    pub id: u64,
    pub bytes: Bytes,
    pub since: Instant,
}

/// What became of a request, for one batch in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the log, perhaps since an earlier try.
    Written,
    /// Not known, or refused for now.
    Again,
    /// The broker misses what comes before it.
    Early,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Sent,
    Written,
}

#[derive(Debug, PartialEq, Eq)]
struct Pending {
    batch: Sealed,
    state: State,
}

/// Batches that the broker misses are not here any more: something was lost on the way, or elsewhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Gap;

#[derive(Debug, Default)]
pub struct Outbox {
    pending: VecDeque<Pending>,
    /// Whether a batch of this transaction was acknowledged since the last trouble. Until then they go one by one.
    is_steady: bool,
    /// Nothing is sent before the answers to what was sent have come.
    is_troubled: bool,
    tries: u32,
    retry_at: Option<Instant>,
}

impl Outbox {
    pub fn push(&mut self, batch: Sealed) {
        self.pending.push_back(Pending {
            batch,
            state: State::Waiting,
        });
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub fn on_their_way(&self) -> usize {
        self.pending.iter().filter(|one| one.state == State::Sent).count()
    }

    /// The batch to be sent now, if there is one.
    pub fn next(&self, now: Instant, most: usize) -> Option<&Sealed> {
        let on_their_way = self.on_their_way();
        let most = if self.is_steady { most } else { 1 };
        let rests = self.retry_at.is_some_and(|at| now < at);
        if rests || on_their_way >= most || (self.is_troubled && on_their_way > 0) {
            return None;
        }
        let mut waiting = self.pending.iter().filter(|one| one.state == State::Waiting);
        waiting.next().map(|one| &one.batch)
    }

    /// The batch that [`Outbox::next`] gave is on its way.
    pub fn sent(&mut self, id: u64) {
        self.is_troubled = false;
        self.retry_at = None;
        self.set(id, State::Sent);
    }

    /// An answer came, or none will. Gives the bytes that need not be kept any more.
    ///
    /// # Errors
    /// [`Gap`] if the broker misses a batch that it had acknowledged.
    pub fn answered(&mut self, id: u64, fate: Fate, now: Instant, backoff: Backoff) -> Result<usize, Gap> {
        match fate {
            Fate::Written => {
                self.set(id, State::Written);
                self.is_steady |= !self.is_troubled;
                self.tries = 0;
                let mut freed = 0;
                while self.pending.front().is_some_and(|one| one.state == State::Written) {
                    freed += self.pending.pop_front().map_or(0, |one| one.batch.bytes.len());
                }
                return Ok(freed);
            }
            Fate::Early if self.pending.front().is_none_or(|first| first.batch.id == id) => return Err(Gap),
            Fate::Early | Fate::Again => {
                self.set(id, State::Waiting);
                if !self.is_troubled {
                    self.retry_at = Some(now + backoff.after(self.tries));
                    self.tries += 1;
                }
                self.is_troubled = true;
                self.is_steady = false;
            }
        }
        Ok(0)
    }

    fn set(&mut self, id: u64, state: State) {
        if let Some(one) = self.pending.iter_mut().find(|one| one.batch.id == id) {
            one.state = state;
        }
    }

    /// The next transaction's batches are sent one by one again, until the first is acknowledged.
    pub fn begin(&mut self) {
        self.is_steady = false;
    }

    /// Since when the oldest batch waits for its acknowledgement.
    pub fn waits_since(&self) -> Option<Instant> {
        self.pending.front().map(|one| one.batch.since)
    }

    /// When the next try is due.
    pub fn retry_at(&self) -> Option<Instant> {
        if self.pending.is_empty() { None } else { self.retry_at }
    }

    /// Forgets everything. Gives the bytes that are not kept any more.
    pub fn clear(&mut self) -> usize {
        let bytes = self.pending.iter().map(|one| one.batch.bytes.len()).sum();
        *self = Self::default();
        bytes
    }
}

/// How long to wait before a next try.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    pub first: Duration,
    pub longest: Duration,
}

impl Backoff {
    pub fn after(self, tries: u32) -> Duration {
        self.longest.min(self.first.saturating_mul(2_u32.saturating_pow(tries)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(100),
        longest: Duration::from_secs(1),
    };

    fn outbox(batches: u64, now: Instant) -> Outbox {
        let mut outbox = Outbox::default();
        for id in 0..batches {
            outbox.push(Sealed {
                id,
                bytes: Bytes::from_static(b"0123456789"),
                since: now,
            });
        }
        outbox
    }

    /// Sends all that may be sent; gives their numbers.
    fn send(outbox: &mut Outbox, now: Instant) -> Vec<u64> {
        let mut sent = Vec::new();
        while let Some(id) = outbox.next(now, 5).map(|batch| batch.id) {
            outbox.sent(id);
            sent.push(id);
        }
        sent
    }

    fn answer(outbox: &mut Outbox, ids: &[u64], fate: Fate, now: Instant) {
        for id in ids {
            outbox.answered(*id, fate, now, BACKOFF).unwrap();
        }
    }

    #[test]
    fn the_first_batch_goes_alone_and_then_five_at_a_time() {
        let now = Instant::now();
        let mut outbox = outbox(9, now);
        assert_eq!(send(&mut outbox, now), [0]);
        assert_eq!(outbox.answered(0, Fate::Written, now, BACKOFF), Ok(10));
        assert_eq!(send(&mut outbox, now), [1, 2, 3, 4, 5]);
        // Those behind it are kept until what is before them is acknowledged as well.
        assert_eq!(outbox.answered(2, Fate::Written, now, BACKOFF), Ok(0));
        assert_eq!(outbox.answered(1, Fate::Written, now, BACKOFF), Ok(20));
        assert_eq!(send(&mut outbox, now), [6, 7]);
        outbox.begin();
        answer(&mut outbox, &[3, 4, 5], Fate::Written, now);
        assert_eq!(send(&mut outbox, now), [8]);
        answer(&mut outbox, &[6, 7, 8], Fate::Written, now);
        assert!(outbox.is_empty());
    }

    #[test]
    fn after_trouble_all_go_again_in_order_once_none_is_on_its_way() {
        let now = Instant::now();
        let mut outbox = outbox(6, now);
        send(&mut outbox, now);
        answer(&mut outbox, &[0], Fate::Written, now);
        assert_eq!(send(&mut outbox, now), [1, 2, 3, 4, 5]);
        answer(&mut outbox, &[1], Fate::Again, now);
        answer(&mut outbox, &[2, 3], Fate::Early, now);
        let later = now + BACKOFF.first;
        assert_eq!(send(&mut outbox, later), [0; 0], "4 and 5 are on their way");
        answer(&mut outbox, &[4], Fate::Written, now);
        answer(&mut outbox, &[5], Fate::Again, now);
        assert_eq!(send(&mut outbox, now), [0; 0], "it rests first");
        assert_eq!(outbox.retry_at(), Some(later));
        assert_eq!(send(&mut outbox, later), [1], "the first goes alone");
        answer(&mut outbox, &[1], Fate::Written, later);
        assert_eq!(send(&mut outbox, later), [2, 3, 5]);
    }

    #[test]
    fn what_the_broker_misses_though_it_acknowledged_it_is_a_gap() {
        let now = Instant::now();
        let mut outbox = outbox(2, now);
        send(&mut outbox, now);
        assert_eq!(outbox.answered(0, Fate::Early, now, BACKOFF), Err(Gap));
    }

    #[test]
    fn each_further_try_waits_longer_up_to_a_bound() {
        let mut now = Instant::now();
        let mut outbox = outbox(1, now);
        let mut waited = Vec::new();
        for _ in 0..6 {
            send(&mut outbox, now);
            answer(&mut outbox, &[0], Fate::Again, now);
            let at = outbox.retry_at().unwrap();
            waited.push(at.duration_since(now).as_millis());
            now = at;
        }
        assert_eq!(waited, [100, 200, 400, 800, 1000, 1000]);
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let now = Instant::now();
        let mut outbox = outbox(3, now);
        send(&mut outbox, now);
        assert_eq!(outbox.waits_since(), Some(now));
        assert_eq!(
            (outbox.clear(), outbox.is_empty(), outbox.on_their_way()),
            (30, true, 0)
        );
        assert_eq!(outbox.waits_since(), None);
    }
}
