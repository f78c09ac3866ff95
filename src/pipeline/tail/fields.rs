//! What a record's own fields say to people.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Kind, Record};

/// When it happened, as its own fields tell.
pub(super) fn time(fields: &mut Map<String, Value>, kind: Kind) -> Option<Timestamp> {
    if kind == Kind::Event {
        const DATES: [&str; 6] = [
            "observationDate",
            "closedDate",
            "processedDate",
            "listingEndTime",
            "lastUpdated",
            "lastModifiedDate",
        ];
        return DATES.iter().find_map(|name| fields.get(*name)?.as_str()?.parse().ok());
    }
    let nanos = match fields.remove("ts_ns") {
        None => fields.get("error").and(fields.get("timestamp")).and_then(Value::as_i64),
        Some(nanos) => nanos.as_i64(),
    };
    if fields.contains_key("error") {
        fields.remove("timestamp");
    }
    Timestamp::from_nanosecond(i128::from(nanos?)).ok()
}

/// When a raw line was written that says nothing else.
pub(super) fn line_time(line: &[u8]) -> Option<Timestamp> {
    let line: Map<String, Value> = serde_json::from_slice(line).ok()?;
    let mut named = ["@timestamp", "time"]
        .into_iter()
        .filter_map(|name| line.get(name)?.as_str());
    named.find_map(|text| text.parse().ok())
}

/// A text as it is, anything else as JSON.
pub(super) fn text(value: Option<Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// `GET /path → 200 (12 ms) 10.0.0.1`
pub(super) fn request(fields: &Map<String, Value>) -> Option<String> {
    let method = fields.get("method")?.as_str()?;
    let path = fields.get("path")?.as_str()?;
    let number = |name: &str| fields.get(name).map_or("-".to_owned(), Value::to_string);
    let client = fields.get("client_ip").and_then(Value::as_str).unwrap_or_default();
    let line = format!(
        "{method} {path} → {} ({} ms) {client}",
        number("status_code"),
        number("response_time_ms")
    );
    Some(line.trim_end().to_owned())
}

/// Of a line that could not be extracted, or of damage that was passed over.
pub(super) fn fault(fields: &Map<String, Value>) -> Option<String> {
    let named = |name: &str| fields.get(name).and_then(Value::as_str);
    if let Some(error) = named("error") {
        let kind = named("error_type").unwrap_or("error");
        return Some(format!("{kind}: {error}"));
    }
    let (blob, reason) = (named("blob")?, named("reason")?);
    let number = |name: &str| fields.get(name).map_or("?".to_owned(), Value::to_string);
    Some(format!(
        "{blob}: bytes {} to {} passed over: {reason}",
        number("from"),
        number("to")
    ))
}

/// `observed 20250606.api-…, 1234 bytes`: the key says which event it is.
pub(super) fn event(fields: &Map<String, Value>, record: &Record<'_>) -> String {
    let named = |name: &str| fields.get(name).and_then(Value::as_str);
    let number = |name: &str| fields.get(name).and_then(Value::as_u64);
    let key = record.parsed_key();
    let (kind, subject) = match key {
        Some(key) => (key.kind, key.subject),
        // The key of a state has three parts.
        None => (
            named("status").unwrap_or("event"),
            named("blobName").unwrap_or_default(),
        ),
    };
    let mut line = format!("{kind} {subject}");
    for (name, unit) in [
        ("sizeInBytes", "bytes"),
        ("lastIngestedOffset", "bytes ingested"),
        ("linesSent", "lines sent"),
        ("totalLinesIngested", "lines ingested"),
        ("blobCount", "blobs"),
        ("totalBytes", "bytes"),
    ] {
        if let Some(count) = number(name) {
            line.push_str(&format!(", {count} {unit}"));
        }
    }
    if let Some(error) = named("lastError") {
        line.push_str(": ");
        line.push_str(error);
    }
    line
}
