//! `clp tail` over topics that another client filled.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::clp::Clp;
use crate::support::kafka::Kafka;
use crate::support::records::Record;
use crate::support::services::kafka;
use crate::support::topics::{self, Topics};

const LIMIT: Duration = Duration::from_secs(30);
/// 2025-06-06T00:00:00Z in seconds.
const MIDNIGHT: i64 = 1_749_168_000;

struct Scene {
    topics: Topics,
    clp: Clp,
}

impl Scene {
    fn new() -> Scene {
        let topics = Topics::create(kafka());
        let clp = Clp::bare().kafka(kafka(), &topics);
        Scene { topics, clp }
    }

    fn run(&self, more: &[&str]) -> Vec<Value> {
        let args = ["tail", "--format", "json"];
        self.clp
            .run(args.into_iter().chain(more.iter().copied()))
            .success()
            .json_lines()
    }

    /// What a finished run over all extracted records says.
    fn messages(&self, more: &[&str]) -> String {
        let args = ["--topics", "extracted_application,extracted_proxy", "--no-follow"];
        let args: Vec<&str> = args.into_iter().chain(more.iter().copied()).collect();
        let texts = self.run(&args).into_iter().map(|line| {
            let text = line["message"].as_str().or(line["path"].as_str());
            text.unwrap_or_else(|| panic!("{line}")).to_owned()
        });
        texts.collect::<Vec<_>>().join(" ")
    }
}

fn record(partition: i32, kind: &str, environment: &str, service: &str, value: &Value) -> Record {
    let headers = [
        ("service", service),
        ("environment", environment),
        ("subscription", "cp2"),
        ("record-type", kind),
    ];
    Record {
        partition,
        offset: 0,
        key: Some(format!("cp2:{environment}:line-1:20250606.{service}-x_default_platform-0a.gz").into_bytes()),
        value: Some(value.to_string().into_bytes()),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
            .to_vec(),
        timestamp: 0,
    }
}

/// A message of `second` seconds after midnight.
fn message(partition: i32, second: i64, level: &str, text: &str) -> Record {
    let value = json!({"ts_ns": (MIDNIGHT + second) * 1_000_000_000, "level": level, "logger": "com.example.Cart",
        "thread": "t", "msg": text, "pod_name": "api-7-x"});
    record(partition, "application", "P1", "api", &value)
}

fn request(partition: i32, second: i64, path: &str, status: u16) -> Record {
    let value = json!({"ts_ns": (MIDNIGHT + second) * 1_000_000_000, "method": "GET", "path": path,
        "status_code": status, "response_time_ms": 12, "bytes_sent": 7, "client_ip": "10.0.0.1",
        "pod_name": "apache2-igc-7-x", "local_server_name": "shop"});
    record(partition, "proxy", "P1", "apache-proxy", &value)
}

fn some(scene: &Scene) {
    let mut jsapps = message(3, 4, "INFO", "four");
    jsapps.headers[0].1 = b"jsapps".to_vec();
    jsapps.headers[1].1 = b"S1".to_vec();
    let application = [
        message(0, 0, "INFO", "zero"),
        message(0, 3, "ERROR", "three"),
        message(0, 6, "WARN", "six"),
        message(1, 1, "DEBUG", "one"),
        message(1, 5, "INFO", "five"),
        jsapps,
    ];
    kafka().append(&scene.topics.extracted_application, &application);
    let proxy = [request(2, 2, "/two", 200), request(2, 7, "/seven", 503)];
    kafka().append(&scene.topics.extracted_proxy, &proxy);
}

#[test]
fn lines_of_all_partitions_come_in_the_order_of_their_time() {
    let scene = Scene::new();
    some(&scene);
    for (args, expected) in [
        (&["--from-beginning"][..], "zero one /two three four five six /seven"),
        // By itself the last ten.
        (&[], "zero one /two three four five six /seven"),
        (&["-n", "3"], "five six /seven"),
        (&["-n", "0"], ""),
        (&["-n", "2", "--level", "info", "--service", "api"], "five six"),
        (&["--from-beginning", "--max-messages", "3"], "zero one /two"),
        (&["--from-beginning", "--level", "WARN"], "three six /seven"),
        (&["--from-beginning", "--env", "S1"], "four"),
        (&["--from-beginning", "--env", "cp2/S1,cp3/P1"], "four"),
        (&["--from-beginning", "--subscription", "cp3"], ""),
        (
            &["--from-beginning", "--service", "web-apps", "--service", "apache-proxy"],
            "/two four /seven",
        ),
        (&["--from-beginning", "--grep", "s[ei]", "--exclude", "→ 503"], "six"),
        (
            &["--since", "2025-06-06T00:00:02Z", "--until", "2025-06-06T00:00:04Z"],
            "/two three four",
        ),
        (&["-n", "1", "--until", "2025-06-06T00:00:04Z"], "four"),
    ] {
        assert_eq!(scene.messages(args), expected, "{args:?}");
    }
    // Extracted records are there, so they are what is read; and the time that is over ends it.
    let lines = scene.run(&["--since", "2025-06-06", "--until", "2025-06-07"]);
    assert_eq!(lines.len(), 8);
}

