//! What an event asks for, given what is known of its blob.

use super::{known::Known, work::Work};
use crate::{
    config::Filters,
    domain::{Checkpoint, Date, EnvironmentId},
};

/// What to do about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: it was done before, or a younger event has overtaken it.
    Nothing,
    /// Read from the checkpoint to the end that the event tells.
    Read,
    /// All is read; only the state has to say what is new.
    Settle,
    /// Nothing is known of it, and it is older than states are kept: it may have been ingested long ago.
    TooOld,
    /// The blob is smaller than what was read of it, though it was written since.
    Shrunk,
}

/// `oldest` is the first day for which states are kept.
pub fn decide(work: &Work, known: Option<&Known>, oldest: Date) -> Decision {
    let Some(known) = known else {
        return match work.date() < oldest {
            true => Decision::TooOld,
            false => Decision::Read,
        };
    };
    let stale = known.is_newer_than(work.last_modified);
    let done = Checkpoint::at(work.size);
    match known.checkpoint.cmp(&done) {
        std::cmp::Ordering::Greater if stale => Decision::Nothing,
        std::cmp::Ordering::Greater => Decision::Shrunk,
        _ if known.closed && stale && !known.failed => Decision::Nothing,
        std::cmp::Ordering::Equal if work.closed => Decision::Settle,
        std::cmp::Ordering::Equal if known.failed && known.skipped_bytes == 0 => Decision::Settle,
        std::cmp::Ordering::Equal => Decision::Nothing,
        std::cmp::Ordering::Less => Decision::Read,
    }
}

/// Whether the filters let a blob through.
pub fn passes(filters: &Filters, environment: &EnvironmentId, service: &str, blob: &str, date: Date) -> bool {
    let allows = |list: &[String], value: &String| list.is_empty() || list.contains(value);
    filters.min_date.is_none_or(|first| date >= first)
        && filters.max_date.is_none_or(|last| date <= last)
        && allows(&filters.subscriptions, &environment.subscription)
        && (allows(&filters.environments, &environment.environment)
            || filters.environments.contains(&environment.to_string()))
        && (filters.selectors.is_empty()
            || filters
                .selectors
                .iter()
                .any(|pattern| pattern.is_match(service) || pattern.is_match(blob)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::pipeline::worker::work::example;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    /// Read up to a member at `read`, listed with 100 bytes that were last written at second 10.
    fn known(read: u64) -> Known {
        let mut known = Known::new(0, at(1)).listed_as(100, at(10));
        known.checkpoint = Checkpoint::at(read);
        known
    }

    #[test]
    fn what_an_event_asks_for() {
        use Decision::*;
        let observed = |size, seconds| Work {
            size,
            last_modified: at(seconds),
            ..example("a")
        };
        let closed = |size, seconds| Work {
            closed: true,
            ..observed(size, seconds)
        };
        let inside = |read, lines| {
            let mut known = known(read);
            known.checkpoint.lines = lines;
            known
        };
        let skipped = |mut known: Known| {
            known.skipped_bytes = 7;
            known.with_status(false, true)
        };
        for (work, known, expected) in [
            (observed(100, 10), None, Read),
            (closed(0, 10), None, Read),
            // The rest of it.
            (observed(100, 10), Some(known(60)), Read),
            (observed(200, 20), Some(known(100)), Read),
            // All was read, and a second time all was read.
            (observed(100, 10), Some(known(100)), Nothing),
            (observed(60, 5), Some(known(100)), Nothing),
            // Lines of the last member are in Kafka, but its end was not seen.
            (observed(100, 10), Some(inside(90, 4)), Read),
            // Nobody writes any more: that is to be said, once.
            (closed(100, 10), Some(known(100)), Settle),
            (closed(100, 10), Some(known(100).with_status(true, false)), Nothing),
            (closed(100, 10), Some(known(90).with_status(true, false)), Nothing),
            (closed(100, 20), Some(known(100).with_status(true, false)), Settle),
            // It was closed, and written to after all.
            (observed(200, 20), Some(known(100).with_status(true, false)), Read),
            (observed(100, 20), Some(known(100).with_status(true, false)), Nothing),
            // An error is tried again by any event, and taken back if nothing is missing.
            (closed(100, 10), Some(known(60).with_status(true, true)), Read),
            (observed(100, 10), Some(known(60).with_status(false, true)), Read),
            (observed(100, 10), Some(known(100).with_status(false, true)), Settle),
            // But not that of damage, which stays.
            (observed(100, 10), Some(skipped(known(100))), Nothing),
            (observed(120, 20), Some(skipped(known(100))), Read),
            // It is smaller than what was read: replaced, unless the event is old.
            (observed(60, 20), Some(known(100)), Shrunk),
            (observed(60, 20), Some(known(100).with_status(true, false)), Shrunk),
            (observed(60, 10), Some(known(100).with_status(true, true)), Nothing),
        ] {
            let said = format!("{work:?}, {known:?}");
            assert_eq!(
                decide(&work, known.as_ref(), "19691231".parse().unwrap()),
                expected,
                "{said}"
            );
        }
    }

    #[test]
    fn only_an_unknown_blob_is_too_old() {
        let work = example("a");
        for (oldest, known, expected) in [
            ("19700101", None, Decision::Read),
            ("19700102", None, Decision::TooOld),
            ("19700102", Some(known(0)), Decision::Read),
        ] {
            assert_eq!(
                decide(&work, known.as_ref(), oldest.parse().unwrap()),
                expected,
                "{oldest}"
            );
        }
    }

    #[test]
    fn filters_hold_back_what_they_do_not_name() {
        let filters = |yaml: &str| serde_yaml::from_str::<Filters>(yaml).unwrap();
        for (yaml, expected) in [
            ("{}", true),
            ("{min_date: 2025-06-06, max_date: 2025-06-06}", true),
            ("{min_date: 2025-06-07}", false),
            ("{max_date: 2025-06-05}", false),
            ("{subscriptions: [cp1, cp2]}", true),
            ("{subscriptions: [cp1]}", false),
            ("{environments: [P1]}", true),
            ("{environments: [cp2/P1]}", true),
            ("{environments: [cp1/P1, S1]}", false),
            ("{selectors: [^api$]}", true),
            ("{selectors: [zookeeper, platform-]}", true),
            ("{selectors: [^platform]}", false),
            ("{environments: [P1], selectors: [zookeeper]}", false),
        ] {
            let environment = EnvironmentId::new("cp2", "P1");
            let day = "20250606".parse().unwrap();
            let blob = "kubernetes/20250606.api-1_default_platform-01.gz";
            assert_eq!(
                passes(&filters(yaml), &environment, "api", blob, day),
                expected,
                "{yaml}"
            );
        }
    }
}
