//! Workers that another has replaced without their knowledge: they begin anew, and commit nothing that was done meanwhile.

use std::time::Duration;

use rdkafka::producer::{BaseRecord, Producer};
use serde_json::json;

use crate::support::mixed::Mixed;
use crate::support::pipeline::{LIMIT, Pipeline};
use crate::support::process::wait_for;
use crate::support::running::Running;
use crate::support::services::kafka;

/// One partition, so that it is clear who has it. Transactions are ended by their age alone.
fn one_partition() -> Pipeline {
    Pipeline::on(kafka(), 1)
        .in_small_pieces()
        .configured("kafka.transaction_bytes", 64 << 20)
}

/// As [`one_partition`], and a member that was put out of the group hears of it late.
fn unaware() -> Pipeline {
    let properties = json!({"session.timeout.ms": 45_000, "heartbeat.interval.ms": 20_000});
    one_partition().configured("kafka.consumer", properties)
}

/// Gives the partition to another worker without the first one's knowledge; the first tries to commit, and finds out.
fn replace(run: &Pipeline, first: Running, last: &Mixed) {
    run.kafka.expel(&run.group);
    let second = run.worker(&[]);
    second.wait_for_stderr("states are restored", LIMIT);
    run.storage.delay(Duration::ZERO);
    first.wait_for_stderr("beginning anew", LIMIT);
    run.wait_until_ingested(last);
    stop([first, second]);
}

fn stop<const N: usize>(workers: [Running; N]) {
    for worker in workers {
        worker.signal("TERM");
        worker.wait().success();
    }
}

#[test]
fn a_worker_that_was_replaced_commits_no_lines_and_no_offsets() {
    let run = unaware().configured("kafka.transaction_seconds", 15);
    // The event of the first blob is done with when the second is begun: the open transaction moves an offset.
    let (small, large) = (Mixed::new(100, 31), Mixed::new(12_000, 32));
    run.storage.delay(Duration::from_millis(100));
    run.put(&small);
    run.put(&large);
    let mut worker = run.worker(&[]);
    run.log_end(&large).wait_for_more(&mut worker, 1_000);
    replace(&run, worker, &large);
    run.assert_ingested_once(&[&small, &large]);
}

#[test]
fn a_worker_that_was_replaced_in_the_middle_of_a_blob_commits_no_lines() {
    // There are commits now that move no offset.
    let run = unaware().configured("kafka.transaction_bytes", 128 << 10);
    let blob = Mixed::new(30_000, 33);
    run.storage.delay(Duration::from_millis(150));
    run.put(&blob);
    let mut worker = run.worker(&[]);
    run.committed_end(&blob).wait_for_more(&mut worker, 1);
    replace(&run, worker, &blob);
    run.assert_ingested_once(&[&blob]);
}

#[test]
fn a_worker_that_slept_past_its_sessions_end_begins_anew_at_once() {
    const SOON: Duration = Duration::from_secs(10);
    let run = one_partition()
        .with_sessions_of(3)
        .configured("kafka.transaction_seconds", 15);
    let blob = Mixed::new(12_000, 36);
    run.storage.delay(Duration::from_millis(150));
    run.put(&blob);
    let mut first = run.worker(&[]);
    run.log_end(&blob).wait_for_more(&mut first, 1_000);
    first.signal("STOP");
    run.storage.delay(Duration::ZERO);
    let second = run.worker(&[]);
    run.wait_until_ingested(&blob);
    first.signal("CONT");
    first.wait_for_stderr("beginning anew", SOON);
    stop([first, second]);
    run.assert_ingested_once(&[&blob]);
}

#[test]
fn a_worker_whose_name_another_takes_goes_on_under_one_of_its_own() {
    let run = one_partition().configured("kafka.transaction_seconds", 2);
    let blob = Mixed::new(15_000, 34);
    run.storage.delay(Duration::from_millis(150));
    run.put(&blob);
    let mut worker = run.worker(&[]);
    run.committed_end(&blob).wait_for_more(&mut worker, 1);
    run.log_end(&blob).wait_for_more(&mut worker, 500);
    let said = worker.wait_for_stderr(r#"working .*instance="?[^" ]+"#, LIMIT);
    let instance = said.rsplit(['=', '"']).next().unwrap();
    let other = run.kafka.take_over(&format!("clp-worker:{}:{instance}:0", run.group));
    worker.wait_for_stderr("another run with the transactional id .* took over", LIMIT);
    run.storage.delay(Duration::ZERO);
    run.wait_until_ingested(&blob);
    // Two that took the name from each other would go on with that for ever.
    other.begin_transaction().unwrap();
    other
        .send(BaseRecord::<(), str>::to(&run.topics.errors).payload(""))
        .unwrap();
    other.commit_transaction(LIMIT).expect("the name is the other's still");
    stop([worker]);
    run.assert_ingested_once(&[&blob]);
}

#[test]
fn a_worker_whose_transaction_the_brokers_ended_for_its_age_sends_it_again() {
    let run = one_partition()
        .with_sessions_of(45)
        .configured("kafka.transaction_seconds", 15);
    // The first blob is done with, as far as the worker knows.
    let (small, large) = (Mixed::new(100, 35), Mixed::new(15_000, 37));
    run.storage.delay(Duration::from_millis(150));
    run.put(&small);
    run.put(&large);
    let mut worker = run.worker(&[]);
    let (end, committed) = (run.log_end(&large), run.committed_end(&large));
    end.wait_for_more(&mut worker, 1_000);
    worker.signal("STOP");
    wait_for("the transaction's end", LIMIT, || {
        (committed.now() == end.now()).then_some(())
    });
    worker.signal("CONT");
    worker.wait_for_stderr("beginning anew", LIMIT);
    run.storage.delay(Duration::ZERO);
    for blob in [&small, &large] {
        run.wait_until_ingested(blob);
    }
    stop([worker]);
    run.assert_ingested_once(&[&small, &large]);
}
