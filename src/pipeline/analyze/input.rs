//! Reads one file or blob into batches of lines.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;

use super::{Error, Source, Window};
use crate::{
    domain::Checkpoint,
    gzip,
    pipeline::{
        extract::offline::{self, Batches, Pieces, pieces},
        ingest::Progress,
        lines::{Batch, Item, LastLine, Limits, LineError, LineReader, OnCorrupt, Reading},
        tail,
    },
    storage::{self, BlobProperties, Container, ReadOptions},
};

/// What is analysed, with its name for messages.
pub struct Input {
    pub name: String,
    pub source: Source,
    pub from: From,
}

pub enum From {
    StandardInput,
    File(PathBuf),
    Blob {
        container: Container,
        blob: BlobProperties,
        read: ReadOptions,
    },
}

/// How an input ended that could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Compressed bytes of a gzip member whose rest has not come.
    pub torn_bytes: u64,
}

/// Lines on their way to a worker.
pub(super) enum Text {
    /// With their line breaks; the last one may have none.
    Whole(Vec<u8>),
    Lines {
        batch: Batch,
        /// The first one may be the rest of another line.
        may_be_cut: bool,
    },
}

/// Bounds of what is held of one input: less than for ingest, as many are read side by side. A longer line is not extracted.
const LIMITS: Limits = Limits {
    batch_bytes: 256 << 10,
    batch_lines: 4 << 10,
    hold_back_bytes: 2 << 20,
    hold_back_lines: 32 << 10,
    line_bytes: 8 << 20,
    part_bytes: 8 << 20,
};

/// Whoever takes the batches; false once nobody does any more.
pub(super) trait Take {
    fn take(&mut self, text: Text) -> bool;
}

impl<F: FnMut(Text) -> bool> Take for F {
    fn take(&mut self, text: Text) -> bool {
        self(text)
    }
}

impl Input {
    /// Reads all of it, or until `is_enough`. Of a blob, what lies before the window's begin is not read.
    pub(super) fn read(
        &self,
        window: Window,
        is_enough: &AtomicBool,
        progress: &Progress,
        take: &mut impl Take,
    ) -> Result<End, Error> {
        match &self.from {
            From::StandardInput => stream(Box::new(io::stdin()), take),
            From::File(path) => {
                let mut file = File::open(path)?;
                if !file.metadata()?.is_file() {
                    return stream(Box::new(file), take);
                }
                let mut head = Vec::new();
                file.by_ref().take(gzip::MAGIC.len() as u64).read_to_end(&mut head)?;
                file.rewind()?;
                if !gzip::may_begin_member(&head) {
                    return plain(file, progress, take);
                }
                let end = file.metadata()?.len();
                let open = |offset| at(path.clone(), offset);
                lines(reader(0, end, open), 0, &AtomicBool::new(false), progress, take)
            }
            From::Blob { container, blob, read } => {
                let mut open = storage::open_at(container, &blob.name, blob.size, *read);
                let start = match window.since_ns {
                    Some(since) => tail::member_since(blob.size, since, &mut open)?,
                    None => 0,
                };
                progress.add(start, 0);
                lines(reader(start, blob.size, open), start, is_enough, progress, take)
            }
        }
    }
}

/// What can be read only once, from its begin to its end.
fn stream(input: Box<dyn Read + Send>, take: &mut impl Take) -> Result<End, Error> {
    for batch in Batches::new(input)? {
        match batch {
            Ok(text) => {
                if !take.take(Text::Whole(text)) {
                    break;
                }
            }
            Err(offline::Error::Torn { bytes, .. }) => return Ok(End { torn_bytes: bytes }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(End::default())
}

fn plain(file: File, progress: &Progress, take: &mut impl Take) -> Result<End, Error> {
    for text in Batches::new(Box::new(file))? {
        let text = text?;
        progress.add(text.len() as u64, 0);
        if !take.take(Text::Whole(text)) {
            break;
        }
    }
    Ok(End::default())
}

fn at(path: PathBuf, offset: u64) -> Pieces {
    let opened = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(offset))?;
        Ok(file)
    });
    match opened {
        Ok(file) => pieces(Box::new(file)),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

fn reader<O, S, E>(start: u64, end: u64, open: O) -> LineReader<O, S>
where
    O: FnMut(u64) -> S,
    S: Iterator<Item = Result<Bytes, E>>,
{
    let reading = Reading {
        start: Checkpoint::at(start),
        end,
        limits: LIMITS,
        last_line: LastLine::Send,
        on_corrupt: OnCorrupt::Skip,
    };
    LineReader::new(reading, open)
}

fn lines<O, S, E>(
    mut reader: LineReader<O, S>,
    start: u64,
    is_enough: &AtomicBool,
    progress: &Progress,
    take: &mut impl Take,
) -> Result<End, Error>
where
    O: FnMut(u64) -> S,
    S: Iterator<Item = Result<Bytes, E>>,
    Error: std::convert::From<E>,
{
    let (mut read_to, mut may_be_cut, mut damage) = (start, start > 0, None);
    while !is_enough.load(Ordering::Relaxed) {
        match reader.next_item() {
            Ok(Item::Batch(batch)) => {
                progress.add(batch.read_to.saturating_sub(read_to), 0);
                read_to = batch.read_to.max(read_to);
                let may_be_cut = std::mem::take(&mut may_be_cut);
                if !take.take(Text::Lines { batch, may_be_cut }) {
                    break;
                }
            }
            Ok(Item::Skipped { from, to, reason }) => {
                may_be_cut = true;
                let (_, bytes, _) = damage.get_or_insert((from, 0, reason));
                *bytes += to - from;
            }
            Ok(Item::End(end)) => {
                return match damage {
                    None => Ok(End {
                        torn_bytes: end.torn_bytes,
                    }),
                    Some(damage) => Err(corrupt(damage)),
                };
            }
            Err(LineError::Source(error)) => return Err(error.into()),
            Err(LineError::Corrupt { .. } | LineError::Changed { .. }) => return Err(Error::Changed),
        }
    }
    damage.map_or(Ok(End::default()), |damage| Err(corrupt(damage)))
}

fn corrupt((at, bytes, reason): (u64, u64, String)) -> Error {
    Error::Corrupt { at, bytes, reason }
}