#[test]
fn many_records_are_in_order_and_the_last_of_them_are_exact() {
    const COUNT: i64 = 20_000;
    let scene = Scene::new();
    // Runs of different lengths, as blobs leave them, and one partition that is far ahead of the others.
    let partition = |n: i64| if n > 15_000 { 3 } else { (n / 7 % 3) as i32 };
    let many: Vec<Record> = (0..COUNT)
        .map(|n| message(partition(n), n, "INFO", &n.to_string()))
        .collect();
    kafka().append(&scene.topics.extracted_application, &many);
    let numbers = |args: &[&str]| -> Vec<i64> {
        let found = scene.messages(args);
        found.split(' ').map(|number| number.parse().unwrap()).collect()
    };
    assert_eq!(numbers(&["--from-beginning"]), (0..COUNT).collect::<Vec<_>>());
    assert_eq!(numbers(&["-n", "8000"]), (COUNT - 8000..COUNT).collect::<Vec<_>>());
    // Many steps back, each of which assigns the partitions anew.
    for _ in 0..5 {
        let rare = numbers(&["-n", "3", "--grep", "^[0-4]?[0-9]9$"]);
        assert_eq!(rare, [479, 489, 499]);
    }
}

#[test]
fn json_has_what_all_records_share_and_the_records_own_fields() {
    let scene = Scene::new();
    some(&scene);
    let lines = scene.run(&["--from-beginning", "--no-follow"]);
    let (application, proxy) = (&scene.topics.extracted_application, &scene.topics.extracted_proxy);
    assert_eq!(
        lines[0],
        json!({"ts": "2025-06-06T00:00:00Z", "topic": application, "level": "INFO", "service": "api",
            "environment": "P1", "subscription": "cp2", "pod": "api-7-x", "logger": "com.example.Cart",
            "message": "zero", "thread": "t"})
    );
    assert_eq!(
        lines[7],
        json!({"ts": "2025-06-06T00:00:07Z", "topic": proxy, "level": "ERROR", "service": "apache-proxy",
            "environment": "P1", "subscription": "cp2", "pod": "apache2-igc-7-x", "method": "GET", "path": "/seven",
            "status_code": 503, "response_time_ms": 12, "bytes_sent": 7, "client_ip": "10.0.0.1",
            "local_server_name": "shop"})
    );
}

