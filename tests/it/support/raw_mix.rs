//! Raw lines of every kind, and what must come of each. What is expected is computed here from the line alone, with
//! nothing of `clp` in it.

use std::collections::HashMap;
use std::ops::Range;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::gz;
use super::records::Record;
use super::topics::partition_of;

const GIANT_BYTES: usize = 2_200_000;
/// One line of so many.
const GIANTS: u64 = 2_000;
pub const PART_BYTES: usize = 700_000;

/// A blob whose lines are messages, requests, plain text, probes, blank lines, damage, and a few giant lines.
pub struct RawMix {
    /// With its directory.
    pub name: String,
    service: &'static str,
    from_proxy: bool,
}

/// Where a line's record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Output,
    Errors,
    Nowhere,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Usual,
    Blank,
    Probe,
    NoJson,
    NoUtf8,
    Giant,
    GiantDamage,
}

fn kind(index: u64) -> Kind {
    match (index % GIANTS, index % 50) {
        (500, _) => Kind::Giant,
        (1_500, _) => Kind::GiantDamage,
        (_, 11) => Kind::Blank,
        (_, 23) => Kind::NoJson,
        (_, 31) => Kind::NoUtf8,
        (_, 43) => Kind::Probe,
        _ => Kind::Usual,
    }
}

impl RawMix {
    pub fn of_application(pod: &str) -> RawMix {
        RawMix {
            name: gz::blob_name("20250606", &format!("api-{pod}"), "platform"),
            service: "api",
            from_proxy: false,
        }
    }

    pub fn of_proxy(pod: &str) -> RawMix {
        RawMix {
            name: gz::blob_name("20250606", &format!("apache2-igc-{pod}"), "proxy"),
            service: "apache-proxy",
            from_proxy: true,
        }
    }

    pub fn is_of_proxy(&self) -> bool {
        self.from_proxy
    }

    pub fn goes_to(&self, index: u64) -> To {
        match kind(index) {
            Kind::Usual | Kind::Giant => To::Output,
            Kind::Blank | Kind::Probe => To::Nowhere,
            Kind::NoJson | Kind::NoUtf8 | Kind::GiantDamage => To::Errors,
        }
    }

    fn line(&self, index: u64) -> Vec<u8> {
        let text = match kind(index) {
            Kind::Usual => self.usual(index).to_string(),
            Kind::Blank => self.usual_with(index, |line| {
                line["log"] = "\n".into();
                line.as_object_mut().expect("an object").remove("logs");
            }),
            Kind::Probe => self.usual_with(index, |line| match self.from_proxy {
                true => line["logs"]["requestFirstLine"] = "-".into(),
                false => line["logs"]["contextMap"] = json!({"requestLine": "-"}),
            }),
            Kind::Giant => self.usual_with(index, |line| {
                let text = format!("{index} {}", "giant ".repeat(GIANT_BYTES / 6));
                match self.from_proxy {
                    true => line["logs"]["userAgent"] = text.into(),
                    false => line["logs"]["message"] = text.into(),
                }
            }),
            Kind::NoJson => format!("{{\"log\": cut off at {index}"),
            Kind::GiantDamage => format!("{{\"log\": {index} {}", "damage ".repeat(GIANT_BYTES / 7)),
            Kind::NoUtf8 => return [format!("{{\"log\": {index} ").as_bytes(), &[0xff, 0xfe]].concat(),
        };
        text.into_bytes()
    }

    fn usual(&self, index: u64) -> Value {
        let line = match (self.from_proxy, kind(index)) {
            (true, _) => gz::proxy_line(index),
            // These are made of what has a message.
            (false, Kind::Usual) => gz::log_line(index),
            (false, _) => gz::application_line(index),
        };
        serde_json::from_str(&line).expect("JSON")
    }

    fn usual_with(&self, index: u64, change: impl Fn(&mut Value)) -> String {
        let mut line = self.usual(index);
        change(&mut line);
        line.to_string()
    }

