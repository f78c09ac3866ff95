//! Blobs that `clp monitor` watches, and the events that it tells of them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::clp::{Clp, ENVIRONMENT, SUBSCRIPTION};
use super::gz::blob_name;
use super::kafka::Kafka;
use super::topics::{Topics, partition_of};

/// The day that the tests' monitors scan, and no other.
pub const DAY: &str = "20250606";

/// One event about a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `observed` or `closed`.
    pub kind: String,
    pub size: u64,
}

/// Files of a directory in the place of blobs, whose last write may lie in the past, and a `clp` for them.
pub struct Directory {
    pub clp: Clp,
}

impl Directory {
    /// Closing takes a minute.
    pub fn new(kafka: &Kafka, topics: &Topics) -> Directory {
        let clp = monitored(Clp::bare().kafka(kafka, topics)).set("global.blob_closing.timeout_minutes", 1);
        fs::create_dir_all(clp.home().join("blobs/kubernetes")).expect("make the directory of the blobs");
        let account = format!("subscriptions.{SUBSCRIPTION}.environments.{ENVIRONMENT}.storage_account.directory");
        Directory {
            clp: clp.set(&account, "../blobs"),
        }
    }

    /// Writes a blob of so many bytes, last written to so many minutes ago.
    pub fn write(&self, name: &str, bytes: usize, minutes_ago: u64) {
        self.write_content(name, &vec![b'x'; bytes], minutes_ago);
    }

    /// As [`Directory::write`]. A monitor sees it all or nothing of it: names that start with a dot are no blobs.
    pub fn write_content(&self, name: &str, content: &[u8], minutes_ago: u64) {
        let (blobs, unfinished) = (self.clp.home().join("blobs"), ".unfinished");
        fs::write(blobs.join(unfinished), content).expect("write a blob");
        let then = SystemTime::now() - Duration::from_secs(60 * minutes_ago);
        let file = File::options().write(true).open(blobs.join(unfinished));
        file.expect("open a blob")
            .set_modified(then)
            .expect("set the time of the last write");
        fs::rename(blobs.join(unfinished), blobs.join(name)).expect("give the blob its name");
    }
}

/// Scans [`DAY`] only, once a second.
pub fn monitored(clp: Clp) -> Clp {
    clp.set("global.polling_interval", 1)
        .set("date_range.specific_date", DAY)
        .set("date_range.monitor_current_day", false)
}

/// The name of an API pod's blob of [`DAY`].
pub fn api(pod: &str) -> String {
    blob_name(DAY, &format!("api-{pod}"), "platform")
}

/// What was told of each blob, in order. Panics at an event in another blob's partition, or one whose key is another's.
#[track_caller]
pub fn told(kafka: &Kafka, topics: &Topics) -> BTreeMap<String, Vec<Told>> {
    let partitions = kafka.ends(&topics.blobs).len() as u32;
    let mut blobs = BTreeMap::<String, Vec<Told>>::new();
    for record in kafka.read_committed(&topics.blobs) {
        let kind = record.key_text().split(':').nth(2).expect("a kind").to_owned();
        if kind == "listed" || kind.ends_with("-completion") {
            continue;
        }
        let event = record.json();
        let text = |key: &str| event[key].as_str().expect("a text").to_owned();
        let blob = text("blobName");
        let (_, file) = blob.split_once('/').expect("a directory");
        let key = [&text("subscription"), &text("environment"), &kind, file].join(":");
        assert_eq!(record.key_text(), key);
        assert_eq!(record.partition, partition_of(&blob, partitions), "{key}");
        let size = event["sizeInBytes"].as_u64().expect("a size");
        blobs.entry(blob).or_default().push(Told { kind, size });
    }
    blobs
}

/// What was told of one blob, as `observed 10, closed 10`.
#[track_caller]
pub fn story(kafka: &Kafka, topics: &Topics, blob: &str) -> String {
    text(&told(kafka, topics).remove(blob).unwrap_or_default())
}

/// As `observed 10, closed 10`.
pub fn text(events: &[Told]) -> String {
    let words: Vec<String> = events
        .iter()
        .map(|told| format!("{} {}", told.kind, told.size))
        .collect();
    words.join(", ")
}

/// The `BlobsListed` events, by their keys' last parts; the last of each.
pub fn listed(kafka: &Kafka, topics: &Topics) -> BTreeMap<String, Value> {
    let records = kafka.read_committed(&topics.blobs);
    let listed = records.iter().filter_map(|record| {
        let (_, subject) = record.key_text().split_once(":listed:")?;
        Some((subject.to_owned(), record.json()))
    });
    listed.collect()
}
