//! `clp extract --input`: files and pipes of raw lines, without Kafka.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::clp::{Clp, Invocation};
use crate::support::gz;

const LINES: u64 = 2_000;

fn text(lines: u64) -> String {
    (0..lines).map(|index| gz::log_line(index) + "\n").collect()
}

/// The index that each line of `gz` ends its message with; of access logs, the one that it must have by its place.
fn expect_lines(records: &[Value], lines: u64) {
    assert_eq!(records.len() as u64, lines);
    for (index, line) in records.iter().enumerate() {
        let (kind, record) = (&line["kind"], &line["record"]);
        match index % 10 {
            3 | 8 => assert_eq!(
                (kind.as_str(), record["method"].is_string()),
                (Some("http"), true),
                "{line}"
            ),
            _ => {
                assert_eq!(kind, "application");
                let message = record["msg"].as_str().unwrap();
                assert_eq!(message.rsplit(' ').next().unwrap().trim(), index.to_string(), "{line}");
            }
        }
        assert_eq!(record["pod_name"], "api-674b9bdb88-vm775");
    }
}

#[test]
fn gzip_and_plain_text_from_files_and_pipes() {
    let clp = Clp::bare();
    let (plain, members) = (text(LINES), gz::blob(0..LINES, 150));
    std::fs::write(clp.home().join("plain.log"), &plain).unwrap();
    std::fs::write(clp.home().join("members.gz"), &members).unwrap();
    let extract = |input: &str| clp.args(["extract", "--service", "api", "--input", input]);
    for run in [
        extract("plain.log"),
        extract("members.gz"),
        extract("-").input(plain),
        extract("-").input(members),
    ] {
        let outcome = run.run().success();
        expect_lines(&outcome.json_lines(), LINES);
        assert_eq!(
            outcome.stderr,
            "2000 lines: 1600 application, 400 http, 0 proxy, 0 error, 0 skipped\n"
        );
    }
}

#[test]
fn the_service_decides_which_records_come_out() {
    let clp = Clp::bare();
    let lines = format!("{}\nno json\n{}\n", gz::proxy_line(0), gz::access_line(1));
    let records = |service: &str| {
        let args = ["extract", "--input", "-", "--env", "cp2/P1", "--service", service];
        clp.args(args).input(lines.clone()).run().success().json_lines()
    };
    for (service, name, kinds) in [
        ("apache-proxy", "apache-proxy", ["proxy", "error", "proxy"]),
        ("api-service", "api", ["http", "error", "http"]),
        ("solr", "solr", ["http", "error", "http"]),
    ] {
        let records = records(service);
        let found: Vec<&str> = records.iter().map(|line| line["kind"].as_str().unwrap()).collect();
        assert_eq!(found, kinds);
        let error = &records[1]["record"];
        assert_eq!(error["raw_line"], "no json");
        assert_eq!(
            error["source"],
            serde_json::json!({"service": name, "environment": "P1", "subscription": "cp2"})
        );
        assert!(error["timestamp"].as_i64().unwrap() > 1_700_000_000_000_000_000);
    }
}

#[test]
fn what_is_torn_or_corrupt_is_told_behind_the_lines_before_it() {
    let clp = Clp::bare();
    let whole = gz::blob(0..100, 50);
    let more = gz::blob(100..200, 100);
    let mut damaged = more.clone();
    damaged[more.len() / 2] ^= 0xff;
    for (name, tail, told) in [
        ("torn.gz", &more[..more.len() / 2], "is torn: "),
        ("corrupt.gz", &damaged[..], "corrupt gzip member"),
    ] {
        std::fs::write(clp.home().join(name), [&whole[..], tail].concat()).unwrap();
        let args = ["extract", "--service", "api", "--input", name];
        let outcome = clp.run(args).expect_code(6);
        let lines = outcome.json_lines();
        assert!(lines.len() >= 100);
        expect_lines(&lines[..100], 100);
        for part in [name, told, &format!("offset {}", whole.len()), "hint: "] {
            assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
        }
        assert!(
            outcome.stderr.starts_with(&format!("{} lines: ", lines.len())),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn wrong_use_and_files_that_are_not_there() {
    let clp = Clp::bare();
    let missing = clp
        .run(["extract", "--service", "api", "--input", "missing.gz"])
        .expect_code(1);
    assert!(
        missing.stderr.contains("missing.gz") && missing.stderr.contains("No such file"),
        "{}",
        missing.stderr
    );
    let directory = clp.run(["extract", "--service", "api", "--input", "."]).expect_code(1);
    assert!(directory.stderr.contains("cannot be read"), "{}", directory.stderr);
    clp.run(["extract", "--service", "api"]).expect_code(2);
    clp.run(["extract", "--input", "-"]).expect_code(2);
}

#[test]
fn the_configuration_says_what_is_an_error() {
    let lines = format!(
        "{}\n{{\"time\":\"2025-06-06T00:00:00Z\",\"log\":\"m\"}}\n",
        gz::log_line(0)
    );
    let run = |clp: Clp| {
        let args = ["extract", "--service", "api", "--input", "-"];
        clp.args(args).input(lines.clone()).run()
    };
    let kinds = |lines: &[Value]| lines.iter().map(|line| line["kind"].to_string()).collect::<String>();
    assert_eq!(
        kinds(&run(Clp::bare()).success().json_lines()),
        r#""application""error""#
    );
    let lenient = Clp::bare().set("processing.enable_validation", false);
    assert_eq!(
        kinds(&run(lenient).success().json_lines()),
        r#""application""application""#
    );
    let strict = run(Clp::bare().set("processing.skip_invalid_logs", false)).expect_code(6);
    assert_eq!(kinds(&strict.json_lines()), r#""application""#);
    assert!(
        strict.stderr.contains("standard input: line 2: without pod_name"),
        "{}",
        strict.stderr
    );
}

#[test]
fn lines_of_a_pipe_come_out_while_it_is_open() {
    let args = ["extract", "--service", "api", "--input", "-"];
    let running = Clp::bare()
        .args(args)
        .input(gz::log_line(0) + "\n")
        .hold_input()
        .spawn();
    running.wait_for_stdout(r#""kind":"application""#, Duration::from_secs(30));
    assert_eq!(running.stderr(), "");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let clp = Clp::bare();
    std::fs::write(clp.home().join("many.log"), text(20_000)).unwrap();
    let mut bash = Command::new("bash");
    bash.current_dir(clp.home()).args([
        "-c",
        "set -o pipefail; \"$0\" extract --service api --input many.log | head -n 1",
        env!("CARGO_BIN_EXE_clp"),
    ]);
    let outcome = Invocation::of(bash).env("HOME", clp.home()).run().success();
    assert_eq!((outcome.json_lines().len(), &*outcome.stderr), (1, ""));
}

#[test]
fn memory_does_not_grow_with_the_input() {
    const MANY: u64 = 40_000;
    let clp = Clp::bare();
    std::fs::write(clp.home().join("large.gz"), gz::blob(0..MANY, MANY)).unwrap();
    let mut bash = Command::new("bash");
    bash.current_dir(clp.home()).args([
        "-c",
        "exec \"$0\" extract --service api --input large.gz >/dev/null",
        env!("CARGO_BIN_EXE_clp"),
    ]);
    let outcome = Invocation::of(bash).env("HOME", clp.home()).run().success();
    assert!(outcome.stderr.starts_with("40000 lines: "), "{}", outcome.stderr);
    assert!(outcome.peak_rss_bytes < 48 << 20, "{} bytes", outcome.peak_rss_bytes);
}
