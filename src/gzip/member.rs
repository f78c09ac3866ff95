//! Reads members one after the other, with the exact offset of each.

use bytes::{Buf, Bytes};
use flate2::{Decompress, FlushDecompress, Status};

/// What one step of reading gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// So many decompressed bytes were written to the start of the buffer.
    Bytes(usize),
    /// The member ended and its checksum and length were right; the next one, if any, starts at this offset.
    MemberEnd(u64),
    /// The source ended.
    End(Tail),
}

/// How a chain of members ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Right behind a member.
    Clean,
    /// Inside a member of which `bytes` compressed bytes were there.
    Torn { bytes: u64 },
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError<E> {
    #[error(transparent)]
    Source(E),
    /// The member at `member` can not be inflated; `at` is about where that shows. Both are offsets in the blob.
    #[error("corrupt gzip member at offset {member}: {reason} near offset {at}")]
    Corrupt { member: u64, at: u64, reason: String },
}

/// A chain of members, read from a source of consecutive pieces of a blob. Pieces may be cut anywhere.
///
/// Memory is one piece and inflate's own window, whatever the size of the members.
pub struct MemberReader<S> {
    source: S,
    piece: Bytes,
    inflate: Decompress,
    /// Offset of the member that is being read, or of the next one.
    member: u64,
    /// Offset of the next compressed byte.
    position: u64,
    inside: bool,
}

/// A member's first bytes: magic number and the only compression method there is (RFC 1952, 2.3.1).
pub const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Whether a source whose first bytes are these is gzip; those of [`MAGIC`] tell. The beginning of them counts: the rest
/// may be torn off.
pub fn may_begin_member(head: &[u8]) -> bool {
    !head.is_empty() && (head.starts_with(&MAGIC) || MAGIC.starts_with(head))
}

const GZIP_WINDOW_BITS: u8 = 15;

impl<S, E> MemberReader<S>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    /// Reads from a source whose first byte is the blob's byte at `offset`, where a member must start.
    pub fn new(offset: u64, source: S) -> Self {
        Self {
            source,
            piece: Bytes::new(),
            inflate: Decompress::new_gzip(GZIP_WINDOW_BITS),
            member: offset,
            position: offset,
            inside: false,
        }
    }

    /// Offset of the member whose bytes [`Self::read`] gives, in bytes from the blob's start.
    pub fn member(&self) -> u64 {
        self.member
    }

    /// Offset behind the last compressed byte that was used.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Inflates into `buffer`, which must not be empty.
    ///
    /// # Errors
    /// [`ReadError::Corrupt`] for a member that is none; reading can not go on then. Errors of the source are passed on.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<Read, ReadError<E>> {
        debug_assert!(!buffer.is_empty());
        loop {
            // Inflate may still hold output of the piece before, so it is asked once more before a new piece is fetched.
            if self.inside || !self.piece.is_empty() {
                // Inflate judges a header only once two bytes of it are there; a last stray byte must not pass for one.
                if !self.inside && self.piece[0] != MAGIC[0] {
                    return Err(self.corrupt("not gzip data"));
                }
                self.inside = true;
                let (consumed_before, produced_before) = (self.inflate.total_in(), self.inflate.total_out());
                let status = self
                    .inflate
                    .decompress(&self.piece, buffer, FlushDecompress::None)
                    .map_err(|error| self.corrupt(error.message().unwrap_or("not gzip data")))?;
                let consumed = self.inflate.total_in() - consumed_before;
                let produced = self.inflate.total_out() - produced_before;
                self.piece.advance(consumed as usize);
                self.position += consumed;
                if produced > 0 {
                    // The end of the member, if this was it, is reported by the next step: inflate says it again.
                    return Ok(Read::Bytes(produced as usize));
                }
                if status == Status::StreamEnd {
                    self.inflate.reset(true);
                    self.inside = false;
                    self.member = self.position;
                    return Ok(Read::MemberEnd(self.member));
                }
                if consumed > 0 {
                    continue;
                }
            }
            match self.source.next() {
                Some(piece) => self.piece = piece.map_err(ReadError::Source)?,
                None => return Ok(Read::End(self.tail())),
            }
        }
    }

    fn corrupt(&self, reason: &str) -> ReadError<E> {
        ReadError::Corrupt {
            member: self.member,
            at: self.position,
            reason: reason.to_owned(),
        }
    }

    fn tail(&self) -> Tail {
        match self.position - self.member {
            0 => Tail::Clean,
            bytes => Tail::Torn { bytes },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, io::Write};

    use super::*;

    pub(crate) fn member(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn pieces(blob: &[u8], size: usize) -> impl Iterator<Item = Result<Bytes, Infallible>> {
        blob.chunks(size.max(1))
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn read_all(blob: &[u8], piece: usize, buffer: usize) -> Result<(Vec<u8>, Vec<u64>, Tail), ReadError<Infallible>> {
        let mut reader = MemberReader::new(0, pieces(blob, piece));
        let (mut text, mut ends, mut buffer) = (Vec::new(), Vec::new(), vec![0; buffer]);
        loop {
            match reader.read(&mut buffer)? {
                Read::Bytes(count) => text.extend_from_slice(&buffer[..count]),
                Read::MemberEnd(next) => ends.push(next),
                Read::End(tail) => return Ok((text, ends, tail)),
            }
        }
    }

    #[test]
    fn any_cut_of_a_chain_reads_the_same() {
        let texts: [&[u8]; 4] = [b"one\ntwo\n", b"", b"three", &[b'x'; 100_000]];
        let blob: Vec<u8> = texts.iter().flat_map(|text| member(text)).collect();
        let mut expected_ends = Vec::new();
        for text in texts {
            expected_ends.push(expected_ends.last().unwrap_or(&0) + member(text).len() as u64);
        }
        for piece in [1, 2, 3, 7, 18, 64, blob.len()] {
            for buffer in [1, 5, 1024, 1 << 20] {
                let (text, ends, tail) = read_all(&blob, piece, buffer).unwrap();
                assert_eq!(text, texts.concat(), "{piece} {buffer}");
                assert_eq!(ends, expected_ends);
                assert_eq!(tail, Tail::Clean);
            }
        }
    }

    #[test]
    fn a_torn_tail_is_no_corruption_at_any_byte() {
        let whole = member(b"first\n");
        let second = member(b"second, which is cut\n");
        for kept in 1..second.len() {
            let blob = [&whole[..], &second[..kept]].concat();
            let (text, ends, tail) = read_all(&blob, 4, 64).unwrap();
            assert!(text.starts_with(b"first\n"));
            assert_eq!(ends, [whole.len() as u64]);
            assert_eq!(tail, Tail::Torn { bytes: kept as u64 }, "{kept}");
        }
    }

    #[test]
    fn bad_bytes_are_corrupt_and_name_their_member() {
        let whole = member(b"first\n");
        let mut wrong_checksum = member(b"second\n");
        let crc = wrong_checksum.len() - 8;
        wrong_checksum[crc] ^= 1;
        for bad in [wrong_checksum, b"no gzip at all, but text".to_vec(), vec![0; 16]] {
            let blob = [&whole[..], &bad[..]].concat();
            match read_all(&blob, 5, 64) {
                Err(ReadError::Corrupt { member, .. }) => assert_eq!(member, whole.len() as u64),
                other => panic!("{other:?}"),
            }
        }
    }
}
