//! `clp test-kafka` and `clp init-topics`.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::process::unique;
use crate::support::services::kafka;
use crate::support::topics::{self, Topics};

fn clp_for(topics: &Topics) -> Clp {
    let names: serde_json::Map<_, _> = topics
        .by_configuration_key()
        .into_iter()
        .map(|(key, name)| (key.to_owned(), json!(name)))
        .collect();
    Clp::bare()
        .set("kafka.brokers", kafka().brokers())
        .set("kafka.topics", Value::Object(names))
}

#[test]
fn test_kafka_tells_what_a_cluster_has() {
    let topics = Topics::names(kafka());
    topics::create(kafka(), &topics.blobs, 3, &[]);
    let clp = clp_for(&topics);
    let mut answers = clp.run(["test-kafka", "--format", "json"]).success().json_lines();
    let answer = answers.remove(0);
    assert!(answers.is_empty());
    assert_eq!(answer["brokers"], json!([kafka().brokers()]));
    assert_eq!(
        (&answer["transactions"], &answer["transactions_error"]),
        (&json!(true), &Value::Null)
    );
    assert!(
        answer["latency_ms"].as_u64().is_some_and(|latency| latency < 5000),
        "{answer}"
    );
    let expected: Vec<Value> = topics
        .all()
        .iter()
        .map(|name| {
            let present = *name == topics.blobs;
            json!({"topic": name, "present": present, "partitions": if present { 3 } else { 0 }})
        })
        .collect();
    assert_eq!(answer["topics"], Value::from(expected));

    let text = clp.run(["test-kafka"]).success().text();
    for line in [
        format!("brokers       {}", kafka().brokers()),
        "transactions  yes".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    let row = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().trim_end();
    assert!(row(&topics.blobs).ends_with(" 3"), "{text}");
    assert!(row(&topics.errors).ends_with("  missing (clp init-topics)"), "{text}");
    assert!(!text.contains("unknown"), "{text}");
    // Brokers on the command line win over the configuration, and need none.
    Clp::bare().run(["test-kafka", &kafka().brokers()]).success();
    Clp::bare()
        .run(["test-kafka", "--brokers", &kafka().brokers()])
        .success();
    clp.run(["test-kafka", "embedded"]).success();
}

#[test]
fn test_kafka_gives_up_after_five_seconds() {
    // Somebody who listens and never answers, and nobody.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().to_string();
    let brokers = [silent.as_str(), "127.0.0.1:1", "no-such-host.invalid:9092"];
    let clp = Clp::bare();
    let running = brokers.map(|brokers| clp.spawn(["test-kafka", brokers]));
    for (brokers, running) in brokers.into_iter().zip(running) {
        let outcome = running.wait().expect_code(4);
        assert!(outcome.took < Duration::from_secs(6), "{brokers}: {:?}", outcome.took);
        let said = format!("error: Kafka at {brokers} did not answer within 5 s: ");
        assert!(outcome.stderr.starts_with(&said), "{}", outcome.stderr);
        let hint = "\nhint: check that the brokers run, and their address: --brokers, KAFKA_BROKERS, or kafka.brokers \
                    in the configuration\n";
        assert!(outcome.stderr.ends_with(hint), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.lines().count(), 2);
        assert!(outcome.stdout.is_empty());
        if brokers == "127.0.0.1:1" {
            assert!(
                outcome.stderr.contains(" failed: Connection refused\n"),
                "{}",
                outcome.stderr
            );
        }
    }
}

#[test]
fn init_topics_creates_what_is_missing_and_changes_nothing() {
    let topics = Topics::names(kafka());
    let further = unique("further");
    let clp = clp_for(&topics).set("kafka.partitions", 4);
    let names: Vec<String> = topics
        .all()
        .map(str::to_owned)
        .into_iter()
        .chain([further.clone()])
        .collect();
    let rows = |args: &[&str]| {
        let all = ["init-topics", "--format", "json", "--topic", &further];
        clp.run(all.into_iter().chain(args.iter().copied()))
            .success()
            .json_lines()
    };
    let results = |rows: &[Value]| -> BTreeSet<(String, String)> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        rows.iter()
            .map(|row| (text(row, "topic"), text(row, "result")))
            .collect()
    };
    let each = |result: &dyn Fn(usize) -> String| -> BTreeSet<(String, String)> {
        let count = |name: &String| if *name == topics.errors { 3 } else { 4 };
        names.iter().map(|name| (name.clone(), result(count(name)))).collect()
    };
    let would = rows(&["--dry-run"]);
    assert_eq!(
        results(&would),
        each(&|count| format!("would be created with {count} partitions"))
    );
    assert!(names.iter().all(|name| topics::partitions(kafka(), name).is_none()));

    let created = rows(&[]);
    assert_eq!(
        results(&created),
        each(&|count| format!("created with {count} partitions"))
    );
    // At once, or a script that goes on would be told that they are missing.
    for name in &names {
        let expected = if *name == topics.errors { 3 } else { 4 };
        assert_eq!(topics::partitions(kafka(), name), Some(expected), "{name}");
    }

    let again = rows(&[]);
    assert_eq!(results(&again), each(&|_| "exists".to_owned()));
    assert!(again.iter().all(|row| row["differences"] == json!([])), "{again:?}");
}

#[test]
fn init_topics_tells_how_a_predecessors_cluster_differs() {
    let topics = Topics::names(kafka());
    for name in [&topics.blobs, &topics.blob_state] {
        topics::create(kafka(), name, 1, &[]);
    }
    let clp = clp_for(&topics);
    let text = clp.run(["init-topics"]).success().text();
    let line = |name: &str| text.lines().find(|line| line.split(' ').next() == Some(name)).unwrap();
    let words = |name: &str| {
        line(name)
            .split("  ")
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .skip(1)
            .collect::<Vec<_>>()
    };
    assert_eq!(words(&topics.blobs), ["exists", "1 partition, not 12"]);
    assert_eq!(
        words(&topics.blob_state),
        ["exists", "1 partition, not 12; cleanup.policy delete, not compact"]
    );
    assert_eq!(words(&topics.errors), ["created with 3 partitions"]);
    assert_eq!(topics::partitions(kafka(), &topics.blobs), Some(1));

    let stderr = clp_for(&Topics::names(kafka()))
        .run(["init-topics", "--replication-factor", "3"])
        .expect_code(4)
        .stderr;
    assert!(
        stderr.contains("7 of the missing topics could not be created") && stderr.contains("hint: "),
        "{stderr}"
    );
    assert!(
        clp.run(["init-topics", "--replication-factor", "0"])
            .expect_code(2)
            .stderr
            .contains("0 is not in")
    );
}

#[test]
fn missing_topics_are_named_with_the_command_that_makes_them() {
    let (blobs, topics) = (Blobs::new(), Topics::names(kafka()));
    blobs.append("kubernetes/x.gz", b"");
    let clp = Clp::new(kafka(), &blobs, &topics);
    let ingest = |topic: &str| {
        clp.run(["ingest", "--blob", "kubernetes/x.gz", "--topic", topic])
            .expect_code(4)
            .stderr
    };
    let own = ingest(&topics.raw_application);
    let said = format!(
        "error: missing topics: {}, {}, {}\nhint: clp init-topics\n",
        topics.raw_application, topics.blobs, topics.blob_state
    );
    assert_eq!(own, said);
    let other = ingest("mine");
    assert!(other.ends_with("\nhint: clp init-topics --topic mine\n"), "{other}");
}
