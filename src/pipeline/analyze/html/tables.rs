//! Tables of what lines say.

use jiff::Timestamp;

use super::{
    super::{
        LEVELS, Report,
        report::{Affected, Count},
        words::{Clock, grouped},
    },
    LEVEL_CLASSES,
    chart::spark,
    escape::Text,
    rows::{Rows, count, count_red},
};

pub(super) fn affected(title: &str, list: &[Affected]) -> String {
    if list.is_empty() {
        return String::new();
    }
    let is_pod = list.iter().any(|row| !row.pod.is_empty());
    let mut rows = Rows::new(&[
        ("w", if is_pod { "Pod" } else { "Service" }),
        ("", "Failures over time"),
        ("n", "Errors"),
        ("n", "5xx"),
        ("n wide", "4xx"),
        ("n wide", "Warnings"),
        ("n wide", "Requests"),
        ("n wide", "Lines"),
    ]);
    for row in list {
        let name = match is_pod {
            true => format!(
                r#"{}<span class="where"> {} {}</span>"#,
                Text(&row.pod),
                Text(&row.environment),
                Text(&row.service)
            ),
            false => Text(&row.name()).to_string(),
        };
        rows.row(&[
            name,
            spark(&row.failures_over_time, "error"),
            count_red(row.errors),
            count_red(row.server_errors),
            count(row.client_errors),
            count(row.warnings),
            count(row.requests),
            count(row.lines),
        ]);
    }
    section(title, "most failures first", &rows.finish())
}

pub(super) fn exceptions(report: &Report) -> String {
    if report.exceptions.is_empty() {
        return String::new();
    }
    let mut rows = Rows::new(&[
        ("n", "Count"),
        ("", "Over time"),
        ("w", "Exception"),
        ("t wide", "First"),
        ("t wide", "Last"),
    ]);
    for row in &report.exceptions {
        let root = row.root_cause.as_ref().map_or_else(String::new, |root| {
            format!(r#"<span class="where"> caused by </span><code>{}</code>"#, Text(root))
        });
        rows.row(&[
            count_red(row.count),
            spark(&row.over_time, "error"),
            format!(
                r#"<code>{}</code>{root}{}{}"#,
                Text(&row.class),
                where_(&row.services, &row.pods),
                sample(&row.sample)
            ),
            clock(report, row.first_seen),
            clock(report, row.last_seen),
        ]);
    }
    section("Exceptions", "with what the first one said", &rows.finish())
}

pub(super) fn problem_patterns(report: &Report) -> String {
    if report.problem_patterns.is_empty() {
        return String::new();
    }
    let mut rows = Rows::new(&[
        ("n", "Count"),
        ("", "Over time"),
        ("w", "Message"),
        ("t wide", "First"),
        ("t wide", "Last"),
    ]);
    for row in &report.problem_patterns {
        let class = level_class(row.level);
        rows.row(&[
            count(row.count),
            spark(&row.over_time, class),
            format!(
                r#"<span class="level {class}">{}</span> {}{}{}"#,
                row.level,
                Text(&row.pattern),
                where_(&row.services, &[]),
                sample(&row.sample)
            ),
            clock(report, row.first_seen),
            clock(report, row.last_seen),
        ]);
    }
    section(
        "Errors and warnings",
        "what varies is folded; with the first one",
        &rows.finish(),
    )
}

pub(super) fn other_patterns(report: &Report) -> String {
    if report.other_patterns.is_empty() {
        return String::new();
    }
    let mut rows = Rows::new(&[
        ("n", "Count"),
        ("", "Level"),
        ("w", "Message"),
        ("t wide", "First"),
        ("t wide", "Last"),
    ]);
    for row in &report.other_patterns {
        rows.row(&[
            count(row.count),
            format!(r#"<span class="level {}">{}</span>"#, level_class(row.level), row.level),
            Text(&row.pattern).to_string(),
            clock(report, row.first_seen),
            clock(report, row.last_seen),
        ]);
    }
    section("Other messages", "what varies is folded", &rows.finish())
}

pub(super) fn loggers(report: &Report) -> String {
    if report.loggers.is_empty() {
        return String::new();
    }
    let mut rows = Rows::new(&[("n", "Lines"), ("n", "Errors"), ("n", "Warnings"), ("w", "Logger")]);
    for row in &report.loggers {
        rows.row(&[
            count(row.lines),
            count_red(row.errors),
            count(row.warnings),
            format!("<code>{}</code>", Text(&row.logger)),
        ]);
    }
    section("Loggers", "most lines first", &rows.finish())
}

pub(super) fn unreadable(report: &Report) -> String {
    if report.unreadable.is_empty() {
        return String::new();
    }
    let mut rows = Rows::new(&[("n", "Count"), ("wide", "Type"), ("w", "Reason")]);
    for row in &report.unreadable {
        rows.row(&[
            count(row.count),
            Text(&row.error_type).to_string(),
            format!("{}{}", Text(&row.reason), sample(&row.sample)),
        ]);
    }
    section("Lines that could not be extracted", "with one of them", &rows.finish())
}

fn section(title: &str, note: &str, table: &str) -> String {
    format!("<section><h2>{title}<small>{note}</small></h2>{table}</section>\n")
}

fn level_class(level: &str) -> &'static str {
    let index = LEVELS.into_iter().position(|known| known == level);
    LEVEL_CLASSES[index.unwrap_or(LEVELS.len() - 1)]
}

fn sample(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!(r#"<span class="sample">{}</span>"#, Text(text.trim_end())),
    }
}

fn where_(services: &[Count], pods: &[Count]) -> String {
    let names = |counts: &[Count]| {
        let names = counts
            .iter()
            .map(|count| format!("{} {}", count.name, grouped(count.count)));
        names.collect::<Vec<_>>().join(", ")
    };
    // One pod is worth its name, several are a matter of their service.
    let where_ = match pods {
        [only] => format!("{}, all in pod {}", names(services), only.name),
        _ => names(services),
    };
    match where_.is_empty() {
        true => String::new(),
        false => format!(r#"<span class="where"> · {}</span>"#, Text(&where_)),
    }
}

fn clock(report: &Report, time: Option<Timestamp>) -> String {
    let clock = match (report.from, report.to) {
        (Some(from), Some(to)) => Clock::of(from, to, 1),
        _ => return String::new(),
    };
    time.map_or_else(String::new, |time| clock.tell(time))
}
