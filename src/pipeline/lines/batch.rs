//! Lines that travel together.

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
