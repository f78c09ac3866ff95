//! What a run tells at its end.

use std::time::Duration;

use crate::{cli::human_size, pipeline::ingest::Summary};

/// What is printed at the end of a run.
#[derive(serde::Serialize)]
pub(super) struct Report<'a> {
    blob: &'a str,
    topic: &'a str,
    from_offset: u64,
    to_offset: u64,
    checkpoint_lines: u64,
    lines: u64,
    /// Compressed bytes between the two offsets.
    bytes: u64,
    raw_bytes: u64,
    torn_bytes: u64,
    skipped_bytes: u64,
    seconds: f64,
    lines_per_second: f64,
    delivery: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

pub(super) fn report<'a>(
    blob: &'a str,
    topic: &'a str,
    summary: &Summary,
    elapsed: Duration,
    delivery: &'static str,
    dry_run: bool,
) -> Report<'a> {
    let seconds = elapsed.as_secs_f64();
    Report {
        blob,
        topic,
        from_offset: summary.from.member,
        to_offset: summary.to.member,
        checkpoint_lines: summary.to.lines,
        lines: summary.lines,
        bytes: summary.to.member.saturating_sub(summary.from.member),
        raw_bytes: summary.raw_bytes,
        torn_bytes: summary.torn_bytes,
        skipped_bytes: summary.skipped_bytes,
        seconds: (seconds * 1000.0).round() / 1000.0,
        lines_per_second: (summary.lines as f64 / seconds.max(f64::EPSILON)).round(),
        delivery,
        dry_run,
    }
}

pub(super) fn text(report: &Report<'_>) -> String {
    let mut text = format!("{}: {}", report.blob, told(report));
    if report.torn_bytes > 0 {
        text += &format!("; {} bytes of an unfinished member are left", report.torn_bytes);
    }
    if report.skipped_bytes > 0 {
        text += &format!("; {} corrupt bytes were passed over", report.skipped_bytes);
    }
    text
}

fn told(report: &Report<'_>) -> String {
    let Report {
        topic,
        from_offset,
        to_offset,
        lines,
        seconds,
        lines_per_second,
        ..
    } = report;
    if *lines == 0 && from_offset == to_offset {
        return format!("nothing new for {topic} behind offset {from_offset}");
    }
    let text = format!("{lines} lines ({})", human_size(report.raw_bytes));
    let where_ =
        format!("{topic}, offsets {from_offset} to {to_offset}, in {seconds:.1} s, {lines_per_second} lines/s");
    match report.dry_run {
        true => format!("{text} would go to {where_}"),
        false => format!("{text} sent to {where_}, {}", report.delivery),
    }
}
