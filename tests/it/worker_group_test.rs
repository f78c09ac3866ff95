//! Workers as members of their group: they come and go while blobs are read.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::gz;
use crate::support::mixed::{Line, Mixed};
use crate::support::pipeline::{LIMIT, Pipeline};
use crate::support::scene::api_blob;
use crate::support::services::kafka;

#[test]
fn partitions_go_to_a_new_worker_behind_a_commit() {
    // Nothing else ends the transaction in which both blobs are when the group changes.
    let run = Pipeline::on(kafka(), 2)
        .in_small_pieces()
        .configured("kafka.transaction_bytes", 64 << 20)
        .configured("kafka.transaction_seconds", 15);
    let (small, large) = (
        Mixed::in_partition(0, 2, 200, 51),
        Mixed::in_partition(1, 2, 15_000, 52),
    );
    run.storage.delay(Duration::from_millis(150));
    run.put(&small);
    run.put(&large);
    let mut first = run.worker(&[]);
    run.log_end(&large).wait_for_more(&mut first, 2_000);
    let second = run.worker(&[]);
    first.wait_for_stderr("given back", LIMIT);
    second.wait_for_stderr("states are restored", LIMIT);
    run.storage.delay(Duration::ZERO);
    for blob in [&small, &large] {
        run.wait_until_ingested(blob);
    }
    for worker in [first, second] {
        worker.signal("TERM");
        let said = worker.wait().success().stderr;
        assert!(!said.contains("beginning anew"), "{said}");
    }
    run.assert_ingested_once(&[&small, &large]);
    // Nothing was aborted, so nothing came again.
    let sent = run.kafka.read_uncommitted(&run.topics.raw_application).len();
    assert_eq!(sent, small.lines.len() + large.lines.len());
}

#[test]
fn partitions_that_go_in_the_middle_of_a_line_take_none_of_it_along() {
    let run = Pipeline::on(kafka(), 2)
        .in_small_pieces()
        .configured("kafka.transaction_bytes", 64 << 20)
        .configured("kafka.transaction_seconds", 15);
    // So long that it is sent as it is read, part by part.
    let giant = giant_line(12 << 20);
    let small = Mixed::in_partition(0, 2, 200, 53);
    run.put(&small);
    run.put(&giant);
    // It is read twice, and slowly only the second time.
    let mut first = run.worker(&[]);
    let end = run.log_end(&giant);
    end.wait_for_more(&mut first, 1);
    run.storage.delay(Duration::from_millis(40));
    end.wait_for_more(&mut first, 1);
    let second = run.worker(&[]);
    first.wait_for_stderr("in the middle of a line", LIMIT);
    run.storage.delay(Duration::ZERO);
    for blob in [&small, &giant] {
        run.wait_until_ingested(blob);
    }
    for worker in [first, second] {
        worker.signal("TERM");
        worker.wait().success();
    }
    run.assert_ingested_once(&[&small, &giant]);
}

/// A blob of one line that hardly compresses, in partition 1 of 2, and a short one behind it.
fn giant_line(length: usize) -> Mixed {
    let mut random = 7_u64;
    let mut letter = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        b'0' + (random % 64) as u8
    };
    let long: Vec<u8> = (0..length).map(|_| letter()).collect();
    let name = (0..)
        .map(|pod| api_blob(&format!("giant-{pod}")))
        .find(|name| crate::support::topics::partition_of(name, 2) == 1)
        .unwrap();
    let line = |bytes: &[u8], index| Line {
        bytes: bytes.to_vec(),
        member: 0,
        index,
    };
    Mixed {
        name,
        bytes: gz::member(&[&long, &b"\nshort\n"[..]].concat()),
        lines: vec![line(&long, 0), line(b"short", 1)],
    }
}

#[test]
fn a_blob_that_takes_longer_than_a_member_may_be_silent_costs_no_membership() {
    const SILENCE: Duration = Duration::from_secs(7);
    let properties = json!({
        "max.poll.interval.ms": SILENCE.as_millis() as u64, "session.timeout.ms": 6_000, "heartbeat.interval.ms": 500,
    });
    let run = Pipeline::on(kafka(), 1)
        .in_small_pieces()
        .configured("kafka.consumer", properties);
    let blob = Mixed::new(15_000, 55);
    run.storage.delay(Duration::from_millis(400));
    run.put(&blob);
    let mut worker = run.worker(&[]);
    run.log_end(&blob).wait_for_more(&mut worker, 1);
    let begun = Instant::now();
    run.wait_until_ingested(&blob);
    assert!(
        begun.elapsed() > SILENCE + Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    worker.signal("TERM");
    let said = worker.wait().success().stderr;
    assert!(
        !said.contains("beginning anew") && !said.contains("given back"),
        "{said}"
    );
    run.assert_ingested_once(&[&blob]);
}

#[test]
fn a_worker_with_more_lanes_than_partitions_ends_when_idle() {
    let run = Pipeline::on(kafka(), 1);
    let blob = Mixed::new(300, 56);
    run.put(&blob);
    run.work(&["--lanes", "3"]);
    run.assert_ingested_once(&[&blob]);
}

#[test]
fn a_worker_that_the_group_has_not_let_in_is_not_idle() {
    let run = Pipeline::on(kafka(), 1).with_sessions_of(4);
    let holder = run.worker(&[]);
    holder.wait_for_stderr("states are restored", LIMIT);
    // The group waits for the holder's answer, until its session is over.
    holder.signal("STOP");
    let blob = Mixed::new(300, 57);
    run.put(&blob);
    run.work(&[]);
    run.assert_ingested_once(&[&blob]);
}
