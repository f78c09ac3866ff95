//! What broke, when, for whom: the answer in a few sentences. Plain decisions over a [`Report`].

mod spike;

use std::ops::Range;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Report,
    exception::simple_name,
    fold,
    report::{Affected, Count},
    words::{Clock, grouped, one_line, percent, plural, width},
};

/// So many of each kind are named.
const NAMED: usize = 3;
/// What has a smaller share of the failures is not named.
const LEAST_SHARE: u64 = 20;
/// A pod or a client that has more than one part in so many is worth naming.
const STANDS_OUT: u64 = 2;
const SAMPLE_BYTES: usize = 120;
/// More than one failing request or line in so many is grave.
const GRAVE_SHARE: u64 = 1000;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Verdict {
    pub severity: Severity,
    pub headline: String,
    pub what: Vec<String>,
    pub when: Vec<String>,
    pub whom: Vec<String>,
    /// When much more failed than usual.
    pub spike: Option<Spike>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing failed.
    #[default]
    Calm,
    /// Some things failed, as they do at all times; or of many lines nothing is known.
    Minor,
    /// Much failed, or much more than usual.
    Grave,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spike {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Lines of errors, and requests that failed by the server's fault.
    pub failures: u64,
    pub most_in_a_bucket: u64,
    /// In a bucket of the timeline.
    pub usual_in_a_bucket: u64,
    /// Whether it reaches the end of what was read.
    pub goes_on: bool,
    #[serde(skip)]
    pub buckets: Range<usize>,
}

impl Verdict {
    /// Expects the report's tables to be long enough for what was frequent at some time only.
    pub(super) fn of(report: &Report) -> Self {
        let failures = failures(report);
        let failed: u64 = failures.iter().sum();
        if report.is_empty() || failed == 0 {
            return calm(report);
        }
        let spike = spike(report, &failures);
        let range = spike.as_ref().map_or(0..failures.len(), |spike| spike.buckets.clone());
        let severity = match spike.is_some() || failed.saturating_mul(GRAVE_SHARE) > report.lines.all {
            true => Severity::Grave,
            false => Severity::Minor,
        };
        let causes = causes(report, &range);
        let whom = whom(report, &range);
        Self {
            severity,
            headline: headline(report, failed, spike.as_ref(), &causes),
            what: causes.into_iter().map(|cause| cause.text).collect(),
            when: when(report, &failures, failed, spike.as_ref()),
            whom,
            spike,
        }
    }
}

/// Lines of errors and requests that failed by the server's fault, in each bucket.
pub(super) fn failures(report: &Report) -> Vec<u64> {
    let mut failures: Vec<u64> = report.timeline.levels.iter().map(|levels| levels.errors()).collect();
    if let Some(http) = report.front() {
        let requests = http.over_time.classes.iter().map(|classes| classes.server_errors());
        failures
            .iter_mut()
            .zip(requests)
            .for_each(|(count, more)| *count += more);
    }
    failures
}

/// What is said where no failure was found. Lines that could not be extracted may hold some.
fn calm(report: &Report) -> Verdict {
    let lines = &report.lines;
    let extracted = lines.all.saturating_sub(lines.unreadable);
    let nothing = format!("Nothing failed: no error in {}", plural(extracted, "line", "lines"));
    let headline = match (extracted, lines.unreadable) {
        (0, 0) => "No line was counted".to_owned(),
        (0, unreadable) => format!(
            "No line of {} could be extracted: raw lines are JSON objects, as the collector writes them",
            grouped(unreadable)
        ),
        (_, 0) => nothing,
        (_, unreadable) => format!("{nothing}; {} could not be extracted", grouped(unreadable)),
    };
    let severity = match lines.unreadable.saturating_mul(LEAST_SHARE) > lines.all {
        true => Severity::Minor,
        false => Severity::Calm,
    };
    Verdict {
        severity,
        headline,
        ..Verdict::default()
    }
}

fn spike(report: &Report, failures: &[u64]) -> Option<Spike> {
    let rise = spike::find(failures)?;
    Some(Spike {
        from: report.timeline.begin(rise.buckets.start),
        to: report.timeline.begin(rise.buckets.end),
        failures: rise.failures,
        most_in_a_bucket: rise.most_in_a_bucket,
        usual_in_a_bucket: rise.usual,
        goes_on: rise.buckets.end == failures.len(),
        buckets: rise.buckets,
    })
}

/// Something that failed.
struct Cause {
    /// For the headline.
    short: String,
    /// Where it failed most.
    service: Option<String>,
    count: u64,
    text: String,
}

fn in_range(over_time: &[u64], range: &Range<usize>) -> u64 {
    over_time.get(range.clone()).unwrap_or_default().iter().sum()
}

/// Those with the highest counts, but for what is rare beside the first.
fn foremost<T>(rows: &[T], count: impl Fn(&T) -> u64) -> Vec<(&T, u64)> {
    let mut counted: Vec<(&T, u64)> = rows.iter().map(|row| (row, count(row))).collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let most = counted.first().map_or(0, |(_, count)| *count);
    counted.retain(|(_, count)| *count > 0 && count.saturating_mul(LEAST_SHARE) >= most);
    counted.truncate(NAMED);
    counted
}

fn causes(report: &Report, range: &Range<usize>) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (exception, count) in foremost(&report.exceptions, |row| in_range(&row.over_time, range)) {
        let class = simple_name(&exception.class);
        let root = exception
            .root_cause
            .as_deref()
            .map_or_else(String::new, |root| format!(", caused by {}", simple_name(root)));
        causes.push(Cause {
            short: class.to_owned(),
            service: foremost_name(&exception.services),
            count,
            text: format!("{class}{root}: {}{}", times(count), said(&exception.sample)),
        });
    }
    let is_error = |level: &str| level == "ERROR" || level == "FATAL";
    if causes.is_empty() {
        let count = |row: &super::report::Pattern| match is_error(row.level) {
            true => in_range(&row.over_time, range),
            false => 0,
        };
        for (pattern, count) in foremost(&report.problem_patterns, count) {
            let service = foremost_name(&pattern.services);
            let pattern = shortened(&pattern.pattern);
            causes.push(Cause {
                short: format!("“{pattern}”"),
                service,
                count,
                text: format!("“{pattern}”: {}", times(count)),
            });
        }
    }
    let paths = report
        .front()
        .map(|http| http.failing_paths.as_slice())
        .unwrap_or_default();
    for (path, count) in foremost(paths, |row| in_range(&row.failures_over_time, range)) {
        causes.push(Cause {
            short: path.path.clone(),
            service: None,
            count,
            text: format!(
                "{}: {} with 5xx, {} of all its {}",
                path.path,
                plural(count, "request", "requests"),
                percent(path.server_errors, path.requests),
                grouped(path.requests)
            ),
        });
    }
    causes
}

