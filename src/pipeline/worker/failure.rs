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
    pub again: Again,
}

/// When a blob is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// By itself, after a while that grows.
    Later,
    /// When its environment's storage answers again: the failure concerns all blobs there.
    WithEnvironment,
    /// No try mends it; an event or a restart may.
    Never,
}

/// A blob that is not there is looked for so many times.
const VANISHED_TRIES: u32 = 8;
/// A blob that so often failed while the storage answered others is at fault itself, whatever the storage says.
const SUSPECT_AFTER: u32 = 3;

impl Failure {
    /// What no try mends.
    pub fn lasting(kind: ErrorKind, reason: String) -> Self {
        Self {
            reason,
            kind,
            again: Again::Never,
        }
    }

    /// `failures` came before it.
    pub fn of(error: &LineError<storage::Error>, failures: u32) -> Self {
        let (kind, again) = match error {
            LineError::Source(error) => (ErrorKind::Storage, again(error.kind(), failures)),
            LineError::Corrupt { .. } | LineError::Changed { .. } => (ErrorKind::Data, Again::Later),
        };
        Self {
            reason: error.to_string(),
            kind,
            again,
        }
    }
}

fn again(kind: Kind, failures: u32) -> Again {
    match kind {
        Kind::ContainerNotFound
        | Kind::Unauthorized
        | Kind::Forbidden
        | Kind::Throttled
        | Kind::Unavailable
        | Kind::Unreachable
            if failures < SUSPECT_AFTER =>
        {
            Again::WithEnvironment
        }
        // It may be a blob's name that can not be right, so the others are not held up.
        Kind::Invalid => Again::Never,
        Kind::BlobNotFound if failures >= VANISHED_TRIES => Again::Never,
        _ => Again::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_all_waits_for_the_environment_and_the_rest_for_itself() {
        for (kind, failures, expected) in [
            (Kind::Unauthorized, 0, Again::WithEnvironment),
            (Kind::Forbidden, SUSPECT_AFTER - 1, Again::WithEnvironment),
            (Kind::ContainerNotFound, 0, Again::WithEnvironment),
            (Kind::Throttled, 0, Again::WithEnvironment),
            (Kind::Unavailable, 0, Again::WithEnvironment),
            (Kind::Unreachable, 0, Again::WithEnvironment),
            (Kind::Unavailable, SUSPECT_AFTER, Again::Later),
            (Kind::BlobNotFound, 0, Again::Later),
            (Kind::BlobNotFound, VANISHED_TRIES - 1, Again::Later),
            (Kind::BlobNotFound, VANISHED_TRIES, Again::Never),
            (Kind::Changed, 99, Again::Later),
            (Kind::Rejected, 0, Again::Later),
            (Kind::Io, 0, Again::Later),
            (Kind::Invalid, 0, Again::Never),
        ] {
            assert_eq!(again(kind, failures), expected, "{kind:?} after {failures}");
        }
    }

    #[test]
    fn data_that_is_wrong_is_no_failure_of_storage() {
        let failure = Failure::of(&LineError::Changed { member: 7 }, 0);
        assert_eq!((failure.kind, failure.again), (ErrorKind::Data, Again::Later));
        assert!(failure.reason.contains("offset 7"), "{}", failure.reason);
    }
}
