//! Turns over blobs in a directory, with ranges that end anywhere.

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
    replaced: bool,
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
            created: None,
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
                Step::Replaced(_) => of.replaced = true,
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
        unterminated: None,
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
