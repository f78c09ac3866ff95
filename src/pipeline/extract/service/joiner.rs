//! Lines that came in parts, because they are longer than a record may be, are put together again.
//!
//! The parts of a line have its key and the header `part`, `i/n`. They follow each other in their partition, perhaps with
//! lines of other blobs between them. Whatever comes behind the first part of an unfinished line waits with it, also a
//! line that began before and has parts among its own. So all that lies before the first part that is held is done with,
//! and nothing behind it is: a group's offset can say so at any time.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use crate::{kafka::Consumed, pipeline::lines::Part};

/// A line longer than this is not put together: memory has an end.
const LONGEST_LINE_BYTES: usize = 64 << 20;
/// Beyond this the first line is given up: so much lies behind its first part, and its rest was not among it.
pub const MOST_HELD_BYTES: usize = 128 << 20;
/// Of a record besides its key and value: headers, and its place in lists.
const OVERHEAD_BYTES: usize = 512;
/// Ingest sends all parts in one transaction, so the rest of a line is there at once. What is not in the topic after so
/// long will not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// The unfinished lines of one partition, and what waits behind them.
#[derive(Default)]
pub struct Joiner {
    /// In the order of the partition, by their first parts. At least one is unfinished.
    held: VecDeque<Held>,
    /// How many were held before, and have gone.
    gone: u64,
    /// The unfinished ones by their keys: which of all that were ever held.
    open: HashMap<Vec<u8>, u64>,
    bytes: usize,
}

struct Held {
    /// With what has come of the line.
    record: Consumed,
    /// The last part that is there; those before it are, too.
    last: Part,
    /// Its offset.
    end: i64,
    since: Instant,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Whole,
    Broken,
}

/// What comes out, in the order of the partition.
#[derive(Debug)]
pub struct Joined {
    pub record: Consumed,
    /// Where the rest of the line is missing: the last part that came of it.
    pub broken: Option<Part>,
    /// Whether all that came out before lies before it, with all its parts.
    pub is_apart: bool,
}

impl Joiner {
    /// Whether no line is unfinished.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The offset of the first part that is held.
    pub fn first_held(&self) -> Option<i64> {
        Some(self.held.front()?.record.offset)
    }

    /// What is held in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes the next record. `part` is its header's value, if there is one.
    pub fn take(&mut self, record: Consumed, part: Option<Part>, now: Instant, mut give: impl FnMut(Joined)) {
        const WHOLE: Part = Part { number: 1, of: 1 };
        match part.filter(|part| part.of > 1) {
            None if self.is_empty() => give(Joined {
                record,
                broken: None,
                is_apart: true,
            }),
            None => {
                self.hold(record, WHOLE, State::Whole, now);
                // It waits for others, and nothing waits for it.
                if self.bytes > MOST_HELD_BYTES {
                    self.let_go(give);
                }
            }
            Some(part) => {
                self.take_part(record, part, now);
                self.let_go(give);
            }
        }
    }

    fn take_part(&mut self, record: Consumed, part: Part, now: Instant) {
        let key = record.key.clone().unwrap_or_default();
        if let Some(number) = self.open.get(&key)
            && let Some(open) = self.held.get_mut((number - self.gone) as usize)
        {
            if open.takes(part, &record) {
                self.bytes += length(&record);
                open.append(record, part);
                if part.number == part.of {
                    open.state = State::Whole;
                    self.open.remove(&key);
                }
                return;
            }
            open.state = State::Broken;
            self.open.remove(&key);
        }
        match part.number {
            1 => {
                self.open.insert(key, self.gone + self.held.len() as u64);
                self.hold(record, part, State::Open, now);
            }
            _ => self.hold(record, part, State::Broken, now),
        }
    }

    fn hold(&mut self, record: Consumed, last: Part, state: State, since: Instant) {
        let held = Held {
            end: record.offset,
            record,
            last,
            since,
            state,
        };
        self.bytes += held.bytes();
        self.held.push_back(held);
    }

    /// Gives what waits for no line any more.
    fn let_go(&mut self, mut give: impl FnMut(Joined)) {
        loop {
            let mut reach = i64::MIN;
            for held in self.held.drain(..ready(&self.held)) {
                self.gone += 1;
                self.bytes -= held.bytes();
                let is_apart = held.record.offset > reach;
                reach = reach.max(held.end);
                give(held.joined(is_apart));
            }
            if self.bytes <= MOST_HELD_BYTES {
                break;
            }
            let first = self.held.iter().position(|held| held.state == State::Open);
            self.break_where(|index, _| Some(index) == first);
        }
        if self.is_empty() {
            self.held.shrink_to_fit();
        }
    }

