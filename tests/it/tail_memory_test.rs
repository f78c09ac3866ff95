//! `clp tail` stays small, whatever is behind it.

use std::time::Duration;

use serde_json::json;

use crate::support::clp::Clp;
use crate::support::gz;
use crate::support::records::Record;
use crate::support::running::Outcome;
use crate::support::scene::Scene;
use crate::support::services::kafka;
use crate::support::topics::Topics;

const PEAK: u64 = 256 << 20;
/// 2025-06-06T00:00:00Z in seconds.
const MIDNIGHT: i64 = 1_749_168_000;

fn run_in_bounds(clp: &Clp, args: &[&str]) -> Outcome {
    let outcome = clp
        .args(args.iter().copied())
        .deadline(Duration::from_secs(180))
        .run()
        .success();
    let megabytes = outcome.peak_rss_bytes >> 20;
    assert!(outcome.peak_rss_bytes > 1 << 20, "the peak was not seen");
    eprintln!("{megabytes} MiB in {:?}: {args:?}", outcome.took);
    assert!(outcome.peak_rss_bytes < PEAK, "{megabytes} MiB in {:?}", outcome.took);
    outcome
}

/// The seconds that its lines tell, which must be in order.
fn count_in_order(outcome: &Outcome) -> usize {
    let times = outcome.json_lines().into_iter().map(|line| {
        let time: jiff::Timestamp = line["ts"].as_str().unwrap().parse().unwrap();
        time
    });
    let times: Vec<_> = times.collect();
    assert!(times.is_sorted());
    times.len()
}

/// Text that hardly compresses, so that what is read ahead is as large as it looks.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::with_capacity(bytes);
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(&format!("{state:016x}"));
    }
    text
}

#[test]
fn many_partitions_that_hold_much() {
    const PARTITIONS: i64 = 12;
    const RECORDS: i64 = 1200;
    let topics = Topics::with_partitions(kafka(), PARTITIONS as i32);
    let clp = Clp::bare().kafka(kafka(), &topics);
    let filler = noise(7, 100_000);
    let record = |n: i64| Record {
        // One partition is far ahead of the others.
        partition: if n > RECORDS * 3 / 4 {
            0
        } else {
            (n % PARTITIONS) as i32
        },
        offset: 0,
        key: None,
        value: Some(
            json!({"ts_ns": (MIDNIGHT + n) * 1_000_000_000, "level": "INFO", "logger": "l", "thread": "t",
                "msg": filler, "pod_name": "api-7-x"})
            .to_string()
            .into_bytes(),
        ),
        headers: Vec::new(),
        timestamp: 0,
    };
    for topic in [&topics.extracted_application, &topics.extracted_proxy] {
        let records: Vec<Record> = (0..RECORDS).map(record).collect();
        kafka().append(topic, &records);
    }
    let args = [
        "tail",
        "--topics",
        "extracted_application,extracted_proxy",
        "--format",
        "json",
        "--no-follow",
    ];
    let all = run_in_bounds(&clp, &[&args[..], &["--from-beginning"]].concat());
    assert_eq!(count_in_order(&all), 2 * RECORDS as usize);
    let few = run_in_bounds(&clp, &[&args[..], &["--from-beginning", "--grep", "nowhere"]].concat());
    assert_eq!(few.text(), "");
}

#[test]
fn many_blobs_side_by_side() {
    const BLOBS: u64 = 150;
    const LINES: u64 = 60;
    let scene = Scene::new();
    for pod in 0..BLOBS {
        let lines: Vec<String> = (0..LINES)
            .map(|n| {
                // All blobs have lines of the whole hour.
                let (minute, second, filler) = (n, pod % 60, noise(pod * LINES + n, 10_000));
                format!(
                    r#"{{"@timestamp":"2025-06-06T00:{minute:02}:{second:02}Z","logs":{{"level":"INFO","loggerName":"l","message":"{filler}"}}}}"#
                )
            })
            .collect();
        let name = gz::blob_name("20250606", &format!("api-7-{pod}"), "platform");
        scene.blobs.append(&name, &gz::blob_of(&lines, 5));
    }
    let args = ["tail", "--source", "storage", "--format", "json", "--no-follow"];
    let all = run_in_bounds(&scene.clp, &[&args[..], &["--from-beginning"]].concat());
    assert_eq!(count_in_order(&all), (BLOBS * LINES) as usize);
    let last = run_in_bounds(
        &scene.clp,
        &[&args[..], &["-n", "200", "--since", "2025-06-06"]].concat(),
    );
    assert_eq!(count_in_order(&last), 200);
    assert!(
        last.json_lines()
            .iter()
            .all(|line| line["ts"].as_str().unwrap() >= "2025-06-06T00:58")
    );
}
