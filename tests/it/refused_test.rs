//! What is wrong before the first line is read: the exit code says where, the message what, the hint what to do.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::support::azurite::{ACCESS_KEY, endpoint};
use crate::support::ingested::{Ingestion, PARTITIONS};
use crate::support::mixed::Mixed;
use crate::support::process::{free_port, unique, wait_for};
use crate::support::running::Outcome;
use crate::support::services::{azurite, kafka};
use crate::support::topics::{self, Topics};
use crate::support::watched::Directory;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn without_kafka_nothing_is_read_from_storage() {
    let run = Ingestion::new(kafka(), Mixed::new(10, 6));
    let container = run.container();
    let before = azurite().requests(&container).len();
    let brokers = format!("127.0.0.1:{}", free_port());
    let begun = Instant::now();
    let outcome = run.run(&["--brokers", &brokers]).expect_code(4);
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_says(&outcome, &[&brokers, "Connection refused", "hint: "]);
    assert_eq!(azurite().requests(&container).len(), before);
}

#[test]
fn missing_topics_are_named_together() {
    let run = Ingestion::new(kafka(), Mixed::new(10, 7));
    let (raw, state) = (unique("missing-raw"), unique("missing-state"));
    let run = run
        .configured("kafka.topics.raw_application", raw.as_str())
        .configured("kafka.topics.blob_state", state.as_str());
    let outcome = run.run(&[]).expect_code(4);
    assert_says(&outcome, &[&raw, &state, "hint: clp init-topics"]);
}

#[test]
fn every_command_hints_alike_at_topics_that_are_not_there() {
    let clp = Directory::new(kafka(), &Topics::names(kafka())).clp;
    for args in [
        &["monitor"][..],
        &["ingest", "--worker"],
        &["status"],
        &["verify"],
        &["verify", "--deep"],
    ] {
        let outcome = clp.run(args.iter().copied()).expect_code(4);
        assert_says(&outcome, &["error: missing topic", "\nhint: clp init-topics\n"]);
    }
}

#[test]
fn a_wrong_access_key_is_a_matter_of_storage_and_stays_secret() {
    let run = Ingestion::new(kafka(), Mixed::new(10, 8));
    let wrong = ACCESS_KEY.replace("Eby8", "Abc1");
    let key = "subscriptions.cp2.environments.P1.storage_account.access_key";
    let run = run.configured(key, wrong.as_str());
    let outcome = run.run(&["-vv"]).expect_code(5);
    assert_says(&outcome, &["403", "hint: "]);
    for part in [&wrong, &wrong[..20], &wrong[20..]] {
        assert!(!outcome.stderr.contains(part) && !outcome.text().contains(part));
    }
}

#[test]
fn missing_blobs_and_containers_are_told_apart() {
    let run = Ingestion::new(kafka(), Mixed::new(10, 9));
    let missing = "kubernetes/20250606.api-none_default_platform-0.gz";
    let outcome = run.clp.run(["ingest", "--blob", missing]).expect_code(5);
    assert_says(&outcome, &[missing, "BlobNotFound", "hint: "]);
    let outcome = run.run(&["--container", "not-there"]).expect_code(5);
    assert_says(&outcome, &["not-there", "ContainerNotFound", "hint: "]);
    // Nothing listens there.
    let nowhere = endpoint(([127, 0, 0, 1], free_port()).into());
    let run = run.configured("subscriptions.cp2.environments.P1.storage_account.endpoint", nowhere);
    let outcome = run.run(&[]).expect_code(5);
    assert_says(&outcome, &["Connection refused", "hint: "]);
    assert!(outcome.took < Duration::from_secs(10), "{:?}", outcome.took);
}

#[test]
fn topics_and_services_that_can_not_be_meant() {
    let run = Ingestion::new(kafka(), Mixed::new(10, 16));
    let state = unique("state");
    let run = run.configured("kafka.topics.blob_state", state.as_str());
    let outcome = run.run(&["--topic", &state]).expect_code(2);
    assert_says(&outcome, &[&state, "kafka.topics.blob_state", "hint: "]);
    let outcome = run.run(&["--service", "apache-prxy"]).expect_code(2);
    assert_says(&outcome, &["apache-prxy", "hint: ", "apache-proxy"]);
}

#[test]
fn missing_rights_are_not_tried_again() {
    let run = Ingestion::new(kafka(), Mixed::new(10, 17));
    // No producer may write there, whoever it is.
    let outcome = run.run(&["--topic", "__transaction_state"]).expect_code(4);
    assert_says(
        &outcome,
        &[
            "record for __transaction_state",
            "invalid topic",
            "hint: the user of kafka.properties lacks",
        ],
    );
    assert!(!outcome.stderr.contains("starting again"), "{}", outcome.stderr);
}

#[test]
fn beside_workers_only_with_force() {
    let group = unique("workers");
    let run = Ingestion::new(kafka(), Mixed::new(100, 10)).configured("worker.consumer_group", group.as_str());
    let worker: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka().brokers())
        .set("group.id", &group)
        .create()
        .unwrap();
    worker.subscribe(&[&run.topics.blobs]).unwrap();
    wait_for("the worker's partitions", LIMIT, || {
        let _ = worker.poll(Duration::from_millis(10));
        (worker.assignment().unwrap().count() > 0).then_some(())
    });
    let outcome = run.run(&[]).expect_code(4);
    assert_says(
        &outcome,
        &[&group, "1 member", &run.topics.raw_application, "hint: ", "--force"],
    );
    assert!(run.committed_lines().is_empty());

    // Into another topic it may go at any time, and keeps a state of its own there.
    let topic = unique("replay");
    topics::create(kafka(), &topic, PARTITIONS as i32, &[]);
    run.run(&["--topic", &topic]).success();
    assert_eq!(kafka().read_committed(&topic).len(), 100);
    assert!(run.state(None).is_none());
    let state = run.state(Some(&topic)).expect("a state for that topic");
    assert_eq!(state["totalLinesIngested"], 100);
    assert_eq!(state["lastIngestedOffset"], run.blob.bytes.len());

    run.run(&["--force"]).success();
    run.assert_lines_once();
    assert_eq!(run.state(None).unwrap()["totalLinesIngested"], 100);
    let again = run.run(&["--topic", &topic, "--resume"]).success();
    assert_eq!(again.json_lines()[0]["lines"], 0);
    assert_eq!(kafka().read_committed(&topic).len(), 100);
}

#[track_caller]
fn assert_says(outcome: &Outcome, parts: &[&str]) {
    for part in parts {
        assert!(outcome.stderr.contains(part), "no {part:?} in\n{}", outcome.stderr);
    }
}
