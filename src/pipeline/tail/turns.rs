//! Which feed is read next, and which are waited for.
//!
//! First comes **what was there**: until each feed was at its end once. Those that have more of it are waited for, so that
//! lines of all feeds are in order; one that says nothing for [`PATIENCE`] is not. Then comes **what comes**, for good:
//! no feed is waited for any more, because the end of one that always grows is never seen. Where the ends are fixed at last,
//! what is left up to them is what was there.

use std::time::{Duration, Instant};

use super::{Horizon, Progress};

/// A feed that says nothing for so long is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The feeds, and how far they were read.
#[derive(Debug, Default)]
pub(super) struct Turns {
    feeds: Vec<Feed>,
    is_live: bool,
}

#[derive(Debug)]
struct Feed {
    /// The latest time that was read of it, in nanoseconds since 1970; without an order, its last turn.
    seen: i64,
    state: State,
    /// Whether what was there of it has been read.
    caught_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    Waiting(Instant),
    AtEnd,
}

impl Feed {
    /// Whether others are held back for it.
    fn is_waited_for(&self, now: Instant) -> bool {
        match self.state {
            _ if self.caught_up => false,
            State::Reading => true,
            State::Waiting(since) => now.saturating_duration_since(since) < PATIENCE,
            State::AtEnd => false,
        }
    }
}

impl Turns {
    pub fn len(&self) -> usize {
        self.feeds.len()
    }

    /// One more feed, which holds no line from before this time.
    pub fn add(&mut self, oldest: i64) {
        self.feeds.push(Feed {
            seen: oldest,
            state: State::Reading,
            caught_up: false,
        });
    }

    /// The feed that is farthest behind of those that have more. Where enough is held (`is_full`), none while another is
    /// waited for that is still farther behind.
    pub fn next(&self, is_full: bool, now: Instant) -> Option<usize> {
        let waits = is_full && !self.is_live;
        let counts = |feed: &Feed| match feed.state {
            State::Reading => true,
            State::Waiting(_) => waits && feed.is_waited_for(now),
            State::AtEnd => false,
        };
        let feeds = self.feeds.iter().enumerate();
        let (index, feed) = feeds
            .filter(|(_, feed)| counts(feed))
            .min_by_key(|(_, feed)| feed.seen)?;
        (feed.state == State::Reading).then_some(index)
    }

    /// Whether it had nothing when it was last read.
    pub fn is_resting(&self, feed: usize) -> bool {
        self.feeds[feed].state != State::Reading
    }

    /// A line of this time was read of it.
    pub fn saw(&mut self, feed: usize, ts: i64) {
        let feed = &mut self.feeds[feed];
        feed.seen = feed.seen.max(ts);
    }

    /// It was read.
    pub fn note(&mut self, feed: usize, progress: Progress, now: Instant) {
        let feed = &mut self.feeds[feed];
        feed.state = match (progress, feed.state) {
            (Progress::More, _) => State::Reading,
            (Progress::AtEnd, _) => State::AtEnd,
            (Progress::Waiting, State::Waiting(since)) => State::Waiting(since),
            (Progress::Waiting, _) => State::Waiting(now),
        };
        feed.caught_up |= feed.state == State::AtEnd;
    }

    pub fn horizon(&mut self, now: Instant) -> Horizon {
        if !self.is_live {
            let waited_for = self.feeds.iter().filter(|feed| feed.is_waited_for(now));
            if let Some(seen) = waited_for.map(|feed| feed.seen).min() {
                return Horizon::Reading(seen);
            }
            self.is_live = self.feeds.iter().all(|feed| feed.caught_up);
        }
        Horizon::Live
    }

    /// The feeds have ends now, to which they are to be read.
    pub fn close(&mut self) {
        self.is_live = false;
        for feed in &mut self.feeds {
            feed.caught_up = false;
        }
    }

    pub fn all_at_end(&self) -> bool {
        self.feeds.iter().all(|feed| feed.state == State::AtEnd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(oldest: &[i64]) -> Turns {
        let mut turns = Turns::default();
        oldest.iter().for_each(|oldest| turns.add(*oldest));
        turns
    }

    #[test]
    fn the_one_that_is_farthest_behind_is_read() {
        let now = Instant::now();
        let mut turns = of(&[i64::MIN, 5]);
        assert_eq!(turns.next(false, now), Some(0));
        turns.saw(0, 7);
        assert_eq!(
            (turns.next(false, now), turns.horizon(now)),
            (Some(1), Horizon::Reading(5))
        );
        turns.note(1, Progress::Waiting, now);
        // The other one is ahead, so it is read no farther where enough is held; but not for ever.
        assert_eq!((turns.next(false, now), turns.next(true, now)), (Some(0), None));
        let later = now + PATIENCE;
        turns.note(1, Progress::Waiting, later);
        assert_eq!(
            (turns.next(true, later), turns.horizon(later)),
            (Some(0), Horizon::Reading(7))
        );
    }

    #[test]
    fn once_all_were_at_their_ends_none_is_waited_for() {
        let now = Instant::now();
        let mut turns = of(&[1, 2]);
        turns.note(0, Progress::AtEnd, now);
        // Grows before the other is read.
        turns.note(0, Progress::More, now);
        assert_eq!(turns.horizon(now), Horizon::Reading(2));
        turns.note(1, Progress::AtEnd, now);
        assert_eq!(turns.horizon(now), Horizon::Live);
        turns.note(1, Progress::Waiting, now);
        turns.add(0);
        assert_eq!((turns.horizon(now), turns.next(true, now)), (Horizon::Live, Some(2)));
        assert!(!turns.all_at_end());
        turns.close();
        assert_eq!(turns.horizon(now), Horizon::Reading(0));
    }

    #[test]
    fn silence_of_all_does_not_make_what_was_there_count_as_read() {
        let now = Instant::now();
        let mut turns = of(&[1]);
        turns.note(0, Progress::Waiting, now);
        assert_eq!(turns.horizon(now + PATIENCE), Horizon::Live);
        turns.note(0, Progress::More, now + PATIENCE);
        assert_eq!(turns.horizon(now + PATIENCE), Horizon::Reading(1));
    }
}
