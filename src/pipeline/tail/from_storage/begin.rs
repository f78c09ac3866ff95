//! Where in a blob to begin, so that little of it is read.

use bytes::Bytes;

use crate::{
    domain::Checkpoint,
    gzip,
    pipeline::{
        extract::{Origin, RawLine, extract},
        lines::{Item, LastLine, Limits, LineError, LineReader, OnCorrupt, Reading},
    },
};

/// The first step back from a blob's end, and how many times as far each further one reaches.
const FIRST_STEP_BYTES: u64 = 128 << 10;
const STEP_GROWTH: u64 = 4;

/// Bounds for many blobs side by side. A line longer than this comes in parts.
pub(super) const LIMITS: Limits = Limits {
    batch_bytes: 256 << 10,
    batch_lines: 4 << 10,
    hold_back_bytes: 1 << 20,
    hold_back_lines: 16 << 10,
    line_bytes: 1 << 20,
    part_bytes: 1 << 20,
};

/// The first member that begins no farther than the step of this round before `end`; `end` if none does.
pub(super) fn step_back<S, E>(end: u64, round: u32, open: impl FnMut(u64) -> S) -> Result<u64, E>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    let step = FIRST_STEP_BYTES.saturating_mul(STEP_GROWTH.saturating_pow(round));
    match end.checked_sub(step) {
        None | Some(0) => Ok(0),
        Some(from) => Ok(gzip::next_member(from, open)?.unwrap_or(end)),
    }
}

/// A member before which no line is of `time` (nanoseconds since 1970) or later, not much farther back than need be.
pub(in crate::pipeline) fn since<S, E>(end: u64, time: i64, mut open: impl FnMut(u64) -> S) -> Result<u64, E>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    let mut round = 0;
    loop {
        let member = step_back(end, round, &mut open)?;
        if member == 0 || (member < end && first_time(member, end, &mut open).is_some_and(|first| first < time)) {
            return Ok(member);
        }
        round += 1;
    }
}

/// Where the first line begins that was not whole yet when the blob was of size `end`: there may be a torn member, or a line
/// without its end. And whether that is a place at which a line is known to begin.
pub(super) fn behind<S, E>(end: u64, mut open: impl FnMut(u64) -> S) -> Result<(Checkpoint, bool), E>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    let mut round = 0;
    let start = loop {
        let member = step_back(end, round, &mut open)?;
        if member < end || end == 0 {
            break Checkpoint::at(member);
        }
        round += 1;
    };
    let reading = Reading {
        start,
        end,
        limits: LIMITS,
        last_line: LastLine::Wait,
        on_corrupt: OnCorrupt::Skip,
    };
    let mut reader = LineReader::new(reading, open);
    let checkpoint = loop {
        match reader.next_item() {
            Ok(Item::Batch(_) | Item::Skipped { .. }) => {}
            Ok(Item::End(end)) => break end.checkpoint,
            Err(LineError::Source(error)) => return Err(error),
            // The blob is another than a moment ago.
            Err(LineError::Corrupt { .. } | LineError::Changed { .. }) => break Checkpoint::at(end),
        }
    };
    Ok((checkpoint, checkpoint != start || start.member == 0))
}

/// The time of the first line from `member` on that has one.
fn first_time<S, E>(member: u64, end: u64, open: impl FnMut(u64) -> S) -> Option<i64>
where
    S: Iterator<Item = Result<Bytes, E>>,
{
    let reading = Reading {
        start: Checkpoint::at(member),
        end,
        limits: LIMITS,
        last_line: LastLine::Wait,
        on_corrupt: OnCorrupt::Fail,
    };
    // Whatever is wrong there is for the reading to find.
    match LineReader::new(reading, open).next_item().ok()? {
        Item::Batch(batch) => batch.pieces().find_map(|(_, line)| time_of(line)),
        Item::Skipped { .. } | Item::End(_) => None,
    }
}

/// When the line was written, in nanoseconds since 1970, if it says so.
pub(super) fn time_of(line: &[u8]) -> Option<i64> {
    const NONE: i64 = i64::MIN;
    let origin = Origin {
        service: "",
        environment: "",
        subscription: "",
        from_proxy: false,
        received_ns: NONE,
    };
    let raw = RawLine::new(line);
    let ts = extract(&raw, origin, false)?.ts_ns();
    (ts != NONE).then_some(ts)
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, io::Write};

    use super::*;

    /// A member of a minute's lines, which do not compress.
    fn member(minute: u64) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        for second in 0..60 {
            let filler = "x".repeat(1000);
            let line = format!(
                r#"{{"@timestamp":"2025-06-06T{:02}:{:02}:{second:02}Z","log":"{filler}"}}"#,
                minute / 60,
                minute % 60
            );
            encoder.write_all(line.as_bytes()).unwrap();
            encoder.write_all(b"\n").unwrap();
        }
        encoder.finish().unwrap()
    }

    #[test]
    fn what_comes_begins_with_the_line_that_was_not_whole() {
        let member = |text: &str| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let first = member("a\nb\nbegun");
        let blob = Bytes::from([first.clone(), member(" and ended\nc\n")].concat());
        let size = first.len() as u64;
        let open = |offset: u64| std::iter::once(Ok::<_, Infallible>(blob.slice(offset as usize..size as usize)));
        let (checkpoint, is_line) = behind(size, open).unwrap();
        assert_eq!((checkpoint.member, checkpoint.lines, is_line), (0, 2, true));
    }

    #[test]
    fn reading_begins_at_a_member_shortly_before_the_time() {
        let members: Vec<Vec<u8>> = (0..300).map(member).collect();
        let mut starts = vec![0];
        for member in &members {
            starts.push(starts[starts.len() - 1] + member.len() as u64);
        }
        let blob = Bytes::from(members.concat());
        let open = |offset: u64| std::iter::once(Ok::<_, Infallible>(blob.slice(blob.len().min(offset as usize)..)));
        let end = blob.len() as u64;
        for minute in [0, 1, 100, 250, 299, 400] {
            let time = (1_749_168_000 + minute * 60) * 1_000_000_000;
            let member = since(end, time, open).unwrap();
            let begun = starts.iter().position(|start| *start == member).unwrap() as i64;
            assert!(begun < minute || begun == 0, "{begun} for {minute}");
            let needed = 300 - minute.min(300);
            assert!(300 - begun <= needed * 4 + 4, "{begun} for {minute}");
        }
        assert_eq!(behind(end, open), Ok((Checkpoint::at(end), true)));
        let torn = starts[299] + 1000;
        for (size, begins) in [(torn, starts[299]), (1000, 0), (0, 0)] {
            let open = |offset: u64| std::iter::once(Ok::<_, Infallible>(blob.slice(offset as usize..size as usize)));
            assert_eq!(behind(size, open), Ok((Checkpoint::at(begins), true)), "{size}");
        }
        assert_eq!(step_back(end, 20, open), Ok(0));
        assert_eq!(step_back(1000, 0, open), Ok(0));
    }
}
