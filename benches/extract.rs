//! `clp extract --input` beside `zcat | jq -c` with a selection that does part of the work: `make bench-extract`.
//!
//! jq reads each line and writes a record of its `logs`; it knows no kinds, no other spellings, no text lines, no errors.
//! clp runs on all cores and on one, over gzip members and over plain text. Prints the medians.

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
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use support::{
    bench::{LINES_PER_MEMBER, median, write_blob},
    gz,
};

const LINES: u64 = 200_000;
const RUNS: usize = 5;

/// The fields of an application's record, as far as they lie ready.
const SELECTION: &str = r#"select(.logs) | {ts: (.logs.instant // .logs.timeMillis), level: .logs.level, logger: .logs.loggerName, thread: .logs.thread, msg: .logs.message, thrown: .logs.thrown, request: .logs.contextMap.requestLine, client_ip: .logs.contextMap.remoteHost, pod_name: .kubernetes.pod_name}"#;

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (members, plain) = (directory.path().join("members.gz"), directory.path().join("plain.log"));
    write_blob(&members, LINES);
    let text: String = (0..LINES).map(|index| gz::log_line(index) + "\n").collect();
    fs::write(&plain, &text).expect("write the plain text");
    println!(
        "{LINES} lines, {} bytes as text; {} bytes in members of {LINES_PER_MEMBER} lines",
        text.len(),
        members.metadata().expect("the file's size").len()
    );
    drop(text);
    let clp = "\"$0\" extract --service api --input \"$1\"";
    measure("clp, gzip, all cores", clp, &members);
    measure("clp, gzip, one core", &format!("taskset -c 0 {clp}"), &members);
    measure("clp, plain, all cores", clp, &plain);
    measure("clp, plain, one core", &format!("taskset -c 0 {clp}"), &plain);
    measure("zcat alone", "zcat < \"$1\"", &members);
    measure(
        "zcat | jq -c",
        &format!("zcat < \"$1\" | jq -c '{SELECTION}'"),
        &members,
    );
}

/// Runs a command line of `sh` some times, its output into nothing, and prints the median.
fn measure(what: &str, line: &str, file: &Path) {
    let mut seconds: Vec<f64> = (0..RUNS).map(|_| run(line, file)).collect();
    let seconds = median(&mut seconds);
    println!(
        "{what}: {seconds:.2} s, {:.0} lines/s (median of {RUNS})",
        LINES as f64 / seconds
    );
}

fn run(line: &str, file: &Path) -> f64 {
    let begun = Instant::now();
    let status = Command::new("sh")
        .args(["-c", line, env!("CARGO_BIN_EXE_clp")])
        .arg(file)
        .stdout(File::create("/dev/null").expect("open /dev/null"))
        .stderr(Stdio::null())
        .status()
        .expect("run sh");
    assert!(status.success(), "failed; jq is needed (apt-get install jq): {line}");
    begun.elapsed().as_secs_f64()
}
