//! The loop: reads the feed that is behind, writes what is in order, waits when nothing comes.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    Horizon, Look, Looked, Merge, Source, TailError,
    clock::{Clock, LOOK_EVERY, System},
    read_back::read_back,
    turns::Turns,
    writer::Writer,
};

/// What is read, and when it ends.
#[derive(Clone, Debug)]
pub struct Plan {
    /// So many of the last lines first.
    pub last: Option<usize>,
    /// Go on with what comes.
    pub follow: bool,
    /// When following ends by itself.
    pub until: Option<Timestamp>,
    /// After so many lines.
    pub max_messages: Option<u64>,
    /// In the order of time, over all feeds; otherwise as they come.
    pub in_order: bool,
}

/// What was written is seen after this at the latest, however much comes.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// What was written before the end of the time may need so long to be there.
const GRACE: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

/// Shows lines until there are no more, or enough. Blocks.
///
/// # Errors
/// [`TailError::Interrupted`] once it is cancelled. What was read before an error is written.
pub fn run(
    source: &mut dyn Source,
    look: &mut Look,
    plan: &Plan,
    out: &mut dyn Write,
    cancel: &CancellationToken,
) -> Result<(), TailError> {
    run_by(&System, source, look, plan, out, cancel)
}

pub(super) fn run_by(
    clock: &dyn Clock,
    source: &mut dyn Source,
    look: &mut Look,
    plan: &Plan,
    out: &mut dyn Write,
    cancel: &CancellationToken,
) -> Result<(), TailError> {
    let mut writer = Writer::new(out, plan.max_messages);
    if let Some(count) = plan.last {
        let last = read_back(clock, source, look, count, cancel)?;
        for line in last.into_lines() {
            writer.write(&line)?;
        }
        writer.flush()?;
        if !plan.follow || writer.is_done() {
            return Ok(());
        }
        source.go_on()?;
    }
    let mut reading = Reading {
        clock,
        look,
        merge: plan.in_order.then(Merge::default),
        turns: Turns::default(),
        count: 0,
        line: Vec::new(),
        writer,
    };
    let outcome = reading.follow(source, plan, cancel);
    if matches!(outcome, Err(TailError::Output(_))) {
        return outcome;
    }
    reading.write(Horizon::Ended)?;
    reading.show(source)?;
    outcome
}

struct Reading<'r> {
    clock: &'r dyn Clock,
    look: &'r mut Look,
    /// `None`: lines go as they come.
    merge: Option<Merge>,
    turns: Turns,
    /// Of turns so far.
    count: i64,
    line: Vec<u8>,
    writer: Writer<'r>,
}

impl Reading<'_> {
    fn follow(&mut self, source: &mut dyn Source, plan: &Plan, cancel: &CancellationToken) -> Result<(), TailError> {
        let mut has_ends = !plan.follow;
        let until = plan
            .until
            .map(|until| until.saturating_add(GRACE).unwrap_or(Timestamp::MAX));
        let mut looked: Option<Instant> = None;
        let mut shown = self.clock.now();
        while !self.writer.is_done() {
            if cancel.is_cancelled() {
                return Err(TailError::Interrupted);
            }
            if !has_ends && until.is_some_and(|until| self.clock.time() > until) {
                source.close()?;
                self.turns.close();
                (has_ends, looked) = (true, None);
            }
            let now = self.clock.now();
            let mut came = false;
            if looked.is_none_or(|looked| now - looked >= LOOK_EVERY) {
                source.refresh()?;
                came = self.read_resting(source)?;
                looked = Some(now);
            }
            came |= self.read_next(source)?;
            let horizon = self.turns.horizon(now);
            self.write(horizon)?;
            if has_ends && self.turns.all_at_end() {
                return Ok(());
            }
            if !came || now - shown >= FLUSH_EVERY {
                self.show(source)?;
                shown = now;
            }
            if !came {
                self.clock.rest(LOOK_EVERY);
                looked = None;
            }
        }
        Ok(())
    }

    /// Reads some of the feed that is farthest behind of those that have more. Whether there was one.
    fn read_next(&mut self, source: &mut dyn Source) -> Result<bool, TailError> {
        let is_full = self.merge.as_ref().is_some_and(Merge::is_full);
        match self.turns.next(is_full, self.clock.now()) {
            Some(feed) => self.read(source, feed).map(|()| true),
            None => Ok(false),
        }
    }

    /// Looks at the feeds that had nothing. Whether something came.
    fn read_resting(&mut self, source: &mut dyn Source) -> Result<bool, TailError> {
        for feed in self.turns.len()..source.feeds() {
            self.turns.add(source.oldest(feed));
        }
        let mut came = false;
        for feed in 0..self.turns.len() {
            if self.turns.is_resting(feed) {
                self.read(source, feed)?;
                came |= !self.turns.is_resting(feed);
            }
        }
        Ok(came)
    }

    fn read(&mut self, source: &mut dyn Source, feed: usize) -> Result<(), TailError> {
        if self.writer.is_done() {
            return Ok(());
        }
        let Self {
            clock,
            look,
            merge,
            turns,
            count,
            line,
            writer,
        } = self;
        let now = clock.now();
        let newest = source.newest(feed);
        let progress = source.read(feed, &mut |record| match merge {
            None => {
                if let Looked::Written(_) = look.line(feed, record, writer.buffer()) {
                    writer.count();
                }
                !writer.is_done()
            }
            Some(merge) => {
                line.clear();
                match look.line(feed, record, line) {
                    Looked::Written(ts) => {
                        let ts = ts.min(newest);
                        turns.saw(feed, ts);
                        merge.push(ts, record.blob(feed), now, line);
                    }
                    Looked::Dropped(ts) => turns.saw(feed, ts.min(newest)),
                    Looked::Passed => {}
                }
                true
            }
        })?;
        if merge.is_none() {
            *count += 1;
            turns.saw(feed, *count);
        }
        turns.note(feed, progress, now);
        Ok(())
    }

    fn write(&mut self, horizon: Horizon) -> Result<(), TailError> {
        if let Some(merge) = &mut self.merge {
            let now = self.clock.now();
            while !self.writer.is_done()
                && let Some(line) = merge.next(horizon, now)
            {
                self.writer.write(&line)?;
            }
        }
        self.writer.flush_if_full()
    }

    /// What is written is seen.
    fn show(&mut self, source: &mut dyn Source) -> Result<(), TailError> {
        self.writer.flush()?;
        source.written()
    }
}
