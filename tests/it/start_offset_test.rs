//! Where a run begins: `--start-offset`, `--align`, and what a dry run tells.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::gz;
use crate::support::running::Outcome;
use crate::support::scene::{Scene, api_blob, bytes_of};

const LINES_PER_MEMBER: u64 = 20;
const MEMBERS: u64 = 4;

/// A blob and its members' starts, the blob's end last.
fn members(scene: &Scene, blob: &str) -> Vec<u64> {
    let mut starts = vec![0];
    for member in 0..MEMBERS {
        let first = member * LINES_PER_MEMBER;
        let bytes = gz::blob(first..first + LINES_PER_MEMBER, LINES_PER_MEMBER);
        scene.blobs.append(blob, &bytes);
        starts.push(starts.last().unwrap() + bytes.len() as u64);
    }
    starts
}

/// A dry run that begins there.
fn counted(scene: &Scene, blob: &str, offset: u64, more: &[&str]) -> Outcome {
    let offset = offset.to_string();
    let args = ["--dry-run", "--start-offset", offset.as_str()];
    scene.ingest(blob, &[&args, more].concat())
}

#[test]
fn a_run_begins_at_any_members_start_and_nowhere_else() {
    let scene = Scene::new();
    let blob = api_blob("offsets");
    let starts = members(&scene, &blob);
    let end = *starts.last().unwrap();
    for (start, left) in starts.iter().zip((0..=MEMBERS).rev()) {
        let summary = counted(&scene, &blob, *start, &[]).success().json_lines().remove(0);
        assert_eq!(summary["lines"], left * LINES_PER_MEMBER, "{summary}");
        assert_eq!(summary["from_offset"], *start);
        assert_eq!(
            (&summary["to_offset"], &summary["bytes"]),
            (&end.into(), &(end - start).into())
        );
    }
    for offset in [1, starts[1] - 1, starts[1] + 1, starts[2] + 200, end - 1] {
        let next = *starts.iter().find(|start| **start > offset).unwrap();
        let previous = *starts.iter().rfind(|start| **start < offset).unwrap();
        let stderr = counted(&scene, &blob, offset, &[]).expect_code(6).stderr;
        let said = format!(
            "error: blob {blob}: offset {offset} is not the start of a gzip member\n  \
             the nearest starts are {previous} and {next}\nhint: "
        );
        assert!(stderr.contains(&said), "{stderr}");
        let hint = stderr.split_once("hint: ").unwrap().1;
        assert!(
            hint.contains("--align next") && hint.contains(&next.to_string()),
            "{hint}"
        );
        assert!(
            hint.contains("previous") && hint.contains(&previous.to_string()),
            "{hint}"
        );
    }
    for (align, begins) in [("next", starts[2]), ("previous", starts[1])] {
        let outcome = counted(&scene, &blob, starts[1] + 7, &["--align", align]).success();
        assert_eq!(outcome.json_lines()[0]["from_offset"], begins, "{align}");
    }
    let stderr = counted(&scene, &blob, end + 1, &["--align", "next"])
        .expect_code(6)
        .stderr;
    assert!(
        stderr.contains(&format!("offset {} is past its end at {end}", end + 1)),
        "{stderr}"
    );
}

