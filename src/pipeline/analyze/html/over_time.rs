//! Charts of what lines say.

use std::ops::Range;

use super::{
    super::{LEVELS, Report, verdict::failures, words::grouped},
    LEVEL_CLASSES,
    chart::{self, Part, legend, stacked},
};

pub(super) fn failures_over_time(report: &Report) -> String {
    let timeline = &report.timeline;
    let total: u64 = failures(report).iter().sum();
    if total == 0 {
        return String::new();
    }
    let mut parts: Vec<Part<'_, u64>> = [(1, "ERROR"), (0, "FATAL")]
        .into_iter()
        .map(|(index, name)| Part {
            name,
            class: LEVEL_CLASSES[index],
            values: timeline.levels.iter().map(|levels| levels.0[index]).collect(),
        })
        .collect();
    if let Some(http) = report.front() {
        parts.push(Part {
            name: "requests with 5xx",
            class: "p90",
            values: http
                .over_time
                .classes
                .iter()
                .map(|classes| classes.server_errors())
                .collect(),
        });
    }
    parts.retain(|part| part.values.iter().any(|value| *value > 0));
    let sums = parts
        .iter()
        .map(|part| (part.name, part.class, grouped(part.values.iter().sum())));
    format!(
        "<section><h2>Failures over time<small>{}{}</small></h2>{}{}</section>\n",
        chart::each(timeline),
        if report.verdict.spike.is_some() {
            "; the rise is shaded"
        } else {
            ""
        },
        legend(sums),
        stacked(&parts, timeline, mark(report))
    )
}

/// What is shaded.
pub(super) fn mark(report: &Report) -> Option<&Range<usize>> {
    report.verdict.spike.as_ref().map(|spike| &spike.buckets)
}

pub(super) fn levels_over_time(report: &Report) -> String {
    let timeline = &report.timeline;
    // The most frequent at the bottom.
    let indices = (0..LEVELS.len()).rev().filter(|index| report.levels.0[*index] > 0);
    let parts: Vec<Part<'_, u64>> = indices
        .map(|index| Part {
            name: LEVELS[index],
            class: LEVEL_CLASSES[index],
            values: timeline.levels.iter().map(|levels| levels.0[index]).collect(),
        })
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    let sums = parts
        .iter()
        .map(|part| (part.name, part.class, grouped(part.values.iter().sum())));
    format!(
        "<section><h2>Lines by level<small>{}</small></h2>{}{}</section>\n",
        chart::each(timeline),
        legend(sums.rev()),
        stacked(&parts, timeline, mark(report))
    )
}
