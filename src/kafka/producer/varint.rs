//! Numbers and bytes as they stand in a record. Where the rules come from: Kafka's documentation, "Message Format", which has them
//! from Protocol Buffers.

/// In zigzag, so that small negative numbers are short as well.
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

pub fn size_of_varint(value: i64) -> usize {
    let bits = 64 - (zigzag(value) | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

pub fn put_varint(bytes: &mut Vec<u8>, value: i64) {
    let mut rest = zigzag(value);
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// Takes a number from the front; `None` where there is none.
pub fn take_varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
    }
    None
}

pub fn size_of_bytes(value: Option<&[u8]>) -> usize {
    value.map_or(1, |value| size_of_varint(value.len() as i64) + value.len())
}

/// A length, -1 for what is not there, and the bytes.
pub fn put_bytes(bytes: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        None => put_varint(bytes, -1),
        Some(value) => {
            put_varint(bytes, value.len() as i64);
            bytes.extend_from_slice(value);
        }
    }
}

/// Takes bytes from the front, or that there are none; `None` where there is neither.
pub fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let Ok(length) = usize::try_from(take_varint(bytes)?) else {
        return Some(None);
    };
    let (value, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_as_long_as_computed() {
        for value in [0, -1, 1, 63, -64, 64, 8191, 8192, i64::MAX, i64::MIN] {
            let mut written = Vec::new();
            put_varint(&mut written, value);
            assert_eq!(written.len(), size_of_varint(value), "{value}");
            assert_eq!(take_varint(&mut &written[..]), Some(value));
            assert_eq!(take_varint(&mut &written[..written.len() - 1]), None);
        }
    }

    #[test]
    fn bytes_are_taken_as_they_were_put() {
        for value in [None, Some(&b""[..]), Some(b"abc"), Some(&[7; 200])] {
            let mut written = Vec::new();
            put_bytes(&mut written, value);
            assert_eq!(written.len(), size_of_bytes(value));
            assert_eq!(take_bytes(&mut &written[..]), Some(value));
        }
        assert_eq!(take_bytes(&mut &[6, b'a'][..]), None);
    }
}
