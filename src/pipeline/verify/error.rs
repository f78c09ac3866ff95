//! Why a verification could not be done.

use std::io;

use crate::{kafka, pipeline::lines::LineError, storage};

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Kafka(#[from] kafka::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("blob {blob} changed in place while the line at offset {member} was read")]
    Changed { blob: String, member: u64 },
    #[error("the temporary file with the topic's lines, in {}: {source}", std::env::temp_dir().display())]
    Spool {
        #[from]
        source: io::Error,
    },
}

impl VerifyError {
    pub(super) fn of_lines(error: LineError<storage::Error>, blob: &str) -> Self {
        match error {
            LineError::Source(error) => Self::Storage(error),
            LineError::Corrupt { member, .. } | LineError::Changed { member } => Self::Changed {
                blob: blob.to_owned(),
                member,
            },
        }
    }

    /// What to try.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Kafka(error) => return error.hint(),
            Self::Storage(error) => return error.hint(),
            Self::Changed { .. } => "log blobs are only ever appended to; try again".to_owned(),
            Self::Spool { .. } => {
                format!(
                    "--deep needs {} bytes there for each line of a partition; TMPDIR names another directory",
                    super::spool::ENTRY_BYTES
                )
            }
        };
        Some(hint)
    }
}
