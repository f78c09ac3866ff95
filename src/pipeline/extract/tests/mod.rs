//! Lines, and what becomes of them, as consumers see it.

mod any_bytes;
mod application;
mod container;
mod errors;
mod requests;
mod times;

use super::{Origin, RawLine, extract};

const RECEIVED_NS: i64 = 1_700_000_000_000_000_000;

const APPLICATION: Origin<'_> = Origin {
    service: "api",
    environment: "P1",
    subscription: "cp2",
    from_proxy: false,
    received_ns: RECEIVED_NS,
};

const PROXY: Origin<'_> = Origin {
    service: "apache-proxy",
    from_proxy: true,
    ..APPLICATION
};

/// The kind, a blank, and the record's JSON; `skipped` for none.
fn becomes(line: impl AsRef<[u8]>, origin: Origin<'_>) -> String {
    outcome(line.as_ref(), origin, true)
}

fn outcome(line: &[u8], origin: Origin<'_>, validate: bool) -> String {
    match extract(&RawLine::new(line), origin, validate) {
        None => "skipped".to_owned(),
        Some(record) => format!("{} {}", record.kind().name(), serde_json::to_string(&record).unwrap()),
    }
}

/// What an error says, by its type and its reason.
fn error(line: impl AsRef<[u8]>, origin: Origin<'_>) -> (String, String) {
    let json = becomes(line, origin);
    let json = json.strip_prefix("error ").unwrap_or_else(|| panic!("{json}"));
    let record: serde_json::Value = serde_json::from_str(json).unwrap();
    let text = |key: &str| record[key].as_str().unwrap().to_owned();
    (text("error_type"), text("error"))
}

/// A line with these `logs`, of 2025-06-06T00:00:00.5Z, and of the pod `api-674b9bdb88-vm775`.
fn line(logs: &str) -> String {
    format!(
        r#"{{"@timestamp":"2025-06-06T00:00:00.5Z","log":"{{\"not\":\"looked at\"}}","logs":{logs},"kubernetes":{{"pod_name":"api-674b9bdb88-vm775","pod_ip":"10.1.2.3"}}}}"#
    )
}
