//! How many lines are in Kafka, and how often.

use std::collections::HashMap;
use std::fmt;

use super::extraction::short;
use super::kafka::Kafka;
use super::mixed::Mixed;
use super::records::{Read, Record};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Different lines that are there.
    pub lines: u64,
    /// Records beyond the first of a line.
    pub doubled: u64,
    pub lost: u64,
    /// Records that are no line, or not the one at their position.
    pub wrong: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lines, {} doubled, {} lost, {} wrong",
            self.lines, self.doubled, self.lost, self.wrong
        )
    }
}

impl Tally {
    /// Each once.
    pub fn exact(lines: usize) -> Tally {
        Tally {
            lines: lines as u64,
            ..Tally::default()
        }
    }

    /// The committed records of a topic with a blob's lines, by the positions that are in their headers.
    pub fn of_lines(kafka: &Kafka, topic: &str, blob: &Mixed) -> Tally {
        let positions: HashMap<(u64, u64), usize> = blob
            .lines
            .iter()
            .enumerate()
            .map(|(at, line)| ((line.member, line.index), at))
            .collect();
        let number = |record: &Record, header: &str| record.header(header).and_then(|value| value.parse().ok());
        count(kafka, topic, blob.lines.len(), |record| {
            let position = (number(record, "blob-offset")?, number(record, "blob-line")?);
            let at = *positions.get(&position)?;
            (record.value.as_deref() == Some(&blob.lines[at].bytes)).then_some(at)
        })
    }

    /// The committed records of a topic that were extracted from so many lines of each blob, by the numbers in their keys.
    pub fn of_extracted(kafka: &Kafka, topic: &str, blobs: &[String], lines: u64) -> Tally {
        let lines = lines as usize;
        count(kafka, topic, blobs.len() * lines, |record| {
            let key = record.key_text();
            let blob = blobs.iter().position(|blob| key.ends_with(short(blob)))?;
            let number: usize = key.strip_prefix("cp2:P1:line-")?.split(':').next()?.parse().ok()?;
            (1..=lines).contains(&number).then(|| blob * lines + number - 1)
        })
    }
}

/// `place` tells which of the lines a record is.
fn count(kafka: &Kafka, topic: &str, lines: usize, place: impl Fn(&Record) -> Option<usize>) -> Tally {
    let mut found = vec![0_u64; lines];
    let mut wrong = 0;
    kafka.fold(topic, Read::Committed, (), |(), record| match place(&record) {
        Some(at) => found[at] += 1,
        None => wrong += 1,
    });
    let lines = found.iter().filter(|count| **count > 0).count() as u64;
    Tally {
        lines,
        doubled: found.iter().sum::<u64>() - lines,
        lost: found.len() as u64 - lines,
        wrong,
    }
}
