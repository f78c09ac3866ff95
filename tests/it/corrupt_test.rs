//! Bytes in the middle of a blob that no member can be read from.

use crate::support::gz;
use crate::support::scene::{Scene, api_blob, bytes_of, expect_log_lines};

/// A way to damage the middle one of three members; gives what stands in its place.
type Damage = fn(Vec<u8>) -> Vec<u8>;

const DAMAGES: [(&str, Damage); 5] = [
    ("flipped", |mut member| {
        let middle = member.len() / 2;
        member[middle] ^= 0xff;
        member
    }),
    ("checksum", |mut member| {
        let crc = member.len() - 8;
        member[crc] ^= 1;
        member
    }),
    ("length", |mut member| {
        let isize = member.len() - 4;
        member[isize] ^= 1;
        member
    }),
    ("cut", |mut member| {
        member.truncate(member.len() - 5);
        member
    }),
    ("head", |mut member| {
        member[0] = 0;
        member
    }),
];

const LINES: u64 = 30;

#[test]
fn a_corrupt_member_stops_the_run_and_is_passed_over_on_demand() {
    let scene = Scene::new();
    let member = |number: u64| gz::blob(number * LINES..(number + 1) * LINES, LINES);
    let (first, last) = (member(0), member(2));
    let middles: Vec<_> = DAMAGES
        .iter()
        .map(|(name, damage)| (api_blob(&format!("bad-{name}")), damage(member(1))))
        .collect();
    for (blob, middle) in &middles {
        scene.blobs.append(blob, &[&first[..], middle, &last].concat());
    }

    let outcome = scene.ingest("kubernetes/20250606.api-bad-*", &[]).expect_code(6);
    assert!(outcome.json_lines().is_empty());
    for (blob, _) in &middles {
        let said = format!(
            "error: blob {blob}: the gzip member at offset {} is corrupt: ",
            first.len()
        );
        assert!(outcome.stderr.contains(&said), "{said} is not in\n{}", outcome.stderr);
    }
    assert!(
        outcome
            .stderr
            .contains(&format!("; before it this run sent {LINES} lines\n")),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("hint: --resume --on-corrupt skip"),
        "{}",
        outcome.stderr
    );
    let (lines, states) = (scene.lines(), scene.states());
    for (blob, _) in &middles {
        expect_log_lines(&lines[blob], 0..LINES);
        let state = &states[&format!("cp2:P1:{blob}")];
        assert_eq!(state["lastIngestedOffset"], first.len());
    }
    assert!(scene.completions().is_empty());

    let again = scene
        .ingest("kubernetes/20250606.api-bad-cut*", &["--resume"])
        .expect_code(6);
    assert!(again.json_lines().is_empty());

    let skipped = scene
        .ingest("kubernetes/20250606.api-bad-*", &["--resume", "--on-corrupt", "skip"])
        .success()
        .json_lines();
    let (lines, completions) = (scene.lines(), scene.completions());
    let expected: Vec<String> = (0..LINES).chain(2 * LINES..3 * LINES).map(gz::log_line).collect();
    for (blob, middle) in &middles {
        let summary = skipped.iter().find(|summary| summary["blob"] == blob.as_str()).unwrap();
        assert_eq!(summary["skipped_bytes"], middle.len(), "{summary}");
        assert_eq!(summary["lines"], LINES, "{summary}");
        assert_eq!(summary["from_offset"], first.len(), "{summary}");
        assert_eq!(summary["to_offset"], first.len() + middle.len() + last.len());
        let found: Vec<String> = bytes_of(&lines[blob])
            .into_iter()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect();
        assert!(found == expected, "{blob}: {} lines", found.len());
        let numbers: Vec<u64> = lines[blob].iter().map(|line| line.number).collect();
        assert_eq!(numbers, (1..=2 * LINES).collect::<Vec<_>>());
        assert_eq!(completions[blob].len(), 1);
    }
}

