//! `clp tail` over raw lines, from Kafka and straight from storage.

use std::time::Duration;

use serde_json::Value;

use crate::support::clp::Clp;
use crate::support::gz;
use crate::support::scene::Scene;

const LIMIT: Duration = Duration::from_secs(30);
const DAY: &str = "20250606";
/// Nothing listens there.
const NO_KAFKA: &str = "127.0.0.1:1";

fn tail(clp: &Clp, more: &[&str]) -> Vec<Value> {
    let args = ["tail", "--format", "json"];
    clp.run(args.into_iter().chain(more.iter().copied()))
        .success()
        .json_lines()
}

fn storage(clp: &Clp, more: &[&str]) -> Vec<Value> {
    let args = ["--source", "storage", "--brokers", NO_KAFKA];
    tail(clp, &args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

/// An application's line of `second` seconds after midnight.
fn line(second: u64, message: &str) -> String {
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!(
        r#"{{"@timestamp":"2025-06-06T{hour:02}:{minute:02}:{second:02}Z","logs":{{"level":"INFO","loggerName":"l","message":"{message}"}},"kubernetes":{{"pod_name":"p"}}}}"#
    )
}

fn messages(lines: &[Value]) -> String {
    let texts = lines.iter().map(|line| line["message"].as_str().unwrap_or("-"));
    texts.collect::<Vec<_>>().join(" ")
}

fn ts(line: &Value) -> jiff::Timestamp {
    line["ts"].as_str().unwrap().parse().unwrap()
}

/// Members of one line each.
fn blob(seconds: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let lines: Vec<String> = seconds
        .into_iter()
        .map(|second| line(second, &format!("m{second}")))
        .collect();
    gz::blob_of(&lines, 1)
}

#[test]
fn the_same_lines_come_from_kafka_and_from_storage() {
    let scene = Scene::new();
    let api = gz::blob_name(DAY, "api-674b9bdb88-vm775", "platform");
    scene.blobs.append(&api, &gz::blob(0..60, 20));
    scene.summary(&api, &[]);
    let shared = ["--from-beginning", "--no-follow"];
    let strip = |mut lines: Vec<Value>| {
        for line in &mut lines {
            let line = line.as_object_mut().unwrap();
            line.remove("topic").or(line.remove("blob")).unwrap();
        }
        lines
    };
    let from_kafka = strip(tail(&scene.clp, &shared));
    let from_storage = strip(storage(&scene.clp, &[&shared[..], &["--service", "api"]].concat()));
    assert_eq!(from_kafka.len(), 60);
    assert_eq!(from_kafka, from_storage);
    let of_kind = |field: &str| from_kafka.iter().filter(|line| line.get(field).is_some()).count();
    // Of ten lines two are requests.
    assert_eq!((of_kind("path"), of_kind("message")), (12, 48));
    assert!(
        from_kafka
            .iter()
            .all(|line| line["service"] == "api" && line["environment"] == "P1")
    );
    assert!(from_kafka.is_sorted_by_key(ts));
    let last = strip(tail(&scene.clp, &["-n", "7", "--no-follow"]));
    assert_eq!(last, from_kafka[53..]);
}

#[test]
fn a_line_in_many_records_is_one_and_a_line_that_is_no_log_is_shown_as_it_is() {
    let scene = Scene::new();
    let name = gz::blob_name(DAY, "api-7-x", "platform");
    let long = "x".repeat(5 << 20);
    let lines = [
        line(1, "short"),
        line(2, &long),
        "no json \u{7}at all".to_owned(),
        line(3, "last"),
    ];
    scene.blobs.append(&name, &gz::blob_of(&lines, 2));
    scene.summary(&name, &[]);
    for found in [
        tail(&scene.clp, &["--from-beginning", "--no-follow"]),
        // Steps back begin in the middle of it.
        tail(&scene.clp, &["-n", "4", "--no-follow"]),
        storage(&scene.clp, &["--from-beginning", "--no-follow"]),
    ] {
        let mut texts: Vec<&str> = found.iter().map(|line| line["message"].as_str().unwrap()).collect();
        // It has no time of its own, so its place is where it was read.
        texts.sort_unstable();
        assert_eq!(texts.len(), 4);
        assert_eq!(texts[..3], ["last", "no json \u{7}at all", "short"]);
        assert!(texts[3] == long, "{} bytes", texts[3].len());
    }
    let raw = tail(&scene.clp, &["--from-beginning", "--no-follow", "--raw"]);
    assert!(raw.len() > 4, "{}", raw.len());
    assert_eq!(
        raw[1]["headers"]["part"].as_str().unwrap().split_once('/').unwrap().0,
        "1"
    );
}

#[test]
fn storage_is_read_no_farther_back_than_the_window_needs() {
    let scene = Scene::new();
    // Two pods in turn, and a proxy.
    let [even, odd] = ["api-7-even", "api-7-odd"].map(|pod| gz::blob_name(DAY, pod, "platform"));
    scene.blobs.append(&even, &blob((0..3000).step_by(2)));
    scene.blobs.append(&odd, &blob((1..3000).step_by(2)));
    scene
        .blobs
        .append(&gz::blob_name(DAY, "apache2-igc-7-x", "proxy"), &blob(0..10));
    // Damage at the beginning shows whether the beginning was read.
    let damaged = gz::blob_name(DAY, "backoffice-0", "platform");
    let mut bytes = blob(0..3000);
    bytes[500..600].fill(0xaa);
    scene.blobs.append(&damaged, &bytes);
    let window = [
        "--service",
        "api",
        "--no-follow",
        "--since",
        "2025-06-06T00:49:54Z",
        "--until",
        "2025-06-06T00:49:57Z",
    ];
    assert_eq!(messages(&storage(&scene.clp, &window)), "m2994 m2995 m2996 m2997");
    let last = ["--service", "api", "--since", "2025-06-06", "--no-follow", "-n", "3"];
    assert_eq!(messages(&storage(&scene.clp, &last)), "m2997 m2998 m2999");
    let all = storage(&scene.clp, &["--service", "api", "--from-beginning", "--no-follow"]);
    assert_eq!(all.len(), 3000);
    assert!(all.is_sorted_by_key(ts));
    let late = [
        "tail",
        "--source",
        "storage",
        "--service",
        "backoffice",
        "--no-follow",
        "--since",
    ];
    let outcome = scene
        .clp
        .run(late.into_iter().chain(["2025-06-06T00:49:59Z"]))
        .success();
    assert_eq!((outcome.text().lines().count(), outcome.stderr.as_str()), (1, ""));
    let outcome = scene.clp.run(late.into_iter().chain(["2025-06-06"])).success();
    assert!(
        outcome.stderr.contains("corrupt data is passed over"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn storage_is_read_no_farther_than_the_window_reaches() {
    let scene = Scene::new();
    let name = gz::blob_name(DAY, "api-7-x", "platform");
    let mut bytes = blob(0..3000);
    // Damage at the end shows whether the end was read.
    let damage = bytes.len() - 600..bytes.len() - 500;
    bytes[damage].fill(0xaa);
    scene.blobs.append(&name, &bytes);
    let run = |more: &[&str]| {
        let args = [
            "tail",
            "--source",
            "storage",
            "--service",
            "api",
            "--no-follow",
            "--format",
            "json",
        ];
        scene.clp.run(args.into_iter().chain(more.iter().copied())).success()
    };
    let first = run(&["--from-beginning", "--until", "2025-06-06T00:00:02Z"]);
    assert_eq!(
        (messages(&first.json_lines()).as_str(), first.stderr.as_str()),
        ("m0 m1 m2", "")
    );
    let whole = run(&["--from-beginning"]);
    assert!(whole.stderr.contains("corrupt data is passed over"), "{}", whole.stderr);
    let last = run(&["-n", "2", "--since", "2025-06-06", "--until", "2025-06-06T00:10:00Z"]);
    assert_eq!(messages(&last.json_lines()), "m599 m600");
}

#[test]
fn a_member_that_was_torn_at_the_start_is_shown_once_it_is_whole() {
    let scene = Scene::new();
    let today = jiff::Timestamp::now().to_string()[..10].replace('-', "");
    let name = gz::blob_name(&today, "api-7-x", "platform");
    scene.blobs.append(&name, &blob(0..3));
    let torn = gz::blob_of(&[line(3, "m3"), line(4, "m4")], 2);
    let (head, rest) = torn.split_at(torn.len() / 2);
    scene.blobs.append(&name, head);
    let args = [
        "tail",
        "--source",
        "storage",
        "--env",
        "P1",
        "--format",
        "json",
        "-vv",
        "--max-messages",
        "3",
    ];
    let tail = scene.clp.spawn(args);
    tail.wait_for_stderr("reading begins", LIMIT);
    scene.blobs.append(&name, rest);
    tail.wait_for_stdout("m4", LIMIT);
    scene.blobs.append(&name, &blob([5]));
    assert_eq!(messages(&tail.wait().success().json_lines()), "m3 m4 m5");
}

#[test]
fn blank_lines_are_among_the_raw_ones() {
    let scene = Scene::new();
    let name = gz::blob_name(DAY, "api-7-x", "platform");
    scene
        .blobs
        .append(&name, &gz::blob_of(&[line(1, "m1"), line(2, " "), line(3, "m3")], 3));
    scene.summary(&name, &[]);
    let args = [
        "--from-beginning",
        "--no-follow",
        "--raw",
        "--env",
        "P1",
        "--service",
        "api",
    ];
    let values = |lines: Vec<Value>| lines.into_iter().map(|line| line["value"].clone()).collect::<Vec<_>>();
    let from_kafka = values(tail(
        &scene.clp,
        &[&args[..], &["--topics", "raw_application"]].concat(),
    ));
    assert_eq!(from_kafka, [line(1, "m1"), line(2, " "), line(3, "m3")]);
    assert_eq!(values(storage(&scene.clp, &args)), from_kafka);
    let window = ["--since", "2025-06-06T00:00:02Z"];
    assert_eq!(
        values(storage(&scene.clp, &[&args[1..], &window].concat())),
        from_kafka[1..]
    );
}

#[test]
fn growth_of_blobs_is_followed() {
    let scene = Scene::new();
    let today = jiff::Timestamp::now().to_string()[..10].replace('-', "");
    let [known, new] = ["known", "new"].map(|pod| gz::blob_name(&today, &format!("api-7-{pod}"), "platform"));
    scene.blobs.append(&known, &blob(0..3));
    let args = [
        "tail",
        "--source",
        "storage",
        "--env",
        "P1",
        "--format",
        "json",
        "-n",
        "1",
        "--max-messages",
        "5",
    ];
    let tail = scene.clp.spawn(args);
    tail.wait_for_stdout("m2", LIMIT);
    // A torn member, and its rest.
    let more = gz::blob_of(&[line(3, "m3"), line(4, "m4")], 2);
    let (head, rest) = more.split_at(more.len() / 2);
    scene.blobs.append(&known, head);
    scene.blobs.append(&new, &blob([5]));
    tail.wait_for_stdout("m5", LIMIT);
    scene.blobs.append(&known, rest);
    tail.wait_for_stdout("m4", LIMIT);
    scene.blobs.append(&new, &blob([6]));
    let lines = tail.wait().success().json_lines();
    assert_eq!(messages(&lines), "m2 m5 m3 m4 m6");
    assert_eq!(lines[4]["blob"], new.as_str());
    let raw = ["--no-follow", "--raw", "-n", "1"];
    let raw = storage(&scene.clp, &raw);
    assert_eq!(
        (&raw[0]["blob"], &raw[0]["line"]),
        (&Value::from(new.as_str()), &Value::from(0))
    );
    assert_eq!(raw[0]["value"], line(6, "m6"));
}

#[test]
fn what_does_not_go_with_storage_is_refused() {
    let scene = Scene::new();
    for (args, code) in [
        (&["--topics", "errors"][..], 2),
        (&["-g", "mine"], 2),
        (&["--env", "nowhere"], 3),
    ] {
        let all = ["tail", "--source", "storage"].into_iter().chain(args.iter().copied());
        scene.clp.run(all).expect_code(code);
    }
    let outcome = scene.clp.run(["tail", "--env", "nowhere"]).expect_code(3);
    assert!(outcome.stderr.contains("cp2/P1"), "{}", outcome.stderr);
}
