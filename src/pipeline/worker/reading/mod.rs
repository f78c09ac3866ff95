//! Reads the blobs whose turn it is.
//!
//! ```text
//! start(turn) ──▶ first bytes, several blobs at once ──▶ one thread inflates blob after blob ──▶ arrivals
//!                 (async)                                (the rest of a large one is prefetched)
//! ```
//! So the way to storage is walked for many small blobs at the same time, and a blob that storage refuses costs the
//! others nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    domain::Checkpoint,
    pipeline::lines::{Item, LastLine, Limits, LineError, LineReader, OnCorrupt, Reading as Bounds},
    storage::{self, Container, Pieces, ReadOptions, open_at},
};

/// One blob to be read.
pub struct Turn {
    /// Comes back with everything that arrives for it.
    pub number: u64,
    pub container: Container,
    pub blob: Arc<str>,
    pub from: Checkpoint,
    /// When the blob was created from which the lines before `from` are, if that is known.
    pub created: Option<Timestamp>,
    /// Bytes: nothing behind it is read.
    pub end: u64,
    pub limits: Limits,
    pub last_line: LastLine,
    pub wish: Arc<Wish>,
}

/// What a lane wishes of a turn that it has started.
#[derive(Debug, Default)]
pub struct Wish(AtomicU8);

/// 0 is to go on.
const YIELD: u8 = 1;
const STOP: u8 = 2;

impl Wish {
    /// To end at the next place from where it is cheap to go on later.
    pub fn to_yield(&self) {
        self.0.fetch_max(YIELD, Ordering::Relaxed);
    }

    /// To end at once; whatever still arrives is not wanted.
    pub fn to_stop(&self) {
        self.0.fetch_max(STOP, Ordering::Relaxed);
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

pub struct Arrival {
    pub turn: u64,
    pub step: Step,
}

pub enum Step {
    Item(Item),
    /// Another blob has taken the name: it was created then, and no member starts where reading was to go on.
    Replaced(Timestamp),
    /// The turn ended before the blob did, as wished.
    Yielded,
    Failed(LineError<storage::Error>),
}

/// The reading side of one lane. Dropping it ends all turns.
pub struct Reading {
    opened: mpsc::UnboundedSender<(Turn, Result<Bytes, storage::Error>)>,
    arrivals: Receiver<Arrival>,
    options: ReadOptions,
    runtime: Handle,
}

/// Bytes that are read of a blob before its turn comes.
const FIRST_BYTES: u64 = 1 << 20;
/// Batches that wait between the thread that inflates and the one that sends.
const BATCHES_AHEAD: usize = 1;
/// A turn yields where no more than this many lines are to be inflated again.
const CHEAP_LINES: u64 = 10_000;

impl Reading {
    /// To be called inside tokio's runtime.
    pub fn new(options: ReadOptions) -> Self {
        let (opened, turns) = mpsc::unbounded_channel();
        let (sender, arrivals) = sync_channel(BATCHES_AHEAD);
        let runtime = Handle::current();
        let inside = runtime.clone();
        thread::spawn(move || {
            let _inside_runtime = inside.enter();
            inflate_all(turns, &sender, options);
        });
        Self {
            opened,
            arrivals,
            options,
            runtime,
        }
    }

    pub fn start(&self, turn: Turn) {
        let opened = self.opened.clone();
        let first = self.options.range_bytes.min(FIRST_BYTES);
        self.runtime.spawn(async move {
            let from = turn.from.member;
            let range = from..turn.end.min(from.saturating_add(first));
            let bytes = match range.is_empty() {
                true => Ok(Bytes::new()),
                false => turn.container.read(&turn.blob, range).await,
            };
            // Nobody listens once the lane began anew.
            let _ = opened.send((turn, bytes));
        });
    }

    /// What comes next, if it comes within `patience`.
    pub fn next(&self, patience: Duration) -> Option<Arrival> {
        self.arrivals.recv_timeout(patience).ok()
    }
}

type Opened = (Turn, Result<Bytes, storage::Error>);

fn inflate_all(mut turns: mpsc::UnboundedReceiver<Opened>, arrivals: &SyncSender<Arrival>, options: ReadOptions) {
    while let Some((turn, first)) = turns.blocking_recv() {
        let number = turn.number;
        let send = |step| arrivals.send(Arrival { turn: number, step }).is_ok();
        let listening = match first {
            Ok(first) => inflate(turn, first, options, send),
            Err(error) => send(Step::Failed(LineError::Source(error))),
        };
        if !listening {
            return;
        }
    }
}

/// Gives whether somebody still listens.
fn inflate(turn: Turn, first: Bytes, options: ReadOptions, send: impl Fn(Step) -> bool) -> bool {
    let bounds = Bounds {
        start: turn.from,
        end: turn.end,
        limits: turn.limits,
        last_line: turn.last_line,
        on_corrupt: OnCorrupt::Skip,
    };
    let wish = Arc::clone(&turn.wish);
    let mut reader = LineReader::new(bounds, open(&turn, first, options));
    loop {
        if wish.get() == STOP {
            return send(Step::Yielded);
        }
        let item = match reader.next_item() {
            Ok(item) => item,
            Err(error) => return send(Step::Failed(error)),
        };
        if matches!(&item, Item::Skipped { from, .. } if *from == turn.from.member) {
            match replaced(&turn) {
                Ok(None) => {}
                Ok(Some(created)) => return send(Step::Replaced(created)),
                Err(error) => return send(Step::Failed(LineError::Source(error))),
            }
        }
        let ended = matches!(item, Item::End(_));
        let end = Checkpoint::at(turn.end);
        let can_yield = matches!(&item, Item::Batch(batch) if batch.whole && batch.after.lines <= CHEAP_LINES && batch.after != end);
        if !send(Step::Item(item)) {
            return false;
        }
        if ended {
            return true;
        }
        if can_yield && wish.get() == YIELD {
            return send(Step::Yielded);
        }
    }
}

/// When the blob was created, if that is not the one that was read before. A copy of it would have the same members, so
/// this is asked only where there is none at the place to go on from.
fn replaced(turn: &Turn) -> Result<Option<Timestamp>, storage::Error> {
    let Some(before) = turn.created.filter(|_| turn.from.member > 0) else {
        return Ok(None);
    };
    let now = Handle::current().block_on(turn.container.properties(&turn.blob))?;
    let is_other = |created: &Timestamp| created.as_millisecond() != before.as_millisecond();
    Ok(now.created.filter(is_other))
}

/// Gives the blob's bytes from any offset on: those that were read already, then those that follow.
fn open(turn: &Turn, first: Bytes, options: ReadOptions) -> impl FnMut(u64) -> Source {
    let mut rest = open_at(&turn.container, &turn.blob, turn.end, options);
    let begin = turn.from.member;
    let first_end = begin + first.len() as u64;
    let end = turn.end;
    let is_short = first_end < end.min(begin + options.range_bytes.min(FIRST_BYTES));
    move |offset| {
        if !(begin..first_end).contains(&offset) {
            return Source {
                first: None,
                rest: (!is_short).then(|| rest(offset)),
            };
        }
        Source {
            first: Some(first.slice((offset - begin) as usize..)),
            // Where the first bytes are all there is, the blob is shorter than it was listed.
            rest: (!is_short && first_end < end).then(|| rest(first_end)),
        }
    }
}

struct Source {
    first: Option<Bytes>,
    rest: Option<Pieces>,
}

impl Iterator for Source {
    type Item = Result<Bytes, storage::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.first.take().map(Ok).or_else(|| self.rest.as_mut()?.next())
    }
}

#[cfg(test)]
mod tests;
