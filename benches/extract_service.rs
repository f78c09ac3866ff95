//! `clp extract` over Kafka, exactly once, of lines that wait in the raw topic, beside `kcat -C` of the same topic to
//! nowhere, in turn: `make bench-extract`.
//!
//! Timed from the process's start, or from the assignment of the partitions, to the last commit, with one and with two
//! lanes; kcat's time is that of its whole process, which reads and does nothing else.

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

use std::{ops::Range, time::Duration};

use support::{
    bench::{Cost, Meter, committed, compare, kcat_consumes, lines},
    extraction::{Extraction, raw},
    process::{unique, wait_for},
    scene::api_blob,
};

const BLOBS: u64 = 20;
const LIMIT: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, PartialEq)]
enum From {
    Start,
    Assignment,
}

fn main() {
    for lines in lines(&[200_000]) {
        let each = lines / BLOBS;
        let lines = each * BLOBS;
        let run = Extraction::new().configured("kafka.transaction_seconds", 5);
        let topic = &run.topics.raw_application;
        for blob in (0..BLOBS).map(|n| api_blob(&format!("bench-{n}"))) {
            for piece in pieces(0..each) {
                run.append(topic, &raw(&blob, piece));
            }
        }
        compare(
            &format!("extract of {lines} lines of 1.6 KB, of {BLOBS} blobs in one topic"),
            lines,
            vec![
                (
                    "1 lane, from its start",
                    Box::new(|| extract(&run, 1, From::Start, lines)),
                ),
                (
                    "1 lane, from its assignment",
                    Box::new(|| extract(&run, 1, From::Assignment, lines)),
                ),
                (
                    "2 lanes, from their start",
                    Box::new(|| extract(&run, 2, From::Start, lines)),
                ),
                (
                    "2 lanes, from their assignment",
                    Box::new(|| extract(&run, 2, From::Assignment, lines)),
                ),
                ("`kcat -C`", Box::new(|| kcat_consumes(topic))),
            ],
        );
    }
}

/// In a group of its own, which begins at the first line.
fn extract(run: &Extraction, lanes: u64, from: From, lines: u64) -> Cost {
    let extractor = run
        .clp
        .args(["extract", "-v", "--group", &unique("extract")])
        .env("CLP_PROCESSING_MAX_CONCURRENCY", lanes.to_string())
        .deadline(LIMIT * 2)
        .spawn();
    if from == From::Assignment {
        extractor.wait_for_stderr("assigned lane=0", LIMIT);
    }
    let meter = Meter::of(extractor.pid());
    wait_for("all lines to be committed", LIMIT, || {
        (committed(&extractor.stderr()) >= lines).then_some(())
    });
    let cost = meter.stop();
    extractor.signal("TERM");
    let peak_bytes = extractor.wait().success().peak_rss_bytes;
    Cost { peak_bytes, ..cost }
}

fn pieces(lines: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    lines
        .clone()
        .step_by(5_000)
        .map(move |from| from..lines.end.min(from + 5_000))
}
