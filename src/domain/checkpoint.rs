//! Positions in a blob, and where reading resumes.
//!
//! A blob is a chain of gzip members whose decompressed bytes are one text; a line may run over members. So a line is
//! named by where it begins, and reading can only start at a member's first byte:
//!
//! ```text
//! members   ├──── 0 ────┤├── 812 ──┤├──── 1377 ────┤        offsets in the blob, compressed bytes
//! lines     a⏎ b⏎ cccccc  ccc⏎ d⏎   e⏎ f⏎                   c begins in 0: position (0, 2)
//! after b   checkpoint (0, 2)        after d  (1377, 0)
//! after c   checkpoint (0, 3): no line starts at 812
//! ```

use std::fmt;

/// Where a line begins: the offset of the gzip member that holds its first byte, and its index among the lines that
/// begin in that member, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinePosition {
    /// Compressed bytes from the blob's start.
    pub member: u64,
    pub index: u64,
}

/// Where reading resumes: a line starts at the start of the member at `member`, and `lines` lines from there on are
/// already in Kafka.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checkpoint {
    /// Compressed bytes from the blob's start; `lastIngestedOffset` of `BlobState`.
    pub member: u64,
    /// `checkpointLines` of `BlobState`.
    pub lines: u64,
}

impl Checkpoint {
    /// A line starts at the member at `offset`, and none of its lines was sent.
    pub const fn at(offset: u64) -> Self {
        Self {
            member: offset,
            lines: 0,
        }
    }

    /// After one more line, which ended inside a member.
    #[must_use]
    pub const fn after_line(self) -> Self {
        Self {
            member: self.member,
            lines: self.lines + 1,
        }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lines {
            0 => write!(f, "offset {}", self.member),
            lines => write!(f, "offset {} and {lines} lines", self.member),
        }
    }
}
