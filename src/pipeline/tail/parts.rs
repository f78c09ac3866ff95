//! Joins lines that came in several records.

use std::{borrow::Cow, collections::HashMap};

use super::{Place, Record};
use crate::pipeline::lines::Part;

/// What is shown of a line; the rest of a longer one is left out.
const LINE_BYTES: usize = 16 << 20;
/// Lines that are open at a time. More are of producers that went away in the middle of one.
const OPEN_LINES: usize = 64;
/// What all of them take together.
const OPEN_BYTES: usize = 64 << 20;

/// Lines whose parts are not all there. Of those that are too many, the ones that have waited longest are given up.
#[derive(Debug, Default)]
pub struct Parts {
    open: HashMap<Source, Open>,
    /// Counts the parts that came.
    came: u64,
}

/// Where parts of one line come from: a feed, the topic and partition (a feed may have several), and the key.
type Source = (usize, Option<(String, i32)>, Vec<u8>);

#[derive(Debug)]
struct Open {
    /// When its last part came.
    came: u64,
    /// The part that is next, of so many.
    next: u64,
    of: u64,
    bytes: Vec<u8>,
}

impl Parts {
    /// The line that is whole with this record. Parts without those before them are passed over.
    pub fn join<'a>(&mut self, feed: usize, record: &Record<'a>) -> Option<Cow<'a, [u8]>> {
        let value = record.value.unwrap_or_default();
        let Some(Part { number: part, of }) = record.part() else {
            return Some(Cow::Borrowed(value));
        };
        let place = match record.place {
            Place::Topic { topic, partition, .. } => Some((topic.to_owned(), partition)),
            Place::Blob { .. } => None,
        };
        let source = (feed, place, record.key.unwrap_or_default().to_vec());
        self.came += 1;
        let mut open = match self.open.remove(&source) {
            _ if part == 1 => Open {
                came: 0,
                next: 1,
                of,
                bytes: Vec::new(),
            },
            Some(open) if (open.next, open.of) == (part, of) => open,
            _ => return None,
        };
        let room = LINE_BYTES.saturating_sub(open.bytes.len());
        open.bytes.extend_from_slice(&value[..value.len().min(room)]);
        if part == of {
            return Some(Cow::Owned(open.bytes));
        }
        open.next += 1;
        open.came = self.came;
        self.open.insert(source, open);
        self.give_up();
        None
    }

    fn give_up(&mut self) {
        let bytes = |open: &HashMap<Source, Open>| open.values().map(|line| line.bytes.capacity()).sum::<usize>();
        while self.open.len() > OPEN_LINES || (self.open.len() > 1 && bytes(&self.open) > OPEN_BYTES) {
            let Some(came) = self.open.values().map(|line| line.came).min() else {
                return;
            };
            self.open.retain(|_, line| line.came != came);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::tail::{Kind, Place};

    fn take(parts: &mut Parts, key: &str, part: &str, value: &str) -> Option<String> {
        take_of(parts, "T", key, part, value)
    }

    fn take_of(parts: &mut Parts, topic: &str, key: &str, part: &str, value: &str) -> Option<String> {
        let record = Record {
            kind: Kind::Unknown,
            place: Place::Topic {
                topic,
                partition: 0,
                offset: 0,
            },
            key: Some(key.as_bytes()),
            timestamp_ms: None,
            headers: vec![("part", Some(part.as_bytes()))],
            value: Some(value.as_bytes()),
        };
        let joined = parts.join(0, &record)?;
        Some(String::from_utf8(joined.into_owned()).unwrap())
    }

    #[test]
    fn parts_become_lines() {
        let mut parts = Parts::default();
        for (key, part, value, line) in [
            ("a", "1/1", "whole", Some("whole")),
            ("a", "1/3", "x", None),
            ("b", "1/2", "1", None),
            ("a", "2/3", "y", None),
            ("b", "2/2", "2", Some("12")),
            ("a", "3/3", "z", Some("xyz")),
            // Reading began in the middle of it.
            ("c", "2/2", "rest", None),
            // A run was aborted, and the line came again.
            ("d", "1/2", "old", None),
            ("d", "1/2", "new", None),
            ("d", "2/2", "!", Some("new!")),
            ("e", "1/2", "cut otherwise", None),
            ("e", "2/3", "e", None),
            ("f", "nonsense", "f", Some("f")),
        ] {
            assert_eq!(
                take(&mut parts, key, part, value).as_deref(),
                line,
                "{key} {part} {value}"
            );
        }
        assert!(parts.open.is_empty());
    }

    #[test]
    fn a_feed_may_have_several_topics() {
        let mut parts = Parts::default();
        for (topic, part, value, line) in [
            ("T", "1/2", "a", None),
            ("U", "1/2", "b", None),
            ("T", "2/2", "A", Some("aA")),
            ("U", "2/2", "B", Some("bB")),
        ] {
            assert_eq!(
                take_of(&mut parts, topic, "k", part, value).as_deref(),
                line,
                "{topic} {part}"
            );
        }
    }

    #[test]
    fn those_that_have_waited_longest_are_given_up() {
        let mut parts = Parts::default();
        for key in 0..OPEN_LINES + 1 {
            take(&mut parts, &key.to_string(), "1/2", "x");
            take(&mut parts, "1", "1/2", "y");
        }
        assert_eq!(parts.open.len(), OPEN_LINES);
        assert_eq!(take(&mut parts, "0", "2/2", "x"), None);
        assert_eq!(take(&mut parts, "1", "2/2", "x").as_deref(), Some("yx"));
        let mebibyte = "x".repeat(1 << 20);
        for part in 1..100 {
            for key in ["a", "b", "c", "d", "e", "f"] {
                take(&mut parts, key, &format!("{part}/100"), &mebibyte);
            }
        }
        let bytes: usize = parts.open.values().map(|line| line.bytes.capacity()).sum();
        assert!(bytes <= OPEN_BYTES, "{bytes}");
    }
}
