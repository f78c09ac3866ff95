//! The lines that a blob has, up to a checkpoint.

use std::{sync::Arc, vec};

use bytes::Bytes;
use twox_hash::XxHash3_128;

use super::Expected;
use crate::{
    domain::{Checkpoint, LinePosition},
    pipeline::{
        ingest::Progress,
        lines::{Batch, Item, LastLine, Limits, LineError, LineReader, OnCorrupt, Reading},
    },
};

/// Up to where a blob is compared: lines before `must` have to be in the topic, lines before `may` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    must: Checkpoint,
    may: Checkpoint,
}

impl Extent {
    /// `before` and `behind` are the checkpoints as of before and behind the reading of the topic. A run that begins the
    /// blob again turns them around.
    pub fn between(before: Checkpoint, behind: Checkpoint) -> Self {
        Self {
            must: before.min(behind),
            may: before.max(behind),
        }
    }

    /// The part of it before a place where reading began again, and the part behind that.
    fn split_at(self, place: Checkpoint) -> (Self, Self) {
        let before = Self {
            must: self.must.min(place),
            may: self.may.min(place),
        };
        let behind = Self {
            must: self.must.max(place),
            may: self.may.max(place),
        };
        (before, behind)
    }

    /// Bytes of the blob that have to be read for it. A member has to be read beyond a checkpoint in it.
    pub fn bytes(&self) -> u64 {
        match self.may.lines {
            0 => self.may.member,
            _ => u64::MAX,
        }
    }
}

/// Tells lines before a checkpoint from those behind it. Lines must come in order.
struct Before {
    checkpoint: Checkpoint,
    /// Lines from the checkpoint's member on that came so far.
    lines: u64,
}

impl Before {
    fn new(checkpoint: Checkpoint) -> Self {
        Self { checkpoint, lines: 0 }
    }

    fn takes(&mut self, position: LinePosition) -> bool {
        if position.member < self.checkpoint.member {
            return true;
        }
        self.lines += 1;
        self.lines <= self.checkpoint.lines
    }
}

/// Reads and hashes a blob's lines up to the end of an [`Extent`]. Corrupt members are passed over, as by ingest.
pub struct BlobLines<F, O, S> {
    open_up_to: F,
    reader: LineReader<O, S>,
    /// Where reading begins again, and what is read from there on.
    rest: Option<(Checkpoint, Extent)>,
    ready: vec::IntoIter<Expected>,
    must: Before,
    may: Before,
    /// The hash of the parts so far of a line longer than the reader holds.
    long_line: Option<XxHash3_128>,
    ended: bool,
    skipped_bytes: u64,
    progress: Arc<Progress>,
    /// Bytes and lines of blobs before this one.
    done: (u64, u64),
    lines: u64,
}

impl<F, O, S, E> BlobLines<F, O, S>
where
    F: FnMut(u64) -> O,
    O: FnMut(u64) -> S,
    S: Iterator<Item = Result<Bytes, E>>,
{
    /// `open_up_to` opens the blob's bytes up to a given end. `cut_at`: up to there a line was sent without its end, so
    /// what follows began a line of its own.
    pub fn new(extent: Extent, cut_at: Option<u64>, mut open_up_to: F, progress: Arc<Progress>) -> Self {
        let cut = cut_at.map(Checkpoint::at).filter(|cut| *cut < extent.may);
        let (extent, rest) = match cut {
            None => (extent, None),
            Some(cut) => {
                let (before, behind) = extent.split_at(cut);
                (before, Some((cut, behind)))
            }
        };
        Self {
            reader: reader(Checkpoint::default(), extent, &mut open_up_to),
            open_up_to,
            rest,
            ready: Vec::new().into_iter(),
            must: Before::new(extent.must),
            may: Before::new(extent.may),
            long_line: None,
            ended: extent.may == Checkpoint::default(),
            skipped_bytes: 0,
            done: (progress.position(), progress.lines()),
            progress,
            lines: 0,
        }
    }

    /// Corrupt bytes that were passed over so far.
    pub fn skipped_bytes(&self) -> u64 {
        self.skipped_bytes
    }

    /// Whether there is more.
    fn begin_rest(&mut self) -> bool {
        let Some((start, extent)) = self.rest.take() else {
            return false;
        };
        self.reader = reader(start, extent, &mut self.open_up_to);
        self.must = Before::new(extent.must);
        self.may = Before::new(extent.may);
        self.ended = false;
        true
    }

    fn read(&mut self) -> Result<(), LineError<E>> {
        match self.reader.next_item()? {
            Item::Batch(batch) => self.take(&batch),
            Item::Skipped { from, to, .. } => self.skipped_bytes += to - from,
            Item::End(_) => self.ended = true,
        }
        Ok(())
    }

    fn take(&mut self, batch: &Batch) {
        let mut ready = Vec::new();
        for (piece, bytes) in batch.pieces() {
            let hash = match (piece.part, &mut self.long_line) {
                (None, _) => XxHash3_128::oneshot(bytes),
                (Some(_), long_line) => {
                    let hasher = long_line.get_or_insert_with(XxHash3_128::new);
                    hasher.write(bytes);
                    hasher.finish_128()
                }
            };
            if !piece.ends_line() {
                continue;
            }
            self.long_line = None;
            if !self.may.takes(piece.position) {
                self.ended = true;
                break;
            }
            ready.push(Expected {
                position: piece.position,
                hash,
                required: self.must.takes(piece.position),
            });
        }
        self.lines += ready.len() as u64;
        self.progress
            .update(self.done.0 + batch.read_to, self.done.1 + self.lines);
        self.ready = ready.into_iter();
    }
}

