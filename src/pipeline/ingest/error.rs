//! Why a blob is not, or not wholly, in Kafka.

use crate::{kafka, pipeline::lines::LineError, storage};

#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error(transparent)]
    Kafka(#[from] kafka::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(
        "blob {blob}: the gzip member at offset {member} is corrupt: {reason} near offset {at}; {lines} lines before it are in Kafka"
    )]
    Corrupt {
        blob: String,
        member: u64,
        at: u64,
        reason: String,
        lines: u64,
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
    #[error("blob {blob} changed in place while the line at offset {member} was read")]
    Changed { blob: String, member: u64 },
    #[error("blob {blob}: interrupted after {lines} lines")]
    Interrupted { blob: String, lines: u64 },
}

impl IngestError {
    pub(super) fn of_lines(error: LineError<storage::Error>, blob: &str, lines: u64) -> Self {
        let blob = blob.to_owned();
        match error {
            LineError::Source(error) => Self::Storage(error),
            LineError::Corrupt { member, at, reason } => Self::Corrupt {
                blob,
                member,
                at,
                reason,
                lines,
            },
            LineError::Changed { member } => Self::Changed { blob, member },
        }
    }

    /// What to try.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Kafka(error) => return error.hint(),
            Self::Storage(error) => return error.hint(),
            Self::Corrupt { .. } => "--resume --on-corrupt skip goes on at the next member that inflates".to_owned(),
            Self::Misaligned { next, .. } => format!("use --start-offset {next}, or --align next"),
            Self::PastEnd { size, .. } => {
                format!("--start-offset {size} is the end; --resume knows where the last run stopped")
            }
            Self::Changed { .. } => "log blobs are only ever appended to; start again with --resume".to_owned(),
            Self::Interrupted { .. } => "--resume goes on from here".to_owned(),
        };
        Some(hint)
    }

    /// Whether a new producer and the committed state may bring it further.
    pub(super) fn is_restartable(&self) -> bool {
        matches!(self, Self::Kafka(error) if error.severity() != kafka::Severity::Fatal)
    }
}
