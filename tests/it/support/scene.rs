//! A container, topics and a `clp` for both, and what `clp ingest` left in Kafka, read as a consumer would.

use std::collections::BTreeMap;

use serde_json::Value;

use super::blobs::Blobs;
use super::clp::{Clp, ENVIRONMENT, SUBSCRIPTION};
use super::gz;
use super::kafka::Kafka;
use super::records::Record;
use super::running::Outcome;
use super::services::kafka;
use super::topics::Topics;

pub struct Scene {
    pub blobs: Blobs,
    pub topics: Topics,
    pub clp: Clp,
}

/// One line as its record, or the records of its parts, tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From the key.
    pub number: u64,
    /// The headers `blob-offset` and `blob-line`.
    pub member: u64,
    pub index: u64,
    pub bytes: Vec<u8>,
    /// Records that it came in.
    pub parts: u64,
}

impl Scene {
    /// With a container and topics of its own.
    pub fn new() -> Scene {
        let (blobs, topics) = (Blobs::new(), Topics::create(kafka()));
        // The blobs' day is long past, and of such days nothing is known without a state.
        let clp = Clp::new(kafka(), &blobs, &topics).set("worker.filters.min_date", "2025-06-01");
        Scene { blobs, topics, clp }
    }

    /// Runs `clp ingest --format json --blob BLOB` with more arguments.
    pub fn ingest(&self, blob: &str, more: &[&str]) -> Outcome {
        let args = ["ingest", "--format", "json", "--blob", blob];
        self.clp.run(args.into_iter().chain(more.iter().copied()))
    }

    /// As [`Scene::ingest`] of one blob, which must work; gives the summary.
    #[track_caller]
    pub fn summary(&self, blob: &str, more: &[&str]) -> Value {
        let mut all = self.ingest(blob, more).success().json_lines();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// The committed lines of each blob in the application topic, by the blob's whole name, in their order.
    #[track_caller]
    pub fn lines(&self) -> BTreeMap<String, Vec<Line>> {
        lines_in(&self.topics.raw_application)
    }

    /// The committed lines of one blob.
    #[track_caller]
    pub fn lines_of(&self, blob: &str) -> Vec<Line> {
        self.lines().remove(blob).unwrap_or_default()
    }

    /// The completion events, by the blob's whole name.
    pub fn completions(&self) -> BTreeMap<String, Vec<Value>> {
        let mut found = BTreeMap::<_, Vec<_>>::new();
        for record in kafka().read_committed(&self.topics.blobs) {
            assert!(record.key_text().contains("-completion:"), "{}", record.key_text());
            let event = record.json();
            let blob = event["blobName"].as_str().expect("a blob's name").to_owned();
            found.entry(blob).or_default().push(event);
        }
        found
    }

    /// The last state under each key.
    pub fn states(&self) -> BTreeMap<String, Value> {
        kafka()
            .read_committed(&self.topics.blob_state)
            .into_iter()
            .map(|record| (record.key_text().to_owned(), record.json()))
            .collect()
    }
}

/// The name of an API pod's blob, one for each `pod`.
pub fn api_blob(pod: &str) -> String {
    gz::blob_name("20250606", &format!("api-{pod}"), "platform")
}

/// The committed lines in a topic, parts joined, by the blob's whole name. Panics at a record that no run may leave: a
/// number twice or out of order, parts that are not consecutive records of one key.
#[track_caller]
pub fn lines_in(topic: &str) -> BTreeMap<String, Vec<Line>> {
    lines_at(kafka(), topic)
}

/// As [`lines_in`], in this Kafka.
#[track_caller]
pub fn lines_at(kafka: &Kafka, topic: &str) -> BTreeMap<String, Vec<Line>> {
    let mut blobs = BTreeMap::<String, Vec<Line>>::new();
    let mut open: Option<(Vec<u8>, Line, u64)> = None;
    for record in kafka.read_committed(topic) {
        assert_eq!(record.header("subscription"), Some(SUBSCRIPTION));
        assert_eq!(record.header("environment"), Some(ENVIRONMENT));
        let (blob, number) = blob_and_number(&record);
        let (part, of) = part(&record);
        let bytes = record.value.clone().expect("a line's bytes");
        let (member, index) = (number_in(&record, "blob-offset"), number_in(&record, "blob-line"));
        let key = record.key.clone().expect("a key");
        let line = match open.take() {
            None => {
                assert_eq!(part, 1, "{blob} line {number} begins with part {part}/{of}");
                Line {
                    number,
                    member,
                    index,
                    bytes,
                    parts: of,
                }
            }
            Some((open_key, mut line, next)) => {
                assert_eq!((key.as_slice(), part, of), (open_key.as_slice(), next, line.parts));
                assert_eq!((member, index), (line.member, line.index));
                line.bytes.extend_from_slice(&bytes);
                line
            }
        };
        match part < of {
            true => open = Some((key, line, part + 1)),
            false => blobs.entry(blob).or_default().push(line),
        }
    }
    assert!(open.is_none(), "the last line's parts are not all there");
    blobs
}

/// Their bytes.
pub fn bytes_of(lines: &[Line]) -> Vec<&[u8]> {
    lines.iter().map(|line| line.bytes.as_slice()).collect()
}

/// Panics unless these are the lines of these indexes ([`gz::log_line`]), once, in order, and numbered from 1.
#[track_caller]
pub fn expect_log_lines(found: &[Line], indexes: std::ops::Range<u64>) {
    assert_eq!(found.len() as u64, indexes.end - indexes.start);
    for ((line, index), number) in found.iter().zip(indexes).zip(1..) {
        assert_eq!(line.number, number);
        assert_eq!(
            String::from_utf8_lossy(&line.bytes),
            gz::log_line(index),
            "line {number}"
        );
    }
}

fn blob_and_number(record: &Record) -> (String, u64) {
    let parts: Vec<&str> = record.key_text().splitn(4, ':').collect();
    assert_eq!(parts[..2], [SUBSCRIPTION, ENVIRONMENT]);
    let number = parts[2].strip_prefix("line-").expect("a line's key");
    (format!("kubernetes/{}", parts[3]), number.parse().expect("a number"))
}

fn part(record: &Record) -> (u64, u64) {
    let Some(part) = record.header("part") else {
        return (1, 1);
    };
    let (number, of) = part.split_once('/').expect("i/n");
    let of = of.parse().expect("a count");
    assert!(of > 1, "{part}");
    (number.parse().expect("a number"), of)
}

fn number_in(record: &Record, header: &str) -> u64 {
    record.header(header).expect(header).parse().expect("a number")
}