fn reader<O, S, E>(start: Checkpoint, extent: Extent, open_up_to: impl FnOnce(u64) -> O) -> LineReader<O, S>
where
    O: FnMut(u64) -> S,
    S: Iterator<Item = Result<Bytes, E>>,
{
    let reading = Reading {
        start,
        end: extent.bytes(),
        // Whatever records may hold: only lines of more than the reader's own bound come in parts.
        limits: Limits::for_parts_of(usize::MAX),
        last_line: LastLine::Send,
        on_corrupt: OnCorrupt::Skip,
    };
    LineReader::new(reading, open_up_to(reading.end))
}

impl<F, O, S, E> Iterator for BlobLines<F, O, S>
where
    F: FnMut(u64) -> O,
    O: FnMut(u64) -> S,
    S: Iterator<Item = Result<Bytes, E>>,
{
    type Item = Result<Expected, LineError<E>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(line) = self.ready.next() {
                return Some(Ok(line));
            }
            if self.ended {
                if !self.begin_rest() {
                    return None;
                }
                continue;
            }
            if let Err(error) = self.read() {
                self.ended = true;
                self.rest = None;
                return Some(Err(error));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, io::Write};

    use super::*;

    fn member(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn lines_up_to_two_checkpoints() {
        let members = [member("a\nb\nc"), member("c\nd\n"), member("e\nf")];
        let offsets = [0, members[0].len() as u64, (members[0].len() + members[1].len()) as u64];
        let blob = members.concat();
        let at = |member: usize, lines| Checkpoint {
            member: *offsets.get(member).unwrap_or(&(blob.len() as u64)),
            lines,
        };
        for (must, may, cut, lines) in [
            (at(0, 0), at(0, 0), None, ""),
            (at(0, 2), at(0, 2), None, "a b"),
            (at(0, 2), at(0, 4), None, "a b cc? d?"),
            (at(0, 4), at(2, 0), None, "a b cc d"),
            (at(2, 0), at(2, 1), None, "a b cc d e?"),
            (at(2, 1), at(3, 0), None, "a b cc d e f?"),
            (at(3, 0), at(3, 0), None, "a b cc d e f"),
            // A run began the blob again meanwhile.
            (at(3, 0), at(0, 1), None, "a b? cc? d? e? f?"),
            // A line was sent without its end, and its rest came.
            (at(1, 0), at(1, 0), Some(1), "a b c"),
            (at(0, 3), at(1, 1), Some(1), "a b c c?"),
            (at(1, 1), at(2, 0), Some(1), "a b c c d?"),
            (at(3, 0), at(3, 0), Some(1), "a b c c d e f"),
            (at(3, 0), at(3, 0), Some(3), "a b cc d e f"),
        ] {
            let extent = Extent::between(must, may);
            let bytes = Bytes::from(blob.clone());
            let open_up_to = |end: u64| {
                let bytes = bytes.slice(..bytes.len().min(end as usize));
                move |offset: u64| std::iter::once(Ok::<_, Infallible>(bytes.slice(bytes.len().min(offset as usize)..)))
            };
            let cut = cut.map(|member| at(member, 0).member);
            let found: Vec<Expected> = BlobLines::new(extent, cut, open_up_to, Arc::default())
                .map(Result::unwrap)
                .collect();
            let expected: Vec<(u128, bool)> = lines
                .split_whitespace()
                .map(|word| {
                    let line = word.trim_end_matches('?');
                    (XxHash3_128::oneshot(line.as_bytes()), line == word)
                })
                .collect();
            let found: Vec<_> = found.iter().map(|line| (line.hash, line.required)).collect();
            assert_eq!(found, expected, "{lines}");
        }
    }
}
