//! Record batches, version 2 of Kafka's message format: written record by record, then compressed and sealed.
//!
//! Where the format's rules come from: Kafka's documentation, "Message Format"; for lz4 the LZ4 frame format 1.6.1.

use std::{cell::RefCell, io::Write};

use bytes::Bytes;
use lz4::block::{CompressionMode, compress_bound, compress_to_buffer};

use super::{
    headers::RecordHeaders,
    varint::{put_bytes, put_varint, size_of_bytes, size_of_varint},
};

/// Bytes of a batch before its records.
pub const HEADER_BYTES: usize = 61;
/// Where what the checksum covers begins: behind it, with the attributes.
const CHECKED_FROM: usize = 21;
/// Memory doubles as it is filled: from here it meets 1 MiB, the usual size of a batch, exactly.
const FIRST_BYTES: usize = 128 << 10;
const MAGIC: u8 = 2;
const TRANSACTIONAL: i16 = 1 << 4;

/// How records are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    None,
    Gzip(u32),
    Lz4,
    Zstd(i32),
}

impl Codec {
    fn attribute(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Gzip(_) => 1,
            Self::Lz4 => 3,
            Self::Zstd(_) => 4,
        }
    }
}

/// Who writes a batch: a producer id, and the epoch of its present transaction. Both are -1 without idempotence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub producer_id: i64,
    pub epoch: i16,
}

impl Identity {
    pub const NONE: Self = Self {
        producer_id: -1,
        epoch: -1,
    };
}

/// A record as it goes into a batch.
pub struct Content<'a> {
    /// Milliseconds since 1970.
    pub timestamp: i64,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: &'a RecordHeaders,
}

/// A batch that is being filled. Its memory begins with room for the header, so that it is sent as it stands where it is
/// not compressed.
pub struct Batch {
    bytes: Vec<u8>,
    count: i32,
    base_timestamp: i64,
    max_timestamp: i64,
}

impl Batch {
    /// In memory that was used before.
    pub fn within(mut memory: Vec<u8>) -> Self {
        memory.clear();
        memory.reserve_exact(FIRST_BYTES);
        memory.resize(HEADER_BYTES, 0);
        Self {
            bytes: memory,
            count: 0,
            base_timestamp: 0,
            max_timestamp: 0,
        }
    }

    pub fn count(&self) -> i32 {
        self.count
    }

    /// Bytes as they are without compression, the header included.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that a record takes at most, with what the header of a batch of its own would.
    pub fn largest(content: &Content<'_>) -> usize {
        // The length, attributes, delta of the timestamp and of the offset, lengths of key and value, and count of headers.
        const NUMBERS: usize = 5 + 1 + 10 + 5 + 5 + 5 + 5;
        let bytes = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        HEADER_BYTES + NUMBERS + bytes(content.key) + bytes(content.value) + content.headers.encoded().len()
    }

    pub fn push(&mut self, content: &Content<'_>) {
        if self.count == 0 {
            self.base_timestamp = content.timestamp;
            self.max_timestamp = content.timestamp;
        }
        self.max_timestamp = self.max_timestamp.max(content.timestamp);
        let timestamp_delta = content.timestamp - self.base_timestamp;
        let offset_delta = i64::from(self.count);
        let headers = content.headers;
        let length = 1
            + size_of_varint(timestamp_delta)
            + size_of_varint(offset_delta)
            + size_of_bytes(content.key)
            + size_of_bytes(content.value)
            + size_of_varint(i64::from(headers.count()))
            + headers.encoded().len();
        put_varint(&mut self.bytes, length as i64);
        self.bytes.push(0);
        put_varint(&mut self.bytes, timestamp_delta);
        put_varint(&mut self.bytes, offset_delta);
        put_bytes(&mut self.bytes, content.key);
        put_bytes(&mut self.bytes, content.value);
        put_varint(&mut self.bytes, i64::from(headers.count()));
        self.bytes.extend_from_slice(headers.encoded());
        self.count += 1;
    }