    /// The raw records of these lines, long ones in parts.
    pub fn records(&self, lines: Range<u64>, partitions: u32) -> Vec<Record> {
        lines.flat_map(|index| self.records_of(index, partitions)).collect()
    }

    fn records_of(&self, index: u64, partitions: u32) -> Vec<Record> {
        let line = self.line(index);
        let count = line.len().div_ceil(PART_BYTES);
        let record = |(number, part): (usize, &[u8])| {
            let mut headers = self.headers(index);
            if count > 1 {
                headers.push(("part".to_owned(), format!("{number}/{count}").into_bytes()));
            }
            Record {
                partition: partition_of(&self.name, partitions),
                offset: 0,
                key: Some(format!("cp2:P1:line-{}:{}", index + 1, self.short()).into_bytes()),
                value: Some(part.to_vec()),
                headers,
                timestamp: 0,
            }
        };
        (1..).zip(line.chunks(PART_BYTES)).map(record).collect()
    }

    fn headers(&self, index: u64) -> Vec<(String, Vec<u8>)> {
        let index = index.to_string();
        [
            ("service", self.service),
            ("environment", "P1"),
            ("subscription", "cp2"),
            ("blob-offset", "0"),
            ("blob-line", &index),
        ]
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .to_vec()
    }

    fn short(&self) -> &str {
        self.name
            .strip_prefix("kubernetes/")
            .expect("a name with its directory")
    }

    /// The kind of the line's record, and the fields that it must have.
    fn expected(&self, index: u64) -> (&'static str, Value) {
        if self.goes_to(index) == To::Errors {
            let line = self.line(index);
            let error_type = if self.from_proxy {
                "proxy_parse_error"
            } else {
                "parse_error"
            };
            let source = json!({"service": self.service, "environment": "P1", "subscription": "cp2"});
            let fields = match String::from_utf8(line) {
                Ok(line) => json!({"raw_line": line, "error_type": error_type, "source": source}),
                Err(error) => json!({
                    "raw_line": BASE64_STANDARD.encode(error.as_bytes()),
                    "raw_line_encoding": "base64",
                    "error_type": error_type,
                    "source": source,
                }),
            };
            return ("error", fields);
        }
        let line: Value = serde_json::from_slice(&self.line(index)).expect("JSON");
        let (logs, pod) = (&line["logs"], &line["kubernetes"]["pod_name"]);
        let number = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let request = |line: &Value| {
            let mut words = line.as_str().expect("a request").split(' ').map(str::to_owned);
            (words.next(), words.next())
        };
        if self.from_proxy {
            let (method, path) = request(&logs["requestFirstLine"]);
            let fields = json!({
                "method": method, "path": path, "status_code": number(&logs["status"]),
                "response_time_ms": number(&logs["responseTime"]), "bytes_sent": number(&logs["bytes"]),
                "client_ip": logs["remoteHost"], "local_server_name": logs["localServerName"],
                "user_agent": logs["userAgent"], "pod_name": pod,
            });
            return ("proxy", fields);
        }
        let context = &logs["contextMap"];
        if context["requestLine"].is_string() {
            let (method, path) = request(&context["requestLine"]);
            let fields = json!({
                "method": method, "path": path, "status_code": number(&context["statusCode"]),
                "response_time_ms": number(&context["processMillis"]), "bytes_sent": number(&context["bytesSent"]),
                "client_ip": context["remoteHost"], "pod_name": pod,
            });
            return ("http", fields);
        }
        if logs.is_null() {
            return ("application", json!({"msg": line["log"], "pod_name": pod}));
        }
        let instant = |key: &str| logs["instant"][key].as_u64().expect("a number");
        let fields = json!({
            "ts_ns": instant("epochSecond") * 1_000_000_000 + instant("nanoOfSecond"),
            "level": logs["level"], "logger": logs["loggerName"], "thread": logs["thread"], "msg": logs["message"],
            "client_ip": context["remoteHost"], "pod_name": pod,
        });
        ("application", fields)
    }
}

