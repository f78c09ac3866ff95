//! Blobs that end in the middle of a member: the writer's flush was seen half.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::gz;
use crate::support::scene::{Scene, api_blob, expect_log_lines};

const WHOLE_LINES: u64 = 60;
const TORN_LINES: u64 = 40;

/// How many bytes of the torn member are there: each byte of its head (RFC 1952, 2.3), some of its data, and some
/// around its checksum and length.
fn cuts(member: usize) -> Vec<usize> {
    let behind = [member / 2, member - 9, member - 8, member - 4, member - 1];
    (1..=12).chain(behind).collect()
}

/// Several processes side by side, each with several blobs; gives the summaries by blob, and the logs.
fn resume_all(scene: &Scene) -> (BTreeMap<String, Value>, String) {
    let running = ["0000[1-4]_", "0000[5-9]_", "0001[0-2]_", "0[1-9]"].map(|cuts| {
        let pattern = format!("kubernetes/20250606.api-cut{cuts}*");
        let args = ["ingest", "--format", "json", "--resume", "--blob", &pattern];
        scene.clp.spawn(args)
    });
    let (mut summaries, mut log) = (BTreeMap::new(), String::new());
    for outcome in running.map(|running| running.wait().success()) {
        log += &outcome.stderr;
        for summary in outcome.json_lines() {
            summaries.insert(summary["blob"].as_str().unwrap().to_owned(), summary);
        }
    }
    (summaries, log)
}

#[test]
fn a_torn_tail_waits_for_its_rest_at_every_cut() {
    let scene = Scene::new();
    let whole = gz::blob(0..WHOLE_LINES, 30);
    let torn = gz::blob(WHOLE_LINES..WHOLE_LINES + TORN_LINES, TORN_LINES);
    let cuts = cuts(torn.len());
    let name = |cut: usize| api_blob(&format!("cut{cut:05}"));
    for &cut in &cuts {
        scene.blobs.append(&name(cut), &[&whole[..], &torn[..cut]].concat());
    }

    let (summaries, log) = resume_all(&scene);
    assert_eq!(summaries.len(), cuts.len());
    for &cut in &cuts {
        let summary = &summaries[&name(cut)];
        assert_eq!(summary["torn_bytes"], cut, "{summary}");
        assert_eq!(summary["to_offset"], whole.len(), "{summary}");
        assert_eq!(summary["checkpoint_lines"], 0, "{summary}");
        assert_eq!(summary["lines"], WHOLE_LINES, "{summary}");
    }
    let lines = scene.lines();
    for &cut in &cuts {
        expect_log_lines(&lines[&name(cut)], 0..WHOLE_LINES);
    }
    assert!(scene.completions().is_empty(), "no blob has been read to its end");
    assert_eq!(
        log.matches("the last member is not complete").count(),
        cuts.len(),
        "{log}"
    );

    for &cut in &cuts {
        scene.blobs.append(&name(cut), &torn[cut..]);
    }
    for summary in resume_all(&scene).0.values() {
        assert_eq!(summary["torn_bytes"], 0, "{summary}");
        assert_eq!(summary["from_offset"], whole.len(), "{summary}");
        assert_eq!(summary["to_offset"], whole.len() + torn.len(), "{summary}");
        assert_eq!(summary["lines"], TORN_LINES, "{summary}");
    }
    let (lines, completions) = (scene.lines(), scene.completions());
    for &cut in &cuts {
        expect_log_lines(&lines[&name(cut)], 0..WHOLE_LINES + TORN_LINES);
        let events = &completions[&name(cut)];
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["processedFromOffset"], whole.len());
        assert_eq!(events[0]["linesSent"], TORN_LINES);
    }
}

#[test]
fn a_line_that_runs_into_a_torn_member_waits_with_it() {
    let scene = Scene::new();
    let blob = api_blob("over");
    let first = gz::member(b"one\ntwo, which goes on ");
    let second = gz::member(b"in the next member\nthree\n");
    scene.blobs.append(&blob, &[&first[..], &second[..5]].concat());
    let summary = scene.summary(&blob, &[]);
    // No line starts at the torn member: the checkpoint is in the first, behind the line that is whole.
    assert_eq!(
        (&summary["to_offset"], &summary["checkpoint_lines"]),
        (&0.into(), &1.into())
    );
    assert_eq!((&summary["lines"], &summary["torn_bytes"]), (&1.into(), &5.into()));
    scene.blobs.append(&blob, &second[5..]);
    assert_eq!(scene.summary(&blob, &["--resume"])["lines"], 2);
    let lines = scene.lines_of(&blob);
    let texts: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(&line.bytes)).collect();
    assert_eq!(texts, ["one", "two, which goes on in the next member", "three"]);
    assert_eq!((lines[1].member, lines[1].index), (0, 1));
    assert_eq!((lines[2].member, lines[2].index), (first.len() as u64, 0));
    assert_eq!(scene.completions()[&blob].len(), 1);
}

#[test]
fn a_torn_member_larger_than_what_is_held_back_resumes_inside() {
    let scene = Scene::new();
    let blob = api_blob("large");
    // About 16 MB of text in one member; lines are given out before its end is seen.
    const LINES: u64 = 10_000;
    let member = gz::blob(0..LINES, LINES);
    let cut = member.len() * 3 / 4;
    scene.blobs.append(&blob, &member[..cut]);
    let summary = scene.summary(&blob, &[]);
    assert_eq!(summary["to_offset"], 0);
    assert_eq!(summary["torn_bytes"], cut);
    assert_eq!(summary["checkpoint_lines"], summary["lines"]);
    assert!(summary["lines"].as_u64().unwrap() > 0, "{summary}");
    scene.blobs.append(&blob, &member[cut..]);
    scene.summary(&blob, &["--resume"]);
    expect_log_lines(&scene.lines_of(&blob), 0..LINES);
}
