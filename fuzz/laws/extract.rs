//! What is so of every raw line, whatever its bytes. The fuzz target runs this, and so does a test of `tests/it`.

use base64::{Engine, prelude::BASE64_STANDARD};
use clp::{
    domain::record::{Kind, Record, write_json},
    pipeline::extract::{Origin, RawLine, extract},
};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

const RECEIVED_NS: i64 = 1_700_000_000_000_000_000;

/// Panics where one of them does not hold: no panic, JSON with the fields of its kind, and the grammar of JSON itself.
pub fn hold(bytes: &[u8]) {
    for from_proxy in [false, true] {
        for validate in [false, true] {
            let origin = Origin {
                service: "api",
                environment: "P1",
                subscription: "cp2",
                from_proxy,
                received_ns: RECEIVED_NS,
            };
            let raw = RawLine::new(bytes);
            let record = extract(&raw, origin, validate);
            if let Some(record) = &record {
                has_its_fields(record, from_proxy);
            }
            agrees_with_serde_json(bytes, record.as_ref());
            if let Some(error @ Record::Error(_)) = &record {
                holds_the_line(&fields(error), bytes);
            }
        }
    }
}

fn fields(record: &Record<'_>) -> Map<String, Value> {
    let mut json = Vec::new();
    write_json(record, &mut json);
    serde_json::from_slice(&json).expect("a record is a JSON object")
}

/// The names of a kind's fields, in alphabetical order: those that are always there, and those that may be.
fn known(kind: Kind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        Kind::Application => (
            &["level", "logger", "msg", "pod_name", "thread", "ts_ns"],
            &["client_ip", "thrown"],
        ),
        Kind::Http => (
            &[
                "bytes_sent",
                "client_ip",
                "method",
                "path",
                "pod_name",
                "response_time_ms",
                "status_code",
                "ts_ns",
            ],
            &[],
        ),
        Kind::Proxy => (
            &[
                "bytes_sent",
                "client_ip",
                "local_server_name",
                "method",
                "path",
                "pod_name",
                "response_time_ms",
                "status_code",
                "ts_ns",
            ],
            &["cache_status", "pod_ip", "referer", "remote_user", "user_agent"],
        ),
        Kind::Error => (
            &["error", "error_type", "raw_line", "source", "timestamp"],
            &["raw_line_encoding"],
        ),
    }
}

const NUMBERS: [&str; 5] = ["bytes_sent", "response_time_ms", "status_code", "timestamp", "ts_ns"];

fn has_its_fields(record: &Record<'_>, from_proxy: bool) {
    let fields = fields(record);
    let (always, maybe) = known(record.kind());
    for name in always {
        assert!(fields.contains_key(*name), "{name} is missing: {fields:?}");
    }
    for (name, value) in &fields {
        assert!(
            always.contains(&&**name) || maybe.contains(&&**name),
            "{name}: {fields:?}"
        );
        match value {
            Value::Number(number) => {
                assert!(
                    NUMBERS.contains(&&**name) && (number.is_i64() || number.is_u64()),
                    "{name}: {fields:?}"
                );
            }
            Value::String(text) => {
                assert!(!NUMBERS.contains(&&**name), "{name}: {fields:?}");
                assert!(always.contains(&&**name) || !text.is_empty(), "{name}: {fields:?}");
            }
            Value::Object(_) => assert_eq!(name, "source"),
            _ => panic!("{name}: {fields:?}"),
        }
    }
    match record.kind() {
        Kind::Http => assert!(!from_proxy),
        Kind::Proxy => assert!(from_proxy),
        Kind::Error => {
            let is_proxy = fields["error_type"]
                .as_str()
                .is_some_and(|text| text.starts_with("proxy_"));
            assert_eq!(is_proxy, from_proxy);
        }
        Kind::Application => {}
    }
}

/// A line is refused as no JSON object if, and only if, another parser refuses it, too.
fn agrees_with_serde_json(bytes: &[u8], record: Option<&Record<'_>>) {
    let text = String::from_utf8_lossy(bytes);
    let is_object = text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(&text).is_ok();
    let is_refused = matches!(record, Some(Record::Error(failed)) if failed.error.starts_with("not a JSON object"));
    assert_eq!(is_refused, !is_object, "{text:?}");
}

fn holds_the_line(error: &Map<String, Value>, bytes: &[u8]) {
    let text = error["raw_line"].as_str().expect("a raw line");
    match error.get("raw_line_encoding") {
        None => assert_eq!(text.as_bytes(), bytes),
        Some(encoding) => {
            assert_eq!(encoding, "base64");
            assert_eq!(BASE64_STANDARD.decode(text).expect("base64"), bytes);
        }
    }
}