    fn break_where(&mut self, is_given_up: impl Fn(usize, &Held) -> bool) {
        for (index, held) in self.held.iter_mut().enumerate() {
            if held.state == State::Open && is_given_up(index, held) {
                held.state = State::Broken;
                self.open.remove(held.record.key.as_deref().unwrap_or_default());
            }
        }
    }

    /// Whether a line is unfinished for so long that its rest is to be looked for.
    pub fn is_late(&self, now: Instant) -> bool {
        let first = self.held.iter().find(|held| held.state == State::Open);
        first.is_some_and(|first| first.is_late(now))
    }

    /// Gives up the lines that were late at this time.
    pub fn give_up(&mut self, at: Instant, give: impl FnMut(Joined)) {
        self.break_where(|_, held| held.is_late(at));
        self.let_go(give);
    }
}

impl Held {
    fn takes(&self, Part { number, of }: Part, record: &Consumed) -> bool {
        number == self.last.number + 1
            && of == self.last.of
            && length(&self.record) + length(record) <= LONGEST_LINE_BYTES
    }

    fn append(&mut self, record: Consumed, part: Part) {
        let line = self.record.value.get_or_insert_default();
        if self.last.number == 1 {
            // Parts are of one length, so this is room for all of them. Growing bit by bit would double it.
            let whole = line.len().saturating_mul(part.of as usize).min(LONGEST_LINE_BYTES);
            line.reserve_exact(whole.saturating_sub(line.len()));
        }
        line.extend_from_slice(&record.value.unwrap_or_default());
        self.last = part;
        self.end = record.offset;
    }

    fn is_late(&self, now: Instant) -> bool {
        now.duration_since(self.since) >= PATIENCE
    }

    fn bytes(&self) -> usize {
        OVERHEAD_BYTES + self.record.key.as_ref().map_or(0, Vec::len) + length(&self.record)
    }

    fn joined(self, is_apart: bool) -> Joined {
        Joined {
            broken: (self.state != State::Whole).then_some(self.last),
            record: self.record,
            is_apart,
        }
    }
}

/// How many, from the first on, are no longer unfinished, nor is any that lies among their parts.
fn ready(held: &VecDeque<Held>) -> usize {
    let (mut reach, mut ready) = (i64::MIN, 0);
    for (index, held) in held.iter().enumerate() {
        if held.record.offset > reach {
            ready = index;
        }
        if held.state == State::Open {
            return ready;
        }
        reach = reach.max(held.end);
    }
    held.len()
}