/// Whether a topic holds the record of each line that goes there: each right, once, and in its blob's order. Takes its
/// records one after the other.
pub struct RawMixCheck<'a> {
    blobs: Vec<&'a RawMix>,
    to: To,
    partitions: u32,
    /// By blob, the line that is next.
    next: Vec<u64>,
    /// Records in parts, by key, with the number of parts that are there.
    open: HashMap<Vec<u8>, (u64, Vec<u8>)>,
    pub found: u64,
}

impl<'a> RawMixCheck<'a> {
    pub fn new(blobs: impl IntoIterator<Item = &'a RawMix>, to: To, partitions: u32) -> Self {
        let blobs: Vec<&RawMix> = blobs.into_iter().collect();
        RawMixCheck {
            next: vec![0; blobs.len()],
            blobs,
            to,
            partitions,
            open: HashMap::new(),
            found: 0,
        }
    }

    #[track_caller]
    pub fn add(&mut self, record: Record) {
        let key = record.key_text();
        let blob = self.blobs.iter().position(|blob| key.ends_with(blob.short()));
        let at = blob.unwrap_or_else(|| panic!("a record of another blob: {key}"));
        let blob = self.blobs[at];
        let index = self.next_of(at);
        let expected = format!("cp2:P1:line-{}:{}", index + 1, blob.short());
        assert!(
            key == expected,
            "{key} in the place of {expected}: {}",
            summary(&record)
        );
        assert_eq!(record.partition, partition_of(&blob.name, self.partitions));
        let (kind, fields) = blob.expected(index);
        assert_eq!(record.header("record-type"), Some(kind), "{key}");
        for (name, value) in blob.headers(index) {
            assert_eq!(record.header(&name).map(str::as_bytes), Some(value.as_slice()), "{key}");
        }
        let Some(value) = self.joined(&record) else { return };
        let found: Value = serde_json::from_slice(&value).expect("JSON");
        for (name, expected) in fields.as_object().expect("an object") {
            // Not assert_eq: some are long.
            assert!(&found[name] == expected, "{name} of {key}");
        }
        self.next[at] = index + 1;
        self.found += 1;
    }

    fn next_of(&self, at: usize) -> u64 {
        (self.next[at]..)
            .find(|index| self.blobs[at].goes_to(*index) == self.to)
            .expect("there is always another")
    }

    /// The value once all its parts are there.
    fn joined(&mut self, record: &Record) -> Option<Vec<u8>> {
        let value = record.value.clone().expect("a value");
        let Some(part) = record.header("part") else {
            return Some(value);
        };
        let key = record.key.clone().expect("a key");
        let (count, mut joined) = self.open.remove(&key).unwrap_or_default();
        joined.extend(value);
        let (number, of) = part.split_once('/').expect("i/n");
        assert_eq!(number, (count + 1).to_string(), "{}", record.key_text());
        if number == of {
            return Some(joined);
        }
        self.open.insert(key, (count + 1, joined));
        None
    }

    /// Panics unless the records of so many lines of each blob were there.
    #[track_caller]
    pub fn assert_whole(&self, lines: u64) {
        assert!(self.open.is_empty(), "parts are missing");
        for (at, blob) in self.blobs.iter().enumerate() {
            assert!(
                self.next_of(at) >= lines,
                "{}: {} is missing",
                blob.name,
                self.next_of(at)
            );
            assert!(self.next[at] <= lines);
        }
    }
}

/// What an error says, or how the record begins.
fn summary(record: &Record) -> String {
    let text = record.text();
    let error = serde_json::from_str(&text)
        .ok()
        .and_then(|json: Value| json["error"].as_str().map(str::to_owned));
    error.unwrap_or_else(|| text.chars().take(200).collect())
}

/// Merges lists, one of each in turn, so that what each holds stays in its order.
pub fn in_turns<T>(lists: Vec<Vec<T>>) -> Vec<T> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut merged = Vec::new();
    loop {
        let before = merged.len();
        merged.extend(lists.iter_mut().filter_map(Iterator::next));
        if merged.len() == before {
            return merged;
        }
    }
}
