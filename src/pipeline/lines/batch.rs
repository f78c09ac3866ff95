//! Lines that travel together.

use std::fmt;

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
