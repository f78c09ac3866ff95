//! The worker beside `zcat | kcat -P`, in turn, over the same lines into the same Kafka: `make bench-worker`.
//!
//! The worker is in its group already when the events come, as it is in its months of service: what is timed is from the
//! first event to the last commit. It reads from Azurite and sends keys, headers, states and offsets in transactions; kcat
//! reads files and sends lines only. Prints each run, the medians, their ratio, and clp's peak memory.

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
    gz,
    pipeline::{Pipeline, observed},
    process::wait_for,
    scene::api_blob,
    services::{azurite, kafka},
    topics,
};

const LINES: u64 = 200_000;
const LINES_PER_MEMBER: u64 = 500;
const RUNS: usize = 5;
const PARTITIONS: i32 = 12;
const LIMIT: Duration = Duration::from_secs(120);

fn main() {
    for blobs in [1, 100] {
        compare(blobs);
    }
}

fn compare(blobs: u64) {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let each = LINES / blobs;
    write_blob(file.path(), each);
    println!("{blobs} blobs of {each} lines of about 1.6 KB");
    let (mut ours, mut theirs, mut peak) = (Vec::new(), Vec::new(), 0);
    for run in 0..=RUNS {
        let (seconds, peak_bytes) = run_worker(file.path(), blobs);
        let kcat_seconds = run_kcat(file.path(), blobs);
        // The first pair warms up the broker.
        if run > 0 {
            println!("run {run}: worker {seconds:.2} s, kcat {kcat_seconds:.2} s");
            ours.push(seconds);
            theirs.push(kcat_seconds);
            peak = peak.max(peak_bytes);
        }
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let rate = |seconds: f64| (LINES as f64 / seconds).round();
    println!(
        "worker, exactly once:            {ours:.2} s, {} lines/s (median of {RUNS})",
        rate(ours)
    );
    println!(
        "zcat | kcat -P, lz4, idempotent: {theirs:.2} s, {} lines/s",
        rate(theirs)
    );
    println!("ratio: {:.2} (above 1: clp is faster)", theirs / ours);
    println!("clp's peak memory: {:.1} MiB", peak as f64 / f64::from(1 << 20));
}

fn write_blob(path: &Path, lines: u64) {
    let mut file = BufWriter::new(File::create(path).expect("the blob's file"));
    gz::write_blob(&mut file, 0..lines, LINES_PER_MEMBER, gz::log_line).expect("write the blob");
    file.flush().expect("write the blob");
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
    let begun = Instant::now();
    run.tell(&events);
    wait_for("all lines to be committed", LIMIT, || {
        (committed(&worker.stderr()) >= LINES).then_some(())
    });
    let seconds = begun.elapsed().as_secs_f64();
    worker.signal("TERM");
    (seconds, worker.wait().success().peak_rss_bytes)
}

/// Lines that the worker's log says are committed.
fn committed(log: &str) -> u64 {
    log.lines()
        .filter(|line| line.contains("committed lane="))
        .filter_map(|line| line.split_once(" lines=")?.1.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

fn run_kcat(file: &Path, blobs: u64) -> f64 {
    let topic = support::process::unique("bench.kcat");
    topics::create(kafka(), &topic, PARTITIONS, &[]);
    let begun = Instant::now();
    let status = Command::new("sh")
        .args([
            "-c",
            r#"for i in $(seq "$4"); do zcat < "$1"; done | kcat -P -b "$2" -t "$3" -p 0 -z lz4 -X enable.idempotence=true"#,
            "sh",
        ])
        .arg(file)
        .args([&kafka().brokers(), &topic, &blobs.to_string()])
        .status()
        .expect("run kcat, which the benchmark compares with (apt-get install kcat)");
    assert!(status.success(), "kcat failed");
    begun.elapsed().as_secs_f64()
}

fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
