//! Records for programs.

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeStruct},
};

use super::{Place, Record, View};

/// One object and a line break.
pub fn view(out: &mut Vec<u8>, view: &View<'_>) {
    line(out, view);
}

/// The record as it is in Kafka, or the line as it is in the blob.
pub fn raw(out: &mut Vec<u8>, record: &Record<'_>) {
    line(out, &Raw(record));
}

fn line(out: &mut Vec<u8>, value: &impl Serialize) {
    let begun = out.len();
    match serde_json::to_writer(&mut *out, value) {
        Ok(()) => out.push(b'\n'),
        // Memory takes every byte, and what is shown are texts and numbers: this does not come.
        Err(error) => {
            tracing::warn!(%error, "a record has no JSON form, it is left out");
            out.truncate(begun);
        }
    }
}

struct Raw<'r, 'a>(&'r Record<'a>);

struct Headers<'r, 'a>(&'r Record<'a>);

impl Serialize for Raw<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.0;
        // Those of the contract, and two encodings.
        let mut fields = serializer.serialize_struct("Record", 9)?;
        match record.place {
            Place::Topic {
                topic,
                partition,
                offset,
            } => {
                fields.serialize_field("topic", topic)?;
                fields.serialize_field("partition", &partition)?;
                fields.serialize_field("offset", &offset)?;
                put(&mut fields, "key", "key_encoding", record.key)?;
                let timestamp = record.timestamp_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
                fields.serialize_field("timestamp", &timestamp)?;
            }
            Place::Blob { name, member, line } => {
                fields.serialize_field("blob", name)?;
                fields.serialize_field("offset", &member)?;
                fields.serialize_field("line", &line)?;
            }
        }
        fields.serialize_field("headers", &Headers(record))?;
        put(&mut fields, "value", "value_encoding", record.value)?;
        fields.end()
    }
}

/// A string, or base64 and a second field that says so.
fn put<S: SerializeStruct>(
    fields: &mut S,
    name: &'static str,
    encoding: &'static str,
    bytes: Option<&[u8]>,
) -> Result<(), S::Error> {
    match bytes.map(|bytes| str::from_utf8(bytes).map_err(|_| bytes)) {
        None => fields.serialize_field(name, &None::<&str>),
        Some(Ok(text)) => fields.serialize_field(name, text),
        Some(Err(bytes)) => {
            fields.serialize_field(name, &BASE64_STANDARD.encode(bytes))?;
            fields.serialize_field(encoding, "base64")
        }
    }
}

impl Serialize for Headers<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let headers = &self.0.headers;
        let mut map = serializer.serialize_map(Some(headers.len()))?;
        for (name, value) in headers {
            match value.map(str::from_utf8) {
                None => map.serialize_entry(name, &None::<&str>)?,
                Some(Ok(text)) => map.serialize_entry(name, text)?,
                Some(Err(_)) => map.serialize_entry(name, &String::from_utf8_lossy(value.unwrap_or_default()))?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::tail::Kind;

    fn record<'a>(key: Option<&'a [u8]>, value: Option<&'a [u8]>) -> Record<'a> {
        Record {
            kind: Kind::Unknown,
            place: Place::Topic {
                topic: "T",
                partition: 3,
                offset: 41,
            },
            key,
            timestamp_ms: Some(1_749_168_000_123),
            headers: vec![("service", Some(b"api")), ("none", None), ("bad", Some(b"\xff"))],
            value,
        }
    }

    #[test]
    fn raw_records() {
        const COMMON: &str = r#""headers":{"service":"api","none":null,"bad":"�"}"#;
        const TIME: &str = r#""timestamp":"2025-06-06T00:00:00.123Z""#;
        for (key, value, expected) in [
            (
                Some(&b"k"[..]),
                Some(&b"a \"line\"\twith \x01 bytes"[..]),
                format!(r#""key":"k",{TIME},{COMMON},"value":"a \"line\"\twith \u0001 bytes""#),
            ),
            (None, None, format!(r#""key":null,{TIME},{COMMON},"value":null"#)),
            (
                Some(b"\xfe"),
                Some(b"\xff\x00"),
                format!(
                    r#""key":"/g==","key_encoding":"base64",{TIME},{COMMON},"value":"/wA=","value_encoding":"base64""#
                ),
            ),
        ] {
            let mut out = Vec::new();
            raw(&mut out, &record(key, value));
            let expected = format!("{{\"topic\":\"T\",\"partition\":3,\"offset\":41,{expected}}}\n");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn lines_of_blobs_say_where_they_are() {
        let mut out = Vec::new();
        let place = Place::Blob {
            name: "kubernetes/a.gz",
            member: 77,
            line: 2,
        };
        raw(
            &mut out,
            &Record {
                place,
                headers: Vec::new(),
                ..record(None, Some(b"x"))
            },
        );
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"blob\":\"kubernetes/a.gz\",\"offset\":77,\"line\":2,\"headers\":{},\"value\":\"x\"}\n"
        );
    }
}
