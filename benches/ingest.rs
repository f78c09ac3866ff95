//! One-shot ingest beside `zcat | kcat -P`, in turn, of the same file into the same Kafka: `make bench`.
//!
//! clp reads the blob from a directory, as kcat reads the file, and once more from Azurite, which takes a part of the same
//! processors for its own work. It sends each line with key and headers, in transactions, with its checkpoint; kcat sends the
//! lines with neither. Whole processes, from start to end.

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
    clp::{Clp, ENVIRONMENT, SUBSCRIPTION},
    gz,
    process::unique,
    services::kafka,
    topics::{self, Topics},
};

fn main() {
    let blobs = Blobs::new();
    // Each run sends the blob again, as runs without --resume do. What the brokers do for new topics is no part of it.
    let topics = Topics::with_partitions(kafka(), PARTITIONS);
    let remote = Clp::new(kafka(), &blobs, &topics);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let local = Clp::new(kafka(), &blobs, &topics).set(
        &format!("subscriptions.{SUBSCRIPTION}.environments.{ENVIRONMENT}.storage_account"),
        serde_json::json!({"directory": directory.path()}),
    );
    let topic = unique("bench.kcat");
    topics::create(kafka(), &topic, PARTITIONS, &[]);
    for lines in lines(&[1_000_000, 200_000]) {
        let name = gz::blob_name("20250606", &format!("api-{lines}"), "platform");
        let file = directory.path().join(&name);
        std::fs::create_dir_all(file.parent().expect("a file in a directory")).expect("make the blob's directory");
        write_blob(&file, lines);
        blobs.upload(&name, &file);
        compare(
            &format!("one shot of {lines} lines of 1.6 KB"),
            lines,
            vec![
                ("`clp ingest`", Box::new(|| run_clp(&local, &name, lines))),
                (
                    "`clp ingest`, from Azurite",
                    Box::new(|| run_clp(&remote, &name, lines)),
                ),
                ("`zcat \\| kcat -P`", Box::new(|| kcat_produces(&file, &topic, 1))),
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
