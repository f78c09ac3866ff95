//! Whole lines of a file or a pipe, gzip or plain, in batches.

use std::{
    io::{self, Cursor, Read},
    iter,
};

use bytes::Bytes;
use memchr::memrchr;

use super::Error;
use crate::gzip::{self, MemberReader, ReadError, Tail};

/// A batch of text has about so many bytes; of a pipe, whatever is there.
const BATCH_BYTES: usize = 256 << 10;
/// A longer line is refused: it is held in memory as a whole.
const MAX_LINE_BYTES: usize = 256 << 20;
/// Compressed bytes are read in pieces of this size.
const PIECE_BYTES: usize = 64 << 10;

pub(in crate::pipeline) type Input = Box<dyn Read + Send>;

/// Each item is lines with their line breaks, but that the last one may have none. An error is the last item; what lay
/// before it was given.
pub(in crate::pipeline) struct Batches {
    text: Text,
    buffer: Vec<u8>,
    /// So many bytes at the start of the buffer hold text that was not given yet.
    used: usize,
    /// What is told next: that it is over, and why.
    end: Option<Result<(), Error>>,
}

enum Text {
    Plain(Input),
    Gzip(Box<MemberReader<Pieces>>),
}

pub(in crate::pipeline) type Pieces = Box<dyn Iterator<Item = io::Result<Bytes>> + Send>;

impl Batches {
    /// Looks at the first bytes to see whether they are gzip.
    pub fn new(mut input: Input) -> Result<Self, Error> {
        let mut head = Vec::new();
        input.by_ref().take(gzip::MAGIC.len() as u64).read_to_end(&mut head)?;
        let is_gzip = gzip::may_begin_member(&head);
        let whole: Input = Box::new(Cursor::new(head).chain(input));
        let text = match is_gzip {
            true => Text::Gzip(Box::new(MemberReader::new(0, pieces(whole)))),
            false => Text::Plain(whole),
        };
        Ok(Self {
            text,
            buffer: Vec::new(),
            used: 0,
            end: None,
        })
    }

    /// The text up to `end`; what lies behind it stays, moved to the start of a new buffer.
    fn give(&mut self, end: usize) -> Vec<u8> {
        let mut rest = Vec::with_capacity(BATCH_BYTES.max(2 * (self.used - end)));
        rest.extend_from_slice(&self.buffer[end..self.used]);
        self.used = rest.len();
        let mut given = std::mem::replace(&mut self.buffer, rest);
        given.truncate(end);
        given
    }

    /// Reads on until there is a batch; `None` at the end.
    fn fill(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut lines_end = None;
        loop {
            let room = BATCH_BYTES.max(self.used);
            self.buffer.resize(self.used + room, 0);
            let count = match self.text.read(&mut self.buffer[self.used..]) {
                Ok(count) => count,
                Err(error) => {
                    self.end = Some(Err(error));
                    return Ok(lines_end.map(|end| self.give(end)));
                }
            };
            if count == 0 {
                self.end = Some(Ok(()));
                return Ok((self.used > 0).then(|| self.give(self.used)));
            }
            let read = self.used..self.used + count;
            self.used = read.end;
            lines_end = memrchr(b'\n', &self.buffer[read.clone()])
                .map(|index| read.start + index + 1)
                .or(lines_end);
            match lines_end {
                Some(end) if self.used >= BATCH_BYTES || self.text.is_plain() => return Ok(Some(self.give(end))),
                None if self.used > MAX_LINE_BYTES => {
                    return Err(Error::LongLine {
                        limit_bytes: MAX_LINE_BYTES,
                    });
                }
                _ => {}
            }
        }
    }
}

impl Iterator for Batches {
    type Item = Result<Vec<u8>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.end.is_none() {
            match self.fill() {
                Ok(Some(batch)) => return Some(Ok(batch)),
                Ok(None) => {}
                Err(error) => self.end = Some(Err(error)),
            }
        }
        match self.end.replace(Ok(())) {
            Some(Err(error)) => Some(Err(error)),
            Some(Ok(())) | None => None,
        }
    }
}

impl Text {
    fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// As [`Read::read`], 0 at the end.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let members = match self {
            Self::Plain(input) => return Ok(retried(|| input.read(buffer))?),
            Self::Gzip(members) => members,
        };
        loop {
            match members.read(buffer) {
                Ok(gzip::Read::Bytes(count)) => return Ok(count),
                Ok(gzip::Read::MemberEnd(_)) => {}
                Ok(gzip::Read::End(Tail::Clean)) => return Ok(0),
                Ok(gzip::Read::End(Tail::Torn { bytes })) => {
                    let member = members.member();
                    return Err(Error::Torn { member, bytes });
                }
                Err(ReadError::Corrupt { member, at, reason }) => return Err(Error::Corrupt { member, at, reason }),
                Err(ReadError::Source(error)) => return Err(error.into()),
            }
        }
    }
}

