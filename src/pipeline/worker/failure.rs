//! Why a blob can not be read, and what follows from it.

use crate::{
    pipeline::{lines::LineError, metrics::ErrorKind},
    storage::{self, Kind},
};

/// A failed attempt at a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: String,
    pub kind: ErrorKind,
    /// It is about the environment's storage as a whole: the environment's other blobs need not try now.
    pub concerns_all: bool,
    /// Whether to try again by itself; otherwise an event or a restart does.
    pub again: bool,
}

/// A blob that is not there is looked for so many times.
const VANISHED_TRIES: u32 = 8;

impl Failure {
    /// What no try mends.
    pub fn lasting(kind: ErrorKind, reason: String) -> Self {
        Self {
            reason,
            kind,
            concerns_all: false,
            again: false,
        }
    }

    /// `failures` came before it.
    pub fn of(error: &LineError<storage::Error>, failures: u32) -> Self {
        let LineError::Source(of_storage) = error else {
            return Self {
                reason: error.to_string(),
                kind: ErrorKind::Data,
                concerns_all: false,
                again: true,
            };
        };
        let kind = of_storage.kind();
        Self {
            reason: error.to_string(),
            kind: ErrorKind::Storage,
            concerns_all: matches!(
                kind,
                Kind::ContainerNotFound
                    | Kind::Unauthorized
                    | Kind::Forbidden
                    | Kind::Throttled
                    | Kind::Unavailable
                    | Kind::Unreachable
                    | Kind::Invalid
            ),
            again: kind != Kind::BlobNotFound || failures < VANISHED_TRIES,
        }
    }
}
