//! Workers that another has replaced without their knowledge: they begin anew, and commit nothing that was done meanwhile.

use std::time::Duration;

use crate::support::mixed::Mixed;
use crate::support::pipeline::{LIMIT, Pipeline};
use crate::support::process::wait_for;
use crate::support::running::Running;
use crate::support::services::kafka;

/// One partition, so that it is clear who has it. Transactions are ended by their age alone.
fn one_partition() -> Pipeline {
    Pipeline::on(kafka(), 1)
        .in_small_pieces()
        .with_sessions_of(3)
        .configured("kafka.transaction_bytes", 64 << 20)
}

/// Pauses a worker until another has done its work, and wakes it.
fn outlive(run: &Pipeline, paused: Running, blob: &Mixed) {
    paused.signal("STOP");
    run.storage.delay(Duration::ZERO);
    let other = run.worker(&[]);
    run.wait_until_ingested(blob);
    paused.signal("CONT");
    paused.wait_for_stderr("beginning anew", LIMIT);
    for worker in [paused, other] {
        worker.signal("TERM");
        worker.wait().success();
    }
}

#[test]
fn a_worker_that_slept_commits_no_lines_and_no_offsets() {
    let run = one_partition().configured("kafka.transaction_seconds", 4);
    // The event of the first blob is done with when the second is begun: the open transaction moves an offset.
    let (small, large) = (Mixed::new(100, 31), Mixed::new(12_000, 32));
    run.storage.delay(Duration::from_millis(100));
    run.put(&small);
    run.put(&large);
    let mut worker = run.worker(&[]);
    run.log_end(&large).wait_for_more(&mut worker, 1_000);
    outlive(&run, worker, &large);
    run.assert_ingested_once(&[&small, &large]);
}

#[test]
fn a_worker_that_slept_between_two_commits_of_a_blob_commits_no_lines() {
    let run = one_partition().configured("kafka.transaction_seconds", 3);
    let blob = Mixed::new(20_000, 33);
    run.storage.delay(Duration::from_millis(250));
    run.put(&blob);
    let mut worker = run.worker(&[]);
    run.committed_end(&blob).wait_for_more(&mut worker, 1);
    // Of the second transaction, which has no event's end in it.
    run.log_end(&blob).wait_for_more(&mut worker, 500);
    outlive(&run, worker, &blob);
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
    let _other = run.kafka.take_over(&format!("clp-worker:{}:{instance}:0", run.group));
    worker.wait_for_stderr("another run with the transactional id .* took over", LIMIT);
    run.storage.delay(Duration::ZERO);
    run.wait_until_ingested(&blob);
    worker.signal("TERM");
    worker.wait().success();
    run.assert_ingested_once(&[&blob]);
}

#[test]
fn a_worker_whose_transaction_the_brokers_ended_for_its_age_sends_it_again() {
    let run = one_partition().with_sessions_of(45);
    let run = run.configured("kafka.transaction_seconds", 2);
    let blob = Mixed::new(15_000, 35);
    run.storage.delay(Duration::from_millis(150));
    run.put(&blob);
    let mut worker = run.worker(&[]);
    let (end, committed) = (run.log_end(&blob), run.committed_end(&blob));
    committed.wait_for_more(&mut worker, 1);
    end.wait_for_more(&mut worker, 500);
    worker.signal("STOP");
    wait_for("the transaction's end", LIMIT, || {
        (committed.now() == end.now()).then_some(())
    });
    worker.signal("CONT");
    worker.wait_for_stderr("beginning anew", LIMIT);
    run.storage.delay(Duration::ZERO);
    run.wait_until_ingested(&blob);
    worker.signal("TERM");
    worker.wait().success();
    run.assert_ingested_once(&[&blob]);
}
