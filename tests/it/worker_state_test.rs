//! Blobs' states: they are read when they are final, and they are never ahead of or behind the lines.

use std::time::Duration;

use rdkafka::producer::{BaseProducer, Producer};
use serde_json::json;

use crate::support::mixed::Mixed;
use crate::support::pipeline::{LIMIT, Pipeline};
use crate::support::process::wait_for;
use crate::support::records::Read;
use crate::support::services::kafka;

/// The blob's state once it is ingested, in a transaction of another producer that is still open.
fn open_state(run: &Pipeline, blob: &Mixed, partition: i32) -> BaseProducer {
    let listed = run.listed(&blob.name);
    let state = json!({
        "subscription": "cp2", "environment": "P1", "blobName": blob.name, "status": "closed", "serviceSelector": "api",
        "lastUpdated": listed.last_modified, "sizeInBytes": listed.size, "lastModifiedDate": listed.last_modified,
        "lastIngestedOffset": listed.size, "checkpointLines": 0, "totalLinesIngested": blob.lines.len(),
        "firstObservedDate": listed.last_modified, "lastObservedDate": listed.last_modified,
    });
    let key = format!("cp2:P1:{}", blob.name);
    run.kafka
        .in_open_transaction(&run.topics.blob_state, partition, &key, &state.to_string())
}

/// Starts a worker while another's transaction about a blob is open, has `end` end that, and gives the lines of the blob.
fn lines_beside_a_transaction(end: impl FnOnce(BaseProducer)) -> (Mixed, usize) {
    let run = Pipeline::on(kafka(), 2);
    let blob = |partition, seed| Mixed::in_partition(partition, 2, 300, seed);
    let (held, free) = (blob(0, 41), blob(1, 141));
    run.put(&held);
    let transaction = open_state(&run, &held, 0);
    // Each lane has one of the partitions, and nothing holds up the other.
    let worker = run.worker(&["--lanes", "2", "--until-idle", "3"]);
    for blob in [&free, &blob(1, 241)] {
        run.put(blob);
        run.wait_until_ingested(blob);
    }
    let records = run.kafka.read(&run.topics.raw_application, Read::Uncommitted);
    let early = records.iter().filter(|record| record.partition == 0).count();
    assert_eq!(early, 0, "{}", worker.stderr());
    end(transaction);
    worker.wait().success();
    let lines = run.lines().remove(&held.name).unwrap_or_default();
    (held, lines.len())
}

#[test]
fn a_transaction_that_is_open_is_waited_for_and_counts_once_committed() {
    let (_, lines) = lines_beside_a_transaction(|open| open.commit_transaction(LIMIT).unwrap());
    assert_eq!(lines, 0, "the state said that all of it is in Kafka");
}

#[test]
fn a_transaction_that_is_open_is_waited_for_and_counts_nothing_once_aborted() {
    let (blob, lines) = lines_beside_a_transaction(|open| open.abort_transaction(LIMIT).unwrap());
    assert_eq!(lines, blob.lines.len());
}

#[test]
fn a_partition_does_not_wait_for_a_transaction_of_one_that_went_to_another_worker() {
    let run = Pipeline::on(kafka(), 2);
    let [held, free] = [0, 1].map(|partition| Mixed::in_partition(partition, 2, 300, 44));
    run.put(&held);
    run.put(&free);
    let transaction = open_state(&run, &held, 0);
    // The first has both before the second comes, and waits for the transaction with both.
    let first = run.worker(&[]);
    first.wait_for_stderr(r"assigned .*\[0, 1\]", LIMIT);
    let second = run.worker(&[]);
    run.wait_until_ingested(&free);
    transaction
        .abort_transaction(LIMIT)
        .expect("the transaction is open still");
    run.wait_until_ingested(&held);
    for worker in [first, second] {
        worker.signal("TERM");
        worker.wait().success();
    }
    run.assert_ingested_once(&[&held, &free]);
}

#[test]
fn what_was_committed_after_a_workers_start_but_before_its_assignment_counts() {
    let run = Pipeline::on(kafka(), 1).in_small_pieces().with_sessions_of(3);
    let blob = Mixed::new(15_000, 42);
    run.storage.delay(Duration::from_millis(100));
    run.put(&blob);
    let mut first = run.worker(&[]);
    let committed = run.committed_end(&blob);
    committed.wait_for_more(&mut first, 1);
    let second = run.worker(&[]);
    second.wait_for_stderr("assigned", LIMIT);
    committed.wait_for_more(&mut first, 1_000);
    first.kill_9();
    run.storage.delay(Duration::ZERO);
    run.wait_until_ingested(&blob);
    second.signal("TERM");
    second.wait().success();
    run.assert_ingested_once(&[&blob]);
}

#[test]
fn whenever_a_worker_dies_the_state_counts_the_lines_that_readers_see() {
    let run = Pipeline::on(kafka(), 1).in_small_pieces();
    let blob = Mixed::new(20_000, 43);
    run.storage.delay(Duration::from_millis(40));
    run.put(&blob);
    let mut worker = run.worker(&[]);
    let committed = run.committed_end(&blob);
    for _ in 0..6 {
        committed.wait_for_more(&mut worker, 1);
        // As a crash behind the commit's first sign, but for that it can go on.
        worker.signal("STOP");
        wait_for("lines and state to agree", Duration::from_secs(5), || {
            let lines = run.kafka.read(&run.topics.raw_application, Read::CommittedNow).len();
            (lines as u64 == run.lines_told(&blob)).then_some(())
        });
        worker.signal("CONT");
    }
    committed.wait_for_more(&mut worker, 1);
    worker.kill_9();
    run.storage.delay(Duration::ZERO);
    run.work(&[]);
    run.assert_ingested_once(&[&blob]);
}
