//! Which of the blobs that wait comes first, and that a huge one makes room.

use std::time::Duration;

use crate::support::gz;
use crate::support::pipeline::{Event, LIMIT, Pipeline, closed};
use crate::support::process::wait_for;
use crate::support::scene::expect_log_lines;
use crate::support::services::kafka;

/// The blobs in the order in which their ends were reached, of a topic with one partition.
fn completed(run: &Pipeline) -> Vec<String> {
    let records = run.kafka.read_committed(&run.topics.blobs);
    let completions = records
        .iter()
        .filter(|record| record.key_text().contains("-completion:"));
    completions
        .map(|record| record.json()["blobName"].as_str().unwrap().to_owned())
        .collect()
}

fn blob(day: &str, pod: usize) -> String {
    gz::blob_name(day, &format!("api-{pod}"), "platform")
}

#[track_caller]
fn wait_until_closed(run: &Pipeline, blobs: usize) {
    wait_for("all blobs to be closed", LIMIT, || {
        let states = run.states();
        let closed = states.values().flatten().filter(|state| state["status"] == "closed");
        (closed.count() == blobs).then_some(())
    });
}

/// So many blobs came, each with its three lines.
#[track_caller]
fn expect_three_lines_each(run: &Pipeline, blobs: usize) {
    let lines = run.lines();
    assert_eq!(lines.len(), blobs);
    for lines in lines.values() {
        expect_log_lines(lines, 0..3);
    }
}

#[test]
fn days_come_in_the_order_that_is_configured() {
    const MANY: usize = 60;
    // Several blobs are opened at once, the first of them before all events were heard of.
    const SOON: usize = 45;
    for (order, many, last_told, comes_soon) in [
        (None, "20250601", "20250607", true),
        (Some("oldest-first"), "20250607", "20250601", true),
        (Some("arrival"), "20250601", "20250607", false),
    ] {
        let mut run = Pipeline::on(kafka(), 1);
        if let Some(order) = order {
            run = run.configured("worker.order", order);
        }
        let mut names: Vec<String> = (0..MANY).map(|pod| blob(many, pod)).collect();
        let last = blob(last_told, 0);
        names.push(last.clone());
        run.blobs.fill(&names, &gz::blob(0..3, 3));
        let events: Vec<Event> = names.iter().map(|name| closed(&run.listed(name))).collect();
        run.tell(&events);
        run.work(&[]);
        let completed = completed(&run);
        assert_eq!(completed.len(), names.len());
        let place = completed.iter().position(|name| *name == last).unwrap();
        assert_eq!(place < SOON, comes_soon, "{order:?}: {place}");
    }
}

#[test]
fn a_huge_old_blob_gives_way_to_one_of_today() {
    const LINES: u64 = 24_000;
    let run = Pipeline::on(kafka(), 1)
        .configured("storage.range_bytes", 64 << 10)
        .configured("storage.ranges_ahead", 1)
        .configured("kafka.transaction_bytes", 64 << 10);
    let (huge, small) = (blob("20250601", 0), blob("20250607", 0));
    run.blobs.append(&huge, &gz::blob(0..LINES, 50));
    run.blobs.append(&small, &gz::blob(0..30, 10));
    run.storage.delay(Duration::from_millis(200));
    run.close(&huge);
    let worker = run.worker(&[]);
    run.wait_for_state(&huge, |state| state["totalLinesIngested"].as_u64() > Some(0));
    run.close(&small);
    run.wait_for_state(&small, |state| state["status"] == "closed");
    run.storage.delay(Duration::ZERO);
    run.wait_for_state(&huge, |state| state["status"] == "closed");
    worker.signal("TERM");
    worker.wait().success();
    assert_eq!(completed(&run), [small.as_str(), huge.as_str()]);
    let lines = run.lines();
    expect_log_lines(&lines[&small], 0..30);
    expect_log_lines(&lines[&huge], 0..LINES);
    // The huge blob's interruption is no end of it.
    let events = run.kafka.read_committed(&run.topics.blobs);
    let last = events.last().unwrap().json();
    assert_eq!(
        (&last["processedFromOffset"], &last["linesSent"]),
        (&0.into(), &LINES.into())
    );
}

/// Also of the partitions that a member keeps, and of those that it gets, when the group changes meanwhile.
#[test]
fn events_are_read_again_once_fewer_blobs_wait() {
    const BLOBS: usize = 1_600;
    let run = Pipeline::new().configured("worker.max_waiting_blobs", 8);
    let names: Vec<String> = (0..BLOBS).map(|pod| blob("20250606", pod)).collect();
    run.blobs.fill(&names, &gz::blob(0..3, 2));
    run.tell(&run.blobs.list("kubernetes/").iter().map(closed).collect::<Vec<_>>());
    run.storage.delay(Duration::from_millis(20));
    let first = run.worker(&[]);
    first.wait_for_stderr("events are not read", LIMIT);
    let second = run.worker(&[]);
    second.wait_for_stderr("events are not read", LIMIT);
    run.storage.delay(Duration::ZERO);
    wait_until_closed(&run, BLOBS);
    for worker in [first, second] {
        worker.signal("TERM");
        let said = worker.wait().success().stderr;
        assert!(said.contains("events are read again"), "{said}");
    }
    expect_three_lines_each(&run, BLOBS);
}

#[test]
fn thousands_of_small_blobs_take_few_transactions() {
    const BLOBS: usize = 2_000;
    let run = Pipeline::new().configured("kafka.transaction_seconds", 5);
    let names: Vec<String> = (0..BLOBS).map(|pod| blob("20250606", pod)).collect();
    run.blobs.fill(&names, &gz::blob(0..3, 2));
    let all = run.blobs.list("kubernetes/");
    assert_eq!(all.len(), BLOBS);
    run.tell(&all.iter().map(closed).collect::<Vec<_>>());
    let worker = run.worker(&["--lanes", "2"]);
    wait_until_closed(&run, BLOBS);
    worker.signal("TERM");
    let outcome = worker.wait().success();
    expect_three_lines_each(&run, BLOBS);
    let commits = outcome.stderr.matches("committed").count();
    assert!(commits < BLOBS / 20, "{commits} transactions");
}
