//! The last lines of all feeds together.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

/// Keeps the latest `count` lines.
#[derive(Debug)]
pub struct Last {
    count: usize,
    kept: BinaryHeap<Reverse<Kept>>,
    came: u64,
    /// Lines that came of each feed, whether or not they are kept.
    came_of: HashMap<usize, usize>,
    /// The latest time of each feed's blobs, in nanoseconds since 1970.
    times: HashMap<usize, HashMap<u64, i64>>,
}

/// Ordered by time, and at the same time as they came.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    ts: i64,
    came: u64,
    feed: usize,
    line: Box<[u8]>,
}

impl Last {
    pub fn new(count: usize) -> Self {
        Self {
            count,
            kept: BinaryHeap::new(),
            came: 0,
            came_of: HashMap::new(),
            times: HashMap::new(),
        }
    }

    /// Takes a line of this time (in nanoseconds since 1970), of this blob if it is known. It stands behind the lines that
    /// its blob has before it.
    pub fn push(&mut self, feed: usize, mut ts: i64, blob: Option<u64>, line: &[u8]) {
        if let Some(blob) = blob {
            let latest = self.times.entry(feed).or_default().entry(blob).or_insert(ts);
            *latest = ts.max(*latest);
            ts = *latest;
        }
        self.came += 1;
        *self.came_of.entry(feed).or_default() += 1;
        self.kept.push(Reverse(Kept {
            ts,
            came: self.came,
            feed,
            line: line.into(),
        }));
        if self.kept.len() > self.count {
            self.kept.pop();
        }
    }

    /// The feed is read again, from farther back.
    pub fn forget(&mut self, feed: usize) {
        self.kept.retain(|Reverse(kept)| kept.feed != feed);
        self.came_of.remove(&feed);
        self.times.remove(&feed);
    }

    /// Whether lines of this time and older can not be among the last any more.
    pub fn is_beyond(&self, ts: i64) -> bool {
        let oldest = self.kept.peek();
        self.kept.len() >= self.count && oldest.is_none_or(|Reverse(kept)| kept.ts > ts)
    }

    /// Whether as many lines came of the feed as are wanted of all.
    pub fn has_enough_of(&self, feed: usize) -> bool {
        self.came_of.get(&feed).copied().unwrap_or_default() >= self.count
    }

    /// In the order of their time.
    pub fn into_lines(self) -> impl Iterator<Item = Box<[u8]>> {
        // Reversed once already.
        let lines = self.kept.into_sorted_vec();
        lines.into_iter().rev().map(|Reverse(kept)| kept.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_all_feeds() {
        let mut last = Last::new(3);
        assert!(!last.is_beyond(0));
        for (feed, ts, line) in [(0, 5, "e"), (0, 6, "f"), (1, 1, "a"), (1, 2, "b")] {
            last.push(feed, ts, None, line.as_bytes());
        }
        assert!(last.is_beyond(1) && !last.is_beyond(2) && !last.is_beyond(3));
        // Read again from farther back.
        last.forget(0);
        assert!(!last.is_beyond(0));
        for (ts, line) in [(3, "c"), (4, "d"), (5, "e"), (6, "f"), (6, "F")] {
            last.push(0, ts, None, line.as_bytes());
        }
        assert!(last.is_beyond(4));
        assert!(last.has_enough_of(0) && !last.has_enough_of(1));
        last.forget(0);
        assert!(!last.has_enough_of(0));
        for (ts, line) in [(3, "c"), (4, "d"), (5, "e"), (6, "f"), (6, "F")] {
            last.push(0, ts, None, line.as_bytes());
        }
        let lines: Vec<_> = last
            .into_lines()
            .map(|line| String::from_utf8(line.into()).unwrap())
            .collect();
        assert_eq!(lines, ["e", "f", "F"]);
        let mut of_blobs = Last::new(3);
        for (ts, blob, line) in [
            (3, Some(1), "a"),
            (1, Some(1), "b"),
            (2, Some(2), "c"),
            (3, Some(1), "d"),
        ] {
            of_blobs.push(0, ts, blob, line.as_bytes());
        }
        let lines: Vec<_> = of_blobs
            .into_lines()
            .map(|line| String::from_utf8(line.into()).unwrap())
            .collect();
        assert_eq!(lines, ["a", "b", "d"]);
        let none = Last::new(0);
        assert!(none.is_beyond(i64::MAX));
    }
}
