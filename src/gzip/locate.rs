//! Finds where members start, in a blob that can be read from any offset.

use bytes::Bytes;

use super::{MemberReader, Read, ReadError, Tail, member::MAGIC};

/// So much of a member must inflate before it is taken for one without reading it to its end.
const ENOUGH_BYTES: u64 = 1 << 20;

const SCRATCH_BYTES: usize = 64 << 10;

/// The starts of members on both sides of an offset that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbours {
    pub previous: u64,
    /// The next start; the blob's end if there is none.
    pub next: u64,
}

/// What lies at an offset.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    /// The beginning of a member: the rest may be on its way. Few bytes look like it by chance.
    Torn,
    Member,
}

/// Whether a member starts at `offset`: whether what lies there inflates. A torn one counts.
pub fn is_member_start<S, E>(offset: u64, open: impl FnOnce(u64) -> S) -> Result<bool, E>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    Ok(look(offset, open)? != Found::Nothing)
}

fn look<S, E>(offset: u64, open: impl FnOnce(u64) -> S) -> Result<Found, E>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    let mut reader = MemberReader::new(offset, open(offset));
    let mut scratch = vec![0; SCRATCH_BYTES];
    let mut inflated = 0;
    loop {
        match reader.read(&mut scratch) {
            Ok(Read::Bytes(count)) => inflated += count as u64,
            Ok(Read::MemberEnd(_)) => return Ok(Found::Member),
            Ok(Read::End(Tail::Torn { .. })) => return Ok(Found::Torn),
            Ok(Read::End(Tail::Clean)) | Err(ReadError::Corrupt { .. }) => return Ok(Found::Nothing),
            Err(ReadError::Source(error)) => return Err(error),
        }
        if inflated >= ENOUGH_BYTES {
            return Ok(Found::Member);
        }
    }
}

/// The first start of a member at or after `from`, found by its first bytes and proved by inflating it. At the end of
/// the source, the beginning of a member's first bytes counts: the rest of it may be on its way.
pub fn next_member<S, E>(from: u64, open: impl FnMut(u64) -> S) -> Result<Option<u64>, E>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    search(from, open, |found| found != Found::Nothing)
}

/// As [`next_member`], but of a member that is whole.
pub fn next_whole_member<S, E>(from: u64, open: impl FnMut(u64) -> S) -> Result<Option<u64>, E>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    search(from, open, |found| found == Found::Member)
}

fn search<S, E>(from: u64, mut open: impl FnMut(u64) -> S, is_wanted: impl Fn(Found) -> bool) -> Result<Option<u64>, E>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    let mut window: Vec<u8> = Vec::new();
    let mut window_at = from;
    let mut source = open(from);
    loop {
        let piece = source.next().transpose()?;
        let ended = piece.is_none();
        window.extend_from_slice(&piece.unwrap_or_default());
        for index in memchr::memchr_iter(MAGIC[0], &window) {
            let head = &window[index..window.len().min(index + MAGIC.len())];
            if head.len() < MAGIC.len() && !ended {
                continue;
            }
            let offset = window_at + index as u64;
            if MAGIC.starts_with(head) && is_wanted(look(offset, &mut open)?) {
                return Ok(Some(offset));
            }
        }
        if ended {
            return Ok(None);
        }
        let keep = window.len().min(MAGIC.len() - 1);
        window_at += (window.len() - keep) as u64;
        window.drain(..window.len() - keep);
    }
}

/// The starts around `offset`, by reading every member from the blob's start; `None` if one starts at `offset`, which
/// is also so at the blob's end. Corrupt members are passed over.
pub fn starts_around<S, E>(offset: u64, mut open: impl FnMut(u64) -> S) -> Result<Option<Neighbours>, E>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    let mut start = 0;
    let mut scratch = vec![0; SCRATCH_BYTES];
    let mut reader = MemberReader::new(start, open(start));
    while start < offset {
        let next = match reader.read(&mut scratch) {
            Ok(Read::Bytes(_)) => continue,
            Ok(Read::MemberEnd(next)) => next,
            Ok(Read::End(_)) => reader.position(),
            Err(ReadError::Source(error)) => return Err(error),
            Err(ReadError::Corrupt { .. }) => {
                let next = match next_member(start + 1, &mut open)? {
                    Some(next) => next,
                    None => end_of_source(start, open(start))?,
                };
                reader = MemberReader::new(next, open(next));
                next
            }
        };
        if next > offset || next == start {
            return Ok(Some(Neighbours { previous: start, next }));
        }
        start = next;
    }
    Ok(None)
}

fn end_of_source<E>(offset: u64, source: impl Iterator<Item = Result<Bytes, E>>) -> Result<u64, E> {
    source
        .into_iter()
        .try_fold(offset, |end, piece| Ok(end + piece?.len() as u64))
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, io::Write};

    use super::*;

    fn member(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn open(blob: &[u8]) -> impl FnMut(u64) -> std::vec::IntoIter<Result<Bytes, Infallible>> {
        let blob = blob.to_vec();
        move |offset| {
            blob[offset as usize..]
                .chunks(3)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect::<Vec<_>>()
                .into_iter()
        }
    }

    #[test]
    fn starts_around_every_offset() {
        let (first, second) = (member(b"first\n"), member(b"second\n"));
        let blob = [&first[..], &second[..]].concat();
        let (middle, end) = (first.len() as u64, blob.len() as u64);
        for offset in 0..=end {
            let expected = match offset {
                0 => None,
                _ if offset == middle || offset == end => None,
                _ if offset < middle => Some(Neighbours {
                    previous: 0,
                    next: middle,
                }),
                _ => Some(Neighbours {
                    previous: middle,
                    next: end,
                }),
            };
            assert_eq!(starts_around(offset, open(&blob)).unwrap(), expected, "{offset}");
            let start = offset == 0 || offset == middle;
            assert_eq!(is_member_start(offset, open(&blob)).unwrap(), start, "{offset}");
        }
    }

    #[test]
    fn the_next_member_behind_damage_is_found() {
        let good = member(b"good\n");
        let mut damaged = member(b"damaged, long enough to have an inside\n");
        damaged[15] ^= 0xff;
        let false_start = [0x1f, 0x8b, 0x08, 0xff, 0x1f, 0x8b, 0x08, 0x00, 0x00];
        let blob = [&damaged[..], &false_start[..], &good[..]].concat();
        let expected = (damaged.len() + false_start.len()) as u64;
        assert_eq!(next_member(1, open(&blob)).unwrap(), Some(expected));
        assert_eq!(next_whole_member(1, open(&blob)).unwrap(), Some(expected));
        assert_eq!(next_member(1, open(&damaged)).unwrap(), None);
    }

    #[test]
    fn a_head_at_the_very_end_may_become_a_member() {
        for kept in 1..=MAGIC.len() {
            let blob = [&[0_u8; 5][..], &MAGIC[..kept]].concat();
            assert_eq!(next_member(0, open(&blob)).unwrap(), Some(5), "{kept}");
            assert_eq!(next_whole_member(0, open(&blob)).unwrap(), None, "{kept}");
        }
    }
}
