//! One-shot ingest beside `zcat | kcat -P`, in turn, of the same file into the same Kafka: `make bench`.
//!
//! clp reads the blob from Azurite and sends each line with key and headers, in transactions, with its checkpoint. kcat
//! reads the file and sends the lines with neither. Whole processes, from start to end.

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
    bench::{Cost, PARTITIONS, compare, kcat_produces, lines, whole, write_blob},
    blobs::Blobs,
    clp::Clp,
    gz,
    process::unique,
    services::kafka,
    topics::{self, Topics},
};

fn main() {
    let blobs = Blobs::new();
    // Each run sends the blob again, as runs without --resume do. What the brokers do for new topics is no part of it.
    let topics = Topics::with_partitions(kafka(), PARTITIONS);
    let clp = Clp::new(kafka(), &blobs, &topics);
    let topic = unique("bench.kcat");
    topics::create(kafka(), &topic, PARTITIONS, &[]);
    for lines in lines(&[1_000_000, 200_000]) {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        write_blob(file.path(), lines);
        let name = gz::blob_name("20250606", &format!("api-{lines}"), "platform");
        blobs.upload(&name, file.path());
        compare(
            &format!("one shot of {lines} lines of 1.6 KB"),
            lines,
            vec![
                ("`clp ingest`", Box::new(|| run_clp(&clp, &name, lines))),
                ("`zcat \\| kcat -P`", Box::new(|| kcat_produces(file.path(), &topic, 1))),
            ],
        );
        blobs.delete(&name);
    }
}

fn run_clp(clp: &Clp, name: &str, lines: u64) -> Cost {
    let args = clp.args(["ingest", "-q", "--blob", name, "--format", "json"]);
    let (cost, outcome) = whole(|| args.deadline(Duration::from_secs(120)).run());
    let summary = &outcome.json_lines()[0];
    assert_eq!(summary["lines"], lines);
    assert_eq!(summary["delivery"], "exactly-once");
    cost
}