/// An input's bytes, in pieces.
pub(in crate::pipeline) fn pieces(mut input: Input) -> Pieces {
    Box::new(iter::from_fn(move || {
        let mut piece = vec![0; PIECE_BYTES];
        match retried(|| input.read(&mut piece)) {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                Some(Ok(piece.into()))
            }
            Err(error) => Some(Err(error)),
        }
    }))
}

/// A signal that was dealt with is no reason to stop reading.
fn retried(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn member(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// The batches, and the error behind them.
    fn read(input: impl Read + Send + 'static) -> (Vec<Vec<u8>>, Option<Error>) {
        let (mut given, mut end) = (Vec::new(), None);
        for batch in Batches::new(Box::new(input)).unwrap() {
            assert!(end.is_none());
            match batch {
                Ok(batch) => given.push(batch),
                Err(error) => end = Some(error),
            }
        }
        (given, end)
    }

    /// Gives one byte at a time, as a slow pipe does.
    struct Slow(Cursor<Vec<u8>>);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    #[test]
    fn lines_stay_whole_wherever_reading_is_cut() {
        let line = |index: usize| format!("{index} {}\n", "x".repeat(index * 7919 % 3000));
        let text: String = (0..1000).map(line).collect();
        let cut_members: Vec<u8> = text.as_bytes().chunks(9973).flat_map(member).collect();
        for (bytes, ends) in [
            (text.clone().into_bytes(), "\n"),
            (member(text.as_bytes()), "\n"),
            (cut_members, "\n"),
            (text.trim_end().as_bytes().to_vec(), ""),
            (member(text.trim_end().as_bytes()), ""),
        ] {
            for (batches, end) in [read(Cursor::new(bytes.clone())), read(Slow(Cursor::new(bytes)))] {
                assert!(end.is_none());
                assert_eq!(batches.concat(), [text.trim_end(), ends].concat().as_bytes());
                let (_, all_but_last) = batches.split_last().unwrap();
                assert!(all_but_last.iter().all(|batch| batch.ends_with(b"\n")));
            }
        }
    }

    #[test]
    fn a_pipe_gives_a_line_once_it_is_there() {
        let (batches, end) = read(Slow(Cursor::new(b"one\n\ntwo\nrest".to_vec())));
        assert!(end.is_none());
        assert_eq!(batches, [&b"one\n"[..], b"\n", b"two\n", b"rest"]);
    }

    #[test]
    fn a_line_longer_than_a_batch() {
        let text = ["x".repeat(3 * BATCH_BYTES), "y".repeat(BATCH_BYTES)].join("\n");
        for bytes in [text.clone().into_bytes(), member(text.as_bytes())] {
            let (batches, end) = read(Cursor::new(bytes));
            assert!(end.is_none());
            assert_eq!(batches.concat(), text.as_bytes());
        }
    }

    #[test]
    fn nothing_gives_nothing() {
        for bytes in [Vec::new(), member(b"")] {
            assert!(matches!(read(Cursor::new(bytes)), (batches, None) if batches.is_empty()));
        }
    }

    #[test]
    fn whole_lines_before_a_tear_or_damage_are_given() {
        let first = member(b"one\ntwo\nthr");
        let mut second = member(b"ee\nfour\n");
        for kept in [1, 2, 3, second.len() - 8, second.len() - 1] {
            let (batches, end) = read(Cursor::new([&first[..], &second[..kept]].concat()));
            assert!(batches.concat().starts_with(b"one\ntwo\n"));
            assert!(batches.concat().ends_with(b"\n"));
            assert!(matches!(end, Some(Error::Torn { member, bytes })
                if member == first.len() as u64 && bytes == kept as u64));
        }
        assert!(matches!(
            read(Cursor::new(first[..1].to_vec())).1,
            Some(Error::Torn { member: 0, bytes: 1 })
        ));
        let checksum = second.len() - 8;
        second[checksum] ^= 1;
        for damage in [&second[..], b"plain text"] {
            let (batches, end) = read(Cursor::new([&first[..], damage].concat()));
            assert!(batches.concat().starts_with(b"one\ntwo\n"));
            assert!(matches!(end, Some(Error::Corrupt { member, .. }) if member == first.len() as u64));
        }
    }
}
