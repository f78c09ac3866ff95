//! Blobs and lines of every shape: what is between two newlines comes as it is.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::gz::member;
use crate::support::process::unique;
use crate::support::scene::{Scene, api_blob, bytes_of, lines_in};
use crate::support::services::kafka;
use crate::support::topics;

/// A pod, its blob's members, and the lines that are in them.
type Shape = (&'static str, Vec<Vec<u8>>, Vec<Vec<u8>>);

fn shapes() -> Vec<Shape> {
    let texts = |lines: &[&str]| lines.iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>();
    let every_byte: Vec<u8> = (0..=255).filter(|byte| *byte != b'\n').collect();
    let invalid = [&[0xff, 0xfe, 0xc3][..], b"\xed\xa0\x80", b"a\0b\0", &every_byte];
    vec![
        ("empty", vec![], vec![]),
        ("empty-member", vec![member(b"")], vec![]),
        (
            "empty-lines",
            vec![member(b"\n\na\n\n"), member(b"\n")],
            texts(&["", "", "a", "", ""]),
        ),
        ("unterminated", vec![member(b"a\nb")], texts(&["a", "b"])),
        (
            "over-members",
            vec![member(b"a\nb, "), member(b"b, "), member(b""), member(b"b\nc\n")],
            texts(&["a", "b, b, b", "c"]),
        ),
        (
            "newline-apart",
            vec![member(b"a"), member(b"\n"), member(b"b\n"), member(b"")],
            texts(&["a", "b"]),
        ),
        (
            "empty-members",
            vec![
                member(b""),
                member(b"a\n"),
                member(b""),
                member(b""),
                member(b"b\n"),
                member(b""),
            ],
            texts(&["a", "b"]),
        ),
        (
            "invalid-utf8",
            vec![member(&[&invalid.join(&b'\n')[..], b"\n"].concat())],
            invalid.map(<[u8]>::to_vec).to_vec(),
        ),
        (
            "crlf",
            vec![member(b"a\r\n\r\nb\rc\r\n"), member(b"\r")],
            texts(&["a\r", "\r", "b\rc\r", "\r"]),
        ),
        (
            "byte-by-byte",
            b"one\n\ntwo\n".iter().map(|byte| member(&[*byte])).collect(),
            texts(&["one", "", "two"]),
        ),
    ]
}

#[test]
fn lines_of_all_shapes_come_unchanged() {
    let scene = Scene::new();
    let shapes = shapes();
    for (pod, members, _) in &shapes {
        scene.blobs.create(&api_blob(&format!("shape-{pod}")));
        if !members.is_empty() {
            scene
                .blobs
                .append(&api_blob(&format!("shape-{pod}")), &members.concat());
        }
    }
    let running = ["[a-d]*", "[e-h]*", "[i-z]*"].map(|pods| {
        let pattern = format!("kubernetes/20250606.api-shape-{pods}");
        scene
            .clp
            .spawn(["ingest", "--format", "json", "--resume", "--blob", &pattern])
    });
    let summaries: Vec<Value> = running
        .into_iter()
        .flat_map(|running| running.wait().success().json_lines())
        .collect();
    assert_eq!(summaries.len(), shapes.len());
    let (found, completions) = (scene.lines(), scene.completions());
    for (pod, members, lines) in &shapes {
        let blob = api_blob(&format!("shape-{pod}"));
        let found = found.get(&blob).map_or_else(Vec::new, |lines| bytes_of(lines));
        assert_eq!(found, *lines, "{pod}");
        let summary = summaries.iter().find(|summary| summary["blob"] == *blob).unwrap();
        let size: usize = members.iter().map(Vec::len).sum();
        assert_eq!(summary["lines"], lines.len(), "{pod}");
        assert_eq!(summary["to_offset"], size, "{pod}");
        assert_eq!(summary["checkpoint_lines"], 0, "{pod}");
        assert_eq!(
            summary["raw_bytes"],
            lines.iter().map(Vec::len).sum::<usize>(),
            "{pod}: newlines do not count"
        );
        assert_eq!(completions[&blob].len(), 1, "{pod}");
        assert_eq!(completions[&blob][0]["processedToEndOffset"], size, "{pod}");
        assert_eq!(completions[&blob][0]["linesSent"], lines.len(), "{pod}");
    }
}

#[test]
fn positions_name_the_member_in_which_a_line_begins() {
    let scene = Scene::new();
    let blob = api_blob("positions");
    let members = [member(b"a\nb\nc1"), member(b"c2"), member(b"c3\nd\n"), member(b"e\n")];
    scene.blobs.append(&blob, &members.concat());
    scene.summary(&blob, &[]);
    let third = (members[0].len() + members[1].len()) as u64;
    let fourth = third + members[2].len() as u64;
    let positions: Vec<(u64, u64, u64)> = scene
        .lines_of(&blob)
        .iter()
        .map(|line| (line.number, line.member, line.index))
        .collect();
    assert_eq!(
        positions,
        [(1, 0, 0), (2, 0, 1), (3, 0, 2), (4, third, 0), (5, fourth, 0)]
    );
    let header = |record: &crate::support::records::Record, name| record.header(name).map(str::to_owned);
    for record in kafka().read_committed(&scene.topics.raw_application) {
        assert_eq!(header(&record, "service").as_deref(), Some("api"));
    }
}

/// Bytes that hardly compress, without a newline.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        match (state >> 32) as u8 {
            b'\n' => b' ',
            byte => byte,
        }
    };
    (0..length).map(|_| next()).collect()
}

