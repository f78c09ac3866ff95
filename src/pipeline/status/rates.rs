//! How fast blobs are ingested, from looks that follow each other.

use std::{
    collections::{HashMap, VecDeque},
    ops::AddAssign,
    time::{Duration, Instant},
};

use super::Row;
use crate::domain::BlobHash;

/// What comes in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Compressed, of the blob.
    pub bytes: f64,
    pub lines: f64,
}

impl AddAssign for Rate {
    fn add_assign(&mut self, more: Self) {
        self.bytes += more.bytes;
        self.lines += more.lines;
    }
}

/// Looks of the last seconds, in 40 bytes a blob each. Workers commit every few seconds, so that between two looks there may
/// be two commits or none: a rate is that since the look `WINDOW` ago.
#[derive(Debug, Default)]
pub struct Rates(VecDeque<Earlier>);

#[derive(Debug)]
struct Earlier {
    at: Instant,
    /// Bytes and lines ingested of each blob.
    ingested: HashMap<BlobHash, (u64, u64)>,
}

/// Three commits of a worker with its defaults.
const WINDOW: Duration = Duration::from_secs(15);
/// Of the looks that are kept, each is at least so much younger than the one before it.
const SPACING: Duration = Duration::from_secs(3);

impl Rates {
    /// The rate of each of these, by the looks before this one. All are 0 at the first.
    pub fn at(&mut self, now: Instant, rows: &[(BlobHash, &Row)]) -> Vec<Rate> {
        // The first of them is the youngest that is as old as the window, if there is one.
        while self.0.get(1).is_some_and(|second| now - second.at >= WINDOW) {
            self.0.pop_front();
        }
        let rates = match self.0.front() {
            None => vec![Rate::default(); rows.len()],
            Some(earlier) => rows.iter().map(|(id, row)| earlier.rate(now, *id, row)).collect(),
        };
        if self.0.back().is_none_or(|last| now - last.at >= SPACING) {
            self.0.push_back(Earlier {
                at: now,
                ingested: rows.iter().map(|(id, row)| (*id, (row.ingested, row.lines))).collect(),
            });
        }
        rates
    }
}

impl Earlier {
    /// A blob that was not there is new: all of it came since.
    fn rate(&self, now: Instant, id: BlobHash, row: &Row) -> Rate {
        let (bytes, lines) = self.ingested.get(&id).copied().unwrap_or_default();
        let seconds = (now - self.at).as_secs_f64().max(f64::EPSILON);
        Rate {
            bytes: row.ingested.saturating_sub(bytes) as f64 / seconds,
            lines: row.lines.saturating_sub(lines) as f64 / seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::EnvironmentId, pipeline::status::example_row};

    fn id(name: &str) -> BlobHash {
        BlobHash::of(&EnvironmentId::new("cp2", "P1"), name)
    }

    fn row(ingested: u64, lines: u64) -> Row {
        Row {
            ingested,
            lines,
            ..example_row("P1", "a")
        }
    }

    #[test]
    fn a_rate_is_that_of_the_last_window() {
        let begun = Instant::now();
        let mut rates = Rates::default();
        let mut look = |seconds: u64, ingested: u64, lines: u64| {
            let row = row(ingested, lines);
            let rate = rates.at(begun + Duration::from_secs(seconds), &[(id("a"), &row)])[0];
            (rate.bytes, rate.lines)
        };
        for (seconds, ingested, lines, expected) in [
            // Nothing to compare with yet.
            (0, 5000, 50, (0.0, 0.0)),
            (5, 6000, 100, (200.0, 10.0)),
            (10, 6000, 100, (100.0, 5.0)),
            (15, 8000, 200, (200.0, 10.0)),
            // That of 0 s is left behind.
            (20, 9000, 250, (200.0, 10.0)),
            (25, 9000, 250, (200.0, 10.0)),
            (30, 9000, 250, (1000.0 / 15.0, 50.0 / 15.0)),
            // A blob that is read again from its start goes back, which is no negative rate.
            (35, 10, 1, (0.0, 0.0)),
            // Looks that are far apart are compared with each other.
            (135, 1010, 101, (10.0, 1.0)),
        ] {
            let found = look(seconds, ingested, lines);
            assert_eq!(found, expected, "at {seconds} s");
        }
    }

    #[test]
    fn a_blob_that_was_not_there_is_new() {
        let begun = Instant::now();
        let mut rates = Rates::default();
        rates.at(begun, &[]);
        let (first, second) = (row(400, 40), row(0, 0));
        let found = rates.at(begun + Duration::from_secs(4), &[(id("a"), &first), (id("b"), &second)]);
        assert_eq!(
            found,
            [
                Rate {
                    bytes: 100.0,
                    lines: 10.0
                },
                Rate::default()
            ]
        );
    }

    #[test]
    fn few_looks_are_kept_however_many_there_are() {
        let begun = Instant::now();
        let mut rates = Rates::default();
        for tenths in 0..600 {
            rates.at(
                begun + Duration::from_millis(tenths * 100),
                &[(id("a"), &row(tenths, 0))],
            );
            assert!(rates.0.len() <= 7, "{}", rates.0.len());
        }
        let last = rates.at(begun + Duration::from_secs(60), &[(id("a"), &row(600, 0))]);
        assert_eq!(last[0].bytes.round(), 10.0);
    }
}
