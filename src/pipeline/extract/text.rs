//! What stands between the quotes of a JSON string.

use std::borrow::Cow;

use memchr::memchr;

/// A string as it stands in the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub raw: &'a str,
    /// Whether there are escapes in it, all of them well formed.
    pub escaped: bool,
}

impl<'a> Text<'a> {
    /// What it says. Half a surrogate pair becomes U+FFFD.
    pub fn decoded(self) -> Cow<'a, str> {
        match self.escaped {
            false => Cow::Borrowed(self.raw),
            true => Cow::Owned(decode(self.raw)),
        }
    }
}

fn decode(raw: &str) -> String {
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(index) = memchr(b'\\', rest.as_bytes()) {
        let (char, bytes) = unescape(&rest.as_bytes()[index + 1..]);
        decoded.push_str(&rest[..index]);
        decoded.push(char);
        rest = &rest[index + 1 + bytes..];
    }
    decoded.push_str(rest);
    decoded
}

/// What the escape means whose backslash was just before, and how many bytes it takes.
fn unescape(bytes: &[u8]) -> (char, usize) {
    let char = match bytes.first() {
        Some(b'u') => return unescape_unicode(bytes),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(&itself) => char::from(itself),
        None => return (char::REPLACEMENT_CHARACTER, 0),
    };
    (char, 1)
}

/// Code points from U+10000 on are two escapes, a pair of surrogates (RFC 8259, section 7).
fn unescape_unicode(bytes: &[u8]) -> (char, usize) {
    const ESCAPE_BYTES: usize = "uXXXX".len();
    let unit = |from: usize| hex(bytes.get(from..from + 4)?);
    let next = match bytes.get(ESCAPE_BYTES..ESCAPE_BYTES + 2) {
        Some(br"\u") => unit(ESCAPE_BYTES + 2),
        _ => None,
    };
    match char::decode_utf16(unit(1).into_iter().chain(next)).next() {
        Some(Ok(char)) if char.len_utf16() == 2 => (char, 2 * ESCAPE_BYTES + 1),
        Some(Ok(char)) => (char, ESCAPE_BYTES),
        Some(Err(_)) | None => (char::REPLACEMENT_CHARACTER, ESCAPE_BYTES),
    }
}

fn hex(digits: &[u8]) -> Option<u16> {
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// So many bytes come before the first quote, backslash or control character, none of which stands for itself in a
/// JSON string. Looks at eight bytes at a time: most strings of a line are too short for wider steps to pay.
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let special = special(u64::from_le_bytes(*word));
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    let tail = rest.iter().position(is_special).unwrap_or(rest.len());
    words.len() * 8 + tail
}

/// Marks the bytes of a word that are special by their highest bit. The lowest mark is right; those above it may be
/// too many, because the subtractions borrow.
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH_BITS: u64 = ONES << 7;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | equal(b'"') | equal(b'\\')) & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_say_what_they_mean() {
        for (raw, decoded) in [
            ("", ""),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"a\u00e9b\u0041", "aéb\u{41}"),
            (r"\uD83D\uDE00!", "😀!"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\u0000", "\0"),
        ] {
            assert_eq!(Text { raw, escaped: true }.decoded(), decoded, "{raw}");
        }
    }

    #[test]
    fn every_byte_at_every_place_is_plain_or_not() {
        for length in 0..30 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    let plain = !(byte < 0x20 || byte == b'"' || byte == b'\\');
                    assert_eq!(plain_len(&bytes), if plain { length } else { at }, "{byte} at {at}");
                }
            }
        }
        assert_eq!(plain_len(b"ab\"\"\\\\\x01\xff\xff\""), 2);
        assert_eq!(plain_len(b"\xff\xfe\x80\x7f\x20!#[]^\""), 10);
    }
}
