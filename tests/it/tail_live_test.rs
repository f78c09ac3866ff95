//! `clp tail` while another client writes, and into the programs that people put behind it.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::support::clp::{Clp, Invocation};
use crate::support::kafka::Kafka;
use crate::support::records::Record;
use crate::support::services::kafka;
use crate::support::topics::{self, Topics};

const LIMIT: Duration = Duration::from_secs(30);
/// The window of 300 ms, and what a busy machine adds.
const SOON: Duration = Duration::from_secs(3);
const PARTITIONS: i32 = 12;

struct Scene {
    topics: Topics,
    clp: Clp,
}

impl Scene {
    fn new() -> Scene {
        let topics = Topics::with_partitions(kafka(), PARTITIONS);
        let clp = Clp::bare().kafka(kafka(), &topics);
        Scene { topics, clp }
    }

    /// Both extracted topics, as they are by default where they hold something.
    fn args<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let args = ["tail", "--topics", "extracted_application,extracted_proxy"];
        args.into_iter().chain(more.iter().copied()).collect()
    }

    /// `clp tail … | COMMAND`, of which `program` must be installed.
    fn piped(&self, program: &str, command: &str, args: &[&str]) -> Invocation {
        needs(program);
        let mut shell = Command::new("bash");
        shell
            .arg("-c")
            .arg(format!(r#"set -o pipefail; "$0" "$@" | {command}"#))
            .arg(env!("CARGO_BIN_EXE_clp"))
            .args(args);
        self.at_home(shell)
    }

    fn at_home(&self, mut command: Command) -> Invocation {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.clp.home());
        Invocation::of(command)
    }

    /// Writes a line into each partition, again and again, while `during` runs.
    fn steadily<T>(&self, during: impl FnOnce() -> T) -> T {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let lines: Vec<Record> = (0..PARTITIONS)
                        .map(|partition| line(partition, &format!("steady {partition}")))
                        .collect();
                    kafka().append(&self.topics.extracted_application, &lines);
                }
            });
            let stops = Stops(&stop);
            let result = during();
            drop(stops);
            result
        })
    }
}

