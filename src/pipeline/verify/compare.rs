//! A blob's lines against the topic's, both in the order of the blob.

use std::iter::Peekable;

use super::{Kind, Tally};
use crate::domain::LinePosition;

/// A line of the blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub position: LinePosition,
    pub hash: u128,
    /// Whether it must be in the topic. If not it may be: its state was committed while the topic was read.
    pub required: bool,
}

/// A line in the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub position: LinePosition,
    /// From its key.
    pub number: u64,
    pub hash: u128,
}

/// Walks through both sides once. `trimmed`: the partition has lost its first records to retention.
///
/// A key's number follows that of the line before, or is 1: runs from an offset begin to count again. It is looked at
/// only between lines that are there once, and as they should be.
///
/// # Errors
/// The first one of either side.
pub fn compare<E>(
    expected: impl Iterator<Item = Result<Expected, E>>,
    found: impl Iterator<Item = Result<Found, E>>,
    trimmed: bool,
    tally: &mut Tally,
) -> Result<(), E> {
    let mut found = found.peekable();
    let mut comparison = Comparison {
        tally,
        trimmed,
        last_number: None,
    };
    for line in expected {
        let line = line?;
        while let Some(other) = next_if(&mut found, |found| found.position < line.position)? {
            comparison.foreign(other);
        }
        let (mut copies, mut differing, mut number) = (0, 0, 0);
        while let Some(copy) = next_if(&mut found, |found| found.position == line.position)? {
            copies += 1;
            differing += u64::from(copy.hash != line.hash);
            number = copy.number;
        }
        comparison.line(line, copies, differing, number);
    }
    while let Some(other) = next_if(&mut found, |_| true)? {
        comparison.foreign(other);
    }
    Ok(())
}

fn next_if<E>(
    lines: &mut Peekable<impl Iterator<Item = Result<Found, E>>>,
    wanted: impl Fn(&Found) -> bool,
) -> Result<Option<Found>, E> {
    lines.next_if(|line| line.as_ref().map_or(true, &wanted)).transpose()
}

struct Comparison<'a> {
    tally: &'a mut Tally,
    /// Nothing of the blob was seen yet behind records that retention took.
    trimmed: bool,
    /// Of the line before, if that is there once.
    last_number: Option<u64>,
}

impl Comparison<'_> {
    fn line(&mut self, line: Expected, copies: u64, differing: u64, number: u64) {
        self.tally.found += copies;
        if copies == 0 && !line.required {
            return;
        }
        self.tally.expected += 1;
        let last_number = self.last_number.take();
        if copies == 0 {
            let kind = if self.trimmed { Kind::Expired } else { Kind::Missing };
            self.tally.note(kind, line.position, 1);
            return;
        }
        self.trimmed = false;
        if differing > 0 {
            self.tally.note(Kind::Different, line.position, differing);
        }
        if copies > 1 {
            self.tally.note(Kind::Duplicated, line.position, copies - 1);
        }
        if differing > 0 || copies > 1 {
            return;
        }
        if number != 1 && last_number.is_some_and(|last| number != last + 1) {
            self.tally.note(Kind::Misnumbered, line.position, 1);
        }
        self.last_number = Some(number);
    }

    fn foreign(&mut self, found: Found) {
        self.tally.found += 1;
        self.tally.note(Kind::Foreign, found.position, 1);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::pipeline::verify::{Place, tally::Difference};

    /// `a3` is the line `a` with the number 3 in its key; positions are (0, 0), (0, 1) … where none is written before
    /// it, as in `@7a3`: (0, 7).
    fn found(text: &str) -> Vec<Result<Found, Infallible>> {
        let mut next = 0;
        text.split_whitespace()
            .map(|word| {
                let word = match word.strip_prefix('@') {
                    None => word,
                    Some(rest) => {
                        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
                        next = rest[..digits].parse().unwrap();
                        &rest[digits..]
                    }
                };
                let index = next;
                next += 1;
                Ok(Found {
                    position: LinePosition { member: 0, index },
                    number: word[1..].parse().unwrap(),
                    hash: u128::from(word.as_bytes()[0]),
                })
            })
            .collect()
    }

    /// Capital letters are lines that need not be there.
    fn expected(text: &str) -> Vec<Result<Expected, Infallible>> {
        let lines = (0..).zip(text.bytes()).map(|(index, byte)| {
            Ok(Expected {
                position: LinePosition { member: 0, index },
                hash: u128::from(byte.to_ascii_lowercase()),
                required: byte.is_ascii_lowercase(),
            })
        });
        lines.collect()
    }

    /// Kinds with the indexes of their lines.
    fn told(differences: &[Difference]) -> String {
        let told = differences.iter().map(|difference| match difference.place {
            Place::Line { line, .. } => format!("{} {line}", difference.kind.name()),
            Place::Record { .. } => unreachable!("lines have positions"),
        });
        told.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn what_differs() {
        for (lines, topic, trimmed, counts, differences) in [
            ("", "", false, (0, 0), ""),
            ("abc", "a1 b2 c3", false, (3, 3), ""),
            ("abc", "a1 c3", false, (3, 2), "different 1, missing 2"),
            ("abc", "a1 @2c3", false, (3, 2), "missing 1"),
            ("abc", "", false, (3, 0), "missing 0, missing 1, missing 2"),
            ("abc", "a1 b2 @1b2 c3", false, (3, 4), "duplicated 1"),
            ("abc", "a1 b2 @1x2 c3", false, (3, 4), "different 1, duplicated 1"),
            ("abc", "a1 b2 c3 d4", false, (3, 4), "foreign 3"),
            ("ab", "a1 b2 @1b2 @1b2", false, (2, 4), "duplicated 1"),
            // The last one may have come while the topic was read.
            ("abC", "a1 b2", false, (2, 2), ""),
            ("abC", "a1 b2 c3", false, (3, 3), ""),
            ("abC", "a1 b2 x3", false, (3, 3), "different 2"),
            // Retention takes the first ones.
            ("abc", "@2c3", true, (3, 1), "expired 0, expired 1"),
            ("abc", "@1b2", true, (3, 1), "expired 0, missing 2"),
            // Numbers go on, from wherever they begin, or begin again.
            ("abc", "a7 b8 c9", false, (3, 3), ""),
            ("abc", "a7 b1 c2", false, (3, 3), ""),
            ("abc", "a1 b3 c4", false, (3, 3), "misnumbered 1"),
            ("abc", "a1 @2c7", false, (3, 2), "missing 1"),
        ] {
            let mut tally = Tally::default();
            let mut topic_lines = found(topic);
            topic_lines.sort_by_key(|line| line.as_ref().unwrap().position);
            let Ok(()) = compare(
                expected(lines).into_iter(),
                topic_lines.into_iter(),
                trimmed,
                &mut tally,
            );
            assert_eq!((tally.expected, tally.found), counts, "{lines} {topic}");
            assert_eq!(told(&tally.differences), differences, "{lines} {topic}");
        }
    }

    #[test]
    fn the_first_differences_are_told_and_all_are_counted() {
        let mut tally = Tally::default();
        let lines = "abcdefghijklmnopqrstuvwxyz";
        let Ok(()) = compare(expected(lines).into_iter(), std::iter::empty(), false, &mut tally);
        assert_eq!((tally.missing, tally.differences.len()), (26, 10));
        assert_eq!(tally.sentence().as_deref(), Some("lines: 26 missing"));
    }
}