#[test]
fn lines_from_an_offset_on_are_sent_and_the_end_completes() {
    let scene = Scene::new();
    let blob = api_blob("from");
    let starts = members(&scene, &blob);
    let end = starts[MEMBERS as usize].to_string();
    let summary = scene.summary(&blob, &["--start-offset", &starts[2].to_string()]);
    let keys: BTreeSet<&str> = summary.as_object().unwrap().keys().map(String::as_str).collect();
    let contract = "blob topic from_offset to_offset checkpoint_lines lines bytes raw_bytes torn_bytes skipped_bytes \
                    seconds lines_per_second delivery";
    assert_eq!(keys, contract.split_ascii_whitespace().collect());
    assert_eq!(summary["delivery"], "exactly-once");
    assert_eq!(summary["topic"], Value::from(scene.topics.raw_application.as_str()));
    let lines = scene.lines_of(&blob);
    let expected: Vec<String> = (2 * LINES_PER_MEMBER..4 * LINES_PER_MEMBER).map(gz::log_line).collect();
    assert_eq!(
        bytes_of(&lines),
        expected.iter().map(String::as_bytes).collect::<Vec<_>>()
    );
    assert_eq!((lines[0].member, lines[0].index), (starts[2], 0));

    let nothing = scene.summary(&blob, &["--start-offset", &end]);
    assert_eq!((&nothing["lines"], &nothing["bytes"]), (&0.into(), &0.into()));
    let completions = scene.completions().remove(&blob).unwrap();
    let ranges: Vec<_> = completions
        .iter()
        .map(|event| {
            (
                &event["processedFromOffset"],
                &event["processedToEndOffset"],
                &event["linesSent"],
            )
        })
        .collect();
    let (from, end) = (Value::from(starts[2]), Value::from(starts[4]));
    assert_eq!(ranges, [(&from, &end, &40.into()), (&end, &end, &0.into())]);
    assert_eq!(scene.lines_of(&blob).len(), 40);
}

#[test]
fn a_dry_run_sends_nothing_and_needs_no_kafka() {
    let mut scene = Scene::new();
    let blob = api_blob("dry");
    let starts = members(&scene, &blob);
    scene.blobs.append(&blob, b"\x1f\x8b");
    let dry = scene.summary(&blob, &["--dry-run"]);
    assert!(scene.lines().is_empty() && scene.completions().is_empty() && scene.states().is_empty());
    let sent = scene.summary(&blob, &[]);
    for key in [
        "blob",
        "topic",
        "from_offset",
        "to_offset",
        "checkpoint_lines",
        "lines",
        "bytes",
        "raw_bytes",
        "torn_bytes",
        "skipped_bytes",
        "delivery",
    ] {
        assert_eq!(dry[key], sent[key], "{key}");
    }
    assert_eq!(dry["dry_run"], true);
    assert_eq!((&dry["to_offset"], &dry["torn_bytes"]), (&starts[4].into(), &2.into()));
    let resumed = scene.summary(&blob, &["--dry-run", "--resume"]);
    assert_eq!(
        (&resumed["from_offset"], &resumed["lines"]),
        (&starts[4].into(), &0.into())
    );
    // A port at which nobody listens.
    scene.clp = scene.clp.set("kafka.brokers", "127.0.0.1:1");
    let down = scene.summary(&blob, &["--dry-run"]);
    assert_eq!(down["lines"], dry["lines"]);
    let text = scene.clp.run(["ingest", "--dry-run", "--blob", &blob]).success().text();
    assert!(text.contains("80 lines") && text.contains("would go to"), "{text}");
}

#[test]
fn an_offset_comes_from_the_environment_too() {
    let scene = Scene::new();
    let blob = api_blob("variable");
    let starts = members(&scene, &blob);
    let run = |value: String, args: &[&str]| {
        let all = ["ingest", "--format", "json", "--dry-run", "--blob", &blob];
        let invocation = scene.clp.args(all.into_iter().chain(args.iter().copied()));
        invocation.env("START_OFFSET", value).run()
    };
    let from = |outcome: Outcome| outcome.success().json_lines()[0]["from_offset"].clone();
    assert_eq!(from(run(starts[1].to_string(), &[])), starts[1]);
    let flag = ["--start-offset", &starts[2].to_string()];
    assert_eq!(from(run(starts[1].to_string(), &flag)), starts[2]);
    assert_eq!(from(run(String::new(), &[])), 0);
    // --resume says where to begin itself; there is no earlier run here.
    assert_eq!(from(run(starts[1].to_string(), &["--resume"])), 0);
    let stderr = run("1 MB".to_owned(), &[]).expect_code(2).stderr;
    assert!(
        stderr.contains("START_OFFSET=1 MB is not a number of bytes"),
        "{stderr}"
    );
}
