//! Extractors that die, sleep, come and go: every line's record is there once, in its order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::extraction::{Extraction, PARTITIONS, raw};
use crate::support::log_end::LogEnd;
use crate::support::mixed::Dice;
use crate::support::pipeline::LIMIT;
use crate::support::process::{let_pass, wait_for};
use crate::support::raw_mix::{RawMix, RawMixCheck, To, in_turns};
use crate::support::records::Read;
use crate::support::running::Running;
use crate::support::scene::api_blob;

const KILLS: u64 = 12;
/// Of an extractor with two lanes, of all partitions at the worst, in the middle of giant lines.
const MOST_MEBIBYTES: u64 = 96;

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

/// Kills fall where they fall. Each round has to be right, and one of them to have hit the middle of a transaction.
const ROUNDS: usize = 3;

fn some_die_in_the_middle(lines: u64) {
    let hit = (0..ROUNDS).any(|_| extractors_may_die(lines) > 0);
    assert!(hit, "no kill of {ROUNDS} rounds was in the middle of a transaction");
}

#[test]
fn extractors_may_die_at_any_moment() {
    some_die_in_the_middle(40_000);
}

#[test]
#[ignore = "takes some minutes"]
fn extractors_may_die_at_any_moment_of_200_000_lines() {
    some_die_in_the_middle(200_000);
}

/// Another client writes lines of every kind to both raw topics meanwhile. Gives how many records were undone by kills.
fn extractors_may_die(lines: u64) -> u64 {
    let session = json!({"session.timeout.ms": 2000, "heartbeat.interval.ms": 300});
    let run = Extraction::new().configured("kafka.consumer", session);
    let blobs: Vec<RawMix> = (0..8)
        .map(|number| match number % 4 {
            3 => RawMix::of_proxy(&format!("chaos-{number}")),
            _ => RawMix::of_application(&format!("chaos-{number}")),
        })
        .collect();
    let lines_each = lines / blobs.len() as u64;
    let (of_proxy, of_application): (Vec<_>, Vec<_>) = blobs.iter().partition(|blob| blob.is_of_proxy());
    let ends: Vec<LogEnd> = [&run.topics.extracted_application, &run.topics.extracted_proxy]
        .into_iter()
        .flat_map(|topic| (0..PARTITIONS as i32).map(move |partition| (topic, partition)))
        .map(|(topic, partition)| LogEnd::of(run.kafka, topic, partition, Read::Uncommitted))
        .collect();
    let written = || ends.iter().map(LogEnd::now).sum::<i64>();
    let kills = AtomicU64::new(0);
    let mut peaks = Vec::new();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for step in 0..=KILLS {
                // So that there is work for each of them.
                wait_for("the kills before", 2 * LIMIT, || {
                    (kills.load(Ordering::Relaxed) >= step).then_some(())
                });
                let range = lines_each * step / (KILLS + 1)..lines_each * (step + 1) / (KILLS + 1);
                for (blobs, topic) in [
                    (&of_application, &run.topics.raw_application),
                    (&of_proxy, &run.topics.raw_proxy),
                ] {
                    let lists = blobs.iter().map(|blob| blob.records(range.clone(), PARTITIONS));
                    run.append(topic, &in_turns(lists.collect()));
                }
            }
        });
        let mut dice = Dice(5);
        let mut extractors = vec![run.extractor(), run.extractor()];
        let mut before = written();
        for _ in 0..KILLS {
            // More than the ends of transactions. So somebody is in the middle of one.
            wait_for("records", LIMIT, || (written() > before + 100).then_some(()));
            let_pass(Duration::from_millis(dice.roll(60)));
            let victim = extractors.swap_remove(dice.roll(2) as usize);
            let dead = victim.kill_9();
            assert!(!dead.stderr.contains("panicked"), "{}", dead.stderr);
            peaks.push(dead.peak_rss_bytes);
            before = written();
            extractors.push(run.extractor());
            kills.fetch_add(1, Ordering::Relaxed);
        }
        writer.join().expect("the writer");
        stop(extractors);
    });
    peaks.push(run.extract().peak_rss_bytes);
    let mut found = 0;
    for (topic, blobs, to) in [
        (&run.topics.extracted_application, of_application, To::Output),
        (&run.topics.extracted_proxy, of_proxy, To::Output),
        (&run.topics.errors, blobs.iter().collect(), To::Errors),
    ] {
        let check = RawMixCheck::new(blobs, to, PARTITIONS);
        let check = run.kafka.fold(topic, Read::Committed, check, RawMixCheck::add);
        check.assert_whole(lines_each);
        found += check.found;
    }
    let skipped = |index: &u64| blobs[0].goes_to(*index) == To::Nowhere;
    let skipped = (0..lines_each).filter(skipped).count() as u64 * blobs.len() as u64;
    assert_eq!(found + skipped, lines_each * blobs.len() as u64);
    let count = |read| {
        run.kafka
            .fold(&run.topics.extracted_application, read, 0, |count: &mut u64, _| {
                *count += 1
            })
    };
    let undone = count(Read::Uncommitted) - count(Read::Committed);
    let most = peaks.into_iter().max().unwrap_or_default() >> 20;
    eprintln!(
        "{found} records, {skipped} lines skipped, {undone} undone by kills; memory of an extractor up to {most} MiB"
    );
    assert!(most < MOST_MEBIBYTES, "{most} MiB");
    undone
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
