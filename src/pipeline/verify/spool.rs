//! Sorts more lines than memory holds: by blob, and by position in it.
//!
//! Full buffers are sorted and appended to one temporary file without a name, as runs of [`ENTRY_BYTES`] an entry; at the
//! end the runs are merged. Memory: one buffer while it fills, then a piece of each run.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{self, BufWriter, Write},
    ops::Range,
    os::unix::fs::FileExt,
    vec,
};

use super::Found;
use crate::domain::LinePosition;

/// A line in the topic, with the number of its blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub blob: u32,
    pub found: Found,
}

/// Bytes on disk for a line.
pub const ENTRY_BYTES: usize = 44;
/// Lines sorted at once, 48 bytes each in memory.
const BUFFER_LINES: usize = 128 << 10;
/// Lines of each run that are read at once when runs are merged.
const PIECE_LINES: usize = 128;

pub struct Spool {
    buffer: Vec<Entry>,
    buffer_lines: usize,
    file: Option<File>,
    runs: Vec<Range<u64>>,
}

impl Default for Spool {
    fn default() -> Self {
        Self::with_buffer(BUFFER_LINES)
    }
}

impl Spool {
    fn with_buffer(buffer_lines: usize) -> Self {
        Self {
            buffer: Vec::new(),
            buffer_lines,
            file: None,
            runs: Vec::new(),
        }
    }

    /// # Errors
    /// Those of the temporary file, which lies in `TMPDIR` or `/tmp`.
    pub fn push(&mut self, entry: Entry) -> io::Result<()> {
        if self.buffer.len() == self.buffer_lines {
            self.write_run()?;
        }
        self.buffer.push(entry);
        Ok(())
    }

    fn write_run(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        self.buffer.sort_unstable_by_key(key);
        let start = self.runs.last().map_or(0, |run| run.end);
        let mut writer = BufWriter::new(file);
        for entry in &self.buffer {
            writer.write_all(&encode(entry))?;
        }
        writer.flush()?;
        self.runs.push(start..start + (self.buffer.len() * ENTRY_BYTES) as u64);
        self.buffer.clear();
        Ok(())
    }

    /// All entries in order.
    pub fn sorted(mut self) -> io::Result<Sorted> {
        self.buffer.sort_unstable_by_key(key);
        let in_memory = Run {
            ready: self.buffer.into_iter(),
            left: 0..0,
        };
        let on_disk = self.runs.into_iter().map(|left| Run {
            ready: Vec::new().into_iter(),
            left,
        });
        let mut sorted = Sorted {
            file: self.file,
            runs: on_disk.chain([in_memory]).collect(),
            next: BinaryHeap::new(),
        };
        for run in 0..sorted.runs.len() {
            sorted.advance(run)?;
        }
        Ok(sorted)
    }
}

/// Entries in order, merged from all runs.
pub struct Sorted {
    file: Option<File>,
    runs: Vec<Run>,
    /// The first entry of each run, by key.
    next: BinaryHeap<Reverse<Next>>,
}

struct Run {
    ready: vec::IntoIter<Entry>,
    /// What of it is still only on disk.
    left: Range<u64>,
}

/// The first entry of a run.
struct Next {
    entry: Entry,
    run: usize,
}

impl Sorted {
    /// Puts the run's next entry, if there is one, among those to choose from.
    fn advance(&mut self, run: usize) -> io::Result<()> {
        let Run { ready, left } = &mut self.runs[run];
        if let (true, false, Some(file)) = (ready.as_slice().is_empty(), left.is_empty(), &self.file) {
            let bytes = (left.end - left.start).min((PIECE_LINES * ENTRY_BYTES) as u64);
            let mut piece = vec![0; bytes as usize];
            file.read_exact_at(&mut piece, left.start)?;
            left.start += bytes;
            let (entries, _) = piece.as_chunks::<ENTRY_BYTES>();
            *ready = entries.iter().map(decode).collect::<Vec<_>>().into_iter();
        }
        if let Some(entry) = ready.next() {
            self.next.push(Reverse(Next { entry, run }));
        }
        Ok(())
    }
}

impl Iterator for Sorted {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse(Next { entry, run }) = self.next.pop()?;
        Some(self.advance(run).map(|()| entry))
    }
}

type Key = (u32, LinePosition);

fn key(entry: &Entry) -> Key {
    (entry.blob, entry.found.position)
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        key(&self.entry).cmp(&key(&other.entry)).then(self.run.cmp(&other.run))
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Next {}

fn encode(entry: &Entry) -> [u8; ENTRY_BYTES] {
    let Found { position, number, hash } = entry.found;
    let mut bytes = [0; ENTRY_BYTES];
    bytes[..4].copy_from_slice(&entry.blob.to_le_bytes());
    bytes[4..12].copy_from_slice(&position.member.to_le_bytes());
    bytes[12..20].copy_from_slice(&position.index.to_le_bytes());
    bytes[20..28].copy_from_slice(&number.to_le_bytes());
    bytes[28..].copy_from_slice(&hash.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8; ENTRY_BYTES]) -> Entry {
    fn part<const N: usize>(bytes: &[u8; ENTRY_BYTES], from: usize) -> [u8; N] {
        std::array::from_fn(|index| bytes[from + index])
    }
    Entry {
        blob: u32::from_le_bytes(part(bytes, 0)),
        found: Found {
            position: LinePosition {
                member: u64::from_le_bytes(part(bytes, 4)),
                index: u64::from_le_bytes(part(bytes, 12)),
            },
            number: u64::from_le_bytes(part(bytes, 20)),
            hash: u128::from_le_bytes(part(bytes, 28)),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    fn entry(blob: u32, member: u64, index: u64, hash: u128) -> Entry {
        Entry {
            blob,
            found: Found {
                position: LinePosition { member, index },
                number: index ^ member,
                hash,
            },
        }
    }

    proptest! {
        #[test]
        fn all_entries_come_in_order(
            parts in collection::vec((0..3_u32, 0..4_u64, any::<u64>(), any::<u128>()), 0..3000),
            buffer_lines in 1..700_usize,
        ) {
            let mut spool = Spool::with_buffer(buffer_lines);
            let mut entries: Vec<Entry> =
                parts.into_iter().map(|(blob, member, index, hash)| entry(blob, member, index, hash)).collect();
            for entry in &entries {
                spool.push(*entry).unwrap();
            }
            let sorted: Vec<Entry> = spool.sorted().unwrap().map(Result::unwrap).collect();
            prop_assert!(sorted.is_sorted_by_key(key));
            let all = |mut entries: Vec<Entry>| {
                entries.sort_by_key(|entry| (key(entry), entry.found.hash));
                entries
            };
            entries = all(entries);
            prop_assert_eq!(all(sorted), entries);
        }
    }
}
