//! `clp analyze-logs` of about 1 GB of raw lines beside `zcat | wc -l` and `zcat | jq` of the same files: `make bench-analyze`.
//!
//! jq only reads the lines and writes level and logger of each: it counts, folds and sums up nothing. clp runs over one file
//! and over eight, on all cores and on one, and writes the page as well. Prints the medians, and clp's peak memory.

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
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use support::{
    bench::{LINES_PER_MEMBER, median},
    clp::Clp,
    gz,
};

/// Of about 1.6 KB each.
const LINES: u64 = 640_000;
const FILES: u64 = 8;
const RUNS: usize = 3;

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let parts: Vec<PathBuf> = (0..FILES)
        .map(|part| {
            let path = directory.path().join(format!("part-{part}.gz"));
            write(&path, part * LINES / FILES..(part + 1) * LINES / FILES);
            path
        })
        .collect();
    let whole = directory.path().join("whole.gz");
    write(&whole, 0..LINES);
    let bytes: u64 = (0..1000)
        .map(|index| gz::log_line(index * 640).len() as u64 + 1)
        .sum::<u64>()
        * LINES
        / 1000;
    println!(
        "{LINES} lines, about {:.2} GB as text, in members of {LINES_PER_MEMBER} lines",
        bytes as f64 / 1e9
    );
    let page = directory.path().join("page.html");
    let clp = format!("\"$0\" analyze-logs --service api --html '{}' \"$@\"", page.display());
    let one = [whole.as_path()];
    let all: Vec<&Path> = parts.iter().map(PathBuf::as_path).collect();
    measure("clp, one file, all cores", &clp, &one, bytes);
    measure("clp, eight files, all cores", &clp, &all, bytes);
    measure("clp, one file, one core", &format!("taskset -c 0 {clp}"), &one, bytes);
    measure("zcat | wc -l", "zcat \"$@\" | wc -l", &one, bytes);
    let jq = r#"zcat "$@" | jq -c '[.logs.level, .logs.loggerName]'"#;
    measure("zcat | jq -c", jq, &one, bytes);
    let outcome = Clp::bare()
        .args([
            "analyze-logs".into(),
            "--service".into(),
            "api".into(),
            whole.into_os_string(),
        ])
        .deadline(Duration::from_secs(600))
        .run()
        .success();
    println!(
        "clp's peak memory: {:.1} MiB",
        outcome.peak_rss_bytes as f64 / f64::from(1 << 20)
    );
}

fn write(path: &Path, lines: std::ops::Range<u64>) {
    let mut file = BufWriter::new(File::create(path).expect("the file"));
    gz::write_blob(&mut file, lines, LINES_PER_MEMBER, gz::log_line).expect("write the file");
    file.flush().expect("write the file");
}

/// Runs a command line of `sh` some times, its output into nothing, and prints the median.
fn measure(what: &str, line: &str, files: &[&Path], bytes: u64) {
    let mut seconds: Vec<f64> = (0..RUNS).map(|_| run(line, files)).collect();
    let seconds = median(&mut seconds);
    println!(
        "{what}: {seconds:.2} s, {:.0} lines/s, {:.2} GB/s of text (median of {RUNS})",
        LINES as f64 / seconds,
        bytes as f64 / 1e9 / seconds
    );
}

fn run(line: &str, files: &[&Path]) -> f64 {
    let begun = Instant::now();
    let status = Command::new("sh")
        .args(["-c", line, env!("CARGO_BIN_EXE_clp")])
        .args(files)
        .stdout(File::create("/dev/null").expect("open /dev/null"))
        .stderr(Stdio::null())
        .status()
        .expect("run sh");
    assert!(status.success(), "failed; jq is needed (apt-get install jq): {line}");
    begun.elapsed().as_secs_f64()
}