/// Also where a test fails.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn needs(program: &str) {
    let found = Command::new("bash")
        .args(["-c", r#"command -v "$0""#, program])
        .output()
        .expect("bash is needed for this test");
    assert!(found.status.success(), "{program} is needed for this test: install it");
}

/// Written now.
fn line(partition: i32, text: &str) -> Record {
    line_of(partition, Timestamp::now(), text)
}

fn line_of(partition: i32, time: Timestamp, text: &str) -> Record {
    let value = json!({"ts_ns": time.as_nanosecond() as i64, "level": "WARN", "logger": "com.example.Cart",
        "thread": "t", "msg": text, "pod_name": "api-7-x"});
    Record {
        partition,
        offset: 0,
        key: Some(b"cp2:P1:line-1:20250606.api-7-x_default_platform-0a.gz".to_vec()),
        value: Some(value.to_string().into_bytes()),
        headers: [("service", "api"), ("environment", "P1"), ("subscription", "cp2")]
            .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
            .to_vec(),
        timestamp: 0,
    }
}

#[test]
fn what_another_client_writes_steadily_into_many_partitions_is_shown_soon() {
    let scene = Scene::new();
    let tail = scene
        .piped(
            "jq",
            "jq --unbuffered -r .message",
            &scene.args(&["-vv", "--format", "json"]),
        )
        .spawn();
    tail.wait_for_stderr("reading begins", LIMIT);
    scene.steadily(|| {
        tail.wait_for_stdout("steady", LIMIT);
        for n in 0..8 {
            let text = format!("number {n}");
            kafka().append(&scene.topics.extracted_application, &[line(n % PARTITIONS, &text)]);
            tail.wait_for_stdout(&text, SOON);
        }
    });
}

#[test]
fn a_time_that_is_still_to_come_ends_it() {
    let scene = Scene::new();
    kafka().append(&scene.topics.extracted_application, &[line(0, "before")]);
    let run = || {
        let until = (Timestamp::now() + SignedDuration::from_secs(2)).to_string();
        let begun = Instant::now();
        let args = scene.args(&["--format", "json", "--since", "15m", "--until", &until]);
        let lines = scene.clp.run(args).success().json_lines();
        assert!(begun.elapsed() > Duration::from_secs(2), "{:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
        assert!(
            lines.iter().all(|line| line["ts"].as_str().unwrap() <= until.as_str()),
            "{until}"
        );
        lines
    };
    assert_eq!(run().len(), 1);
    let busy = scene.steadily(run);
    let texts: Vec<_> = busy.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(texts[0], "before");
    for partition in 0..PARTITIONS {
        let text = format!("steady {partition}");
        let of_partition = busy.iter().filter(|line| line["message"] == text.as_str());
        let times: Vec<Timestamp> = of_partition
            .map(|line| line["ts"].as_str().unwrap().parse().unwrap())
            .collect();
        assert!(!times.is_empty() && times.is_sorted(), "{partition}: {times:?}");
    }
}

#[test]
fn a_time_window_may_be_relative() {
    let scene = Scene::new();
    let ago = |minutes| Timestamp::now() - SignedDuration::from_mins(minutes);
    let lines = [(0, 20, "old"), (1, 5, "young"), (2, 40, "older"), (3, 1, "new")];
    let lines = lines.map(|(partition, minutes, text)| line_of(partition, ago(minutes), text));
    kafka().append(&scene.topics.extracted_application, &lines);
    for (args, expected) in [
        (&["--since", "15m"][..], "young\nnew\n"),
        (&["--since", "1h", "--until", "15m"], "older\nold\n"),
        (&["--since", "30m", "-n", "2"], "young\nnew\n"),
        (&["--since", "2m"], "new\n"),
    ] {
        let args = [args, &["--format", "json", "--no-follow"]].concat();
        let outcome = scene.piped("jq", "jq -r .message", &scene.args(&args)).run().success();
        assert_eq!(outcome.text(), expected, "{args:?}");
    }
}

#[test]
fn jq_reads_every_line() {
    let scene = Scene::new();
    let mut foreign = line(1, "twice");
    // A record of somebody else's, with fields that all lines have.
    foreign.value =
        Some(br#"{"ts":"never","topic":"x","level":"INFO","pod":"p","msg":"foreign","message":"x"}"#.to_vec());
    let mut no_text = line(2, "");
    no_text.value = Some(b"\xff\x00".to_vec());
    let lines = [line(0, "quoted \"text\"\nand \u{1b}[31mmore\u{7}"), foreign, no_text];
    kafka().append(&scene.topics.extracted_application, &lines);
    let all = ["--from-beginning", "--no-follow", "--format", "json"];
    let lines = scene.piped(
        "jq",
        "jq -c '[.level, .message, .service, .ts | type]'",
        &scene.args(&all),
    );
    let lines = lines.run().success().text();
    assert_eq!(lines.lines().count(), 3, "{lines}");
    let foreign = scene.piped(
        "jq",
        r#"jq -r 'select(.message == "foreign") | .topic'"#,
        &scene.args(&all),
    );
    assert_eq!(
        foreign.run().success().text().trim(),
        scene.topics.extracted_application
    );
    let raw = [&all[..], &["--raw"]].concat();
    let raw = scene.piped("jq", "jq -rj 'select(.value_encoding) | .value'", &scene.args(&raw));
    assert_eq!(raw.run().success().text(), "/wA=");
}

#[test]
fn a_terminal_gets_colours() {
    let scene = Scene::new();
    needs("script");
    let at = |second: i64| Timestamp::from_second(1_749_168_000 + second).unwrap();
    let lines = [line_of(0, at(0), "first"), line_of(1, at(1), "second\nwith more")];
    kafka().append(&scene.topics.extracted_application, &lines);
    let clp = env!("CARGO_BIN_EXE_clp");
    let command = format!("'{clp}' tail --topics extracted_application --from-beginning --no-follow");
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
    let outcome = scene.at_home(script).env("TERM", "xterm").hold_input().run().success();
    // What the terminal makes of line breaks.
    let text = outcome.text().replace("\r\n", "\n").replace('\u{1b}', "␛");
    insta::assert_snapshot!("tail-terminal", text);
}

#[test]
fn a_group_names_missing_topics_and_ends_without_partitions() {
    let names = Topics::names(kafka());
    let clp = Clp::bare().kafka(kafka(), &names);
    let group = format!("{}-g", names.errors);
    let args = ["tail", "-g", &group, "--topics", "errors"];
    let missing = clp.run(args.into_iter().chain(["--no-follow"])).expect_code(4);
    assert!(missing.stderr.contains(&names.errors), "{}", missing.stderr);
    assert!(missing.stderr.contains("clp init-topics"), "{}", missing.stderr);
    let waiting = clp.spawn(args.into_iter().chain(["--from-beginning"]));
    waiting.wait_for_stderr("does not exist yet", LIMIT);
    topics::create(kafka(), &names.errors, 1, &[]);
    kafka().append(&names.errors, &[line(0, "there now")]);
    waiting.wait_for_stdout("there now", LIMIT);
    // One partition for three members.
    let second = clp.spawn(args);
    let ended = clp.run(args.into_iter().chain(["--no-follow"])).success();
    assert_eq!(ended.text(), "");
    drop((second, waiting));
}

#[test]
fn partitions_that_are_added_are_followed() {
    let kafka = Kafka::private();
    let names = Topics::names(&kafka);
    topics::create(&kafka, &names.extracted_application, 1, &[]);
    let clp = Clp::bare().kafka(&kafka, &names);
    let args = ["tail", "--topics", "extracted_application", "-vv"];
    let alone = clp.spawn(args);
    alone.wait_for_stderr("reading begins", LIMIT);
    let member = clp.spawn(args.into_iter().chain(["-g", "mine", "--from-beginning"]));
    kafka.append(&names.extracted_application, &[line(0, "before")]);
    for tail in [&alone, &member] {
        tail.wait_for_stdout("before", LIMIT);
    }
    topics::grow(&kafka, &names.extracted_application, 3);
    kafka.append(&names.extracted_application, &[line(2, "added"), line(0, "known")]);
    for tail in [&alone, &member] {
        tail.wait_for_stdout("added", LIMIT);
        tail.wait_for_stdout("known", LIMIT);
    }
    alone.signal("INT");
    assert_eq!(alone.wait().expect_code(130).text().lines().count(), 3);
}
