//! Lines that travel together.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::{Checkpoint, LinePosition};

/// Consecutive lines of one blob.
#[derive(Debug)]
pub struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
    /// Where reading resumes once this batch is in Kafka. Inside a line of several parts: before that line.
    pub after: Checkpoint,
    /// Whether the batch ends with a line's end; if not, nothing may be committed behind it.
    pub whole: bool,
    /// Compressed bytes of the blob that were read for it, as an offset.
    pub read_to: u64,
    pub(super) spare: Spare,
}

/// A batch's memory is the reader's again.
impl Drop for Batch {
    fn drop(&mut self) {
        self.spare.put(std::mem::take(&mut self.bytes));
    }
}

/// Memory of batches that were taken, for the next ones: to ask the system for it each time costs as much as a tenth of
/// inflating into it. What is in it stays there.
#[derive(Clone, Debug, Default)]
pub(super) struct Spare(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spare {
    /// While one batch is read and one waits, one is taken.
    const BUFFERS: usize = 2;
    /// What a very long line took is not kept.
    const BUFFER_BYTES: usize = 4 << 20;

    pub fn take(&self) -> Vec<u8> {
        self.buffers().pop().unwrap_or_default()
    }

    fn put(&self, buffer: Vec<u8>) {
        let mut buffers = self.buffers();
        if buffers.len() < Self::BUFFERS && buffer.capacity() <= Self::BUFFER_BYTES {
            buffers.push(buffer);
        }
    }

    /// A panic elsewhere while the lock was held leaves these plain values usable.
    fn buffers(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line, or one part of a long one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub(super) start: usize,
    pub(super) end: usize,
    pub position: LinePosition,
    pub part: Option<Part>,
}

/// Part `number` (from 1) `of` so many, of a line that is longer than a record may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub number: u64,
    pub of: u64,
}

/// As the header `part` has it: `2/7`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Part {
    /// Reads the header `part`. `None` for anything but a number from 1 up to how many there are.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, of) = text.split_once('/')?;
        let part = Self {
            number: number.parse().ok()?,
            of: of.parse().ok()?,
        };
        (1..=part.of).contains(&part.number).then_some(part)
    }
}

impl Piece {
    pub fn ends_line(&self) -> bool {
        self.part.is_none_or(|part| part.number == part.of)
    }
}

impl Batch {
    /// The pieces with their bytes, in the order of the blob.
    pub fn pieces(&self) -> impl Iterator<Item = (&Piece, &[u8])> {
        self.pieces
            .iter()
            .map(|piece| (piece, &self.bytes[piece.start..piece.end]))
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes of text in it, without newlines.
    pub fn text_bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| (piece.end - piece.start) as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_part_is_one() {
        for (text, expected) in [
            ("2/7", Some((2, 7))),
            ("0/7", None),
            ("8/7", None),
            ("1/", None),
            ("1", None),
            ("", None),
            ("-1/7", None),
        ] {
            let part = Part::parse(text);
            assert_eq!(part.map(|part| (part.number, part.of)), expected, "{text}");
            assert!(part.is_none_or(|part| part.to_string() == text), "{text}");
        }
    }
}
