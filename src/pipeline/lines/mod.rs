//! A blob's lines in batches, each with its position, from any checkpoint on.
//!
//! ```text
//! gzip members ──▶ one text ──▶ lines, positions ──▶ batches, each with the checkpoint behind its last line
//! ```
//!
//! What a reader can rely on:
//! - A batch holds only lines of members whose checksum was right, or, of a member larger than
//!   [`Limits::hold_back_bytes`] or with more lines than [`Limits::hold_back_lines`], lines that lie before the last full
//!   multiple of those. So a corrupt or torn member of common size gives no line at all, and how much a larger one gives
//!   does not depend on how its bytes arrived.
//! - Memory is bounded by [`Limits`]. A line longer than [`Limits::line_bytes`] is read twice: once to learn its length,
//!   and with it the number of its parts, and once to give the parts out.

mod batch;
mod reader;

pub use batch::{Batch, Part, Piece};
pub use reader::{LineReader, OnCorrupt, Reading};

use crate::domain::Checkpoint;

/// Bounds of a reader's memory. Those in lines are for very short lines, which take more room than their bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A batch is given out once it holds this much text.
    pub batch_bytes: usize,
    /// Or this many lines.
    pub batch_lines: usize,
    /// So much of a member's text is held back until the member has proved whole.
    pub hold_back_bytes: usize,
    /// Or so many of its lines.
    pub hold_back_lines: u64,
    /// A line up to this length is held in memory as a whole.
    pub line_bytes: usize,
    /// A longer line comes as several pieces, all but the last of this length.
    pub part_bytes: usize,
}

impl Limits {
    /// The bounds for records of at most `part_bytes` payload.
    pub fn for_parts_of(part_bytes: usize) -> Self {
        const BATCH_BYTES: usize = 512 << 10;
        const BATCH_LINES: usize = 16 << 10;
        const HOLD_BACK_BYTES: usize = 4 << 20;
        const HOLD_BACK_LINES: u64 = 64 << 10;
        const LINE_BYTES: usize = 8 << 20;
        Self {
            batch_bytes: BATCH_BYTES,
            batch_lines: BATCH_LINES,
            hold_back_bytes: HOLD_BACK_BYTES,
            hold_back_lines: HOLD_BACK_LINES,
            line_bytes: LINE_BYTES,
            part_bytes: part_bytes.min(LINE_BYTES),
        }
    }
}

/// What becomes of an unterminated line at a blob's clean end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastLine {
    /// It is a line like the others: nothing more is awaited.
    Send,
    /// Its rest may come; it is left for a later run.
    Wait,
}

/// What a reader gives, in the order of the blob.
#[derive(Debug)]
pub enum Item {
    Batch(Batch),
    /// Damage was passed over: bytes `from` to `to` of the blob.
    Skipped {
        from: u64,
        to: u64,
        reason: String,
    },
    /// Nothing more can be read now.
    End(End),
}

/// How reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub checkpoint: Checkpoint,
    /// Compressed bytes of a member whose rest has not come.
    pub torn_bytes: u64,
    /// What was done about a last line without an end, if there is one.
    pub unterminated: Option<LastLine>,
}

impl End {
    /// Where a line was sent without its end, in bytes from the blob's start.
    pub fn cut_at(&self) -> Option<u64> {
        (self.unterminated == Some(LastLine::Send)).then_some(self.checkpoint.member)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LineError<E> {
    #[error(transparent)]
    Source(E),
    #[error("corrupt gzip member at offset {member}: {reason} near offset {at}")]
    Corrupt { member: u64, at: u64, reason: String },
    #[error("the blob changed while the line at offset {member} was read")]
    Changed { member: u64 },
}

#[cfg(test)]
mod tests;
