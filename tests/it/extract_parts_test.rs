//! Lines that came in parts: they hold up nothing but what must wait for them, and are given up only without a rest.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::extraction::{Extraction, PARTITIONS, raw, raw_record};
use crate::support::pipeline::LIMIT;
use crate::support::process::{let_pass, wait_for};
use crate::support::raw_mix::in_turns;
use crate::support::records::{Read, Record};
use crate::support::scene::api_blob;
use crate::support::topics::partition_of;

/// Longer than an extractor waits for the rest of a line.
const LATE: Duration = Duration::from_secs(11);

/// Parts of a line.
fn parts(blob: &str, index: u64, line: &[u8], part_bytes: usize) -> Vec<Record> {
    let count = line.len().div_ceil(part_bytes);
    let part = |(number, part): (usize, &[u8])| {
        let mut record = raw_record(blob, index, part.to_vec());
        let header = format!("{number}/{count}").into_bytes();
        record.headers.push(("part".to_owned(), header));
        record
    };
    (1..).zip(line.chunks(part_bytes)).map(part).collect()
}

fn long_line(bytes: usize) -> Vec<u8> {
    let message = "x".repeat(bytes);
    let line = json!({"@timestamp": "2025-06-06T00:00:00Z", "log": message, "kubernetes": {"pod_name": "api-1"}});
    line.to_string().into_bytes()
}

/// A blob of this partition.
fn blob_in(partition: i32) -> String {
    (0..)
        .map(|n| api_blob(&format!("in-{partition}-{n}")))
        .find(|blob| partition_of(blob, PARTITIONS) == partition)
        .expect("there is always another")
}

/// The indices of the blob's lines in the topic, in their order.
fn lines_of(run: &Extraction, topic: &str, blob: &str) -> Vec<u64> {
    let records = run.read(topic);
    let short = blob.trim_start_matches("kubernetes/");
    let of_blob = records.iter().filter(|record| record.key_text().ends_with(short));
    let index = |record: &Record| {
        record
            .header("blob-line")
            .expect("a position")
            .parse()
            .expect("a number")
    };
    of_blob.map(index).collect()
}

#[test]
fn first_parts_without_a_rest_hold_up_no_other_partition() {
    const ORPHANS: u64 = 5;
    let run = Extraction::new();
    let (broken, busy, other) = (blob_in(0), format!("{}-busy", blob_in(0)), blob_in(1));
    let busy = Record {
        partition: 0,
        ..raw_record(&busy, 0, Vec::new())
    };
    let extractor = run.extractor();
    extractor.wait_for_stderr("assigned", LIMIT);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        // The partition never comes to rest.
        scope.spawn(|| {
            for index in 0.. {
                if done.load(Ordering::Relaxed) {
                    return index;
                }
                let record = raw(&other, index..index + 1).remove(0);
                let record = Record {
                    partition: 0,
                    key: busy.key.clone(),
                    ..record
                };
                run.append(&run.topics.raw_application, &[record]);
                let_pass(Duration::from_millis(50));
            }
            0
        });
        // More often than each is given up.
        for index in 0..ORPHANS {
            let first = parts(&broken, index, b"half a line", 6).remove(0);
            run.append(&run.topics.raw_application, &[first]);
            run.append(&run.topics.raw_application, &raw(&other, index..index + 1));
            wait_for("the other partition's line", Duration::from_secs(5), || {
                let found = run.kafka.read(&run.topics.extracted_application, Read::CommittedNow);
                let here = found.iter().filter(|record| record.partition == 1).count();
                (here as u64 > index).then_some(())
            });
            let_pass(Duration::from_secs(3));
        }
        wait_for("the errors", LIMIT, || {
            let found = run.kafka.read(&run.topics.errors, Read::CommittedNow);
            (found.len() as u64 == ORPHANS).then_some(())
        });
        done.store(true, Ordering::Relaxed);
    });
    extractor.signal("TERM");
    let stderr = extractor.wait().success().stderr;
    assert!(!stderr.contains("was open for more than"), "{stderr}");
    run.extract();
    let raw_count = run.read(&run.topics.raw_application).len();
    assert_eq!(lines_of(&run, &run.topics.errors, &broken), Vec::from_iter(0..ORPHANS));
    let found = run.read(&run.topics.extracted_application).len();
    assert_eq!(found + ORPHANS as usize, raw_count);
}

#[test]
fn the_rest_of_a_line_is_found_by_one_that_slept() {
    // Its place in the group outlasts the sleep.
    let session = json!({"session.timeout.ms": 45_000, "heartbeat.interval.ms": 500});
    let run = Extraction::new().configured("kafka.consumer", session);
    let blob = api_blob("slept");
    let mut records = raw(&blob, 0..1);
    records.extend(parts(&blob, 1, &long_line(1_000), 600));
    let rest = records.split_off(2);
    run.append(&run.topics.raw_application, &records);
    let extractor = run.extractor();
    // The first part came with it.
    run.wait_for_extracted(1);
    extractor.signal("STOP");
    let_pass(LATE);
    run.append(&run.topics.raw_application, &rest);
    extractor.signal("CONT");
    run.wait_for_extracted(2);
    extractor.signal("TERM");
    extractor.wait().success();
    run.extract();
    assert_eq!(lines_of(&run, &run.topics.extracted_application, &blob), [0, 1]);
    assert_eq!(run.read(&run.topics.errors), []);
}

