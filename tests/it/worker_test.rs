//! `clp ingest --worker`: from events to lines, states, completions and offsets.

use std::time::Duration;

use serde_json::json;

use crate::support::gz;
use crate::support::mixed::Mixed;
use crate::support::pipeline::{Pipeline, closed, observed};
use crate::support::scene::{api_blob, bytes_of, expect_log_lines};

#[test]
fn an_observed_blob_comes_into_kafka_and_a_closed_one_to_its_last_byte() {
    let run = Pipeline::new();
    let blob = api_blob("grows");
    run.blobs.append(&blob, &gz::blob(0..300, 100));
    run.blobs.append(&blob, &gz::member(b"not ended"));
    run.observe(&blob);
    run.work(&[]);
    // The last line may go on; its rest may come.
    expect_log_lines(&run.lines()[&blob], 0..300);
    let state = run.state(&blob);
    assert_eq!(state["status"], "open");
    assert_eq!(state["totalLinesIngested"], 300);
    assert_eq!(state["serviceSelector"], "api");
    assert!(state["lastIngestedOffset"].as_u64() < state["sizeInBytes"].as_u64());
    assert!(state.get("lastError").is_none());

    run.blobs.append(&blob, &gz::member(b" yet\nmore"));
    run.observe(&blob);
    run.close(&blob);
    run.work(&[]);
    let lines = run.lines().remove(&blob).unwrap();
    expect_log_lines(&lines[..300], 0..300);
    assert_eq!(bytes_of(&lines[300..]), [&b"not ended yet"[..], b"more"]);
    let size = run.listed(&blob).size;
    let state = run.state(&blob);
    assert_eq!(state["status"], "closed");
    assert_eq!(
        (
            &state["lastIngestedOffset"],
            &state["checkpointLines"],
            &state["totalLinesIngested"]
        ),
        (&json!(size), &json!(0), &json!(302))
    );
}

#[test]
fn events_that_come_again_do_nothing_twice() {
    let run = Pipeline::new();
    let blobs = [Mixed::new(900, 1), Mixed::new(1_200, 2), Mixed::new(1, 3)];
    for blob in &blobs {
        run.blobs.append(&blob.name, &blob.bytes);
        run.observe(&blob.name);
        run.close(&blob.name);
    }
    run.work(&[]);
    let states = run.states();
    // Another group begins with the first event; the states know better.
    run.work(&["--group", &format!("{}-again", run.group)]);
    let lines = run.lines();
    assert_eq!(lines.len(), blobs.len());
    for blob in &blobs {
        let expected: Vec<&[u8]> = blob.lines.iter().map(|line| line.bytes.as_slice()).collect();
        assert_eq!(bytes_of(&lines[&blob.name]), expected);
        for (found, line) in lines[&blob.name].iter().zip(&blob.lines) {
            assert_eq!((found.member, found.index), (line.member, line.index));
        }
    }
    assert_eq!(run.states(), states);
}

#[test]
fn each_reached_end_is_told_once() {
    let run = Pipeline::new();
    let blob = api_blob("completions");
    run.blobs.append(&blob, &gz::blob(0..10, 5));
    run.observe(&blob);
    run.work(&[]);
    let first = run.listed(&blob).size;
    run.blobs.append(&blob, &gz::blob(10..15, 5));
    run.observe(&blob);
    run.work(&[]);
    let second = run.listed(&blob).size;
    let completions: Vec<_> = run
        .kafka
        .read_committed(&run.topics.blobs)
        .into_iter()
        .filter(|record| record.key_text().contains("-completion:"))
        .map(|record| {
            let event = record.json();
            let number = |field: &str| event[field].as_u64().unwrap();
            (
                number("processedFromOffset"),
                number("processedToEndOffset"),
                number("linesSent"),
            )
        })
        .collect();
    assert_eq!(completions, [(0, first, 10), (first, second, 5)]);
}

#[test]
fn several_small_blobs_share_a_transaction_and_the_groups_offsets_are_in_it() {
    let run = Pipeline::new().configured("kafka.transaction_seconds", 5);
    let names: Vec<String> = (0..40).map(|n| api_blob(&format!("small-{n}"))).collect();
    run.blobs.fill(&names, &gz::blob(0..3, 3));
    let events: Vec<_> = names.iter().map(|name| observed(&run.listed(name))).collect();
    run.tell(&events);
    let outcome = run.work(&[]);
    let lines = run.lines();
    assert_eq!(lines.len(), names.len());
    for lines in lines.values() {
        expect_log_lines(lines, 0..3);
    }
    let commits = outcome.stderr.matches("committed").count();
    assert!(
        commits <= 10,
        "{commits} transactions for 40 blobs of 3 lines\n{}",
        outcome.stderr
    );
    // Nothing is left to be read by the same group.
    let again = run.work(&[]);
    assert!(!again.stderr.contains("committed"), "{}", again.stderr);
}

#[test]
fn a_closed_blob_that_grows_is_taken_up_again() {
    let run = Pipeline::new();
    let blob = api_blob("reopened");
    run.blobs.append(&blob, &gz::blob(0..10, 5));
    run.tell(&[closed(&run.listed(&blob))]);
    run.work(&[]);
    assert_eq!(run.state(&blob)["status"], "closed");
    // Storage's times have whole seconds.
    let before = run.listed(&blob).last_modified;
    crate::support::process::wait_for("another second", Duration::from_secs(5), || {
        run.blobs.append(&blob, &gz::member(b""));
        (run.listed(&blob).last_modified != before).then_some(())
    });
    run.blobs.append(&blob, &gz::blob(10..12, 2));
    run.observe(&blob);
    run.work(&[]);
    assert_eq!(run.state(&blob)["status"], "open");
    expect_log_lines(&run.lines()[&blob], 0..12);
    run.close(&blob);
    run.work(&[]);
    assert_eq!(run.state(&blob)["status"], "closed");
    expect_log_lines(&run.lines()[&blob], 0..12);
}
