//! Brings lines of several feeds into the order of their time.
//!
//! A line's place is its time; but no line goes before one that its blob has before it. It waits in that place until it is
//! due, and whatever is in the places before it goes with it. What makes it due:
//!
//! - **what comes**: it was held for [`WINDOW`], or [`HELD_BYTES`] are held;
//! - **what was there**: it was held for [`BACKLOG_WINDOW`], or [`HELD_BYTES`] are held; and besides, each feed that has
//!   more of that has come to its time;
//! - more than [`MOST_BYTES`] are held.
//!
//! So nothing that a feed does or does not do holds a live line up for longer than the window.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::{Duration, Instant},
};

/// So much is held before lines go out early, because lines of a partition are not quite in order.
const HELD_BYTES: usize = 16 << 20;
/// More is never held, however far apart the feeds are.
const MOST_BYTES: usize = 64 << 20;
/// A line that just came waits so long for others that are older.
const WINDOW: Duration = Duration::from_millis(300);
/// A line of what was there before: in this time much is read.
const BACKLOG_WINDOW: Duration = Duration::from_secs(1);
/// What a held line takes beside its text, about.
const OVERHEAD_BYTES: usize = 128;

/// Lines that wait for their turn.
#[derive(Debug, Default)]
pub struct Merge {
    held: BTreeMap<Position, Held>,
    /// Those that came within the window, in the order in which they came; some have gone.
    came: VecDeque<(Instant, Position)>,
    /// The last one of those that have waited long enough.
    due: Option<Position>,
    blobs: HashMap<u64, Blob>,
    bytes: usize,
    count: u64,
}

/// A time, in nanoseconds since 1970, and the how-manieth line it is that came.
type Position = (i64, u64);

#[derive(Debug)]
struct Held {
    blob: Option<u64>,
    line: Box<[u8]>,
}

/// A blob of which lines are held.
#[derive(Debug)]
struct Blob {
    lines: usize,
    last: i64,
}

/// What may still come before the lines that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizon {
    /// Feeds have more of what was there; all of them have come to this time, in nanoseconds since 1970.
    Reading(i64),
    /// All feeds were read to their ends once.
    Live,
    Ended,
}

impl Merge {
    /// Takes a line of this time (in nanoseconds since 1970), of this blob if it is known, that came `now`.
    pub fn push(&mut self, ts: i64, blob: Option<u64>, now: Instant, line: &[u8]) {
        self.count += 1;
        self.bytes += line.len() + OVERHEAD_BYTES;
        let position = (blob.map_or(ts, |blob| self.in_blob(blob, ts)), self.count);
        let line = line.into();
        self.held.insert(position, Held { blob, line });
        self.came.push_back((now, position));
    }

    /// The time, but no earlier than that of the blob's line before.
    fn in_blob(&mut self, blob: u64, ts: i64) -> i64 {
        let blob = self.blobs.entry(blob).or_insert(Blob { lines: 0, last: ts });
        blob.lines += 1;
        blob.last = blob.last.max(ts);
        blob.last
    }

    /// Whether more should be read only of feeds that are behind.
    pub fn is_full(&self) -> bool {
        self.bytes > HELD_BYTES
    }

    /// The next line, if it is its turn.
    pub fn next(&mut self, horizon: Horizon, now: Instant) -> Option<Box<[u8]>> {
        self.note_due(horizon, now);
        let (first, _) = self.held.first_key_value()?;
        let has_waited = self.is_full() || self.due.is_some_and(|due| *first <= due);
        let may_go = match horizon {
            Horizon::Reading(up_to) => (has_waited && first.0 <= up_to) || self.bytes > MOST_BYTES,
            Horizon::Live => has_waited,
            Horizon::Ended => true,
        };
        if !may_go {
            return None;
        }
        let (position, held) = self.held.pop_first()?;
        if self.due == Some(position) {
            self.due = None;
        }
        if let Some(id) = held.blob
            && let Some(blob) = self.blobs.get_mut(&id)
        {
            blob.lines -= 1;
            if blob.lines == 0 {
                self.blobs.remove(&id);
            }
        }
        self.bytes -= held.line.len() + OVERHEAD_BYTES;
        Some(held.line)
    }

