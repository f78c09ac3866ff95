//! Turns members into batches of lines.

use bytes::Bytes;
use memchr::memchr;

use super::{Batch, End, Item, LastLine, Limits, LineError, Part, Piece, batch::Spare};
use crate::{
    domain::{Checkpoint, LinePosition},
    gzip::{self, MemberReader, Read, ReadError, Tail},
};

/// What to do about a member that can not be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCorrupt {
    Fail,
    /// Go on at the next member that inflates.
    Skip,
}

/// How to read a blob's lines.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub start: Checkpoint,
    /// Bytes: the blob's size when it was listed; nothing behind it is read.
    pub end: u64,
    pub limits: Limits,
    pub last_line: LastLine,
    pub on_corrupt: OnCorrupt,
}

/// Reads a blob's lines. `open` gives the blob's bytes from an offset to [`Reading::end`].
pub struct LineReader<O, S> {
    open: O,
    reading: Reading,
    members: MemberReader<S>,
    /// The pieces that are ready, then the line that is not finished, up to `used`; what lies behind is scratch.
    buffer: Vec<u8>,
    used: usize,
    pieces: Vec<Piece>,
    /// Where the unfinished line starts: in the blob, once a byte of it is there, and in the buffer.
    line: Option<LinePosition>,
    line_start: usize,
    /// Lines that began in this member so far.
    begun: u64,
    /// Text bytes of this member so far.
    member_text: u64,
    /// Behind the last finished line; lags behind `floor` while lines are skipped that were sent before.
    checkpoint: Checkpoint,
    floor: Checkpoint,
    skip: u64,
    /// So many pieces have proved good, and this is the checkpoint behind them.
    proved: (usize, Checkpoint),
    long_line: LongLine,
    /// What comes once the proved pieces are given out.
    then: Option<Then>,
    spare: Spare,
}

/// A line too long to be held.
#[derive(Clone, Copy, Debug)]
enum LongLine {
    None,
    /// So many bytes of it were seen and let go.
    Measured(u64),
    /// Its length is known, and so many of its parts were given out.
    Known {
        position: LinePosition,
        of: u64,
        given: u64,
    },
}

enum Then {
    /// Read the line behind the checkpoint again, now that its length is known.
    Reread(LongLine),
    Skip {
        from: u64,
        to: u64,
        reason: String,
    },
    Fail {
        member: u64,
        at: u64,
        reason: String,
    },
    End(End),
}

/// Text is inflated in steps of this size, in which there may be as many lines.
const STEP_BYTES: usize = 128 << 10;
const GROWTH_BYTES: usize = 256 << 10;

