//! What is said of a report beside its tables.

use super::{
    super::words::{bytes, grouped, percent, plural},
    Report,
};

/// How much was read.
pub(in super::super) fn read(report: &Report) -> String {
    let about = &report.about;
    let one = about.of.strip_suffix('s').unwrap_or(about.of);
    let stored = about
        .stored_bytes
        .map_or_else(String::new, |stored| format!(" ({})", bytes(stored)));
    format!(
        "{}{stored}, {}, {} of text",
        plural(about.sources, one, about.of),
        plural(report.lines.all, "line", "lines"),
        bytes(report.lines.text_bytes)
    )
}

/// What one should know of how this was counted.
pub(in super::super) fn notes(report: &Report) -> Vec<String> {
    let (about, lines) = (&report.about, &report.lines);
    let mut notes = Vec::new();
    if lines.skipped > 0 {
        notes.push(format!(
            "{} skipped: blank messages, and probes that are no requests",
            plural(lines.skipped, "line", "lines")
        ));
    }
    if lines.outside > 0 {
        notes.push(format!(
            "{} out of the time window",
            plural(lines.outside, "line", "lines")
        ));
    }
    if report.timeline.lines_far_off > 0 {
        notes.push(format!(
            "{} with times far off all others: in the counts, not in what is shown over time",
            plural(report.timeline.lines_far_off, "line", "lines")
        ));
    }
    if about.torn_sources > 0 {
        notes.push(format!(
            "{} of {} {} end inside of a gzip member, as they do while they are written",
            about.torn_sources, about.sources, about.of
        ));
    }
    if about.failed_sources > 0 {
        notes.push(format!(
            "{} of {} {} could not be read, or in part only",
            about.failed_sources, about.sources, about.of
        ));
    }
    for cut in &report.cut {
        notes.push(format!(
            "{}: more of them than are kept in memory; {} rare ones were let go, and counts of rare ones may be too low",
            cut.table,
            grouped(cut.let_go)
        ));
    }
    let errors = report.levels.errors();
    if errors > 0 && lines.all > 0 {
        notes.push(format!(
            "errors are lines of level ERROR or FATAL: {} of all lines",
            percent(errors, lines.all)
        ));
    }
    notes
}
