//! What the benchmarks that compare with kcat share.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::process::unique;
use super::services::kafka;
use super::{gz, topics};

pub const LINES_PER_MEMBER: u64 = 500;
pub const RUNS: usize = 5;
pub const PARTITIONS: i32 = 12;

/// Writes a blob of so many lines of about 1.6 KB.
pub fn write_blob(path: &Path, lines: u64) {
    let mut file = BufWriter::new(File::create(path).expect("the blob's file"));
    gz::write_blob(&mut file, 0..lines, LINES_PER_MEMBER, gz::log_line).expect("write the blob");
    file.flush().expect("write the blob");
}

/// Runs clp, which gives its seconds and its peak memory in bytes, and kcat over `times` times the file, in turn, and prints
/// what came out.
pub fn beside_kcat(what: &str, lines: u64, file: &Path, times: u64, mut clp: impl FnMut() -> (f64, u64)) {
    let (mut ours, mut theirs, mut peak) = (Vec::new(), Vec::new(), 0);
    // What the brokers do for new topics is no part of it.
    let topic = unique("bench.kcat");
    topics::create(kafka(), &topic, PARTITIONS, &[]);
    for run in 0..=RUNS {
        let (seconds, peak_bytes) = clp();
        let kcat_seconds = run_kcat(file, &topic, times);
        // The first pair warms up the broker.
        if run > 0 {
            println!("run {run}: clp {seconds:.2} s, kcat {kcat_seconds:.2} s");
            ours.push(seconds);
            theirs.push(kcat_seconds);
            peak = peak.max(peak_bytes);
        }
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let rate = |seconds: f64| (lines as f64 / seconds).round();
    println!(
        "{what}, exactly once: {ours:.2} s, {} lines/s (median of {RUNS})",
        rate(ours)
    );
    println!(
        "zcat | kcat -P, lz4, idempotent: {theirs:.2} s, {} lines/s",
        rate(theirs)
    );
    println!("ratio: {:.2} (above 1: clp is faster)", theirs / ours);
    println!("clp's peak memory: {:.1} MiB", peak as f64 / f64::from(1 << 20));
}

fn run_kcat(file: &Path, topic: &str, times: u64) -> f64 {
    let begun = Instant::now();
    let status = Command::new("sh")
        .args([
            "-c",
            r#"for i in $(seq "$4"); do zcat < "$1"; done | kcat -P -b "$2" -t "$3" -p 0 -z lz4 -X enable.idempotence=true"#,
            "sh",
        ])
        .arg(file)
        .args([&kafka().brokers(), topic, &times.to_string()])
        .status()
        .expect("run sh");
    assert!(status.success(), "kcat failed; install it (apt-get install kcat)");
    begun.elapsed().as_secs_f64()
}

pub fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Lines that the log of a service's lanes says are committed.
pub fn committed(log: &str) -> u64 {
    log.lines()
        .filter(|line| line.contains("committed lane="))
        .filter_map(|line| line.split_once(" lines=")?.1.split(' ').next()?.parse::<u64>().ok())
        .sum()
}
