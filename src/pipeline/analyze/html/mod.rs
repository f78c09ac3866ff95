//! The report as one page: charts and tables, nothing fetched, readable on a phone and in the dark.

mod chart;
mod escape;
mod over_time;
mod requests;
mod rows;
mod tables;

use std::fmt::Write;

use self::escape::Text;
use super::{
    LEVELS, Report, Severity,
    report::{notes, read},
    words::{bytes, grouped, millis, moment, percent},
};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Colours of [`LEVELS`].
const LEVEL_CLASSES: [&str; LEVELS.len()] = ["fatal", "error", "warn", "info", "debug", "trace", "other"];

/// The whole page.
pub fn render(report: &Report) -> String {
    let mut html = head(report);
    if !report.is_empty() {
        html.push_str(&verdict(report));
        html.push_str(&facts(report));
        html.push_str(&over_time::failures_over_time(report));
        html.push_str(&tables::exceptions(report));
        html.push_str(&tables::problem_patterns(report));
        html.push_str(&tables::affected("Services", &report.services));
        html.push_str(&tables::affected("Pods", &report.pods));
        for (at, http) in [("the proxy", &report.proxy), ("the applications", &report.application)] {
            if let Some(http) = http {
                html.push_str(&requests::section(at, http, report));
            }
        }
        html.push_str(&over_time::levels_over_time(report));
        html.push_str(&tables::loggers(report));
        html.push_str(&tables::other_patterns(report));
    }
    html.push_str(&tables::unreadable(report));
    html.push_str(&foot(report));
    html
}

fn head(report: &Report) -> String {
    let what = Text(&report.about.what);
    let period = match (report.from, report.to) {
        (Some(_), Some(_)) => format!("{} – {} UTC", moment(report.from), moment(report.to)),
        _ => String::new(),
    };
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>{what} – logs</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header><h1>{what}</h1><p>{period}</p><p>{}</p></header>
"#,
        Text(&read(report))
    )
}

fn verdict(report: &Report) -> String {
    let verdict = &report.verdict;
    let tone = match verdict.severity {
        Severity::Calm => "calm",
        Severity::Minor => "minor",
        Severity::Grave => "grave",
    };
    let mut html = format!(
        r#"<section class="verdict {tone}"><p class="headline">{}</p><div class="answers">"#,
        Text(&verdict.headline)
    );
    let answers = [
        ("What broke", &verdict.what),
        ("When", &verdict.when),
        ("For whom", &verdict.whom),
    ];
    for (question, answers) in answers.into_iter().filter(|(_, answers)| !answers.is_empty()) {
        let _ = write!(html, "<div><h3>{question}</h3><ul>");
        for answer in answers {
            let _ = write!(html, "<li>{}</li>", Text(answer));
        }
        html.push_str("</ul></div>");
    }
    html + "</div></section>\n"
}

fn facts(report: &Report) -> String {
    let mut html = String::from(r#"<div class="facts">"#);
    let mut fact = |name: &str, value: String, is_bad: bool| {
        let class = if is_bad { r#" class="bad""# } else { "" };
        let _ = write!(html, "<div{class}><b>{value}</b><span>{name}</span></div>");
    };
    let errors = report.levels.errors();
    fact("lines", grouped(report.lines.all), false);
    fact("errors", grouped(errors), errors > 0);
    fact("warnings", grouped(report.levels.0[2]), false);
    if let Some(http) = report.front() {
        let failed = http.classes.server_errors();
        fact("requests", grouped(http.requests), false);
        fact("failed with 5xx", percent(failed, http.requests), failed > 0);
        if let Some(latency) = http.latency_ms {
            fact("median latency", millis(latency.p50), false);
            fact("99th percentile", millis(latency.p99), false);
        }
        fact("sent", bytes(http.bytes_sent), false);
    }
    html + "</div>\n"
}

fn foot(report: &Report) -> String {
    let mut html = String::new();
    for note in notes(report) {
        let _ = write!(html, r#"<p class="note">{}</p>"#, Text(&note));
    }
    format!(
        "<section><h2>Good to know</h2>{html}<p class=\"note\">All times are in UTC. Made by clp {}. Percentiles are within 1 % of \
         themselves. This page may hold what the logs say of people; share it as you would share them.</p></section>\n\
         </main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests;