fn foremost_name(counts: &[Count]) -> Option<String> {
    counts.first().map(|count| count.name.clone())
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        _ => format!("{} times", grouped(count)),
    }
}

fn said(sample: &str) -> String {
    match sample.trim() {
        "" => String::new(),
        sample => format!(" — {}", shortened(sample)),
    }
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let cut = fold::cut(line, SAMPLE_BYTES);
    let dots = if cut.len() < line.len() { "…" } else { "" };
    format!("{}{dots}", one_line(cut))
}

fn whom(report: &Report, range: &Range<usize>) -> Vec<String> {
    let mut whom = Vec::new();
    let count = |row: &Affected| in_range(&row.failures_over_time, range);
    let all: u64 = report.services.iter().map(count).sum();
    for (service, failures) in foremost(&report.services, count) {
        let share = percent(failures, all);
        let mut text = format!("{}: {share} of the failures", service.name());
        let pods: Vec<&Affected> = report
            .pods
            .iter()
            .filter(|pod| pod.environment == service.environment && pod.service == service.service)
            .collect();
        if let [(pod, of_pod), ..] = foremost(&pods, |pod| count(pod))[..]
            && pods.len() > 1
            && of_pod * STANDS_OUT > failures
        {
            text.push_str(&format!(", {} of them in pod {}", percent(of_pod, failures), pod.pod));
        }
        whom.push(text);
    }
    if let Some(http) = report.front() {
        let failed = http.classes.server_errors();
        if failed > 0 {
            whom.push(format!(
                "{} of all requests failed with 5xx ({} of {})",
                percent(failed, http.requests),
                grouped(failed),
                grouped(http.requests)
            ));
        }
        let clients = foremost(&http.failing_clients, |client| client.server_errors);
        if let [(client, count), ..] = clients[..]
            && count * STANDS_OUT > failed
            && count > 1
        {
            whom.push(format!(
                "client {}: {} of the requests that failed",
                one_line(&client.client_ip),
                percent(count, failed)
            ));
        }
    }
    whom
}

