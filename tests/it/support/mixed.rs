//! Blobs that are awkward on purpose, and what must be in Kafka of them. Everything expected is computed here from the
//! text and the cuts alone, with nothing of `clp` in it.

use super::gz;
use super::topics::partition_of;

/// A blob whose members end anywhere: in the middle of lines, after no byte at all.
pub struct Mixed {
    /// With its directory.
    pub name: String,
    pub bytes: Vec<u8>,
    pub lines: Vec<Line>,
}

/// A line without its line break, and where it begins.
pub struct Line {
    pub bytes: Vec<u8>,
    /// Offset in the blob of the member that holds its first byte.
    pub member: u64,
    /// Among the lines that begin in that member, from 0.
    pub index: u64,
}

impl Mixed {
    /// So many lines of 0 bytes to 40 KB, about 450 bytes in the mean; `seed` makes another blob.
    pub fn new(lines: u64, seed: u64) -> Mixed {
        let mut dice = Dice(seed);
        let mut texts: Vec<Vec<u8>> = (0..lines).map(|index| line(index, &mut dice)).collect();
        // No byte and no line break would be left of it.
        if let Some(last) = texts.last_mut().filter(|last| last.is_empty()) {
            last.push(b'.');
        }
        let text = texts.join(&b'\n');
        let (mut bytes, mut found) = (Vec::new(), Vec::new());
        let (mut cut, mut next_line, mut line_start) = (0, 0, 0);
        while cut < text.len() {
            let end = text.len().min(cut + member_len(&mut dice));
            let mut index = 0;
            while next_line < texts.len() && line_start < end {
                found.push(Line {
                    bytes: texts[next_line].clone(),
                    member: bytes.len() as u64,
                    index,
                });
                index += 1;
                line_start += texts[next_line].len() + 1;
                next_line += 1;
            }
            bytes.extend(gz::member(&text[cut..end]));
            cut = end;
        }
        assert_eq!(found.len() as u64, lines);
        Mixed {
            name: gz::blob_name("20250606", &format!("api-{seed:08x}-{lines}"), "platform"),
            bytes,
            lines: found,
        }
    }

    /// As [`Mixed::new`], of a name that belongs into this one of so many partitions.
    pub fn in_partition(partition: i32, of: u32, lines: u64, seed: u64) -> Mixed {
        (seed..)
            .map(|seed| Mixed::new(lines, seed))
            .find(|blob| blob.partition(of) == partition)
            .expect("a name for every partition")
    }

    /// The key of the line with this number, from 1.
    pub fn key(&self, number: usize) -> String {
        format!("cp2:P1:line-{number}:{}", self.short_name())
    }

    pub fn short_name(&self) -> &str {
        self.name
            .strip_prefix("kubernetes/")
            .expect("a name with its directory")
    }

    pub fn partition(&self, partitions: u32) -> i32 {
        partition_of(&self.name, partitions)
    }
}

fn line(index: u64, dice: &mut Dice) -> Vec<u8> {
    match dice.roll(1000) {
        0..20 => Vec::new(),
        20..220 => gz::log_line(index).into_bytes(),
        220..222 => (0..dice.roll(40_000)).map(|_| b'a' + dice.roll(26) as u8).collect(),
        // Any bytes but a line break.
        222..300 => (0..dice.roll(300))
            .map(|_| (dice.roll(256) as u8).max(b'\n' + 1))
            .collect(),
        length => format!("{index} {}", "plain text ".repeat(length as usize / 80)).into_bytes(),
    }
}

fn member_len(dice: &mut Dice) -> usize {
    let len = match dice.roll(10) {
        0 => dice.roll(3),
        1..5 => dice.roll(4_000),
        _ => dice.roll(400_000),
    };
    len as usize
}

/// Numbers that look random and are always the same (Knuth's MMIX generator).
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}
