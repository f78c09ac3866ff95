//! Logs that grow as those in Azure do: every container's blob is a chain of gzip members, and each flush of the collector
//! appends one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use jiff::{Span, Timestamp};

use super::sample::{CONTAINERS, Container, Dice, raw_line};
use crate::domain::Date;

/// Lines of the largest member.
const LINES_PER_MEMBER: u64 = 400;

#[derive(Default)]
pub struct Logs {
    blobs: Vec<Blob>,
    pub lines: u64,
    pub bytes: u64,
    pub raw_bytes: u64,
}

struct Blob {
    container: &'static Container,
    /// Its full name.
    name: String,
    file: File,
    dice: Dice,
}

impl Logs {
    /// Makes the blobs of `date` below `directory`, empty.
    pub fn create(directory: &Path, date: Date) -> io::Result<Self> {
        fs::create_dir_all(directory.join("kubernetes"))?;
        let create = |(number, container): (usize, &'static Container)| {
            let mut dice = Dice(number as u64 + 1);
            let id: String = (0..64)
                .map(|_| char::from(b"0123456789abcdef"[dice.below(16) as usize]))
                .collect();
            let name = format!("kubernetes/{date}.{}_default_{}-{id}.gz", container.pod, container.name);
            // What an earlier demo left is not continued: its lines are not those of this one.
            File::create(directory.join(&name))?;
            Ok(Blob {
                container,
                file: OpenOptions::new().append(true).open(directory.join(&name))?,
                name,
                dice,
            })
        };
        Ok(Self {
            blobs: CONTAINERS.iter().enumerate().map(create).collect::<io::Result<_>>()?,
            lines: 0,
            bytes: 0,
            raw_bytes: 0,
        })
    }

    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.blobs.iter().map(|blob| blob.name.as_str())
    }

    /// Appends so many lines over all blobs, of times that run from `from` to `to`.
    pub fn grow(&mut self, lines: u64, from: Timestamp, to: Timestamp) -> io::Result<()> {
        let mut left = lines;
        let last = self.blobs.len() - 1;
        for (number, blob) in self.blobs.iter_mut().enumerate() {
            let count = match number == last {
                true => left,
                false => (lines * blob.container.share).div_ceil(100).min(left),
            };
            left -= count;
            let step =
                Span::new().nanoseconds((to.as_nanosecond() - from.as_nanosecond()) as i64 / count.max(1) as i64);
            let mut time = from;
            let mut begun = 0;
            while begun < count {
                let lines = LINES_PER_MEMBER.min(count - begun);
                let mut member = GzEncoder::new(Vec::new(), Compression::fast());
                for _ in 0..lines {
                    let mut text = serde_json::to_vec(&raw_line(blob.container, &mut blob.dice, time))?;
                    text.push(b'\n');
                    self.raw_bytes += text.len() as u64;
                    member.write_all(&text)?;
                    time = time.checked_add(step).unwrap_or(to);
                }
                let member = member.finish()?;
                self.bytes += member.len() as u64;
                blob.file.write_all(&member)?;
                begun += lines;
            }
        }
        self.lines += lines;
        Ok(())
    }
}
