//! SIGTERM: a worker commits what is whole and leaves its group, in less time than whoever asked gives it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::gz;
use crate::support::kafka::Kafka;
use crate::support::mixed::Mixed;
use crate::support::pipeline::{LIMIT, Pipeline, closed};
use crate::support::scene::api_blob;
use crate::support::services::kafka;

/// What Kubernetes and its like grant, less some.
const GRACE: Duration = Duration::from_secs(10);

#[test]
fn a_worker_that_is_stopped_commits_and_leaves_its_partitions_to_others_at_once() {
    const SESSION_SECONDS: u64 = 45;
    let run = Pipeline::on(kafka(), 1)
        .in_small_pieces()
        .with_sessions_of(SESSION_SECONDS)
        .configured("kafka.transaction_bytes", 64 << 20)
        .configured("kafka.transaction_seconds", 15);
    let blob = Mixed::new(12_000, 81);
    run.storage.delay(Duration::from_millis(150));
    run.put(&blob);
    let mut first = run.worker(&[]);
    run.log_end(&blob).wait_for_more(&mut first, 2_000);
    let asked = Instant::now();
    first.signal("TERM");
    let said = first.wait().success().stderr;
    assert!(asked.elapsed() < GRACE, "{:?}\n{said}", asked.elapsed());
    assert!(run.lines_told(&blob) >= 2_000, "{said}");
    let sent = run.kafka.read_uncommitted(&run.topics.raw_application).len();
    assert_eq!(sent as u64, run.lines_told(&blob));
    run.storage.delay(Duration::ZERO);
    let second = run.worker(&[]);
    let begun = Instant::now();
    second.wait_for_stderr("states are restored", LIMIT);
    assert!(
        begun.elapsed() < Duration::from_secs(SESSION_SECONDS) / 2,
        "{:?}",
        begun.elapsed()
    );
    run.wait_until_ingested(&blob);
    second.signal("TERM");
    second.wait().success();
    run.assert_ingested_once(&[&blob]);
}

#[test]
fn a_worker_that_kafka_does_not_answer_stops_in_time_and_at_a_second_signal_at_once() {
    let mut run = Pipeline::on(Kafka::private(), 2)
        .in_small_pieces()
        .configured("kafka.transaction_bytes", 64 << 20)
        .configured("kafka.transaction_seconds", 15);
    let blobs = [0, 1].map(|partition| Mixed::in_partition(partition, 2, 15_000, 82));
    // Each has one of the partitions before there is anything to do.
    let mut patient = run.worker(&[]);
    patient.wait_for_stderr("states are restored", LIMIT);
    let hasty = run.worker(&[]);
    hasty.wait_for_stderr("states are restored", LIMIT);
    run.storage.delay(Duration::from_millis(150));
    for blob in &blobs {
        run.put(blob);
    }
    for blob in &blobs {
        run.log_end(blob).wait_for_more(&mut patient, 500);
    }
    run.kafka.pause();
    for worker in [&patient, &hasty] {
        worker.signal("TERM");
    }
    let asked = Instant::now();
    hasty.wait_for_stderr("again to stop at once", LIMIT);
    hasty.signal("TERM");
    let hasty = hasty.wait().expect_code(130);
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}\n{}",
        asked.elapsed(),
        hasty.stderr
    );
    let patient = patient.wait().success();
    assert!(asked.elapsed() < GRACE, "{:?}\n{}", asked.elapsed(), patient.stderr);
    run.kafka.resume();
    run.storage.delay(Duration::ZERO);
    run.work(&[]);
    run.assert_ingested_once(&[&blobs[0], &blobs[1]]);
}

#[test]
fn a_worker_that_is_stopped_between_a_blobs_last_line_and_its_end_completes_it_later() {
    const LINES: u64 = 20;
    const STOPS: usize = 8;
    let run = Pipeline::on(kafka(), 1);
    let names: Vec<String> = (0..120).map(|number| api_blob(&format!("stop-{number}"))).collect();
    run.blobs.fill(&names, &gz::blob(0..LINES, LINES));
    let events: Vec<_> = names.iter().map(|name| closed(&run.listed(name))).collect();
    run.storage.delay(Duration::from_millis(100));
    run.tell(&events);
    let end = run.end_of_all_lines();
    for _ in 0..STOPS {
        let mut worker = run.worker(&[]);
        end.wait_for_more(&mut worker, LINES as i64);
        worker.signal("TERM");
        worker.wait().success();
    }
    run.storage.delay(Duration::ZERO);
    run.work(&[]);
    let events = run.kafka.read_committed(&run.topics.blobs).into_iter();
    let completed: Vec<String> = events
        .filter(|record| record.key_text().contains("-completion:"))
        .map(|record| record.json()["blobName"].as_str().unwrap().to_owned())
        .collect();
    let all: BTreeSet<&String> = completed.iter().collect();
    assert_eq!(all, names.iter().collect());
    // Once, as no blob grew.
    assert_eq!(completed.len(), names.len());
    assert!(run.lines().values().all(|lines| lines.len() as u64 == LINES));
}

/// Scans of a monitor go on telling that nothing is new.
#[test]
fn a_worker_is_idle_also_while_events_come_that_bring_nothing() {
    let run = Pipeline::on(kafka(), 1);
    let blob = api_blob("idle");
    run.blobs.append(&blob, &gz::blob(0..30, 10));
    let event = closed(&run.listed(&blob));
    run.tell(std::slice::from_ref(&event));
    let worker = run.worker(&["--until-idle", "2"]);
    run.wait_for_state(&blob, |state| state["status"] == "closed");
    std::thread::scope(|scope| {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let run = &run;
        scope.spawn(move || {
            let mut listed = event;
            listed.key = listed.key.replace(":closed:", ":listed:");
            while stopped
                .recv_timeout(Duration::from_millis(300))
                .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                run.tell(std::slice::from_ref(&listed));
            }
        });
        worker.wait().success();
        drop(stop);
    });
}
