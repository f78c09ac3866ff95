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
