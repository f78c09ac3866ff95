//! Brings lines of several feeds into the order of their time, within a window.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

/// While feeds are read that have more, so much is held back: lines of a partition are not quite in order.
const HELD_BYTES: usize = 16 << 20;
/// More is never held, however far apart the feeds are.
const MOST_BYTES: usize = 64 << 20;
/// A line that just came waits so long for others that are older.
const WINDOW: Duration = Duration::from_millis(300);

/// Lines that wait for their turn.
#[derive(Debug, Default)]
pub struct Merge {
    held: BinaryHeap<Reverse<Held>>,
    bytes: usize,
    came: u64,
}

/// Ordered by time, and at the same time as they came.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    ts: i64,
    came: u64,
    at: Instant,
    line: Vec<u8>,
}

/// What may still come.
#[derive(Clone, Copy, Debug)]
pub enum Horizon {
    /// Feeds have more; all of them have come to this time, in nanoseconds since 1970.
    Reading(i64),
    /// All feeds are read to their ends for now.
    Live(Instant),
    Ended,
}

impl Merge {
    pub fn push(&mut self, ts: i64, at: Instant, line: Vec<u8>) {
        self.bytes += line.len();
        self.came += 1;
        self.held.push(Reverse(Held {
            ts,
            came: self.came,
            at,
            line,
        }));
    }

    /// Whether more should be read only of feeds that are behind.
    pub fn is_full(&self) -> bool {
        self.bytes > HELD_BYTES
    }

    /// The next line, if nothing is waited for before it.
    pub fn next(&mut self, horizon: Horizon) -> Option<Vec<u8>> {
        let Reverse(first) = self.held.peek()?;
        let may_go = match horizon {
            Horizon::Reading(up_to) => (self.is_full() && first.ts <= up_to) || self.bytes > MOST_BYTES,
            Horizon::Live(now) => self.is_full() || now.saturating_duration_since(first.at) >= WINDOW,
            Horizon::Ended => true,
        };
        if !may_go {
            return None;
        }
        let Reverse(first) = self.held.pop()?;
        self.bytes -= first.line.len();
        Some(first.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(merge: &mut Merge, horizon: Horizon) -> String {
        let lines = std::iter::from_fn(|| merge.next(horizon));
        lines.map(|line| String::from_utf8(line).unwrap()).collect()
    }

    fn filled(lines: &[(i64, &str)], at: Instant) -> Merge {
        let mut merge = Merge::default();
        for (ts, line) in lines {
            merge.push(*ts, at, line.as_bytes().to_vec());
        }
        merge
    }

    #[test]
    fn lines_go_in_the_order_of_their_time_once_nothing_older_is_waited_for() {
        let begin = Instant::now();
        let lines = [(3, "c"), (1, "a"), (2, "b"), (1, "A")];
        for (horizon, gone) in [
            (Horizon::Reading(5), ""),
            (Horizon::Live(begin), ""),
            (Horizon::Live(begin + WINDOW), "aAbc"),
            (Horizon::Ended, "aAbc"),
        ] {
            assert_eq!(all(&mut filled(&lines, begin), horizon), gone, "{horizon:?}");
        }
    }

    #[test]
    fn what_is_held_is_bounded() {
        for (count, horizon, may_go) in [
            (4, Horizon::Reading(9), false),
            (5, Horizon::Reading(9), true),
            // A feed is far behind.
            (5, Horizon::Reading(-1), false),
            (17, Horizon::Reading(-1), true),
            (5, Horizon::Live(Instant::now()), true),
        ] {
            let mut merge = Merge::default();
            for ts in 0..count {
                merge.push(ts, Instant::now(), vec![b'x'; 4 << 20]);
            }
            assert_eq!(merge.next(horizon).is_some(), may_go, "{count} {horizon:?}");
        }
    }
}
