//! Laws of the reader, against a model that holds everything in memory.

use std::{convert::Infallible, io::Write};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::domain::LinePosition;

type Line = (LinePosition, Vec<u8>);

/// Bounds so small that a few bytes reach all of them.
const TINY: Limits = Limits {
    batch_bytes: 12,
    batch_lines: 4,
    hold_back_bytes: 16,
    hold_back_lines: 3,
    line_bytes: 40,
    part_bytes: 7,
};

fn member(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The blob, and its lines as DESIGN's rule of positions has them; the last may be unterminated.
fn blob_and_lines(texts: &[Vec<u8>]) -> (Vec<u8>, Vec<Line>, bool) {
    let mut blob = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut open_line = false;
    for text in texts {
        let offset = blob.len() as u64;
        let mut index = 0;
        for &byte in text {
            if !open_line {
                lines.push((LinePosition { member: offset, index }, Vec::new()));
                index += 1;
            }
            open_line = byte != b'\n';
            if open_line {
                lines.last_mut().unwrap().1.push(byte);
            }
        }
        blob.extend(member(text));
    }
    (blob, lines, open_line)
}

fn open(blob: Vec<u8>, piece: usize) -> impl FnMut(u64) -> std::vec::IntoIter<Result<Bytes, Infallible>> {
    move |offset| {
        blob[offset as usize..]
            .chunks(piece)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect::<Vec<_>>()
            .into_iter()
    }
}

#[derive(Debug, Default)]
struct Outcome {
    lines: Vec<Line>,
    /// Checkpoints that may be committed, with the lines given out before each.
    commits: Vec<(Checkpoint, usize)>,
    skipped: Vec<(u64, u64)>,
    corrupt: Option<u64>,
    end: Option<End>,
}

fn read(
    blob: &[u8],
    piece: usize,
    limits: Limits,
    start: Checkpoint,
    last: LastLine,
    on_corrupt: OnCorrupt,
) -> Outcome {
    let reading = Reading {
        start,
        end: blob.len() as u64,
        limits,
        last_line: last,
        on_corrupt,
    };
    let mut reader = LineReader::new(reading, open(blob.to_vec(), piece));
    let mut outcome = Outcome::default();
    let mut parts = Vec::new();
    loop {
        match reader.next_item() {
            Ok(Item::Batch(batch)) => {
                assert!(!batch.is_empty());
                for (piece, bytes) in batch.pieces() {
                    if let Some(part) = piece.part {
                        assert!(part.of > 1 && bytes.len() <= limits.part_bytes);
                        parts.extend_from_slice(bytes);
                    } else {
                        assert!(parts.is_empty());
                        parts = bytes.to_vec();
                    }
                    if piece.ends_line() {
                        outcome.lines.push((piece.position, std::mem::take(&mut parts)));
                    }
                }
                assert_eq!(batch.whole, parts.is_empty());
                if batch.whole {
                    outcome.commits.push((batch.after, outcome.lines.len()));
                }
            }
            Ok(Item::Skipped { from, to, .. }) => outcome.skipped.push((from, to)),
            Ok(Item::End(end)) => {
                assert!(parts.is_empty());
                outcome.commits.push((end.checkpoint, outcome.lines.len()));
                outcome.end = Some(end);
                return outcome;
            }
            Err(LineError::Corrupt { member, .. }) => {
                outcome.corrupt = Some(member);
                return outcome;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn members() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let byte = prop_oneof![2 => Just(b'\n'), 5 => Just(b'x'), 1 => any::<u8>()];
    let line = prop::collection::vec(any::<u8>(), 0..120);
    let text = prop_oneof![
        prop::collection::vec(byte, 0..60),
        line.prop_map(|mut line| {
            line.iter_mut().for_each(|byte| *byte = (*byte).max(b' '));
            line
        })
    ];
    prop::collection::vec(text, 0..7)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_cut_of_a_chain_gives_the_same_lines(texts in members(), piece in 1..40_usize) {
        let (blob, lines, open_line) = blob_and_lines(&texts);
        let outcome = read(&blob, piece, TINY, Checkpoint::default(), LastLine::Send, OnCorrupt::Fail);
        prop_assert_eq!(&outcome.lines, &lines);
        let expected = End { checkpoint: Checkpoint::at(blob.len() as u64), torn_bytes: 0, unterminated: open_line.then_some(LastLine::Send) };
        prop_assert_eq!(outcome.end, Some(expected));
    }

    #[test]
    fn every_commit_resumes_with_the_next_line(texts in members(), piece in 1..40_usize) {
        let (blob, lines, _) = blob_and_lines(&texts);
        let outcome = read(&blob, piece, TINY, Checkpoint::default(), LastLine::Send, OnCorrupt::Fail);
        for (checkpoint, sent) in outcome.commits {
            let rest = read(&blob, piece, TINY, checkpoint, LastLine::Send, OnCorrupt::Fail);
            prop_assert_eq!(&rest.lines[..], &lines[sent..], "{}", checkpoint);
        }
    }

    #[test]
    fn a_blob_that_grows_in_any_steps_adds_up(texts in members(), cuts in prop::collection::vec(0..10_000_usize, 0..4)) {
        let (blob, lines, open_line) = blob_and_lines(&texts);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (blob.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(blob.len());
        let (mut checkpoint, mut found) = (Checkpoint::default(), Vec::new());
        for cut in cuts {
            let outcome = read(&blob[..cut], 11, TINY, checkpoint, LastLine::Wait, OnCorrupt::Fail);
            found.extend(outcome.lines);
            let end = outcome.end.unwrap();
            prop_assert!(end.checkpoint >= checkpoint && end.checkpoint.member <= cut as u64);
            checkpoint = end.checkpoint;
        }
        let terminated = lines.len() - usize::from(open_line);
        prop_assert_eq!(&found[..], &lines[..terminated]);
    }

    #[test]
    fn damage_costs_no_line_of_another_member(before in members(), after in members(), at in 10..1_000_usize) {
        let terminated = |texts: Vec<Vec<u8>>| texts.into_iter().map(|mut text| { text.push(b'\n'); text }).collect::<Vec<_>>();
        let (before, after) = (terminated(before), terminated(after));
        let mut damaged = member(b"a member\nof some lines\nwhose bytes were hit\n");
        let at = 10 + at % (damaged.len() - 14);
        damaged[at] ^= 0x55;
        let (good, good_lines, _) = blob_and_lines(&before);
        let (rest, rest_lines, _) = blob_and_lines(&after);
        let blob = [good.clone(), damaged.clone(), rest].concat();
        let (from, to) = (good.len() as u64, (good.len() + damaged.len()) as u64);

        let failed = read(&blob, 13, TINY, Checkpoint::default(), LastLine::Send, OnCorrupt::Fail);
        prop_assert_eq!(failed.corrupt, Some(from));
        prop_assert!(failed.lines.starts_with(&good_lines));

        let skipped = read(&blob, 13, TINY, Checkpoint::default(), LastLine::Send, OnCorrupt::Skip);
        prop_assert_eq!(skipped.skipped, vec![(from, to)]);
        let expected: Vec<Line> = rest_lines.into_iter()
            .map(|(position, line)| (LinePosition { member: position.member + to, ..position }, line))
            .collect();
        prop_assert!(skipped.lines.starts_with(&good_lines));
        prop_assert!(skipped.lines.ends_with(&expected));
    }
}

#[test]
fn a_corrupt_member_of_common_size_gives_no_line() {
    let mut wrong_checksum = member(b"one\ntwo\n");
    let crc = wrong_checksum.len() - 5;
    wrong_checksum[crc] ^= 1;
    let blob = [member(b"zero\nunfinished "), wrong_checksum, member(b"three\n")].concat();
    let limits = Limits::for_parts_of(1000);
    let outcome = read(&blob, 5, limits, Checkpoint::default(), LastLine::Send, OnCorrupt::Skip);
    let text: Vec<&[u8]> = outcome.lines.iter().map(|(_, line)| &line[..]).collect();
    assert_eq!(text, [&b"zero"[..], b"three"]);
}

#[test]
fn neighbouring_long_lines_come_whole_and_in_order() {
    let long = |byte: u8, count: usize| vec![byte; count];
    let text = [long(b'a', 500), long(b'b', 41), long(b'c', 900), long(b'd', 3)].join(&b'\n');
    let halves = vec![text[..700].to_vec(), text[700..].to_vec()];
    let (blob, lines, _) = blob_and_lines(&halves);
    let outcome = read(&blob, 9, TINY, Checkpoint::default(), LastLine::Send, OnCorrupt::Fail);
    assert_eq!(outcome.lines, lines);
}

#[test]
fn a_torn_member_is_passed_over_once_nobody_writes_and_a_whole_one_follows() {
    // Text that is only stored hides what follows: inflate takes it for more of the same.
    let mut stored = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    stored.write_all(&[b's'; 2_000]).unwrap();
    let torn = stored.finish().unwrap()[..40].to_vec();
    let (first, last) = (member(b"one\n"), member(b"two\nthree\n"));
    // The last byte looks like the start of a member.
    let blob = [&first[..], &torn, &last, &torn, &[0x1f]].concat();
    let (from, to) = (first.len() as u64, (first.len() + torn.len()) as u64);
    let end = |checkpoint, torn_bytes| {
        Some(End {
            checkpoint: Checkpoint::at(checkpoint),
            torn_bytes,
            unterminated: None,
        })
    };
    let left = blob.len() as u64 - from;
    for (last_line, on_corrupt, skipped, lines, expected) in [
        (
            LastLine::Send,
            OnCorrupt::Skip,
            vec![(from, to)],
            3,
            end(to + last.len() as u64, 41),
        ),
        (LastLine::Send, OnCorrupt::Fail, vec![], 1, end(from, left)),
        (LastLine::Wait, OnCorrupt::Skip, vec![], 1, end(from, left)),
    ] {
        let limits = Limits::for_parts_of(1_000);
        let outcome = read(&blob, 17, limits, Checkpoint::default(), last_line, on_corrupt);
        assert_eq!(outcome.skipped, skipped);
        assert_eq!((outcome.lines.len(), outcome.end), (lines, expected));
    }
}