    /// Compresses and signs the batch. Gives it in memory of just its size, and the memory in which it was filled.
    ///
    /// # Errors
    /// Those of the compression.
    pub fn seal(
        mut self,
        codec: Codec,
        identity: Identity,
        base_sequence: i32,
        is_transactional: bool,
    ) -> std::io::Result<(Bytes, Vec<u8>)> {
        SCRATCH.with_borrow_mut(|scratch| {
            let length = compress(codec, &self.bytes[HEADER_BYTES..], scratch)?;
            let is_smaller = length.is_some_and(|length| length < self.bytes.len());
            let codec = if is_smaller { codec } else { Codec::None };
            let sealed = match length.filter(|_| is_smaller) {
                Some(length) => &mut scratch[..length],
                None => &mut self.bytes[..],
            };
            let attributes = codec.attribute() | if is_transactional { TRANSACTIONAL } else { 0 };
            let rest = sealed.len() - 12;
            let mut header = Vec::with_capacity(HEADER_BYTES);
            header.extend_from_slice(&0_i64.to_be_bytes());
            header.extend_from_slice(&(rest as i32).to_be_bytes());
            header.extend_from_slice(&(-1_i32).to_be_bytes());
            header.push(MAGIC);
            header.extend_from_slice(&[0; 4]);
            header.extend_from_slice(&attributes.to_be_bytes());
            header.extend_from_slice(&(self.count - 1).to_be_bytes());
            header.extend_from_slice(&self.base_timestamp.to_be_bytes());
            header.extend_from_slice(&self.max_timestamp.to_be_bytes());
            header.extend_from_slice(&identity.producer_id.to_be_bytes());
            header.extend_from_slice(&identity.epoch.to_be_bytes());
            header.extend_from_slice(&base_sequence.to_be_bytes());
            header.extend_from_slice(&self.count.to_be_bytes());
            sealed[..HEADER_BYTES].copy_from_slice(&header);
            let checksum = crc32c::crc32c(&sealed[CHECKED_FROM..]);
            sealed[CHECKED_FROM - 4..CHECKED_FROM].copy_from_slice(&checksum.to_be_bytes());
            let sealed = Bytes::copy_from_slice(sealed);
            if scratch.len() > SCRATCH_BYTES {
                scratch.truncate(SCRATCH_BYTES);
                scratch.shrink_to_fit();
            }
            Ok((sealed, self.bytes))
        })
    }
}

/// What a thread keeps to compress into.
const SCRATCH_BYTES: usize = 2 << 20;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Compresses records to where they belong in a batch; gives the length of that, of which the header is still to be filled.
fn compress(codec: Codec, records: &[u8], into: &mut Vec<u8>) -> std::io::Result<Option<usize>> {
    if into.len() < HEADER_BYTES {
        into.resize(HEADER_BYTES, 0);
    }
    match codec {
        Codec::None => return Ok(None),
        Codec::Lz4 => return lz4_frame(records, into, HEADER_BYTES).map(Some),
        Codec::Gzip(level) => {
            into.truncate(HEADER_BYTES);
            let mut encoder = flate2::write::GzEncoder::new(&mut *into, flate2::Compression::new(level));
            encoder.write_all(records)?;
            encoder.finish()?;
        }
        Codec::Zstd(level) => {
            into.truncate(HEADER_BYTES);
            zstd::stream::copy_encode(records, &mut *into, level)?;
        }
    }
    Ok(Some(into.len()))
}

/// Magic number, version 1 with independent blocks and no checksums, blocks of 1 MiB at most, and the descriptor's own
/// checksum: the second byte of xxHash-32 over the two bytes before it.
const LZ4_HEAD: [u8; 7] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x60, 0x51];
const LZ4_BLOCK_BYTES: usize = 1 << 20;
/// Set in a block's length where the block is not compressed.
const LZ4_STORED: u32 = 1 << 31;

