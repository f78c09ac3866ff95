//! `clp tail --format json --raw` beside `kcat -C -J` and `kcat -C`, in turn, over the same topic: `make bench-tail`.
//!
//! All read 200 000 raw records of about 1.6 KB from their beginning to their end and write them into a file; clp and
//! `kcat -J` write each as JSON with its metadata, `kcat -C` writes the values only. Prints each run and the medians.

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
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use support::{
    bench::{PARTITIONS, RUNS, write_blob},
    blobs::Blobs,
    clp::Clp,
    scene::api_blob,
    services::kafka,
    topics::Topics,
};

const LINES: u64 = 200_000;
const BLOBS: u64 = 8;

fn main() {
    let blobs = Blobs::new();
    let topics = Topics::with_partitions(kafka(), PARTITIONS);
    let clp = Clp::new(kafka(), &blobs, &topics);
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    write_blob(file.path(), LINES / BLOBS);
    for n in 0..BLOBS {
        let name = api_blob(&format!("tail-{n}"));
        blobs.upload(&name, file.path());
        let ingest = clp.args(["ingest", "-q", "--blob", &name]);
        ingest.deadline(Duration::from_secs(120)).run().success();
    }
    let (topic, brokers) = (topics.raw_application.as_str(), kafka().brokers());
    let config = clp.config_file();
    let config = config.to_str().expect("a path");
    let tail = [
        "--config",
        config,
        "tail",
        "--topics",
        topic,
        "--from-beginning",
        "--no-follow",
    ];
    let kcat = ["-C", "-q", "-b", &brokers, "-t", topic, "-o", "beginning", "-e"];
    let clp = env!("CARGO_BIN_EXE_clp");
    let table: [(&str, &str, Vec<&str>); 5] = [
        (
            "clp tail --format json --raw",
            clp,
            [&tail[..], &["--format", "json", "--raw"]].concat(),
        ),
        ("kcat -C -J", "kcat", [&kcat[..], &["-J"]].concat()),
        ("kcat -C", "kcat", kcat.to_vec()),
        (
            "clp tail --format json",
            clp,
            [&tail[..], &["--format", "json"]].concat(),
        ),
        ("clp tail", clp, tail.to_vec()),
    ];
    let out = tempfile::NamedTempFile::new().expect("a temporary file");
    let mut seconds = vec![Vec::new(); table.len()];
    for run in 0..=RUNS {
        for ((what, program, args), seconds) in table.iter().zip(&mut seconds) {
            let took = time(program, args, out.path());
            // The first round warms up the broker.
            if run > 0 {
                println!("run {run}: {what} {took:.2} s");
                seconds.push(took);
            }
        }
    }
    for ((what, ..), mut seconds) in table.iter().zip(seconds) {
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2];
        println!(
            "{what}: {median:.2} s, {:.0} records/s (median of {RUNS})",
            LINES as f64 / median
        );
    }
}

fn time(program: &str, args: &[&str], out: &Path) -> f64 {
    let to = File::create(out).expect("the output's file");
    let begun = Instant::now();
    let status = Command::new(program).args(args).stdout(to).status().expect("run it");
    let seconds = begun.elapsed().as_secs_f64();
    assert!(
        status.success(),
        "{program} failed; kcat is needed (apt-get install kcat)"
    );
    let lines = BufReader::new(File::open(out).expect("the output"))
        .split(b'\n')
        .count() as u64;
    assert!(lines >= LINES, "{program} {args:?}: {lines} lines");
    seconds
}
