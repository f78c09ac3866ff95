//! The worker beside `zcat | kcat -P`, in turn, over the same lines into the same Kafka: `make bench-worker`.
//!
//! The worker is in its group and has sent lines already when the events come, as in its months of service: what is timed
//! is from the first event to the last commit, without the start; kcat's time is with its start. The worker reads from
//! Azurite and sends keys, headers, states and offsets in transactions; kcat reads files and sends lines only. Prints each
//! run, the medians, their ratio, and clp's peak memory.

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

use std::{
    path::Path,
    time::{Duration, Instant},
};

use support::{
    bench::{PARTITIONS, beside_kcat, committed, write_blob},
    gz,
    pipeline::{Pipeline, observed},
    process::wait_for,
    scene::api_blob,
    services::{azurite, kafka},
};

const LINES: u64 = 200_000;
const LIMIT: Duration = Duration::from_secs(120);

fn main() {
    for blobs in [1, 100] {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let each = LINES / blobs;
        write_blob(file.path(), each);
        println!("{blobs} blobs of {each} lines of about 1.6 KB");
        beside_kcat("worker", LINES, file.path(), blobs, || run_worker(file.path(), blobs));
    }
}

/// Seconds from the events to the last commit, and the worker's peak memory in bytes.
fn run_worker(file: &Path, blobs: u64) -> (f64, u64) {
    let mut run = Pipeline::on(kafka(), PARTITIONS).configured("kafka.transaction_seconds", 5);
    run.clp = run.clp.storage(run.blobs.container(), &azurite().endpoint());
    let names: Vec<String> = (0..blobs).map(|n| api_blob(&format!("bench-{n}"))).collect();
    for name in &names {
        run.blobs.upload(name, file);
    }
    let events: Vec<_> = names.iter().map(|name| observed(&run.listed(name))).collect();
    let worker = run.worker(&[]);
    worker.wait_for_stderr("states are restored", LIMIT);
    let first = api_blob("first");
    run.blobs.append(&first, &gz::blob(0..10, 10));
    run.observe(&first);
    worker.wait_for_stderr("committed lane=", LIMIT);
    let before = committed(&worker.stderr());
    run.tell(&events);
    // The events were acknowledged just now; whoever told them needed half a second to connect.
    let begun = Instant::now();
    wait_for("all lines to be committed", LIMIT, || {
        (committed(&worker.stderr()) >= before + LINES).then_some(())
    });
    let seconds = begun.elapsed().as_secs_f64();
    worker.signal("TERM");
    (seconds, worker.wait().success().peak_rss_bytes)
}
