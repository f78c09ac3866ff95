//! Lines that came in parts, because they are longer than a record may be, are put together again.
//!
//! The parts of a line have its key and the header `part`, `i/n`. They follow each other in their partition, perhaps with
//! lines of other blobs between them.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::{kafka::Consumed, pipeline::lines::Part};

/// A line longer than this is not put together: memory has an end.
const LONGEST_LINE_BYTES: usize = 64 << 20;
/// Ingest sends all parts in one transaction, so the rest of a line is there at once. What is not there after so long
/// will not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// The unfinished lines of one partition.
#[derive(Default)]
pub struct Joiner {
    open: HashMap<Vec<u8>, Open>,
}

struct Open {
    /// The first part, with what has come of the line.
    line: Consumed,
    /// The last part that is there; those before it are, too.
    last: Part,
    since: Instant,
}

/// What comes out, in the order of the partition.
#[derive(Debug)]
pub enum Joined {
    Line(Consumed),
    /// The rest of a line is missing; this came of it, up to this part.
    Broken(Consumed, Part),
}

impl Joiner {
    /// Whether no line is unfinished.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes the next record. `part` is its header's value, if there is one.
    pub fn take(&mut self, record: Consumed, part: Option<Part>, now: Instant, mut give: impl FnMut(Joined)) {
        let Some(Part { number, of }) = part.filter(|part| part.of > 1) else {
            return give(Joined::Line(record));
        };
        let key = record.key.clone().unwrap_or_default();
        if let Some(open) = self.open.get_mut(&key) {
            if open.takes(number, of, &record) {
                open.append(record);
                if open.last.number == of
                    && let Some(open) = self.open.remove(&key)
                {
                    give(Joined::Line(open.line));
                }
                return;
            }
            if let Some(open) = self.open.remove(&key) {
                give(open.broken());
            }
        }
        let last = Part { number, of };
        match number {
            1 => {
                self.open.insert(
                    key,
                    Open {
                        line: record,
                        last,
                        since: now,
                    },
                );
            }
            _ => give(Joined::Broken(record, last)),
        }
    }

    /// Gives up lines whose rest does not come.
    pub fn give_up(&mut self, now: Instant, mut give: impl FnMut(Joined)) {
        let is_late = |open: &Open| now.duration_since(open.since) >= PATIENCE;
        for (_, open) in self.open.extract_if(|_, open| is_late(open)) {
            give(open.broken());
        }
    }
}

impl Open {
    fn takes(&self, number: u64, of: u64, record: &Consumed) -> bool {
        let length = |record: &Consumed| record.value.as_ref().map_or(0, Vec::len);
        number == self.last.number + 1
            && of == self.last.of
            && length(&self.line) + length(record) <= LONGEST_LINE_BYTES
    }

    fn append(&mut self, record: Consumed) {
        let line = self.line.value.get_or_insert_default();
        line.extend_from_slice(&record.value.unwrap_or_default());
        self.last.number += 1;
    }

    fn broken(self) -> Joined {
        Joined::Broken(self.line, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a2/3:text` is a part of the line with the key `a`, `a:text` a whole one.
    fn record(text: &str) -> (Consumed, Option<Part>) {
        let (head, value) = text.split_once(':').unwrap();
        let (key, part) = head.split_at(1);
        let record = Consumed {
            partition: 0,
            offset: 0,
            key: Some(key.as_bytes().to_vec()),
            timestamp: None,
            value: Some(value.as_bytes().to_vec()),
            headers: None,
        };
        (record, Part::parse(part))
    }

    fn told(joined: Joined) -> String {
        let text = |record: Consumed| {
            let key = String::from_utf8(record.key.unwrap()).unwrap();
            format!("{key}:{}", String::from_utf8(record.value.unwrap()).unwrap())
        };
        match joined {
            Joined::Line(record) => text(record),
            Joined::Broken(record, Part { number: have, of }) => format!("{}!{have}/{of}", text(record)),
        }
    }

    #[test]
    fn parts_become_lines() {
        for (records, lines, unfinished) in [
            ("a:x b:y", "a:x b:y", false),
            ("a1/3:x a2/3:y a3/3:z", "a:xyz", false),
            ("a1/1:x", "a:x", false),
            // Those of several workers mix.
            ("a1/2:x b:y c1/2:u a2/2:z c2/2:v", "b:y a:xz c:uv", false),
            ("a1/2:x b:y", "b:y", true),
            // A run that was killed without transactions begins the line again.
            ("a1/3:x a2/3:y a1/3:x a2/3:y a3/3:z", "a:xy!2/3 a:xyz", false),
            // Retention took the first one.
            ("a2/3:y a3/3:z b:u", "a:y!2/3 a:z!3/3 b:u", false),
            ("a1/3:x a3/3:z", "a:x!1/3 a:z!3/3", false),
            ("a1/2:x a2/3:y", "a:x!1/2 a:y!2/3", false),
        ] {
            let (mut joiner, mut found) = (Joiner::default(), Vec::new());
            for (record, part) in records.split(' ').map(record) {
                joiner.take(record, part, Instant::now(), |joined| found.push(told(joined)));
            }
            assert_eq!(
                (found.join(" "), !joiner.is_empty()),
                (lines.to_owned(), unfinished),
                "{records}"
            );
        }
    }

    #[test]
    fn a_rest_that_does_not_come_is_given_up() {
        let (mut joiner, now, mut found) = (Joiner::default(), Instant::now(), Vec::new());
        let (part, header) = record("a1/2:x");
        joiner.take(part, header, now, |_| panic!("nothing is whole"));
        joiner.give_up(now + PATIENCE / 2, |_| panic!("it may still come"));
        joiner.give_up(now + PATIENCE, |joined| found.push(told(joined)));
        assert_eq!((found, joiner.is_empty()), (vec!["a:x!1/2".to_owned()], true));
    }

    #[test]
    fn a_line_beyond_all_bounds_comes_in_pieces() {
        let (mut joiner, now, mut found) = (Joiner::default(), Instant::now(), Vec::new());
        for number in 1..=2 {
            let (mut part, _) = record("a:x");
            part.value = Some(vec![b'x'; LONGEST_LINE_BYTES / 2 + 1]);
            joiner.take(part, Some(Part { number, of: 2 }), now, |joined| found.push(joined));
        }
        assert!(matches!(
            &found[..],
            [
                Joined::Broken(_, Part { number: 1, of: 2 }),
                Joined::Broken(_, Part { number: 2, of: 2 })
            ]
        ));
    }
}
