//! A worker without transactions: each line comes once if nothing fails, and at least once if something does.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::mixed::Mixed;
use crate::support::pipeline::Pipeline;
use crate::support::services::kafka;

#[test]
fn a_quiet_run_without_transactions_gives_each_line_once() {
    let run = Pipeline::new().configured("kafka.delivery", "at-least-once");
    let blobs = [Mixed::new(900, 71), Mixed::new(1_200, 72)];
    for blob in &blobs {
        run.put(blob);
    }
    run.work(&[]);
    run.assert_ingested_once(&[&blobs[0], &blobs[1]]);
    let again = run.work(&[]);
    assert!(!again.stderr.contains("committed"), "{}", again.stderr);
}

#[test]
fn a_worker_without_transactions_that_is_killed_loses_no_line() {
    let run = Pipeline::on(kafka(), 1)
        .in_small_pieces()
        .with_sessions_of(2)
        .configured("kafka.delivery", "at-least-once");
    let blob = Mixed::new(15_000, 73);
    run.storage.delay(Duration::from_millis(60));
    run.put(&blob);
    let end = run.log_end(&blob);
    for _ in 0..3 {
        let mut worker = run.worker(&[]);
        end.wait_for_more(&mut worker, 2_500);
        worker.kill_9();
        // The state is never ahead of the lines.
        let told = run.lines_told(&blob);
        assert!(numbers_in_kafka(&run, &blob).range(..=told).count() as u64 == told);
    }
    run.storage.delay(Duration::ZERO);
    run.work(&[]);
    let found = numbers_in_kafka(&run, &blob);
    let last = blob.lines.len() as u64;
    assert!(found.keys().copied().eq(1..=last));
    assert!(found.values().sum::<u64>() < 4 * last, "it went on from its states");
    assert_eq!(run.lines_told(&blob), last);
    let again = run.work(&[]);
    assert!(!again.stderr.contains("committed"), "{}", again.stderr);
}

/// How often each line is there, by its number; each with the right bytes.
fn numbers_in_kafka(run: &Pipeline, blob: &Mixed) -> BTreeMap<u64, u64> {
    let mut found = BTreeMap::new();
    for record in run.kafka.read_committed(&run.topics.raw_application) {
        let rest = record.key_text().strip_prefix("cp2:P1:line-").unwrap();
        let number: u64 = rest.split_once(':').unwrap().0.parse().unwrap();
        assert!(record.value.as_deref() == Some(&blob.lines[number as usize - 1].bytes));
        *found.entry(number).or_default() += 1;
    }
    found
}
