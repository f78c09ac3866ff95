//! Without transactions: a kill loses nothing, though some lines come twice.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::ingested::Ingestion;
use crate::support::mixed::Mixed;
use crate::support::services::kafka;

#[test]
fn nothing_is_lost_without_transactions() {
    let run = Ingestion::new(kafka(), Mixed::new(15_000, 13)).configured("kafka.delivery", "at-least-once");
    let total = run.blob.lines.len();
    let log_end = run.log_end();
    run.storage.delay(Duration::from_millis(30));
    for kill in 0..3 {
        let mut running = run.start(if kill == 0 { &[] } else { &["--resume"] });
        log_end.wait_for_more(&mut running, 4_000);
        running.kill_9();
        // The checkpoint is never ahead of the lines.
        let checkpoint = run.lines_committed_now() as usize;
        assert!(numbers_in_kafka(&run).into_iter().take(checkpoint).eq(1..=checkpoint));
    }
    run.storage.delay(Duration::ZERO);
    let last = run.run(&["--resume"]).success();
    let report = &last.json_lines()[0];
    assert_eq!(report["delivery"], "at-least-once");
    assert!(
        report["lines"].as_u64().unwrap() < total as u64,
        "it went on from a checkpoint"
    );
    assert!(numbers_in_kafka(&run).into_iter().eq(1..=total));
    let state = run.state(None).unwrap();
    assert_eq!(state["lastIngestedOffset"], run.blob.bytes.len());
    assert_eq!(state["totalLinesIngested"], total);
    assert_eq!(run.completions().len(), 1);
}

/// The numbers of the lines that are there at least once, each with the right bytes.
fn numbers_in_kafka(run: &Ingestion) -> BTreeSet<usize> {
    let number = |record: &crate::support::records::Record| {
        let rest = record.key_text().strip_prefix("cp2:P1:line-").unwrap();
        let number: usize = rest.split_once(':').unwrap().0.parse().unwrap();
        assert!(record.value.as_deref() == Some(&run.blob.lines[number - 1].bytes));
        number
    };
    run.committed_lines().iter().map(number).collect()
}
