//! Extractors that die, sleep, come and go: every line's record is there once, in its order.

use std::thread;
use std::time::Duration;

use crate::support::extraction::{Extraction, raw};
use crate::support::mixed::Dice;
use crate::support::pipeline::LIMIT;
use crate::support::process::let_pass;
use crate::support::running::Running;
use crate::support::scene::api_blob;

const KILLS: usize = 12;

fn blobs(count: usize) -> Vec<String> {
    (0..count).map(|n| api_blob(&format!("chaos-{n}"))).collect()
}

fn stop(extractors: Vec<Running>) {
    for extractor in extractors {
        extractor.signal("TERM");
        let stopped = extractor.wait().success();
        assert!(!stopped.stderr.contains("panicked"), "{}", stopped.stderr);
    }
}

#[test]
fn extractors_may_die_at_any_moment() {
    const LINES: u64 = 3_000;
    const STEP: u64 = 60;
    let run = Extraction::new().configured("kafka.transaction_bytes", 128 << 10);
    let blobs = blobs(8);
    thread::scope(|scope| {
        // Another client writes meanwhile.
        let writer = scope.spawn(|| {
            for from in (0..LINES).step_by(STEP as usize) {
                let records: Vec<_> = blobs.iter().flat_map(|blob| raw(blob, from..from + STEP)).collect();
                run.append(&run.topics.raw_application, &records);
            }
        });
        let mut dice = Dice(5);
        let mut extractors = vec![run.extractor(), run.extractor()];
        for _ in 0..KILLS {
            let_pass(Duration::from_millis(300 + dice.roll(1_200)));
            let victim = extractors.swap_remove(dice.roll(2) as usize);
            let dead = victim.kill_9();
            assert!(!dead.stderr.contains("panicked"), "{}", dead.stderr);
            extractors.push(run.extractor());
        }
        writer.join().expect("the writer");
        run.wait_for_extracted(LINES as usize * blobs.len());
        stop(extractors);
    });
    run.extract();
    run.assert_extracted_once(&blobs, LINES);
}

#[test]
fn an_extractor_that_slept_commits_nothing_twice() {
    let run = Extraction::new().configured("kafka.transaction_bytes", 64 << 10);
    let blobs = blobs(4);
    let first = run.extractor();
    first.wait_for_stderr("assigned", LIMIT);
    for from in (0..4_000).step_by(500) {
        let records: Vec<_> = blobs.iter().flat_map(|blob| raw(blob, from..from + 500)).collect();
        run.append(&run.topics.raw_application, &records);
        if from == 1_000 {
            // In the middle of something.
            run.wait_for_extracted(1_000);
            first.signal("STOP");
        }
    }
    let second = run.extractor();
    run.wait_for_extracted(4_000 * blobs.len());
    first.signal("CONT");
    first.wait_for_stderr("beginning anew", LIMIT);
    stop(vec![first, second]);
    run.extract();
    run.assert_extracted_once(&blobs, 4_000);
}

#[test]
fn partitions_go_from_one_to_another_behind_a_commit() {
    let run = Extraction::new();
    let blobs = blobs(8);
    let mut extractors = vec![run.extractor()];
    for from in (0..3_000).step_by(250) {
        let records: Vec<_> = blobs.iter().flat_map(|blob| raw(blob, from..from + 250)).collect();
        run.append(&run.topics.raw_application, &records);
        match from {
            500 | 1_000 => extractors.push(run.extractor()),
            1_500 | 2_000 => stop(vec![extractors.remove(0)]),
            _ => {}
        }
    }
    run.wait_for_extracted(3_000 * blobs.len());
    stop(extractors);
    run.assert_extracted_once(&blobs, 3_000);
}

#[test]
fn without_transactions_no_line_is_lost() {
    let run = Extraction::new().configured("kafka.delivery", "at-least-once");
    let blobs = blobs(4);
    for blob in &blobs {
        run.append(&run.topics.raw_application, &raw(blob, 0..2_000));
    }
    let extractor = run.extractor();
    run.wait_for_extracted(1_000);
    extractor.kill_9();
    run.extract();
    let records = run.read(&run.topics.extracted_application);
    let keys: std::collections::BTreeSet<&str> = records.iter().map(|record| record.key_text()).collect();
    assert_eq!(keys.len(), 8_000);
}
