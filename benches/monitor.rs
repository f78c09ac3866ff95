//! A scan of `clp monitor` over 50 000 blobs of one day: `make bench-monitor`.
//!
//! The blobs are files, so that what is measured is clp and not the storage. Prints seconds and peak memory of the whole
//! process: with nothing to publish to, into Kafka with every blob new, and into Kafka once more, with nothing new.

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
    services::kafka,
    topics::Topics,
    watched::{Directory, api, story},
};

const BLOBS: u32 = 50_000;
const PARTITIONS: i32 = 12;

fn main() {
    let topics = Topics::with_partitions(kafka(), PARTITIONS);
    let directory = Directory::new(kafka(), &topics);
    for pod in 0..BLOBS {
        directory.write(&api(&format!("{pod:05}")), 1, 0);
    }
    println!("{BLOBS} blobs of one day and one service");
    for (case, args, observed) in [
        ("dry run, all new", &["--dry-run"][..], BLOBS),
        ("into Kafka, all new", &[], BLOBS),
        ("into Kafka, nothing new", &[], 0),
    ] {
        let args = ["monitor", "--once"].into_iter().chain(args.iter().copied());
        let outcome = directory.clp.args(args).deadline(Duration::from_secs(120)).run();
        let outcome = outcome.success();
        let said = format!(" observed={observed} ");
        assert!(outcome.stderr.contains(&said), "{said}: {}", outcome.stderr);
        let (seconds, peak) = (outcome.took.as_secs_f64(), outcome.peak_rss_bytes as f64);
        println!(
            "{case}: {seconds:.2} s, peak memory {:.1} MiB",
            peak / f64::from(1 << 20)
        );
    }
    assert!(story(kafka(), &topics, &api("00000")).starts_with("observed 1"));
}