#[test]
fn raw_shows_records_as_they_are() {
    let scene = Scene::new();
    let topic = &scene.topics.raw_application;
    let plain = Record {
        key: None,
        value: None,
        headers: Vec::new(),
        ..message(1, 0, "INFO", "x")
    };
    let text = Record {
        key: Some(b"k".to_vec()),
        value: Some(b"a \"b\"\n".to_vec()),
        headers: vec![("service".to_owned(), b"api".to_vec())],
        ..plain.clone()
    };
    let bytes = Record {
        value: Some(b"\xff\x00".to_vec()),
        ..plain.clone()
    };
    kafka().append(topic, &[plain, text, bytes]);
    let args = ["--topics", topic, "--from-beginning", "--no-follow", "--raw"];
    let mut lines = scene.run(&args);
    for line in &mut lines {
        let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        timestamp.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
    let common = |offset: u64| json!({"topic": topic, "partition": 1, "offset": offset, "key": null, "headers": {}});
    let with = |mut line: Value, more: Value| {
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    assert_eq!(
        lines,
        [
            with(common(0), json!({"value": null})),
            with(
                common(1),
                json!({"key": "k", "headers": {"service": "api"}, "value": "a \"b\"\n"})
            ),
            with(common(2), json!({"value": "/wA=", "value_encoding": "base64"})),
        ]
    );
    let text = scene.clp.run(["tail"].into_iter().chain(args)).success().text();
    let second = text.lines().nth(1).unwrap();
    assert!(second.starts_with(&format!("{topic}[1]@1 ")), "{second}");
    assert!(second.ends_with(" k service=api a \"b\""), "{second}");
}

#[test]
fn a_topic_that_comes_later_is_waited_for_and_followed() {
    let topics = Topics::names(kafka());
    let clp = Clp::bare().kafka(kafka(), &topics);
    let missing = clp.run(["tail", "--topics", "errors", "--no-follow"]).expect_code(4);
    assert!(missing.stderr.contains("clp init-topics"), "{}", missing.stderr);
    let tail = clp.spawn(["tail", "--topics", "extracted_application", "--format", "json"]);
    tail.wait_for_stderr("does not exist yet", LIMIT);
    topics::create(kafka(), &topics.extracted_application, 2, &[]);
    kafka().append(&topics.extracted_application, &[message(1, 1, "INFO", "early")]);
    tail.wait_for_stdout("early", LIMIT);
    kafka().append(&topics.extracted_application, &[message(0, 2, "INFO", "later")]);
    tail.wait_for_stdout("later", LIMIT);
    tail.signal("INT");
    let ended = tail.wait().expect_code(130);
    assert_eq!(ended.json_lines().len(), 2);
    assert!(!ended.stderr.contains("error"), "{}", ended.stderr);
}

#[test]
fn following_begins_with_what_comes_or_with_the_last_lines() {
    let scene = Scene::new();
    let topic = &scene.topics.extracted_application;
    kafka().append(topic, &[message(0, 1, "INFO", "old"), message(1, 2, "INFO", "last")]);
    let spawn = |more: &[&str]| {
        let args = ["tail", "--topics", "extracted_application", "--max-messages", "2"];
        scene.clp.spawn(args.into_iter().chain(more.iter().copied()))
    };
    let with_last = spawn(&["-n", "1"]);
    with_last.wait_for_stdout("last", LIMIT);
    let from_now = spawn(&["-vv"]);
    from_now.wait_for_stderr("reading begins", LIMIT);
    kafka().append(topic, &[message(2, 3, "INFO", "new"), message(3, 4, "INFO", "newer")]);
    let texts = |text: String| {
        text.lines()
            .map(|line| line.rsplit(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(from_now.wait().success().text()), ["new", "newer"]);
    assert_eq!(texts(with_last.wait().success().text()), ["last", "new"]);
}

#[test]
fn a_group_goes_on_where_it_stands_and_without_one_nothing_is_left_behind() {
    let kafka = Kafka::private();
    let topics = Topics::create(&kafka);
    let clp = Clp::bare().kafka(&kafka, &topics);
    let seconds = [1, 2, 3, 4, 5];
    let records = seconds.map(|second| message(1, second, "INFO", &format!("m{second}")));
    kafka.append(&topics.extracted_application, &records);
    let run = |more: &[&str]| {
        let args = [
            "tail",
            "--topics",
            "extracted_application",
            "--from-beginning",
            "--no-follow",
        ];
        let text = clp.run(args.into_iter().chain(more.iter().copied())).success().text();
        let words: Vec<_> = text
            .lines()
            .map(|line| line.rsplit(' ').next().unwrap().to_owned())
            .collect();
        words.join(" ")
    };
    assert_eq!(run(&[]), "m1 m2 m3 m4 m5");
    assert_eq!(kafka.groups(), Vec::<String>::new());
    assert_eq!(run(&["-g", "mine", "--max-messages", "2"]), "m1 m2");
    assert_eq!(run(&["-g", "mine"]), "m3 m4 m5");
    assert_eq!(run(&["-g", "mine"]), "");
    assert_eq!(kafka.groups(), ["mine"]);
}

#[test]
fn it_goes_on_after_an_outage_of_kafka() {
    let mut kafka = Kafka::private();
    let topics = Topics::create(&kafka);
    let clp = Clp::bare().kafka(&kafka, &topics);
    let tail = clp.spawn([
        "tail",
        "--topics",
        "extracted_application",
        "-n",
        "1",
        "--max-messages",
        "2",
    ]);
    kafka.append(&topics.extracted_application, &[message(0, 1, "INFO", "before")]);
    tail.wait_for_stdout("before", LIMIT);
    kafka.kill_9();
    kafka.start();
    kafka.append(&topics.extracted_application, &[message(0, 2, "INFO", "behind")]);
    tail.wait_for_stdout("behind", LIMIT);
    assert_eq!(tail.wait().success().text().lines().count(), 2);
}

#[test]
fn only_committed_records_are_shown() {
    let scene = Scene::new();
    let topic = &scene.topics.extracted_application;
    kafka().append(topic, &[message(0, 1, "INFO", "before")]);
    let value = message(0, 2, "INFO", "undecided").text();
    let open = kafka().in_open_transaction(topic, 0, "k", &value);
    kafka().append(topic, &[message(0, 3, "INFO", "behind")]);
    assert_eq!(scene.messages(&["--from-beginning"]), "before");
    assert_eq!(scene.messages(&["-n", "5"]), "before");
    rdkafka::producer::Producer::abort_transaction(&open, LIMIT).unwrap();
    // Which waits until the abort has reached the partition.
    assert_eq!(kafka().read_committed(topic).len(), 2);
    assert_eq!(scene.messages(&["--from-beginning"]), "before behind");
}

#[test]
fn lines_for_people() {
    let scene = Scene::new();
    some(&scene);
    let mut thrown = message(0, 8, "ERROR", "eight");
    let mut value = thrown.json();
    value["thrown"] = json!("com.example.Bad: why\n\tat com.example.Cart.add(Cart.java:7)");
    thrown.value = Some(value.to_string().into_bytes());
    let mut object = message(0, 8, "ERROR", "eight again");
    let mut value = object.json();
    // As log4j's JSON layouts have it, kept as text.
    let cause = json!({"name": "com.example.Worse", "message": "that", "extendedStackTrace": [
        {"class": "com.example.Price", "method": "find", "file": "Price.java", "line": 118}]});
    value["thrown"] = json!(
        json!({"commonElementCount": 0, "localizedMessage": "why", "message": "why",
        "name": "com.example.Bad", "cause": cause,
        "extendedStackTrace": "com.example.Bad: why\n\tat com.example.Cart.add(Cart.java:7)"})
        .to_string()
    );
    object.value = Some(value.to_string().into_bytes());
    kafka().append(&scene.topics.extracted_application, &[thrown, object]);
    let failed = json!({"raw_line": "{no json", "error": "not a JSON object", "error_type": "parse_error",
        "timestamp": (MIDNIGHT + 9) * 1_000_000_000, "source": {"service": "api", "environment": "P1",
        "subscription": "cp2", "pod_name": "api-7-x"}});
    kafka().append(&scene.topics.errors, &[record(0, "error", "P1", "api", &failed)]);
    let observed = Record {
        key: Some(b"cp2:P1:observed:20250606.api-7-x_default_platform-0a.gz".to_vec()),
        headers: Vec::new(),
        value: Some(
            json!({"subscription": "cp2", "environment": "P1", "serviceSelector": "api", "sizeInBytes": 4096,
                "blobName": "kubernetes/20250606.api-7-x_default_platform-0a.gz",
                "observationDate": "2025-06-06T00:00:10Z", "lastModifiedDate": "2025-06-06T00:00:05Z"})
            .to_string()
            .into_bytes(),
        ),
        ..message(0, 0, "", "")
    };
    kafka().append(&scene.topics.blobs, &[observed]);
    let all = "extracted_application,extracted_proxy,errors,blobs";
    let run = |color: &str| {
        let args = [
            "tail",
            "--topics",
            all,
            "--from-beginning",
            "--no-follow",
            "--color",
            color,
        ];
        scene.clp.run(args).success().text()
    };
    insta::assert_snapshot!("tail-text", run("auto"));
    insta::assert_snapshot!("tail-color", run("always").replace('\u{1b}', "␛"));
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let scene = Scene::new();
    let many: Vec<Record> = (0..5000)
        .map(|n| message(n % 4, i64::from(n), "INFO", "many"))
        .collect();
    kafka().append(&scene.topics.extracted_application, &many);
    let mut shell = std::process::Command::new("bash");
    shell
        .args(["-c", r#"set -o pipefail; "$0" tail --from-beginning | head -n 1"#])
        .arg(env!("CARGO_BIN_EXE_clp"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", scene.clp.home());
    let outcome = crate::support::clp::Invocation::of(shell).run().success();
    assert_eq!(outcome.text().lines().count(), 1);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn kafka_that_is_away_is_told_within_seconds() {
    let scene = Scene::new();
    let outcome = scene.clp.run(["tail", "--brokers", "127.0.0.1:1"]).expect_code(4);
    assert!(outcome.stderr.contains("did not answer"), "{}", outcome.stderr);
    for wrong in [
        &["--grep", "("][..],
        &["--since", "soon"],
        &["--level", "loud"],
        &["--since", "1h", "--until", "2h"],
    ] {
        scene
            .clp
            .run(["tail"].into_iter().chain(wrong.iter().copied()))
            .expect_code(2);
    }
}
