//! Finds the last lines without reading everything before them.

use std::cmp::Reverse;

use tokio_util::sync::CancellationToken;

use super::{
    Last, Look, Looked, Progress, Record, Source, TailError,
    clock::{Clock, LOOK_EVERY},
};

/// A feed is in about the order of time, so what lies before enough lines of it is older; how old is told only by when Kafka
/// got it, which for days that were brought in later is long after. From this round on, thousands of records deep, the order
/// is relied on.
const FAR_BACK: u32 = 3;

/// The last `count` lines of all feeds: each round reads the ends of those feeds anew that may hold more of them.
pub(super) fn read_back(
    clock: &dyn Clock,
    source: &mut dyn Source,
    look: &mut Look,
    count: usize,
    cancel: &CancellationToken,
) -> Result<Last, TailError> {
    let mut last = Last::new(count);
    let mut unfinished: Vec<usize> = (0..source.feeds()).collect();
    let mut round = 0;
    while !unfinished.is_empty() {
        // What is newest may make a look at the others needless.
        unfinished.sort_by_key(|feed| Reverse(source.newest(*feed)));
        source.step_back(&unfinished, round)?;
        for feed in &unfinished {
            last.forget(*feed);
        }
        read(clock, source, look, unfinished.clone(), &mut last, cancel)?;
        unfinished.retain(|feed| {
            if round >= FAR_BACK && last.has_enough_of(*feed) {
                return false;
            }
            let before = source.before(*feed).map(|ts| ts.min(source.newest(*feed)));
            before.is_some_and(|ts| !last.is_beyond(ts))
        });
        round += 1;
    }
    Ok(last)
}

/// Reads these feeds to their ends: each as far as it is there, before the next.
fn read(
    clock: &dyn Clock,
    source: &mut dyn Source,
    look: &mut Look,
    mut unread: Vec<usize>,
    last: &mut Last,
    cancel: &CancellationToken,
) -> Result<(), TailError> {
    let mut line = Vec::new();
    while !unread.is_empty() {
        let mut left = Vec::new();
        for feed in unread {
            let mut progress = Progress::More;
            while progress == Progress::More {
                if cancel.is_cancelled() {
                    return Err(TailError::Interrupted);
                }
                let newest = source.newest(feed);
                if last.is_beyond(newest) {
                    progress = Progress::AtEnd;
                    break;
                }
                progress = source.read(feed, &mut |record: &Record<'_>| {
                    line.clear();
                    if let Looked::Written(ts) = look.line(feed, record, &mut line) {
                        last.push(feed, ts.min(newest), record.blob(feed), &line);
                    }
                    true
                })?;
            }
            if progress == Progress::Waiting {
                left.push(feed);
            }
        }
        unread = left;
        source.refresh()?;
        if !unread.is_empty() {
            clock.rest(LOOK_EVERY);
        }
    }
    Ok(())
}