#[test]
fn what_waits_behind_a_part_comes_once_after_a_kill() {
    let run = Extraction::new();
    let (broken, blob) = (blob_in(0), format!("{}-whole", blob_in(0)));
    let behind = |range| {
        let records = raw(&blob, range);
        records.into_iter().map(|record| Record { partition: 0, ..record })
    };
    let mut records: Vec<Record> = behind(0..10).collect();
    records.push(parts(&broken, 0, b"half a line", 6).remove(0));
    records.extend(behind(10..20));
    run.append(&run.topics.raw_application, &records);
    let extractor = run.extractor();
    run.wait_for_extracted(10);
    extractor.kill_9();
    run.extract();
    let found = run.read(&run.topics.extracted_application);
    let found: Vec<u64> = found
        .iter()
        .map(|r| r.header("blob-line").unwrap().parse().unwrap())
        .collect();
    assert_eq!(found, Vec::from_iter(0..20));
    assert_eq!(lines_of(&run, &run.topics.errors, &broken), [0]);
}

#[test]
fn lines_with_parts_among_each_others_come_once_after_a_kill() {
    let run = Extraction::new();
    let (one, other) = (blob_in(0), format!("{}-other", blob_in(0)));
    let of_other = parts(&other, 0, &long_line(1_000), 600);
    let of_other = of_other.into_iter().map(|record| Record { partition: 0, ..record });
    let mut records = raw(&one, 0..1);
    records.extend(in_turns(vec![
        parts(&one, 1, &long_line(1_000), 600),
        of_other.collect(),
    ]));
    let rest = records.split_off(4);
    assert_eq!(rest.len(), 1);
    run.append(&run.topics.raw_application, &records);
    let extractor = run.extractor();
    run.wait_for_extracted(1);
    extractor.kill_9();
    run.append(&run.topics.raw_application, &rest);
    run.extract();
    assert_eq!(run.read(&run.topics.errors), []);
    assert_eq!(lines_of(&run, &run.topics.extracted_application, &one), [0, 1]);
    assert_eq!(lines_of(&run, &run.topics.extracted_application, &other), [0]);
}

#[test]
fn a_line_without_its_rest_ends_the_service_if_asked_for() {
    let run = Extraction::new().configured("processing.skip_invalid_logs", false);
    let blob = api_blob("strict-parts");
    let mut records = raw(&blob, 0..5);
    records.push(parts(&blob, 5, b"half a line", 6).remove(0));
    records.extend(raw(&blob, 6..10));
    run.append(&run.topics.raw_application, &records);
    for _ in 0..2 {
        let outcome = run.run().expect_code(6);
        assert!(outcome.stderr.contains("offset 5 of"), "{}", outcome.stderr);
        assert_eq!(
            lines_of(&run, &run.topics.extracted_application, &blob),
            [0, 1, 2, 3, 4]
        );
    }
    let run = run.configured("processing.skip_invalid_logs", true);
    run.extract();
    let expected = Vec::from_iter((0..5).chain(6..10));
    assert_eq!(lines_of(&run, &run.topics.extracted_application, &blob), expected);
    assert_eq!(lines_of(&run, &run.topics.errors, &blob), [5]);
}

#[test]
fn giant_lines_on_all_partitions_at_once_stay_within_memory() {
    const LINE_BYTES: usize = 40 << 20;
    /// Of those that are held, and of one that becomes a record.
    const PEAK_MEBIBYTES: u64 = 400;
    let run = Extraction::new();
    let blobs: Vec<String> = (0..PARTITIONS as i32).map(blob_in).collect();
    let line = long_line(LINE_BYTES);
    let lists = blobs.iter().map(|blob| parts(blob, 0, &line, 900_000));
    for records in in_turns(lists.collect()).chunks(20) {
        run.append(&run.topics.raw_application, records);
    }
    let outcome = run.extract();
    assert_eq!(run.read(&run.topics.errors), []);
    let mut messages = vec![Vec::new(); blobs.len()];
    for record in run.read(&run.topics.extracted_application) {
        messages[record.partition as usize].extend(record.value.expect("a value"));
    }
    for json in messages {
        let record: Value = serde_json::from_slice(&json).expect("JSON");
        let message = record["msg"].as_str().expect("a message");
        assert!(message.len() == LINE_BYTES && message.bytes().all(|byte| byte == b'x'));
    }
    let peak = outcome.peak_rss_bytes >> 20;
    eprintln!("{peak} MiB");
    assert!(peak < PEAK_MEBIBYTES, "{peak} MiB");
}
