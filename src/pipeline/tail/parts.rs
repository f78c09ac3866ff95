//! Joins lines that came in several records.

use std::{borrow::Cow, collections::HashMap};

use super::Record;
use crate::pipeline::lines::Part;

/// What is shown of a line; the rest of a longer one is left out.
const LINE_BYTES: usize = 16 << 20;
/// Lines that are open at a time. More are of producers that went away in the middle of one.
const OPEN_LINES: usize = 64;

/// Lines whose parts are not all there, by feed and key.
#[derive(Debug, Default)]
pub struct Parts(HashMap<(usize, Vec<u8>), Open>);

#[derive(Debug)]
struct Open {
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
        let key = (feed, record.key.unwrap_or_default().to_vec());
        let mut open = match self.0.remove(&key) {
            _ if part == 1 => Open {
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
        if self.0.len() >= OPEN_LINES {
            self.0.clear();
        }
        self.0.insert(key, open);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::tail::{Kind, Place};

    fn take(parts: &mut Parts, key: &str, part: &str, value: &str) -> Option<String> {
        let record = Record {
            kind: Kind::Unknown,
            place: Place::Topic {
                topic: "T",
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
        assert!(parts.0.is_empty());
    }
}
