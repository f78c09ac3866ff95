//! Two runs of one blob: the younger has it, whatever the older still tries.

use std::time::Duration;

use crate::support::ingested::Ingestion;
use crate::support::mixed::Mixed;
use crate::support::services::kafka;

#[test]
fn the_older_of_two_runs_is_fenced_off() {
    let run = Ingestion::new(kafka(), Mixed::new(20_000, 4));
    let log_end = run.log_end();
    run.storage.delay(Duration::from_millis(100));
    let mut older = run.start(&[]);
    log_end.wait_for_more(&mut older, 4_000);
    let younger = run.start(&["--resume"]);
    let older = older.wait().expect_code(4);
    assert!(older.stderr.contains("took over"), "{}", older.stderr);
    assert!(
        older.stderr.contains("hint: let the other run finish"),
        "{}",
        older.stderr
    );
    assert!(older.stdout.is_empty());
    run.storage.delay(Duration::ZERO);
    run.assert_complete(&younger.wait().success());
}

#[test]
fn a_zombie_commits_nothing() {
    let run = Ingestion::new(kafka(), Mixed::new(20_000, 5))
        .configured("kafka.transaction_bytes", 64 << 20)
        .configured("kafka.transaction_seconds", 10);
    let log_end = run.log_end();
    run.storage.delay(Duration::from_millis(100));
    let mut zombie = run.start(&[]);
    log_end.wait_for_more(&mut zombie, 3_000);
    zombie.signal("STOP");
    run.storage.delay(Duration::ZERO);
    // This waits until its transaction has timed out.
    assert!(run.committed_lines().is_empty());
    let other = run.run(&["--resume"]).success();
    run.assert_complete(&other);
    zombie.signal("CONT");
    let zombie = zombie.wait().expect_code(4);
    assert!(zombie.stderr.contains("took over"), "{}", zombie.stderr);
    run.assert_complete(&other);
}
