//! Blobs that are appended to between and during runs.

use std::time::Duration;

use crate::support::azurite;
use crate::support::faults::{Direction, Faults};
use crate::support::gz;
use crate::support::process::wait_for;
use crate::support::scene::{Scene, api_blob, expect_log_lines};
use crate::support::services::azurite;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_blob_that_grows_between_runs_comes_once_and_in_order() {
    let scene = Scene::new();
    let blob = api_blob("grows");
    let mut size = 0;
    let mut sent = 0;
    // The last flush is none: a run that finds nothing new changes nothing.
    for flush in [37, 1, 120, 0] {
        if flush > 0 {
            let member = gz::blob(sent..sent + flush, 50);
            scene.blobs.append(&blob, &member);
            let before = size;
            size += member.len() as u64;
            let summary = scene.summary(&blob, &["--resume"]);
            assert_eq!(summary["from_offset"], before);
            assert_eq!(summary["lines"], flush);
        } else {
            let summary = scene.summary(&blob, &["--resume"]);
            assert_eq!((&summary["lines"], &summary["bytes"]), (&0.into(), &0.into()));
        }
        sent += flush;
    }
    expect_log_lines(&scene.lines_of(&blob), 0..sent);
    let completions = &scene.completions()[&blob];
    assert_eq!(completions.last().unwrap()["processedToEndOffset"], size);
    let states = scene.states();
    assert_eq!(states.len(), 1);
    let state = &states[&format!("cp2:P1:{blob}")];
    assert_eq!(state["totalLinesIngested"], sent);
    assert_eq!(state["lastIngestedOffset"], size);
}

#[test]
fn a_writer_that_appends_during_a_run_sees_no_error_and_no_line_is_lost() {
    let mut scene = Scene::new();
    let network = Faults::to(azurite().address());
    scene.clp = scene
        .clp
        .storage(scene.blobs.container(), &azurite::endpoint(network.address()))
        .set("storage.range_bytes", 65_536)
        .set("storage.ranges_ahead", 1);
    let blob = api_blob("busy");
    // Members of 40 lines, about 4 KB each: some 20 ranges.
    scene.blobs.append(&blob, &gz::blob(0..12_000, 40));
    let mut written = 12_000;
    for _ in 0..2 {
        let listed = scene.blobs.properties(&blob).unwrap().size;
        let passed = network.passed(Direction::Down);
        let mut running = scene
            .clp
            .spawn(["ingest", "--format", "json", "--resume", "--blob", &blob]);
        // Every piece is held back, so there is time to stop the flow in the middle.
        network.delay(Duration::from_millis(5));
        wait_for("the run to read", LIMIT, || {
            (network.passed(Direction::Down) > passed + 40_000).then_some(())
        });
        network.stall();
        assert!(!running.has_exited());
        // `append` panics if storage refuses.
        for _ in 0..10 {
            scene.blobs.append(&blob, &gz::blob(written..written + 100, 40));
            written += 100;
        }
        assert!(!running.has_exited());
        network.delay(Duration::ZERO);
        network.flow();
        let summary = running.wait().success().json_lines().remove(0);
        assert_eq!(summary["to_offset"], listed, "what was listed, and nothing behind it");
    }
    scene.summary(&blob, &["--resume"]);
    expect_log_lines(&scene.lines_of(&blob), 0..written);
}

#[test]
fn a_blob_that_is_smaller_than_what_was_read_of_it_is_another() {
    let scene = Scene::new();
    let blob = api_blob("replaced");
    scene.blobs.append(&blob, &gz::blob(0..40, 20));
    let read = scene.summary(&blob, &[])["to_offset"].clone();
    scene.blobs.delete(&blob);
    let smaller = gz::blob(0..10, 10);
    scene.blobs.append(&blob, &smaller);
    for more in [&["--resume"][..], &["--resume", "--dry-run"]] {
        let stderr = scene.ingest(&blob, more).expect_code(6).stderr;
        let said = format!(
            "has {} bytes, but an earlier run has come to offset {read}",
            smaller.len()
        );
        assert!(
            stderr.contains(&said) && stderr.contains("hint: --start-offset 0"),
            "{stderr}"
        );
    }
    assert_eq!(scene.summary(&blob, &["--start-offset", "0"])["lines"], 10);
    assert_eq!(scene.summary(&blob, &["--resume"])["lines"], 0);
}

#[test]
fn a_line_that_is_written_in_two_flushes_comes_whole() {
    let scene = Scene::new();
    let blob = api_blob("halves");
    // A line over two members, of which the second has not come: its first half is sent as the last line. That is
    // one-shot's rule; what matters here is that the checkpoint goes on behind it and nothing is doubled.
    scene.blobs.append(&blob, &gz::member(b"one\ntwo\nthr"));
    scene.summary(&blob, &["--resume"]);
    scene.blobs.append(&blob, &gz::member(b"ee\nfour\n"));
    scene.summary(&blob, &["--resume"]);
    let lines = scene.lines_of(&blob);
    let texts: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(&line.bytes)).collect();
    assert_eq!(texts, ["one", "two", "thr", "ee", "four"]);
    assert_eq!(
        lines.iter().map(|line| line.number).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
}