fn length(record: &Consumed) -> usize {
    record.value.as_ref().map_or(0, Vec::len)
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
        match joined.broken {
            None => text(joined.record),
            Some(Part { number: have, of }) => format!("{}!{have}/{of}", text(joined.record)),
        }
    }

    #[test]
    fn parts_become_lines() {
        for (records, lines, unfinished) in [
            ("a:x b:y", "a:x b:y", false),
            ("a1/3:x a2/3:y a3/3:z", "a:xyz", false),
            ("a1/1:x", "a:x", false),
            // Those of several workers mix.
            ("a1/2:x b:y c1/2:u a2/2:z c2/2:v", "a:xz b:y c:uv", false),
            ("a1/2:x c1/2:u c2/2:v a2/2:z b:y", "a:xz c:uv b:y", false),
            // Read on from c, the rest of a would be there without its beginning.
            ("a1/2:x b:y c1/2:u a2/2:z b:w", "", true),
            ("a1/2:x c1/2:u a2/2:z d1/2:s c2/2:v b:y", "", true),
            ("a1/2:x c1/2:u a2/2:z c2/2:v d1/2:s b:y", "a:xz c:uv", true),
            ("a1/2:x b:y", "", true),
            ("a1/2:x a2/2:z b:y c1/2:u b:w", "a:xz b:y", true),
            // A run that was killed without transactions begins the line again.
            ("a1/3:x a2/3:y a1/3:x a2/3:y a3/3:z", "a:xy!2/3 a:xyz", false),
            // Retention took the first one.
            ("a2/3:y a3/3:z b:u", "a:y!2/3 a:z!3/3 b:u", false),
            ("a1/3:x a3/3:z", "a:x!1/3 a:z!3/3", false),
            ("a1/2:x a2/3:y", "a:x!1/2 a:y!2/3", false),
        ] {
            let (mut joiner, mut found) = (Joiner::default(), Vec::new());
            for (offset, (mut record, part)) in (0..).zip(records.split(' ').map(record)) {
                record.offset = offset;
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
        for (offset, (text, at)) in (0..).zip([
            ("a1/2:x", now),
            ("b:y", now),
            ("c1/2:u", now + PATIENCE / 2),
            ("d:z", now + PATIENCE),
        ]) {
            let (mut record, part) = record(text);
            record.offset = offset;
            joiner.take(record, part, at, |_| panic!("all waits for the first"));
        }
        assert!(!joiner.is_late(now + PATIENCE / 2));
        joiner.give_up(now + PATIENCE / 2, |_| panic!("it may still come"));
        assert!(joiner.is_late(now + PATIENCE));
        joiner.give_up(now + PATIENCE, |joined| found.push(told(joined)));
        assert_eq!((found.join(" "), joiner.is_empty()), ("a:x!1/2 b:y".to_owned(), false));
        assert!(!joiner.is_late(now + PATIENCE));
        joiner.give_up(now + 2 * PATIENCE, |joined| found.push(told(joined)));
        assert_eq!(
            (found.join(" "), joiner.is_empty()),
            ("a:x!1/2 b:y c:u!1/2 d:z".to_owned(), true)
        );
        assert_eq!(joiner.bytes(), 0);
    }

    #[test]
    fn the_first_part_that_is_held_is_told() {
        let mut joiner = Joiner::default();
        let mut firsts = Vec::new();
        for (offset, text) in (10..).zip(["b:y", "a1/2:x", "c1/2:u", "b:y", "a2/2:z", "c2/2:v", "d1/2:x"]) {
            let (mut record, part) = record(text);
            record.offset = offset;
            joiner.take(record, part, Instant::now(), drop);
            firsts.push(joiner.first_held());
        }
        assert_eq!(firsts, [None, Some(11), Some(11), Some(11), Some(11), None, Some(16)]);
    }

    #[test]
    fn what_has_parts_among_those_of_another_is_not_apart() {
        let (mut joiner, mut found) = (Joiner::default(), Vec::new());
        for (offset, text) in (0..).zip([
            "b:y", "a1/2:x", "b:y", "c1/2:u", "a2/2:z", "b:y", "c2/2:v", "b:y", "d1/2:x", "b:y", "d2/2:y",
        ]) {
            let (mut record, part) = record(text);
            record.offset = offset;
            joiner.take(record, part, Instant::now(), |joined| {
                found.push((joined.record.offset, joined.is_apart))
            });
        }
        let expected = [
            (0, true),
            (1, true),
            (2, false),
            (3, false),
            (5, false),
            (7, true),
            (8, true),
            (9, false),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_line_with_too_much_behind_it_is_given_up() {
        let (mut joiner, now, mut found) = (Joiner::default(), Instant::now(), Vec::new());
        let count = MOST_HELD_BYTES / (1 << 20) + 1;
        for number in 0..=count {
            let (mut record, part) = record(if number == 0 { "a1/2:x" } else { "b:y" });
            record.offset = number as i64;
            record.value = Some(vec![b'x'; if number == 0 { 1 } else { 1 << 20 }]);
            joiner.take(record, part, now, |joined| found.push(joined.broken.is_some()));
        }
        assert_eq!((found.len(), found[0], joiner.bytes()), (count + 1, true, 0));
        assert!(found[1..].iter().all(|is_broken| !is_broken));
    }

    #[test]
    fn a_line_beyond_all_bounds_comes_in_pieces() {
        let (mut joiner, now, mut found) = (Joiner::default(), Instant::now(), Vec::new());
        for number in 1..=2 {
            let (mut part, _) = record("a:x");
            part.offset = number as i64;
            part.value = Some(vec![b'x'; LONGEST_LINE_BYTES / 2 + 1]);
            joiner.take(part, Some(Part { number, of: 2 }), now, |joined| found.push(joined));
        }
        let found: Vec<_> = found.into_iter().map(|joined| joined.broken).collect();
        let part = |number| Some(Part { number, of: 2 });
        assert_eq!(found, [part(1), part(2)]);
    }
}
