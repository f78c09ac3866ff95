//! Tables as they stand on terminals of 80 and of 120 columns.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use regex::Regex;
use serde_json::{Value, json};

use crate::support::clp::Clp;
use crate::support::gz::blob_name;
use crate::support::process::unique;
use crate::support::records::Record;
use crate::support::services::kafka;
use crate::support::topics::{self, Topics, partition_of};
use crate::support::typed::shown;

const DAY: &str = "20250606";
/// 2025-06-06T10:00:00Z, in seconds.
const MORNING: u64 = 1_749_204_000;
/// Characters before the names of topics.
const PREFIX: usize = 16;

/// Columns are as wide as what stands in them: names have the same length in every run.
fn topics() -> Topics {
    let mut topics = Topics::names(kafka());
    let prefix = format!("{:0<PREFIX$}", unique("t"));
    for (name, kind) in [
        (&mut topics.blobs, "Ingestion.Blobs"),
        (&mut topics.blob_state, "Ingestion.BlobState"),
        (&mut topics.raw_application, "Raw.ApplicationLogs"),
        (&mut topics.raw_proxy, "Raw.ProxyLogs"),
        (&mut topics.extracted_application, "Extracted.Application"),
        (&mut topics.extracted_proxy, "Extracted.Proxy"),
        (&mut topics.errors, "Extraction.Errors"),
    ] {
        *name = format!("{prefix}.{kind}");
    }
    topics
}

/// What differs from run to run, replaced by something as long.
fn steady(shown: &str, topics: &Topics) -> String {
    let prefix = topics.blobs.strip_suffix(".Ingestion.Blobs").unwrap();
    let text = shown
        .replace(prefix, &"t".repeat(PREFIX))
        .replace(&kafka().brokers(), "BROKERS");
    let text = Regex::new(r"latency +\d+ ms")
        .unwrap()
        .replace(&text, "latency       N ms")
        .into_owned();
    let text = Regex::new(r"version .*")
        .unwrap()
        .replace(&text, "version       V")
        .into_owned();
    // Wrapped, its last word may stand in the next line.
    Regex::new(r"\d{4} d\b")
        .unwrap()
        .replace_all(&text, "NNNN d")
        .into_owned()
}

#[track_caller]
fn snapshots(clp: &Clp, topics: &Topics, name: &str, args: &[&str]) {
    for columns in [80, 120] {
        let text = steady(&shown(clp, columns, args), topics);
        assert!(!text.is_empty(), "{args:?}");
        insta::assert_snapshot!(format!("table-{name}-{columns}"), text);
    }
}

/// A blob in a directory, last written to some minutes after [`MORNING`].
fn write(clp: &Clp, name: &str, bytes: u64, minutes: u64) {
    let path = clp.home().join("blobs").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = File::create(path).unwrap();
    file.set_len(bytes).unwrap();
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(MORNING + 60 * minutes);
    file.set_modified(then).unwrap();
}

/// A blob's state, as a worker leaves it. It was processed so long ago that the days have four digits for years to come.
fn state(name: &str, service: &str, more: Value) -> Record {
    let time = "2025-06-06T10:00:00Z";
    let mut state = json!({"subscription": "cp2", "environment": "P1", "blobName": name, "status": "open",
        "lastUpdated": time, "lastModifiedDate": time, "serviceSelector": service, "lastProcessedDate": "2020-01-01T00:00:00Z",
        "firstObservedDate": time, "lastObservedDate": time});
    for (field, value) in more.as_object().unwrap() {
        state[field] = value.clone();
    }
    Record {
        partition: partition_of(name, 4),
        offset: 0,
        key: Some(format!("cp2:P1:{name}").into_bytes()),
        value: Some(state.to_string().into_bytes()),
        headers: Vec::new(),
        timestamp: 0,
    }
}

#[test]
fn blobs_and_how_far_they_are() {
    let topics = topics();
    for name in topics.all() {
        topics::create(kafka(), name, 4, &[]);
    }
    let clp = Clp::bare().kafka(kafka(), &topics).set(
        "subscriptions.cp2.environments.P1.storage_account.directory",
        "../blobs",
    );
    // Of a day for which states are kept.
    let clp = clp.set("worker.filters.min_date", "2025-06-01");
    let api = blob_name(DAY, "api-674b9bdb88-vm775", "platform");
    let background = blob_name(DAY, "backgroundprocessing-7d4f8c9b66-q8w2z", "platform");
    let proxy = blob_name(DAY, "apache2-igc-5c8d7f9b4-x2x4k", "proxy");
    for (name, bytes, minutes) in [(&api, 5 << 20, 3), (&background, 1_234_567_890, 2), (&proxy, 777, 1)] {
        write(&clp, name, bytes, minutes);
    }
    let done = json!({"status": "closed", "sizeInBytes": 5 << 20, "lastIngestedOffset": 5 << 20, "totalLinesIngested": 81_234});
    let behind =
        json!({"sizeInBytes": 1_234_567_890, "lastIngestedOffset": 1_000_000_000, "totalLinesIngested": 17_000_000});
    let states = [
        state(&api, "api", done),
        state(&background, "background-processing", behind),
    ];
    kafka().append(&topics.blob_state, &states);
    snapshots(&clp, &topics, "list-blobs", &["list-blobs", "--env", "P1"]);
    snapshots(&clp, &topics, "status", &["status", "--date", DAY]);
    snapshots(&clp, &topics, "verify", &["verify", "--date", DAY]);
    // An error is told in a column of its own.
    let error = json!({"sizeInBytes": 777, "lastIngestedOffset": 0, "totalLinesIngested": 0,
        "lastError": "the gzip member at offset 0 is corrupt: incorrect data check near offset 700"});
    kafka().append(&topics.blob_state, &[state(&proxy, "apache-proxy", error)]);
    snapshots(&clp, &topics, "status-error", &["status", "--date", DAY]);
}

#[test]
fn topics_and_what_is_wrong_with_them() {
    let topics = topics();
    topics::create(kafka(), &topics.blobs, 3, &[]);
    topics::create(kafka(), &topics.blob_state, 1, &[]);
    let clp = Clp::bare().kafka(kafka(), &topics);
    snapshots(&clp, &topics, "test-kafka", &["test-kafka"]);
    snapshots(
        &clp,
        &topics,
        "init-topics",
        &["init-topics", "--dry-run", "--replication-factor", "3"],
    );
}