fn when(report: &Report, failures: &[u64], failed: u64, spike: Option<&Spike>) -> Vec<String> {
    let timeline = &report.timeline;
    let bucket = width(timeline.bucket_seconds);
    if let Some(spike) = spike {
        let mut text = format!(
            "{} UTC: {}, up to {} in {bucket}, where {} is usual",
            range_of(report, spike),
            plural(spike.failures, "failure", "failures"),
            grouped(spike.most_in_a_bucket),
            match spike.usual_in_a_bucket {
                0 => "none".to_owned(),
                usual => grouped(usual),
            },
        );
        if spike.goes_on {
            text.push_str("; it goes on at the end");
        }
        let outside = failed - spike.failures;
        return match outside {
            0 => vec![text],
            _ => vec![
                text,
                format!("{} at other times", plural(outside, "failure", "failures")),
            ],
        };
    }
    let with_some = failures.iter().filter(|count| **count > 0).count();
    let clock = clock(report);
    let ends = |mut indices: Box<dyn Iterator<Item = usize> + '_>| indices.find(|index| failures[*index] > 0);
    let first = ends(Box::new(0..failures.len())).unwrap_or_default();
    let last = ends(Box::new((0..failures.len()).rev())).unwrap_or_default();
    vec![format!(
        "no rise stands out: {} in {with_some} of {} of {bucket}, from {} to {} UTC",
        plural(failed, "failure", "failures"),
        plural(failures.len() as u64, "span", "spans"),
        clock.tell(timeline.begin(first)),
        clock.tell(timeline.begin(last + 1)),
    )]
}

fn clock(report: &Report) -> Clock {
    let timeline = &report.timeline;
    let last = timeline.begin(timeline.len().saturating_sub(1));
    Clock::of(timeline.start, last, timeline.bucket_seconds)
}

fn range_of(report: &Report, spike: &Spike) -> String {
    let clock = clock(report);
    format!("{}–{}", clock.tell(spike.from), clock.tell(spike.to))
}

fn headline(report: &Report, failed: u64, spike: Option<&Spike>, causes: &[Cause]) -> String {
    let mut text = match spike {
        Some(spike) => format!(
            "{} {} UTC",
            plural(spike.failures, "failure", "failures"),
            range_of(report, spike)
        ),
        None => plural(failed, "failure", "failures"),
    };
    let failures = spike.map_or(failed, |spike| spike.failures);
    if let Some(cause) = causes.first() {
        let share = match cause.count > failures / 2 {
            true => "mostly",
            false => "above all",
        };
        text.push_str(&format!(", {share} {}", cause.short));
    }
    let range = spike.map_or(0..report.timeline.len(), |spike| spike.buckets.clone());
    let services = foremost(&report.services, |row| in_range(&row.failures_over_time, &range));
    let of_cause = causes.first().and_then(|cause| cause.service.clone());
    if let Some(service) = of_cause.or_else(|| services.first().map(|(service, _)| service.name())) {
        text.push_str(&format!(" in {service}"));
    }
    text
}
