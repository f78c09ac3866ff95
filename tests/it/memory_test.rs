//! Memory stays bounded, whatever the size of a member or a line.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::gz;
use crate::support::pipeline::{Pipeline, closed};
use crate::support::records::Read;
use crate::support::running::Outcome;
use crate::support::scene::{Scene, api_blob};
use crate::support::services::kafka;
use crate::support::topics::Topics;
use crate::support::watched::{Directory, api};

const PEAK: u64 = 96 << 20;
const MEMBER_BYTES: usize = 300 << 20;
const LINE_BYTES: usize = 200 << 20;
/// Different lines; they come again and again, as making each anew would take longer than all the rest.
const LINES: u64 = 2000;

/// Writes one gzip member of at least `bytes` of text, `text` over and over; gives how often.
fn one_member(file: &Path, bytes: usize, text: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(BufWriter::new(File::create(file).unwrap()), Compression::fast());
    let times = bytes.div_ceil(text.len());
    for _ in 0..times {
        encoder.write_all(text).unwrap();
    }
    encoder.finish().unwrap().flush().unwrap();
    times
}

/// Ingests the file as a blob, and verifies it.
fn ingest(scene: &Scene, pod: &str, file: &Path) -> Outcome {
    let blob = api_blob(pod);
    scene.blobs.upload(&blob, file);
    let ingested = run_in_bounds(scene, &["ingest", "--format", "json", "--blob", &blob]);
    let verified = run_in_bounds(scene, &["verify", "--format", "json", "--deep", "--blob", &blob]);
    assert_eq!(
        verified.json_lines()[0]["found"],
        ingested.json_lines()[0]["lines"],
        "{}",
        verified.stderr
    );
    ingested
}

fn run_in_bounds(scene: &Scene, args: &[&str]) -> Outcome {
    let args = args.iter().copied();
    let outcome = scene.clp.args(args).deadline(Duration::from_secs(180)).run().success();
    let megabytes = outcome.peak_rss_bytes >> 20;
    assert!(outcome.peak_rss_bytes > 1 << 20, "the peak was not seen");
    assert!(outcome.peak_rss_bytes < PEAK, "{megabytes} MiB in {:?}", outcome.took);
    outcome
}

#[test]
fn a_member_of_300_megabytes() {
    let scene = Scene::new();
    let lines: Vec<String> = (0..LINES).map(gz::log_line).collect();
    let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    let expected = one_member(file.path(), MEMBER_BYTES, text.as_bytes()) * lines.len();
    let outcome = ingest(&scene, "member", file.path());
    assert_eq!(outcome.json_lines()[0]["lines"], expected);
    // All in one partition, so in order.
    let found = kafka().fold(
        &scene.topics.raw_application,
        Read::Committed,
        0,
        |count: &mut usize, record| {
            let value = record.value.as_deref();
            assert!(
                value == Some(lines[*count % lines.len()].as_bytes()),
                "line {} is another",
                *count + 1
            );
            *count += 1;
            assert!(record.key_text().starts_with(&format!("cp2:P1:line-{count}:")));
        },
    );
    assert_eq!(found, expected);
}

#[test]
fn a_line_of_200_megabytes() {
    let scene = Scene::new();
    let text: String = (0..LINES).map(gz::log_line).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    let expected = one_member(file.path(), LINE_BYTES, text.as_bytes()) * text.len();
    let outcome = ingest(&scene, "line", file.path());
    let summary = &outcome.json_lines()[0];
    assert_eq!(
        (&summary["lines"], &summary["raw_bytes"]),
        (&1.into(), &expected.into())
    );
    let twice = [text.as_bytes(), text.as_bytes()].concat();
    let (bytes, parts) = kafka().fold(
        &scene.topics.raw_application,
        Read::Committed,
        (0, 0),
        |(bytes, parts): &mut (usize, usize), record| {
            let value = record.value.as_deref().unwrap();
            let at = *bytes % text.len();
            assert!(value.len() <= text.len());
            assert!(value == &twice[at..at + value.len()], "byte {bytes} and on are others");
            *bytes += value.len();
            *parts += 1;
            let part = record.header("part").unwrap();
            assert!(part.starts_with(&format!("{parts}/")), "{part}");
        },
    );
    assert_eq!(bytes, expected);
    assert!(parts > 150);
}

#[test]
fn a_member_of_a_million_short_lines() {
    let scene = Scene::new();
    let text = b"\n\nab\n\n\n".repeat(1000);
    let file = tempfile::NamedTempFile::new().unwrap();
    let expected = one_member(file.path(), 1_400_000, &text) * 5000;
    let outcome = ingest(&scene, "short", file.path());
    assert_eq!(outcome.json_lines()[0]["lines"], expected);
    let found = kafka().fold(
        &scene.topics.raw_application,
        Read::Committed,
        0,
        |count: &mut usize, record| {
            let expected: &[u8] = if *count % 5 == 2 { b"ab" } else { b"" };
            assert!(
                record.value.as_deref() == Some(expected),
                "line {} is another",
                *count + 1
            );
            *count += 1;
        },
    );
    assert_eq!(found, expected);
}

#[test]
fn a_scan_of_50_000_blobs() {
    const FEW: u32 = 5_000;
    const MANY: u32 = 50_000;
    /// What is kept of a blob, with the room that a growing table takes.
    const BYTES_EACH: u64 = 200;
    let topics = Topics::with_partitions(kafka(), 4);
    let directory = Directory::new(kafka(), &topics);
    let mut peaks = Vec::new();
    for pods in [0..FEW, FEW..MANY] {
        for pod in pods {
            directory.write(&api(&format!("{pod:05}")), 1, 0);
        }
        let scan = directory.clp.args(["monitor", "--once"]);
        let outcome = scan.deadline(Duration::from_secs(180)).run().success();
        peaks.push(outcome.peak_rss_bytes);
    }
    let events = kafka().read_committed(&topics.blobs).into_iter();
    let observed = events.filter(|record| record.key_text().contains(":observed:"));
    assert_eq!(observed.count() as u32, MANY);
    let more = peaks[1].saturating_sub(peaks[0]);
    assert!(peaks[0] > 1 << 20, "the peak was not seen");
    assert!(peaks[1] < PEAK, "{peaks:?}");
    assert!(more < u64::from(MANY - FEW) * BYTES_EACH + (8 << 20), "{peaks:?}");
}

#[test]
fn a_worker_at_a_large_member_and_many_blobs() {
    let run = Pipeline::new();
    let lines: String = (0..LINES).map(|index| gz::log_line(index) + "\n").collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    let expected = one_member(file.path(), MEMBER_BYTES / 3, lines.as_bytes()) * LINES as usize;
    let large = api_blob("large");
    run.blobs.upload(&large, file.path());
    let small: Vec<String> = (0..500).map(|number| api_blob(&format!("small-{number}"))).collect();
    run.blobs.fill(&small, &gz::blob(0..10, 5));
    let names = small.iter().chain([&large]);
    let events: Vec<_> = names.map(|name| closed(&run.listed(name))).collect();
    run.tell(&events);
    let outcome = run.work(&[]);
    assert!(outcome.peak_rss_bytes > 1 << 20, "the peak was not seen");
    assert!(outcome.peak_rss_bytes < PEAK, "{} MiB", outcome.peak_rss_bytes >> 20);
    assert_eq!(run.state(&large)["totalLinesIngested"], expected);
    assert_eq!(run.states().len(), small.len() + 1);
}