    fn note_due(&mut self, horizon: Horizon, now: Instant) {
        let window = match horizon {
            Horizon::Reading(_) => BACKLOG_WINDOW,
            Horizon::Live | Horizon::Ended => WINDOW,
        };
        while let Some((at, position)) = self.came.front().copied()
            && now.saturating_duration_since(at) >= window
        {
            self.came.pop_front();
            if self.held.contains_key(&position) {
                self.due = self.due.max(Some(position));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(merge: &mut Merge, horizon: Horizon, now: Instant) -> String {
        let lines = std::iter::from_fn(|| merge.next(horizon, now));
        lines.map(|line| String::from_utf8(line.into()).unwrap()).collect()
    }

    fn filled(lines: &[(i64, &str)], at: Instant) -> Merge {
        let mut merge = Merge::default();
        for (ts, line) in lines {
            merge.push(*ts, None, at, line.as_bytes());
        }
        merge
    }

    #[test]
    fn lines_go_in_the_order_of_their_time_once_they_have_waited() {
        let begin = Instant::now();
        let lines = [(3, "c"), (1, "a"), (2, "b"), (1, "A")];
        for (horizon, waited, gone) in [
            (Horizon::Reading(5), WINDOW, ""),
            (Horizon::Reading(5), BACKLOG_WINDOW, "aAbc"),
            (Horizon::Reading(2), BACKLOG_WINDOW, "aAb"),
            (Horizon::Reading(0), BACKLOG_WINDOW, ""),
            (Horizon::Live, Duration::ZERO, ""),
            (Horizon::Live, WINDOW, "aAbc"),
            (Horizon::Ended, Duration::ZERO, "aAbc"),
        ] {
            let gone_now = all(&mut filled(&lines, begin), horizon, begin + waited);
            assert_eq!(gone_now, gone, "{horizon:?} {waited:?}");
        }
    }

    #[test]
    fn a_line_that_is_due_takes_those_before_it_along_and_none_behind_it() {
        let begin = Instant::now();
        let mut merge = filled(&[(5, "e")], begin);
        merge.push(3, None, begin + WINDOW / 2, b"c");
        merge.push(7, None, begin + WINDOW / 2, b"g");
        assert_eq!(all(&mut merge, Horizon::Live, begin + WINDOW), "ce");
        // Older than what went; it waits for its like all the same.
        merge.push(2, None, begin + WINDOW, b"b");
        merge.push(1, None, begin + WINDOW * 5 / 4, b"a");
        assert_eq!(all(&mut merge, Horizon::Live, begin + WINDOW * 3 / 2), "abg");
        assert_eq!((merge.bytes, merge.held.len(), merge.came.len()), (0, 0, 2));
    }

    #[test]
    fn lines_of_one_blob_keep_their_order() {
        let begin = Instant::now();
        let mut merge = Merge::default();
        for (ts, blob, line) in [
            (5, Some(1), "x"),
            (4, Some(1), "y"),
            (4, Some(2), "m"),
            (3, None, "a"),
            (4, Some(1), "z"),
            (6, Some(2), "n"),
        ] {
            merge.push(ts, blob, begin, line.as_bytes());
        }
        assert_eq!(all(&mut merge, Horizon::Live, begin + WINDOW), "amxyzn");
        assert!(merge.blobs.is_empty());
    }

    #[test]
    fn what_is_held_is_bounded() {
        let now = Instant::now();
        for (count, horizon, may_go) in [
            (3, Horizon::Reading(9), false),
            (5, Horizon::Reading(9), true),
            // A feed is far behind.
            (5, Horizon::Reading(-1), false),
            (17, Horizon::Reading(-1), true),
            (3, Horizon::Live, false),
            (5, Horizon::Live, true),
        ] {
            let mut merge = Merge::default();
            for ts in 0..count {
                merge.push(ts, None, now, &vec![b'x'; 4 << 20]);
            }
            assert_eq!(merge.next(horizon, now).is_some(), may_go, "{count} {horizon:?}");
        }
        // Lines without text are held in memory as well.
        let mut merge = Merge::default();
        for ts in 0..200_000 {
            merge.push(ts, None, now, b"");
        }
        assert!(merge.is_full());
    }
}
