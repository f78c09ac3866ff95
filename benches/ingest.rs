//! One-shot ingest beside `zcat | kcat -P`, in turn, of the same file into the same Kafka: `make bench`.
//!
//! clp reads the blob from Azurite and sends each line with key and headers, in transactions, with its checkpoint. kcat
//! reads the file and sends the lines with neither. Prints each run, the medians, their ratio, and clp's peak memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints figures, and says that it cannot go on by panicking, as the tests' support does"
)]

#[path = "../tests/it/support/mod.rs"]
mod support;

use std::time::Duration;

use support::{
    bench::{LINES_PER_MEMBER, PARTITIONS, beside_kcat, write_blob},
    blobs::Blobs,
    clp::Clp,
    gz,
    services::kafka,
    topics::Topics,
};

const LINES: u64 = 200_000;

fn main() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    write_blob(file.path(), LINES);
    let blobs = Blobs::new();
    let name = gz::blob_name("20250606", "api-674b9bdb88-vm775", "platform");
    blobs.upload(&name, file.path());
    let size = file.path().metadata().expect("the file's size").len();
    println!("{LINES} lines of about 1.6 KB, {size} bytes in members of {LINES_PER_MEMBER} lines");
    // Each run sends the blob again, as runs without --resume do.
    let topics = Topics::with_partitions(kafka(), PARTITIONS);
    let clp = Clp::new(kafka(), &blobs, &topics);
    beside_kcat("clp ingest", LINES, file.path(), 1, || run_clp(&clp, &name));
}

/// Seconds of the whole process, and its peak memory in bytes.
fn run_clp(clp: &Clp, name: &str) -> (f64, u64) {
    let outcome = clp
        .args(["ingest", "-q", "--blob", name, "--format", "json"])
        .deadline(Duration::from_secs(120))
        .run();
    let outcome = outcome.success();
    let summary = &outcome.json_lines()[0];
    assert_eq!(summary["lines"], LINES);
    assert_eq!(summary["delivery"], "exactly-once");
    (outcome.took.as_secs_f64(), outcome.peak_rss_bytes)
}
