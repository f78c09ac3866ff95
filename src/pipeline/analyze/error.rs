//! What goes wrong with one file or blob.

use std::io;

use crate::{pipeline::extract::offline, storage};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot be read")]
    Read(#[from] io::Error),
    #[error(transparent)]
    Text(#[from] offline::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("corrupt gzip data at offset {at}: {reason}; {bytes} bytes were passed over")]
    Corrupt { at: u64, bytes: u64, reason: String },
    #[error("it changed while it was read")]
    Changed,
}

impl Error {
    /// What to try, or what to know.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Corrupt { .. } => Some("what can be read of it was counted".to_owned()),
            Self::Text(error) => error.hint(),
            Self::Storage(error) => error.hint(),
            Self::Read(_) | Self::Changed => None,
        }
    }
}