/// Writes an LZ4 frame of blocks that the library compresses (its own frame encoder takes a quarter more time) from `at` on;
/// gives its end. What was there stays as it is behind that, as filling memory costs as much as a tenth of compressing.
fn lz4_frame(records: &[u8], into: &mut Vec<u8>, at: usize) -> std::io::Result<usize> {
    let blocks = records.len().div_ceil(LZ4_BLOCK_BYTES);
    let most = LZ4_HEAD.len() + blocks * (4 + compress_bound(LZ4_BLOCK_BYTES.min(records.len()))?) + 4;
    if into.len() < at + most {
        into.reserve_exact(at + most - into.len());
        into.resize(at + most, 0);
    }
    let mut end = at + LZ4_HEAD.len();
    into[at..end].copy_from_slice(&LZ4_HEAD);
    for block in records.chunks(LZ4_BLOCK_BYTES) {
        let from = end + 4;
        let size = compress_to_buffer(block, Some(CompressionMode::DEFAULT), false, &mut into[from..])?;
        let (size, length) = if size < block.len() {
            (size, size as u32)
        } else {
            into[from..from + block.len()].copy_from_slice(block);
            (block.len(), block.len() as u32 | LZ4_STORED)
        };
        into[end..from].copy_from_slice(&length.to_le_bytes());
        end = from + size;
    }
    into[end..end + 4].copy_from_slice(&[0; 4]);
    Ok(end + 4)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::varint::{take_bytes, take_varint};

    use super::*;

    fn varint(rest: &mut &[u8]) -> i64 {
        take_varint(rest).unwrap()
    }

    fn bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
        take_bytes(rest).unwrap()
    }

    fn number<const N: usize>(batch: &[u8], at: usize) -> [u8; N] {
        batch[at..at + N].try_into().unwrap()
    }

    fn decompress(codec: u16, bytes: &[u8]) -> Vec<u8> {
        let mut records = Vec::new();
        match codec {
            0 => records.extend_from_slice(bytes),
            1 => drop(flate2::read::GzDecoder::new(bytes).read_to_end(&mut records).unwrap()),
            // The library's own decoder, which checks the frame's head.
            3 => drop(lz4::Decoder::new(bytes).unwrap().read_to_end(&mut records).unwrap()),
            4 => records = zstd::stream::decode_all(bytes).unwrap(),
            other => panic!("codec {other}"),
        }
        records
    }

    /// Key, value and timestamp of each record, with the batch's first and largest timestamp.
    fn read(batch: &[u8]) -> Vec<(i64, Option<&'static str>, usize)> {
        assert_eq!(i32::from_be_bytes(number(batch, 8)) as usize, batch.len() - 12);
        assert_eq!(batch[16], 2);
        assert_eq!(u32::from_be_bytes(number(batch, 17)), crc32c::crc32c(&batch[21..]));
        let attributes = u16::from_be_bytes(number(batch, 21));
        let count = i32::from_be_bytes(number(batch, 57));
        assert_eq!(i32::from_be_bytes(number(batch, 23)), count - 1);
        let base = i64::from_be_bytes(number(batch, 27));
        let records = decompress(attributes & 7, &batch[HEADER_BYTES..]);
        let mut rest = &records[..];
        let mut read = Vec::new();
        for offset in 0..count {
            let length = varint(&mut rest) as usize;
            let (mut record, behind) = rest.split_at(length);
            rest = behind;
            assert_eq!(record[0], 0);
            record = &record[1..];
            let timestamp = base + varint(&mut record);
            assert_eq!(varint(&mut record), i64::from(offset));
            let key = bytes(&mut record).map(|key| String::from_utf8(key.to_vec()).unwrap().leak() as &str);
            let value = bytes(&mut record).map_or(usize::MAX, <[u8]>::len);
            for _ in 0..varint(&mut record) {
                bytes(&mut record).unwrap();
                bytes(&mut record);
            }
            assert!(record.is_empty() && timestamp <= i64::from_be_bytes(number(batch, 35)));
            read.push((timestamp, key, value));
        }
        assert!(rest.is_empty());
        read
    }

    const IDENTITY: Identity = Identity {
        producer_id: 77,
        epoch: 5,
    };

    fn filled(values: &[usize]) -> Batch {
        let mut headers = RecordHeaders::new();
        headers.push("service", Some(b"api"));
        headers.push("none", None);
        let mut batch = Batch::within(vec![1, 2, 3]);
        for (number, length) in values.iter().enumerate() {
            let value = vec![b'x'; *length];
            let content = Content {
                timestamp: 1_000_000 - number as i64,
                key: (number % 2 == 0).then_some(b"key"),
                value: (*length < usize::MAX).then_some(&value[..]),
                headers: &headers,
            };
            let (before, largest) = (batch.len(), Batch::largest(&content));
            batch.push(&content);
            assert!(batch.len() - before + HEADER_BYTES <= largest);
        }
        batch
    }

    #[test]
    fn what_is_written_is_what_the_format_says() {
        let sizes = [0, 1, 63, 64, 8191, 8192, 3 << 20];
        let numbered = sizes.iter().enumerate();
        let expected: Vec<_> = numbered
            .map(|(number, size)| (1_000_000 - number as i64, (number % 2 == 0).then_some("key"), *size))
            .collect();
        for codec in [Codec::None, Codec::Lz4, Codec::Gzip(6), Codec::Zstd(3)] {
            let (sealed, _) = filled(&sizes).seal(codec, IDENTITY, 9, true).unwrap();
            assert_eq!(read(&sealed), expected, "{codec:?}");
            assert_eq!(number(&sealed, 21), (codec.attribute() | TRANSACTIONAL).to_be_bytes());
            assert_eq!(i64::from_be_bytes(number(&sealed, 43)), 77);
            assert_eq!(i16::from_be_bytes(number(&sealed, 51)), 5);
            assert_eq!(i32::from_be_bytes(number(&sealed, 53)), 9);
        }
    }

    #[test]
    fn what_does_not_get_smaller_stays_as_it_is() {
        let (sealed, _) = filled(&[0]).seal(Codec::Zstd(3), IDENTITY, 0, false).unwrap();
        assert_eq!(number(&sealed, 21), [0, 0]);
        assert_eq!(read(&sealed).len(), 1);
    }

    #[test]
    fn lz4_stores_blocks_that_do_not_get_smaller() {
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .take(LZ4_BLOCK_BYTES + 5)
        .collect();
        let mut frame = Vec::new();
        let end = lz4_frame(&noise, &mut frame, 3).unwrap();
        assert!(end > noise.len());
        assert_eq!(decompress(3, &frame[3..end]), noise);
    }
}
