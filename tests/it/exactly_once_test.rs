//! `clp ingest` is killed at any instant and told to go on: every line is in Kafka once.

use std::time::Duration;

use crate::support::ingested::Ingestion;
use crate::support::mixed::Mixed;
use crate::support::services::kafka;

#[test]
fn killed_over_and_over_all_through_the_blob() {
    const KILLS: u64 = 10;
    let run = Ingestion::new(kafka(), Mixed::new(30_000, 1)).configured("kafka.transaction_bytes", 2 << 20);
    run.storage.delay(Duration::from_millis(25));
    let total = run.blob.lines.len() as u64;
    let log_end = run.log_end();
    for kill in 0..KILLS {
        let mut running = run.start(if kill == 0 { &[] } else { &["--resume"] });
        // What a kill undoes is sent again, so the next one is as far behind the last commit as it takes. The last of
        // them leaves something to do.
        let aim = total * 9 / 10 * (2 * kill + 1) / (2 * KILLS);
        let lines = aim.saturating_sub(run.lines_committed_now()).max(1);
        log_end.wait_for_more(&mut running, lines as i64);
        assert_eq!(running.kill_9().signal, Some(9));
    }
    let committed = run.lines_committed_now();
    assert!(
        committed > 0 && committed < total,
        "{committed} lines before the last run"
    );
    run.storage.delay(Duration::ZERO);
    let last = run.run(&["--resume"]).success();
    run.assert_complete(&last);
    assert!(last.json_lines()[0]["lines"].as_u64().unwrap() <= total - committed);
}

#[test]
fn killed_in_the_only_transaction_and_at_its_end() {
    let run = Ingestion::new(kafka(), Mixed::new(10_000, 2))
        .configured("kafka.transaction_bytes", 64 << 20)
        .configured("kafka.transaction_seconds", 15);
    let total = run.blob.lines.len() as i64;
    let log_end = run.log_end();
    run.storage.delay(Duration::from_millis(100));
    for lines in [1, total / 2] {
        let mut running = run.start(&["--resume"]);
        log_end.wait_for_more(&mut running, lines);
        running.kill_9();
    }
    run.storage.delay(Duration::ZERO);
    assert!(run.state(None).is_none(), "nothing was committed");
    // Between the last line and the completion, or a moment later: then there is nothing left to do.
    let begun = log_end.now();
    let running = run.start(&["--resume"]);
    while log_end.now() < begun + total {}
    running.kill_9();
    let last = run.run(&["--resume"]).success();
    let lines = last.json_lines()[0]["lines"].as_i64().unwrap();
    if lines > 0 {
        assert_eq!(lines, total);
        run.assert_complete(&last);
    }
    run.assert_lines_once();
    assert_kafkas_own_consumer_agrees(&run);
}

fn assert_kafkas_own_consumer_agrees(run: &Ingestion) {
    let mut expected = Vec::new();
    for (number, line) in run.blob.lines.iter().enumerate() {
        expected.extend_from_slice(run.blob.key(number + 1).as_bytes());
        expected.extend_from_slice(&[b"\t", line.bytes.as_slice(), b"\n"].concat());
    }
    let printed = run.kafka.java_console_consumer(&run.topics.raw_application);
    let expected = String::from_utf8_lossy(&expected);
    assert_eq!(printed.len(), expected.lines().count());
    for (printed, expected) in printed.iter().zip(expected.lines()) {
        assert_eq!(printed, expected);
    }
}