impl<O, S, E> LineReader<O, S>
where
    O: FnMut(u64) -> S,
    S: Iterator<Item = Result<Bytes, E>>,
{
    pub fn new(reading: Reading, mut open: O) -> Self {
        let start = reading.start;
        Self {
            members: MemberReader::new(start.member, open(start.member)),
            open,
            reading,
            buffer: Vec::new(),
            used: 0,
            pieces: Vec::new(),
            line: None,
            line_start: 0,
            begun: 0,
            member_text: 0,
            checkpoint: Checkpoint::at(start.member),
            floor: start,
            skip: start.lines,
            proved: (0, start),
            long_line: LongLine::None,
            then: None,
            spare: Spare::default(),
        }
    }

    /// The next lines, or what interrupted or ended them. After [`Item::End`] or an error there is nothing more.
    ///
    /// # Errors
    /// [`LineError::Corrupt`] with [`OnCorrupt::Fail`], once all good lines before it were given out.
    pub fn next_item(&mut self) -> Result<Item, LineError<E>> {
        loop {
            if (self.then.is_some() || self.is_batch_full())
                && let Some(batch) = self.give_batch()
            {
                return Ok(Item::Batch(batch));
            }
            match self.then.take() {
                None => self.step()?,
                Some(Then::End(end)) => return Ok(Item::End(end)),
                Some(Then::Fail { member, at, reason }) => return Err(LineError::Corrupt { member, at, reason }),
                Some(Then::Reread(long_line)) => self.restart(self.checkpoint.max(self.floor), long_line),
                Some(Then::Skip { from, to, reason }) => {
                    self.restart(Checkpoint::at(to), LongLine::None);
                    return Ok(Item::Skipped { from, to, reason });
                }
            }
        }
    }

    fn step(&mut self) -> Result<(), LineError<E>> {
        let hold_back = self.reading.limits.hold_back_bytes as u64;
        let to_next_mark = hold_back - self.member_text % hold_back;
        let room = STEP_BYTES.min(to_next_mark as usize);
        let end = self.used + room;
        if self.buffer.len() < end {
            // Twice the memory each time would be too much: it is used again, and grows seldom.
            self.buffer
                .reserve_exact(end.next_multiple_of(GROWTH_BYTES) - self.buffer.len());
            self.buffer.resize(end, 0);
        }
        match self.members.read(&mut self.buffer[self.used..end]) {
            Ok(Read::Bytes(count)) => {
                self.member_text += count as u64;
                self.take(count)?;
                if self.member_text.is_multiple_of(hold_back) {
                    self.prove();
                }
            }
            Ok(Read::MemberEnd(next)) => {
                self.begun = 0;
                self.member_text = 0;
                if self.line.is_none() {
                    self.checkpoint = Checkpoint::at(next);
                    self.skip = 0;
                }
                self.prove();
            }
            Ok(Read::End(Tail::Clean)) => self.end_clean()?,
            Ok(Read::End(Tail::Torn { bytes })) => {
                self.forget_unproved()?;
                self.then = Some(self.end_torn(bytes)?);
            }
            Err(ReadError::Source(error)) => return Err(LineError::Source(error)),
            Err(ReadError::Corrupt { member, at, reason }) => {
                self.forget_unproved()?;
                self.then = Some(match self.reading.on_corrupt {
                    OnCorrupt::Fail => Then::Fail { member, at, reason },
                    OnCorrupt::Skip => {
                        let next = gzip::next_member(member + 1, &mut self.open).map_err(LineError::Source)?;
                        Then::Skip {
                            from: member,
                            to: next.unwrap_or(self.reading.end),
                            reason,
                        }
                    }
                });
            }
        }
        Ok(())
    }

    /// Finds the lines in the `count` bytes of text that were just written behind `used`.
    fn take(&mut self, count: usize) -> Result<(), LineError<E>> {
        let mut scan = self.used;
        let end = self.used + count;
        if let LongLine::Measured(bytes) = self.long_line {
            match memchr(b'\n', &self.buffer[scan..end]) {
                None => self.long_line = LongLine::Measured(bytes + count as u64),
                Some(index) => self.reread(bytes + index as u64),
            }
            return Ok(());
        }
        self.used = end;
        if self.line.is_none() {
            self.begin_line();
        }
        while let Some(index) = memchr(b'\n', &self.buffer[scan..end]) {
            self.end_line(scan + index)?;
            scan += index + 1;
            self.line_start = scan;
            if scan < end {
                self.begin_line();
            }
        }
        if self.skip > 0 {
            self.used = 0;
            self.line_start = 0;
        } else {
            self.bound_unfinished_line();
        }
        Ok(())
    }

    fn begin_line(&mut self) {
        self.line = Some(LinePosition {
            member: self.members.member(),
            index: self.begun,
        });
        self.begun += 1;
    }

    /// The unfinished line ends before `end` of the buffer.
    fn end_line(&mut self, end: usize) -> Result<(), LineError<E>> {
        let Some(position) = self.line.take() else {
            return Ok(());
        };
        self.checkpoint = self.checkpoint.after_line();
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(());
        }
        let part_bytes = self.reading.limits.part_bytes;
        let (given, of) = match self.long_line {
            LongLine::Known {
                position: long,
                of,
                given,
            } if long == position => (given, of),
            _ => (0, ((end - self.line_start).div_ceil(part_bytes) as u64).max(1)),
        };
        if given + ((end - self.line_start).div_ceil(part_bytes) as u64).max(1) != of {
            return Err(LineError::Changed {
                member: position.member,
            });
        }
        for number in given + 1..of {
            self.push_part(self.line_start + part_bytes, position, Part { number, of });
        }
        self.push_part(end, position, Part { number: of, of });
        // Not at a line of the member before, which says nothing about the size of this one.
        let is_own = position.member == self.members.member();
        if is_own && (position.index + 1).is_multiple_of(self.reading.limits.hold_back_lines) {
            self.prove();
        }
        if given > 0 {
            self.long_line = LongLine::None;
            self.prove();
        }
        Ok(())
    }

    fn push_part(&mut self, end: usize, position: LinePosition, part: Part) {
        self.pieces.push(Piece {
            start: self.line_start,
            end,
            position,
            part: (part.of > 1).then_some(part),
        });
        self.line_start = end;
    }

    /// Gives out the parts of a long line as they come, or begins to measure it.
    fn bound_unfinished_line(&mut self) {
        let Limits {
            line_bytes, part_bytes, ..
        } = self.reading.limits;
        if let (LongLine::Known { position, of, given }, Some(line)) = (self.long_line, self.line)
            && position == line
        {
            let mut given = given;
            while given + 1 < of && self.used - self.line_start >= part_bytes {
                given += 1;
                self.push_part(self.line_start + part_bytes, position, Part { number: given, of });
            }
            self.long_line = LongLine::Known { position, of, given };
            // The line was inflated to its end before, to measure it: its parts need not be held back again.
            self.prove();
        } else if self.used - self.line_start > line_bytes {
            self.long_line = LongLine::Measured((self.used - self.line_start) as u64);
            self.used = self.line_start;
            self.buffer.truncate(self.used);
            self.buffer.shrink_to_fit();
        }
    }

    /// The measured line has so many bytes: go back to where it starts. All pieces before it have proved good on the
    /// way, because it is longer than what is held back.
    fn reread(&mut self, bytes: u64) {
        if let Some(position) = self.line {
            self.prove();
            self.then = Some(Then::Reread(LongLine::Known {
                position,
                of: bytes.div_ceil(self.reading.limits.part_bytes as u64),
                given: 0,
            }));
        }
    }

    fn end_clean(&mut self) -> Result<(), LineError<E>> {
        let unterminated = self.line.map(|_| self.reading.last_line);
        if unterminated == Some(LastLine::Send) {
            if let LongLine::Measured(bytes) = self.long_line {
                self.reread(bytes);
                return Ok(());
            }
            self.end_line(self.used)?;
            self.line_start = self.used;
            self.checkpoint = Checkpoint::at(self.members.position());
        }
        self.prove();
        self.then = Some(Then::End(End {
            checkpoint: self.proved.1,
            torn_bytes: 0,
            unterminated,
        }));
        Ok(())
    }

    /// A torn member may get its rest, unless a whole one follows it. While the blob is written to that is not asked:
    /// with the next members it shows itself, as a rule.
    fn end_torn(&mut self, torn_bytes: u64) -> Result<Then, LineError<E>> {
        let from = self.members.member();
        if self.reading.on_corrupt == OnCorrupt::Skip
            && self.reading.last_line == LastLine::Send
            && let Some(to) = gzip::next_whole_member(from + 1, &mut self.open).map_err(LineError::Source)?
        {
            let reason = "its end is missing, and another member follows".to_owned();
            return Ok(Then::Skip { from, to, reason });
        }
        Ok(Then::End(End {
            checkpoint: self.proved.1,
            torn_bytes,
            unterminated: None,
        }))
    }

    fn prove(&mut self) {
        self.proved = (self.pieces.len(), self.checkpoint.max(self.floor));
    }

    fn is_batch_full(&self) -> bool {
        let limits = &self.reading.limits;
        self.proved_bytes() >= limits.batch_bytes || self.proved.0 >= limits.batch_lines
    }

    fn proved_bytes(&self) -> usize {
        match self.proved.0 {
            0 => 0,
            count => self.pieces[count - 1].end,
        }
    }

    fn forget_unproved(&mut self) -> Result<(), LineError<E>> {
        if let LongLine::Known {
            position, given: 1.., ..
        } = self.long_line
        {
            return Err(LineError::Changed {
                member: position.member,
            });
        }
        self.pieces.truncate(self.proved.0);
        Ok(())
    }

    /// The proved pieces; what lies behind them stays, moved to the start of a new buffer.
    fn give_batch(&mut self) -> Option<Batch> {
        let unproved = self.pieces.split_off(self.proved.0);
        let pieces = std::mem::replace(&mut self.pieces, unproved);
        let unproved = &mut self.pieces;
        let last = pieces.last()?;
        let kept_from = unproved.first().map_or(self.line_start, |piece| piece.start);
        for piece in unproved {
            piece.start -= kept_from;
            piece.end -= kept_from;
        }
        let kept = kept_from..self.used;
        let mut buffer = self.spare.take();
        if buffer.len() < kept.len() {
            buffer.resize(kept.len(), 0);
        }
        buffer[..kept.len()].copy_from_slice(&self.buffer[kept]);
        let batch = Batch {
            whole: last.ends_line(),
            bytes: std::mem::replace(&mut self.buffer, buffer),
            pieces,
            after: self.proved.1,
            read_to: self.members.position(),
            spare: self.spare.clone(),
        };
        self.line_start -= kept_from;
        self.used -= kept_from;
        self.proved.0 = 0;
        Some(batch)
    }

    fn restart(&mut self, start: Checkpoint, long_line: LongLine) {
        self.members = MemberReader::new(start.member, (self.open)(start.member));
        self.used = 0;
        self.line = None;
        self.line_start = 0;
        self.begun = 0;
        self.member_text = 0;
        self.checkpoint = Checkpoint::at(start.member);
        self.floor = start;
        self.skip = start.lines;
        self.proved = (0, start);
        self.long_line = long_line;
    }
}
