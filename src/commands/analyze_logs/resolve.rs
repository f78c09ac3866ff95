//! From arguments to what is counted.

use std::{num::NonZeroUsize, thread};

use jiff::{Timestamp, tz::TimeZone};

use super::{super::selection::check_window, AnalyzeLogs};
use crate::{
    config,
    domain::{Date, nanos},
    pipeline::analyze::Window,
};

/// Lines are written into the blob of a day that is just over.
const DAYS_BEFORE: u32 = 1;
/// More days than these are listed as a whole.
const MOST_DAYS: usize = 366;

pub(super) fn window(args: &AnalyzeLogs) -> anyhow::Result<Window> {
    let (since, until) = (args.since.map(|since| since.0), args.until.map(|until| until.0));
    check_window(since, until)?;
    Ok(Window {
        since_ns: since.map(nanos),
        until_ns: until.map(nanos),
    })
}

/// The days whose blobs are read: that of `--date`, else those of the window, else today; none means all there are.
pub(super) fn days(args: &AnalyzeLogs, timezone: &TimeZone, now: Timestamp) -> Vec<Date> {
    if let Some(date) = args.date {
        return vec![date];
    }
    let day = |time: Timestamp| Date::of(&time.to_zoned_datetime(timezone.clone()));
    let until = args.until.map_or(now, |until| until.0.min(now));
    let first = match (args.since, args.until) {
        (Some(since), _) => day(since.0).days_before(DAYS_BEFORE),
        // From the beginning on.
        (None, Some(_)) => return Vec::new(),
        (None, None) => day(now),
    };
    day(until).back_to(first, MOST_DAYS).unwrap_or_default()
}

pub(super) fn threads(processing: &config::Processing) -> usize {
    match processing.max_concurrency {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        count => count as usize,
    }
}
