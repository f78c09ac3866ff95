//! What ends a run.

use std::io;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot be read")]
    Read(#[from] io::Error),
    #[error("the gzip member at offset {member} is torn: {bytes} bytes of it are there, and then nothing")]
    Torn { member: u64, bytes: u64 },
    #[error("corrupt gzip member at offset {member}: {reason} near offset {at}")]
    Corrupt { member: u64, at: u64, reason: String },
    #[error("a line is longer than {limit_bytes} bytes")]
    LongLine { limit_bytes: usize },
    #[error("line {number}: {reason}")]
    Refused { number: u64, reason: String },
}

impl Error {
    /// What to try, or what to know.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Torn { .. } => {
                "the whole lines that are there were extracted; a blob that is being written ends like this"
            }
            Self::Corrupt { .. } => "the lines before the damage were extracted; the last of them may be wrong",
            Self::Refused { .. } => "with processing.skip_invalid_logs: true such a line becomes an error's record",
            Self::Read(_) | Self::LongLine { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
