//! The loop: reads the feed that is behind, writes what is in order, waits when nothing comes.

use std::{
    io::Write,
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Horizon, Look, Looked, Merge, Progress, Source, TailError, read_back::read_back, writer::Writer};

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

/// Between two looks at feeds that were at their ends.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A feed that says nothing for so long is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// What was written before the end of the time may need so long to be there.
const GRACE: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

/// Shows lines until there are no more, or enough. Blocks.
///
/// # Errors
/// [`TailError::Interrupted`] once it is cancelled; what was read by then is written.
pub fn run(
    source: &mut dyn Source,
    look: &mut Look,
    plan: &Plan,
    out: &mut dyn Write,
    cancel: &CancellationToken,
) -> Result<(), TailError> {
    let mut writer = Writer::new(out, plan.max_messages);
    if let Some(count) = plan.last {
        let last = read_back(source, look, count, cancel)?;
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
        look,
        merge: plan.in_order.then(Merge::default),
        feeds: Vec::new(),
        turns: 0,
        writer,
    };
    let mut look_at_all = true;
    let mut looked = Instant::now();
    loop {
        let mut came = false;
        if look_at_all || looked.elapsed() >= LOOK_EVERY {
            source.refresh()?;
            reading.feeds.resize_with(source.feeds(), Feed::default);
            came = reading.read_waiting(source)?;
            (look_at_all, looked) = (false, Instant::now());
        }
        came |= reading.read_behind(source)?;
        reading.write_ready()?;
        if came && !reading.writer.is_done() && !cancel.is_cancelled() {
            continue;
        }
        let over = plan.until.is_some_and(|until| Timestamp::now() > until + GRACE);
        let ended = (!plan.follow || over) && reading.feeds.iter().all(|feed| feed.state == State::AtEnd);
        if ended || cancel.is_cancelled() {
            reading.write(Horizon::Ended)?;
        }
        reading.writer.flush()?;
        source.written()?;
        if cancel.is_cancelled() {
            return Err(TailError::Interrupted);
        }
        if ended || reading.writer.is_done() {
            return Ok(());
        }
        // Whoever has news unparks.
        thread::park_timeout(LOOK_EVERY);
        look_at_all = true;
    }
}

struct Reading<'r> {
    look: &'r mut Look,
    /// `None`: lines go as they come.
    merge: Option<Merge>,
    feeds: Vec<Feed>,
    turns: i64,
    writer: Writer<'r>,
}

struct Feed {
    /// The latest time that was read of it, in nanoseconds since 1970; without an order, its last turn.
    seen: i64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    Waiting(Instant),
    AtEnd,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            seen: i64::MIN,
            state: State::Reading,
        }
    }
}

impl Feed {
    /// Whether others are held back for it.
    fn is_waited_for(&self) -> bool {
        match self.state {
            State::Reading => true,
            State::Waiting(since) => since.elapsed() < PATIENCE,
            State::AtEnd => false,
        }
    }
}

impl Reading<'_> {
    /// Reads some of the feed that is farthest behind of those that have more. Whether there was one.
    fn read_behind(&mut self, source: &mut dyn Source) -> Result<bool, TailError> {
        let is_full = self.merge.as_ref().is_some_and(Merge::is_full);
        let mut behind: Option<usize> = None;
        for (index, feed) in self.feeds.iter().enumerate() {
            let counts = match feed.state {
                State::Reading => true,
                // Of what others have, enough is held.
                State::Waiting(_) => is_full && feed.is_waited_for(),
                State::AtEnd => false,
            };
            if counts && behind.is_none_or(|other| feed.seen < self.feeds[other].seen) {
                behind = Some(index);
            }
        }
        match behind {
            Some(feed) if self.feeds[feed].state == State::Reading => {
                self.read(source, feed)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Looks at the feeds that had nothing. Whether something came.
    fn read_waiting(&mut self, source: &mut dyn Source) -> Result<bool, TailError> {
        let mut came = false;
        for feed in 0..self.feeds.len() {
            if self.feeds[feed].state != State::Reading {
                self.read(source, feed)?;
                came |= self.feeds[feed].state == State::Reading;
            }
        }
        Ok(came)
    }

    fn read(&mut self, source: &mut dyn Source, index: usize) -> Result<(), TailError> {
        if self.writer.is_done() {
            return Ok(());
        }
        let Self {
            look,
            merge,
            feeds,
            turns,
            writer,
        } = self;
        let feed = &mut feeds[index];
        let now = Instant::now();
        let progress = source.read(index, &mut |record| match merge {
            None => {
                if let Looked::Written(_) = look.line(index, record, writer.buffer()) {
                    writer.count();
                }
                !writer.is_done()
            }
            Some(merge) => {
                let mut line = Vec::new();
                match look.line(index, record, &mut line) {
                    Looked::Written(ts) => {
                        feed.seen = feed.seen.max(ts);
                        merge.push(ts, now, line);
                    }
                    Looked::Dropped(ts) => feed.seen = feed.seen.max(ts),
                    Looked::Passed => {}
                }
                true
            }
        })?;
        if merge.is_none() {
            *turns += 1;
            feed.seen = *turns;
        }
        feed.state = match (progress, feed.state) {
            (Progress::More, _) => State::Reading,
            (Progress::AtEnd, _) => State::AtEnd,
            (Progress::Waiting, State::Waiting(since)) => State::Waiting(since),
            (Progress::Waiting, _) => State::Waiting(now),
        };
        Ok(())
    }

    fn write_ready(&mut self) -> Result<(), TailError> {
        let waited_for = self.feeds.iter().filter(|feed| feed.is_waited_for());
        let horizon = match waited_for.map(|feed| feed.seen).min() {
            Some(seen) => Horizon::Reading(seen),
            None => Horizon::Live(Instant::now()),
        };
        self.write(horizon)
    }

    fn write(&mut self, horizon: Horizon) -> Result<(), TailError> {
        if let Some(merge) = &mut self.merge {
            while !self.writer.is_done()
                && let Some(line) = merge.next(horizon)
            {
                self.writer.write(&line)?;
            }
        }
        self.writer.flush_if_full()
    }
}
