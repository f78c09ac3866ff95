//! One-shot ingest beside `zcat | kcat -P`, in turn, of the same file into the same Kafka: `make bench`.
//!
//! clp reads the blob from Azurite and sends each line with key and headers, in transactions, with its checkpoint. kcat
//! reads the file and sends the lines with neither. Prints each run, the medians, their ratio, and clp's peak memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints figures, and says that it cannot go on by panicking, as the tests' support does"
)]

#[path = "../tests/it/support/mod.rs"]
mod support;

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use support::{
    blobs::Blobs,
    clp::Clp,
    gz,
    services::kafka,
    topics::{self, Topics},
};

const LINES: u64 = 200_000;
const LINES_PER_MEMBER: u64 = 500;
const RUNS: usize = 5;
const PARTITIONS: i32 = 12;

fn main() {
    let kcat = Command::new("kcat").arg("-V").output();
    assert!(
        kcat.is_ok_and(|output| output.status.success()),
        "the benchmark compares with kcat: install it (apt-get install kcat)"
    );
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    write_blob(file.path());
    let blobs = Blobs::new();
    let name = gz::blob_name("20250606", "api-674b9bdb88-vm775", "platform");
    blobs.upload(&name, file.path());
    let size = file.path().metadata().expect("the file's size").len();
    println!("{LINES} lines of about 1.6 KB, {size} bytes in members of {LINES_PER_MEMBER} lines");

    let (mut ours, mut theirs, mut peak) = (Vec::new(), Vec::new(), 0);
    for run in 0..=RUNS {
        let (seconds, peak_bytes) = run_clp(&blobs, &name);
        let kcat_seconds = run_kcat(file.path());
        // The first pair warms up the broker.
        if run > 0 {
            println!("run {run}: clp {seconds:.2} s, kcat {kcat_seconds:.2} s");
            ours.push(seconds);
            theirs.push(kcat_seconds);
            peak = peak.max(peak_bytes);
        }
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let rate = |seconds: f64| (LINES as f64 / seconds).round();
    println!(
        "clp ingest, exactly once:        {ours:.2} s, {} lines/s (median of {RUNS})",
        rate(ours)
    );
    println!(
        "zcat | kcat -P, lz4, idempotent: {theirs:.2} s, {} lines/s",
        rate(theirs)
    );
    println!("ratio: {:.2} (above 1: clp is faster)", theirs / ours);
    println!("clp's peak memory: {:.1} MiB", peak as f64 / f64::from(1 << 20));
}

fn write_blob(path: &Path) {
    let mut file = BufWriter::new(File::create(path).expect("the blob's file"));
    gz::write_blob(&mut file, 0..LINES, LINES_PER_MEMBER, gz::log_line).expect("write the blob");
    file.flush().expect("write the blob");
}

/// Seconds of the whole process, and its peak memory in bytes.
fn run_clp(blobs: &Blobs, name: &str) -> (f64, u64) {
    let topics = Topics::with_partitions(kafka(), PARTITIONS);
    let clp = Clp::new(kafka(), blobs, &topics);
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

fn run_kcat(file: &Path) -> f64 {
    let topic = support::process::unique("bench.kcat");
    topics::create(kafka(), &topic, PARTITIONS, &[]);
    let begun = Instant::now();
    let status = Command::new("sh")
        .args([
            "-c",
            r#"zcat < "$1" | kcat -P -b "$2" -t "$3" -p 0 -z lz4 -X enable.idempotence=true"#,
            "sh",
        ])
        .arg(file)
        .args([&kafka().brokers(), &topic])
        .status()
        .expect("run kcat");
    assert!(status.success(), "kcat failed");
    begun.elapsed().as_secs_f64()
}

fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
