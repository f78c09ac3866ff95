//! Why a blob is not, or not wholly, in Kafka.

use std::fmt;

use crate::{kafka, pipeline::lines::LineError, storage};

#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error(transparent)]
    Kafka(#[from] kafka::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(
        "blob {blob}: the gzip member at offset {member} is corrupt: {reason} near offset {at}; before it this run {done}"
    )]
    Corrupt {
        blob: String,
        member: u64,
        at: u64,
        reason: String,
        done: Done,
    },
    #[error(
        "blob {blob}: offset {offset} is not the start of a gzip member\n  the nearest starts are {previous} and {next}"
    )]
    Misaligned {
        blob: String,
        offset: u64,
        previous: u64,
        next: u64,
    },
    #[error("blob {blob}: offset {offset} is past its end at {size}")]
    PastEnd { blob: String, offset: u64, size: u64 },
    #[error("blob {blob} has {size} bytes, but an earlier run has come to offset {offset}: it is not the same blob")]
    Shrunk { blob: String, offset: u64, size: u64 },
    #[error("blob {blob} changed in place while the line at offset {member} was read")]
    Changed { blob: String, member: u64 },
    #[error("blob {blob}: interrupted; this run {done}")]
    Interrupted { blob: String, done: Done },
}

/// What a run did before it ended early, in lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Committed in Kafka.
    Sent(u64),
    /// By a dry run.
    Counted(u64),
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(lines) => write!(f, "sent {lines} lines"),
            Self::Counted(lines) => write!(f, "counted {lines} lines and sent none"),
        }
    }
}

impl IngestError {
    pub(super) fn of_lines(error: LineError<storage::Error>, blob: &str, done: Done) -> Self {
        let blob = blob.to_owned();
        match error {
            LineError::Source(error) => Self::Storage(error),
            LineError::Corrupt { member, at, reason } => Self::Corrupt {
                blob,
                member,
                at,
                reason,
                done,
            },
            LineError::Changed { member } => Self::Changed { blob, member },
        }
    }

    /// What to try.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Kafka(error) => return error.hint(),
            Self::Storage(error) => return error.hint(),
            Self::Corrupt { done, .. } => {
                let resume = if matches!(done, Done::Sent(_)) { "--resume " } else { "" };
                format!("{resume}--on-corrupt skip goes on at the next member that inflates")
            }
            Self::Misaligned { previous, next, .. } => {
                format!(
                    "use --start-offset {next} (or --align next), or --start-offset {previous} (or --align previous)"
                )
            }
            Self::PastEnd { size, .. } => {
                format!("--start-offset {size} is the end; --resume knows where the last run stopped")
            }
            Self::Shrunk { .. } => "--start-offset 0 takes it as a new one".to_owned(),
            Self::Changed { .. } => "log blobs are only ever appended to; start again with --resume".to_owned(),
            Self::Interrupted {
                done: Done::Counted(_), ..
            } => return None,
            Self::Interrupted { .. } => "--resume goes on from here".to_owned(),
        };
        Some(hint)
    }

    /// Whether a new producer and the committed state may bring it further.
    pub(super) fn is_restartable(&self) -> bool {
        matches!(self, Self::Kafka(error) if error.severity() != kafka::Severity::Fatal)
    }
}
