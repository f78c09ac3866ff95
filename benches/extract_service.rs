//! `clp extract` over Kafka, exactly once, of lines that wait in the raw topic: `make bench-extract`.
//!
//! Timed is from the assignment of the partitions to the last commit. Beside it, what the extractor needs of the processors,
//! and its peak memory.

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
    ops::Range,
    time::{Duration, Instant},
};

use support::{
    bench::{committed, median},
    extraction::{Extraction, raw},
    process::wait_for,
    scene::api_blob,
};

const LINES: u64 = 200_000;
const BLOBS: u64 = 20;
const RUNS: usize = 5;
const LIMIT: Duration = Duration::from_secs(120);

fn main() {
    println!("{LINES} lines of about 1.6 KB, of {BLOBS} blobs in one topic");
    for lanes in [1, 2] {
        let (mut seconds, mut peak) = (Vec::new(), 0);
        for run in 0..=RUNS {
            let (took, bytes) = measure(lanes);
            // The first warms up the broker.
            if run > 0 {
                println!("run {run}: {took:.2} s");
                seconds.push(took);
                peak = peak.max(bytes);
            }
        }
        let seconds = median(&mut seconds);
        println!(
            "extract, exactly once, {lanes} lanes a topic: {seconds:.2} s, {:.0} lines/s (median of {RUNS}), peak {:.1} MiB",
            LINES as f64 / seconds,
            peak as f64 / f64::from(1 << 20)
        );
    }
}

/// Seconds and the peak memory in bytes.
fn measure(lanes: u64) -> (f64, u64) {
    let run = Extraction::new()
        .configured("processing.max_concurrency", lanes)
        .configured("kafka.transaction_seconds", 5);
    let each = LINES / BLOBS;
    for blob in (0..BLOBS).map(|n| api_blob(&format!("bench-{n}"))) {
        for lines in pieces(0..each) {
            run.append(&run.topics.raw_application, &raw(&blob, lines));
        }
    }
    let extractor = run.extractor();
    extractor.wait_for_stderr("assigned lane=0", LIMIT);
    let begun = Instant::now();
    wait_for("all lines to be committed", LIMIT, || {
        (committed(&extractor.stderr()) >= LINES).then_some(())
    });
    let seconds = begun.elapsed().as_secs_f64();
    extractor.signal("TERM");
    (seconds, extractor.wait().success().peak_rss_bytes)
}

fn pieces(lines: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    lines
        .clone()
        .step_by(5_000)
        .map(move |from| from..lines.end.min(from + 5_000))
}
