//! What is to be told of a blob that was listed.

use jiff::{SignedDuration, Timestamp};

/// What was last told of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// In bytes.
    pub size: u64,
    pub last_modified: Timestamp,
    /// Whether it was told to be closed, as it is.
    pub closed: bool,
}

/// What to tell of a blob now; both in this order, if both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub observe: bool,
    pub close: bool,
    /// What will have been told then.
    pub told: Told,
}

/// Compares what was listed with what was told. A blob that changed in any way is new: one that shrank or was
/// written in place has to be looked at as much as one that grew, and one that was closed is open again.
///
/// `now` is when storage was asked. A blob closes once it was not written to for `close_after`; never for `None`.
pub fn decide(
    before: Option<Told>,
    size: u64,
    last_modified: Timestamp,
    now: Timestamp,
    close_after: Option<SignedDuration>,
) -> Verdict {
    let unchanged = before.filter(|told| (told.size, told.last_modified) == (size, last_modified));
    let was_closed = unchanged.is_some_and(|told| told.closed);
    let is_quiet = close_after.is_some_and(|timeout| now.duration_since(last_modified) >= timeout);
    Verdict {
        observe: unchanged.is_none(),
        close: is_quiet && !was_closed,
        told: Told {
            size,
            last_modified,
            closed: is_quiet || was_closed,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    const TIMEOUT: SignedDuration = SignedDuration::from_secs(300);

    #[test]
    fn what_is_told() {
        let open = |size, modified| Some((size, modified, false));
        let closed = |size, modified| Some((size, modified, true));
        // What was told, what is listed (size, last write), now; what is told: observed, closed, closed by then.
        for (case, before, (size, modified), now, wanted) in [
            ("new", None, (10, 1000), 1000, (true, false, false)),
            ("new and quiet already", None, (10, 1000), 1300, (true, true, true)),
            ("new and empty", None, (0, 1000), 1000, (true, false, false)),
            ("unchanged", open(10, 1000), (10, 1000), 1299, (false, false, false)),
            ("grown", open(10, 1000), (11, 1001), 1001, (true, false, false)),
            (
                "written in the same second",
                open(10, 1000),
                (11, 1000),
                1000,
                (true, false, false),
            ),
            (
                "written in place",
                open(10, 1000),
                (10, 1001),
                1001,
                (true, false, false),
            ),
            ("shrunk", open(10, 1000), (9, 1001), 1001, (true, false, false)),
            ("quiet", open(10, 1000), (10, 1000), 1300, (false, true, true)),
            (
                "grown, then quiet",
                open(10, 1000),
                (11, 1001),
                1301,
                (true, true, true),
            ),
            ("closed", closed(10, 1000), (10, 1000), 9000, (false, false, true)),
            (
                "closed, and open again",
                closed(10, 1000),
                (11, 9000),
                9001,
                (true, false, false),
            ),
            (
                "closed, open and quiet again",
                closed(10, 1000),
                (11, 9000),
                9300,
                (true, true, true),
            ),
            (
                "closed by another's shorter timeout",
                closed(10, 1000),
                (10, 1000),
                1001,
                (false, false, true),
            ),
            (
                "by storage's clock written later",
                None,
                (10, 2000),
                1000,
                (true, false, false),
            ),
        ] {
            let before = before.map(|(size, modified, closed)| Told {
                size,
                last_modified: at(modified),
                closed,
            });
            let verdict = decide(before, size, at(modified), at(now), Some(TIMEOUT));
            let found = (verdict.observe, verdict.close, verdict.told.closed);
            assert_eq!(found, wanted, "{case}");
            assert_eq!(
                (verdict.told.size, verdict.told.last_modified),
                (size, at(modified)),
                "{case}"
            );
            // Once told, nothing is left to tell.
            let again = decide(Some(verdict.told), size, at(modified), at(now), Some(TIMEOUT));
            assert_eq!((again.observe, again.close), (false, false), "{case}");
        }
    }

    #[test]
    fn without_a_timeout_nothing_closes() {
        let verdict = decide(None, 10, at(0), at(1_000_000), None);
        assert!(verdict.observe && !verdict.close && !verdict.told.closed);
    }
}
