//! Lines that came in parts, because they are longer than a record may be, are put together again.
//!
//! The parts of a line have its key and the header `part`, `i/n`. They follow each other in their partition, perhaps with
//! lines of other blobs between them. Whatever comes behind the first part of an unfinished line waits with it, also a
//! line that began before and has parts among its own. So all that lies before the first part that is held is done with,
//! and nothing behind it is: a group's offset can say so at any time.

#[cfg(test)]
mod tests;

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