#[test]
fn damage_is_passed_over_wherever_it_is() {
    let scene = Scene::new();
    let good = |number: u64| gz::blob(number * LINES..(number + 1) * LINES, LINES);
    let garbage: Vec<u8> = (0..5000_u32).map(|i| ((i * 7919) >> 3) as u8).collect();
    // What could pass for a member's head, but is none.
    let tempting = [0x1f, 0x8b, 0x08, 0x00].repeat(20);
    for (pod, parts, skipped, lines) in [
        (
            "garbage-between",
            vec![good(0), garbage.clone(), good(1)],
            garbage.len(),
            2,
        ),
        ("garbage-first", vec![garbage.clone(), good(0)], garbage.len(), 1),
        ("garbage-last", vec![good(0), garbage.clone()], garbage.len(), 1),
        ("garbage-only", vec![garbage.clone()], garbage.len(), 0),
        ("tempting", vec![good(0), tempting.clone(), good(1)], tempting.len(), 2),
        ("zeros", vec![good(0), vec![0; 512], good(1), vec![0; 512]], 1024, 2),
    ] {
        scene.blobs.append(&api_blob(&format!("mess-{pod}")), &parts.concat());
        let size: usize = parts.iter().map(Vec::len).sum();
        let summary = scene.summary(&api_blob(&format!("mess-{pod}")), &["--on-corrupt", "skip"]);
        assert_eq!(summary["skipped_bytes"], skipped, "{pod}: {summary}");
        assert_eq!(summary["lines"], lines * LINES, "{pod}: {summary}");
        assert_eq!(summary["to_offset"], size, "{pod}: {summary}");
        let dry = scene.summary(
            &api_blob(&format!("mess-{pod}")),
            &["--dry-run", "--on-corrupt", "skip"],
        );
        for key in ["skipped_bytes", "lines", "to_offset", "raw_bytes"] {
            assert_eq!(dry[key], summary[key], "{pod}: {key}");
        }
    }
    for (blob, lines) in scene.lines() {
        expect_log_lines(&lines, 0..lines.len() as u64);
        assert_eq!(scene.completions()[&blob].len(), 1);
    }
}

#[test]
fn a_large_member_gives_the_lines_before_its_damage_once() {
    const MANY: u64 = 8000;
    let scene = Scene::new();
    let blob = api_blob("large");
    // About 13 MB of text; lines are given out in steps of 4 MiB before the member has proved whole.
    let mut large = gz::blob(0..MANY, MANY);
    // Damage of the data itself may inflate to wrong text for a while; a wrong checksum is found at the very end.
    let crc = large.len() - 8;
    large[crc] ^= 1;
    let last = gz::blob(MANY..MANY + LINES, LINES);
    scene.blobs.append(&blob, &[&large[..], &last].concat());
    scene.ingest(&blob, &[]).expect_code(6);
    let before = scene.lines_of(&blob).len() as u64;
    assert!((1..MANY).contains(&before), "{before}");
    expect_log_lines(&scene.lines_of(&blob), 0..before);
    let state = &scene.states()[&format!("cp2:P1:{blob}")];
    assert_eq!(
        (&state["lastIngestedOffset"], &state["checkpointLines"]),
        (&0.into(), &before.into())
    );

    let summary = scene.summary(&blob, &["--resume", "--on-corrupt", "skip"]);
    assert_eq!(
        (&summary["lines"], &summary["skipped_bytes"]),
        (&LINES.into(), &large.len().into())
    );
    let lines = scene.lines_of(&blob);
    let expected: Vec<String> = (0..before).chain(MANY..MANY + LINES).map(gz::log_line).collect();
    assert!(bytes_of(&lines) == expected.iter().map(String::as_bytes).collect::<Vec<_>>());
    assert_eq!(lines.last().unwrap().number, before + LINES);
}

#[test]
fn a_line_that_runs_into_damage_is_left_out() {
    let scene = Scene::new();
    let blob = api_blob("into");
    let members = [
        gz::member(b"one\ntwo, which goes on "),
        vec![0; 40],
        gz::member(b"three\n"),
    ];
    scene.blobs.append(&blob, &members.concat());
    scene.ingest(&blob, &[]).expect_code(6);
    let state = &scene.states()[&format!("cp2:P1:{blob}")];
    // No line starts at the damage: the run would go on in the first member, behind the line that is whole.
    assert_eq!(
        (&state["lastIngestedOffset"], &state["checkpointLines"]),
        (&0.into(), &1.into())
    );
    let summary = scene.summary(&blob, &["--resume", "--on-corrupt", "skip"]);
    assert_eq!((&summary["lines"], &summary["skipped_bytes"]), (&1.into(), &40.into()));
    assert_eq!(bytes_of(&scene.lines_of(&blob)), [&b"one"[..], b"three"]);
}

#[test]
fn a_dry_run_finds_the_same_damage() {
    let scene = Scene::new();
    let blob = api_blob("dry");
    let first = gz::blob(0..LINES, LINES);
    scene.blobs.append(&blob, &[&first[..], &[0; 100]].concat());
    let outcome = scene.ingest(&blob, &["--dry-run"]).expect_code(6);
    assert!(
        outcome.stderr.contains(&format!("offset {}", first.len())),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome
            .stderr
            .contains("before it this run counted 30 lines and sent none\nhint: --on-corrupt skip"),
        "{}",
        outcome.stderr
    );
    assert!(scene.lines().is_empty());
}
