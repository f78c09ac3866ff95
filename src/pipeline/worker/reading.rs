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
    let mut reader = LineReader::new(bounds, open(turn, first, options));
    loop {
        if wish.get() == STOP {
            return send(Step::Yielded);
        }
        let item = match reader.next_item() {
            Ok(item) => item,
            Err(error) => return send(Step::Failed(error)),
        };
        let ended = matches!(item, Item::End(_));
        let can_yield = matches!(&item, Item::Batch(batch) if batch.whole && batch.after.lines <= CHEAP_LINES);
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

/// Gives the blob's bytes from any offset on: those that were read already, then those that follow.
fn open(turn: Turn, first: Bytes, options: ReadOptions) -> impl FnMut(u64) -> Source {
    let mut rest = open_at(&turn.container, &turn.blob, turn.end, options);
    let begin = turn.from.member;
    let first_end = begin + first.len() as u64;
    let is_short = first_end < turn.end.min(begin + options.range_bytes.min(FIRST_BYTES));
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
            rest: (!is_short && first_end < turn.end).then(|| rest(first_end)),
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
mod tests {
    use std::{collections::BTreeMap, io::Write};

    use tokio::runtime::Runtime;

    use super::*;
    use crate::{
        pipeline::lines::End,
        storage::{Kind, Location, RetryPolicy},
    };

    const PATIENCE: Duration = Duration::from_secs(30);

    /// Blobs in a directory, and a reading side that takes them in ranges of so many bytes.
    struct Library {
        directory: tempfile::TempDir,
        container: Container,
        reading: Reading,
        _runtime: Runtime,
    }

    /// What came of a turn.
    #[derive(Debug, Default, PartialEq)]
    struct Came {
        lines: Vec<String>,
        batches: usize,
        /// Where reading would go on.
        after: Checkpoint,
        skipped: Vec<(u64, u64)>,
        end: Option<End>,
        yielded: bool,
        failed: Option<Kind>,
    }

    impl Library {
        fn new(range_bytes: u64) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let location = Location::Directory {
                path: directory.path().to_owned(),
            };
            let runtime = Runtime::new().unwrap();
            let inside = runtime.enter();
            let reading = Reading::new(ReadOptions {
                range_bytes,
                ranges_ahead: 2,
            });
            drop(inside);
            Self {
                container: Container::open(&location, RetryPolicy::default()).unwrap(),
                directory,
                reading,
                _runtime: runtime,
            }
        }

        fn write(&self, blob: &str, bytes: &[u8]) {
            std::fs::write(self.directory.path().join(blob), bytes).unwrap();
        }

        fn turn(&self, number: u64, blob: &str, from: Checkpoint, end: usize) -> Turn {
            Turn {
                number,
                container: self.container.clone(),
                blob: blob.into(),
                from,
                end: end as u64,
                limits: Limits {
                    batch_lines: 2,
                    ..Limits::for_parts_of(1_000)
                },
                last_line: LastLine::Send,
                wish: Arc::default(),
            }
        }

        /// Starts the turns, and waits for the end of so many.
        fn read(&self, turns: Vec<Turn>) -> BTreeMap<u64, Came> {
            let (mut came, mut order) = (BTreeMap::<u64, Came>::new(), Vec::new());
            let mut running = turns.len();
            for turn in turns {
                self.reading.start(turn);
            }
            while running > 0 {
                let Arrival { turn, step } = self.reading.next(PATIENCE).expect("an arrival");
                if order.last() != Some(&turn) {
                    assert!(!order.contains(&turn), "{turn} is interrupted by others: {order:?}");
                    order.push(turn);
                }
                let of = came.entry(turn).or_default();
                let is_over = !matches!(step, Step::Item(Item::Batch(_) | Item::Skipped { .. }));
                match step {
                    Step::Item(Item::Batch(batch)) => {
                        let texts = batch
                            .pieces()
                            .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
                        of.lines.extend(texts);
                        of.batches += 1;
                        of.after = batch.after;
                    }
                    Step::Item(Item::Skipped { from, to, .. }) => of.skipped.push((from, to)),
                    Step::Item(Item::End(end)) => of.end = Some(end),
                    Step::Yielded => of.yielded = true,
                    Step::Failed(LineError::Source(error)) => of.failed = Some(error.kind()),
                    Step::Failed(error) => panic!("{error}"),
                }
                running -= usize::from(is_over);
            }
            came
        }

        fn read_one(&self, turn: Turn) -> Came {
            let number = turn.number;
            self.read(vec![turn]).remove(&number).expect("the turn")
        }
    }

    fn member(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn at_end(offset: usize) -> Option<End> {
        Some(End {
            checkpoint: Checkpoint::at(offset as u64),
            torn_bytes: 0,
            waiting: false,
        })
    }

    #[test]
    fn blobs_come_whole_one_after_another_and_a_missing_one_costs_nothing() {
        let library = Library::new(40);
        let bytes = [member("one\ntwo\nthree\n"), member("four\nfive\n")].concat();
        let mut turns = vec![library.turn(0, "missing", Checkpoint::default(), 100)];
        for number in 1..=12 {
            let blob = format!("blob-{number}");
            library.write(&blob, &bytes);
            turns.push(library.turn(number, &blob, Checkpoint::default(), bytes.len()));
        }
        let mut came = library.read(turns);
        assert_eq!(came.remove(&0).unwrap().failed, Some(Kind::BlobNotFound));
        assert_eq!(came.len(), 12);
        for came in came.values() {
            assert_eq!(came.lines, ["one", "two", "three", "four", "five"]);
            assert_eq!((&came.skipped, came.end), (&vec![], at_end(bytes.len())));
        }
    }

    #[test]
    fn reading_goes_on_at_a_checkpoint_and_ends_where_it_was_told() {
        let first = member("one\ntwo\n");
        let second = member("three\nfour\n");
        let listed = first.len() + second.len();
        for range_bytes in 1..=listed as u64 {
            let library = Library::new(range_bytes);
            library.write("blob", &[&first[..], &second, &member("later\n")].concat());
            for (member, lines, expected) in [
                (0, 1, &["two", "three", "four"][..]),
                (first.len(), 0, &["three", "four"]),
                (first.len(), 1, &["four"]),
                (listed, 0, &[]),
            ] {
                let from = Checkpoint {
                    member: member as u64,
                    lines,
                };
                let came = library.read_one(library.turn(1, "blob", from, listed));
                assert_eq!(
                    (came.lines, came.end),
                    (expected.iter().map(ToString::to_string).collect(), at_end(listed))
                );
            }
        }
    }

    #[test]
    fn damage_is_passed_over_wherever_the_first_range_ends() {
        let (first, mut damaged, last) = (member("one\n"), member("two\nis damaged\n"), member("three\n"));
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0xff;
        let (from, to) = (first.len() as u64, (first.len() + damaged.len()) as u64);
        let bytes = [first, damaged, last].concat();
        for range_bytes in 1..=bytes.len() as u64 {
            let library = Library::new(range_bytes);
            library.write("blob", &bytes);
            let came = library.read_one(library.turn(1, "blob", Checkpoint::default(), bytes.len()));
            assert_eq!(came.lines, ["one", "three"], "ranges of {range_bytes} bytes");
            assert_eq!((came.skipped, came.end), (vec![(from, to)], at_end(bytes.len())));
        }
    }

    #[test]
    fn a_blob_shorter_than_listed_ends_where_it_ends() {
        let bytes = [member("one\n"), member("two\n")].concat();
        for range_bytes in [1, bytes.len() as u64 - 1, bytes.len() as u64, 1 << 20] {
            let library = Library::new(range_bytes);
            library.write("blob", &bytes);
            let came = library.read_one(library.turn(1, "blob", Checkpoint::default(), bytes.len() + 100));
            assert_eq!(
                (came.lines.len(), came.end),
                (2, at_end(bytes.len())),
                "ranges of {range_bytes} bytes"
            );
            let behind = Checkpoint::at(bytes.len() as u64 + 50);
            let came = library.read_one(library.turn(2, "blob", behind, bytes.len() + 100));
            assert_eq!((came.lines.len(), came.end), (0, at_end(bytes.len() + 50)));
        }
    }

    #[test]
    fn a_turn_yields_behind_a_batch_from_where_the_next_goes_on() {
        let library = Library::new(64);
        let bytes: Vec<u8> = (0..10).flat_map(|n| member(&format!("{n}a\n{n}b\n"))).collect();
        library.write("blob", &bytes);
        let (mut from, mut lines) = (Checkpoint::default(), Vec::new());
        for number in 0.. {
            let turn = library.turn(number, "blob", from, bytes.len());
            turn.wish.to_yield();
            let mut came = library.read_one(turn);
            lines.append(&mut came.lines);
            if came.end.is_some() {
                break;
            }
            assert_eq!((came.batches, came.yielded), (1, true));
            assert!(came.after > from);
            from = came.after;
        }
        let expected: Vec<String> = (0..10).flat_map(|n| [format!("{n}a"), format!("{n}b")]).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_stopped_turn_ends_at_once_and_the_next_begins() {
        let library = Library::new(64);
        let bytes = member("one\ntwo\nthree\n");
        library.write("blob", &bytes);
        let stopped = library.turn(1, "blob", Checkpoint::default(), bytes.len());
        stopped.wish.to_stop();
        // A stop can not be taken back.
        stopped.wish.to_yield();
        let next = library.turn(2, "blob", Checkpoint::default(), bytes.len());
        let came = library.read(vec![stopped, next]);
        assert_eq!(
            came[&1],
            Came {
                yielded: true,
                ..Came::default()
            }
        );
        assert_eq!(came[&2].lines, ["one", "two", "three"]);
    }
}