/// A topic (the usual one if `None`), the bytes of its largest record or part, and lines.
type LimitedLines<'a> = (Option<&'a str>, usize, Vec<Vec<u8>>);

#[test]
fn lines_longer_than_a_record_may_be_come_in_parts() {
    let scene = Scene::new();
    let name = |limit: &str| format!("{}.{limit}", unique("limit"));
    let (small, large) = (name("10000"), name("64M"));
    topics::create(kafka(), &small, 1, &[("max.message.bytes", "10000")]);
    topics::create(kafka(), &large, 1, &[("max.message.bytes", "67108864")]);
    // Short lines among them, many to a batch: a batch must not be larger than a record may be, either.
    let around = |limit: usize| -> Vec<Vec<u8>> {
        let long = [
            limit / 2,
            limit - 1500,
            limit - 700,
            limit - 1,
            limit,
            limit + 1,
            limit * 2,
            limit * 3 + 17,
        ];
        let short = (0..60).map(|i| limit / 10 - i);
        let lengths = short.take_while(|length| *length < 10_000).chain(long);
        lengths.zip(1..).map(|(length, seed)| noise(length, seed)).collect()
    };
    let cases: BTreeMap<&str, LimitedLines> = BTreeMap::from([
        ("small", (Some(small.as_str()), 10_000, around(10_000))),
        ("usual", (None, 1_048_588, around(1_048_588))),
        (
            "large",
            (
                Some(large.as_str()),
                8 << 20,
                vec![noise(3 << 20, 1), noise(20 << 20, 2), noise(5, 3)],
            ),
        ),
        (
            "twenty",
            (
                None,
                1_048_588,
                vec![b"before".to_vec(), vec![b'x'; 20 << 20], b"behind".to_vec()],
            ),
        ),
    ]);
    let mut running = Vec::new();
    for (pod, (topic, _, lines)) in &cases {
        let text = [lines.join(&b'\n'), vec![b'\n']].concat();
        // Cut into members anywhere.
        let third = text.len() / 3;
        let members = [
            member(&text[..third]),
            member(&text[third..2 * third]),
            member(&text[2 * third..]),
        ];
        scene.blobs.append(&api_blob(pod), &members.concat());
        let blob = api_blob(pod);
        let args = ["ingest", "--format", "json", "--blob", &blob];
        let topic = topic.map_or_else(Vec::new, |topic| vec!["--topic", topic]);
        running.push((*pod, scene.clp.spawn(args.into_iter().chain(topic))));
    }
    for (pod, running) in running {
        let summary = running.wait().success().json_lines().remove(0);
        let (topic, limit, lines) = &cases[pod];
        assert_eq!(summary["lines"], lines.len());
        let topic = topic.unwrap_or(&scene.topics.raw_application);
        let found = &lines_in(topic)[&api_blob(pod)];
        assert_eq!(found.len(), lines.len(), "{pod}");
        for (found, expected) in found.iter().zip(lines) {
            let length = expected.len();
            assert!(found.bytes == *expected, "{pod}: a line of {length} bytes is another");
            let parts = found.parts as usize;
            assert!(parts >= length.div_ceil(*limit), "{pod}: {length} bytes in {parts}");
            assert!(
                parts <= length.div_ceil(limit - 1200).max(1),
                "{pod}: {length} bytes in {parts}"
            );
        }
    }
}

#[test]
fn one_broken_blob_of_several_is_told_and_the_others_are_done() {
    let scene = Scene::new();
    let good = [api_blob("part-1"), api_blob("part-3")];
    for blob in &good {
        scene.blobs.append(blob, &member(b"good\n"));
    }
    let broken = api_blob("part-2");
    scene.blobs.append(&broken, b"no gzip at all");
    scene.blobs.append(&api_blob("other"), &member(b"not asked for\n"));
    let outcome = scene.ingest("kubernetes/*.api-part-[0-9]_*", &[]).expect_code(7);
    let done: Vec<Value> = outcome
        .json_lines()
        .iter()
        .map(|summary| summary["blob"].clone())
        .collect();
    assert_eq!(done, good.clone().map(Value::from));
    let said = format!("error: blob {broken}: the gzip member at offset 0 is corrupt");
    assert!(outcome.stderr.contains(&said), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("error: 1 of 3 blobs failed\n"),
        "{}",
        outcome.stderr
    );
    assert_eq!(scene.lines().into_keys().collect::<Vec<_>>(), good);

    let nothing = scene.ingest("kubernetes/2024*", &[]).expect_code(5);
    assert!(
        nothing.stderr.contains("no blob matches kubernetes/2024*"),
        "{}",
        nothing.stderr
    );
}
