//! A record's headers, encoded once as they stand in a batch.

use rdkafka::message::Headers;

use super::varint::{put_bytes, take_bytes};

/// Those of a line are about as long.
const USUAL_BYTES: usize = 128;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordHeaders {
    count: i32,
    encoded: Vec<u8>,
}

impl RecordHeaders {
    pub const fn new() -> Self {
        Self {
            count: 0,
            encoded: Vec::new(),
        }
    }

    /// Those of a record that was read.
    pub fn of(headers: Option<&impl Headers>) -> Self {
        let mut all = Self::new();
        if let Some(headers) = headers {
            all.encoded.reserve(USUAL_BYTES);
            for header in headers.iter() {
                all.push(header.key, header.value);
            }
        }
        all
    }

    /// Adds one behind the others.
    pub fn push(&mut self, name: &str, value: Option<&[u8]>) {
        self.count += 1;
        put_bytes(&mut self.encoded, Some(name.as_bytes()));
        put_bytes(&mut self.encoded, value);
    }

    /// Takes the place of what is in it, and keeps its memory.
    pub fn copy_from(&mut self, other: &Self) {
        self.count = other.count;
        self.encoded.clear();
        self.encoded.extend_from_slice(&other.encoded);
    }

    pub fn clear(&mut self) {
        self.count = 0;
        self.encoded.clear();
    }

    pub fn count(&self) -> i32 {
        self.count
    }

    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let mut rest = self.encoded();
        std::iter::from_fn(move || {
            let name = take_bytes(&mut rest)??;
            let value = take_bytes(&mut rest)?;
            Some((str::from_utf8(name).ok()?, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_they_were_added() {
        let mut headers = RecordHeaders::new();
        assert_eq!(headers.iter().next(), None);
        let all = [
            ("service", Some(&b"api"[..])),
            ("none", None),
            ("service", Some(b"")),
            ("", Some(&[0xff])),
        ];
        for (name, value) in all {
            headers.push(name, value);
        }
        assert_eq!(headers.iter().collect::<Vec<_>>(), all);
        assert_eq!(headers.count(), 4);
    }
}
