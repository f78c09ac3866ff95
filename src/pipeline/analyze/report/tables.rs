//! Tables that are told.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    super::{
        counts::LEVELS,
        tally::{self, Tally, parts},
        top::{Entry, Top},
    },
    Timeline, counts, label_of, time,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    pub name: String,
    pub count: u64,
}

/// A service, or a pod of one, and how it fared.
#[derive(Clone, Debug, Serialize)]
pub struct Affected {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub environment: String,
    pub service: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pod: String,
    pub lines: u64,
    pub errors: u64,
    pub warnings: u64,
    pub requests: u64,
    pub client_errors: u64,
    pub server_errors: u64,
    /// Lines of errors, and requests that failed by the server's fault.
    pub failures_over_time: Vec<u64>,
}

impl Affected {
    pub fn failures(&self) -> u64 {
        self.errors + self.server_errors
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Exception {
    pub class: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<String>,
    pub count: u64,
    pub first_seen: Option<Timestamp>,
    pub last_seen: Option<Timestamp>,
    pub sample: String,
    pub services: Vec<Count>,
    pub pods: Vec<Count>,
    pub over_time: Vec<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Pattern {
    pub level: &'static str,
    pub pattern: String,
    pub count: u64,
    pub first_seen: Option<Timestamp>,
    pub last_seen: Option<Timestamp>,
    pub sample: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Count>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub over_time: Vec<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Logger {
    pub logger: String,
    pub lines: u64,
    pub errors: u64,
    pub warnings: u64,
}

/// Lines that could not be extracted, for one reason.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    pub error_type: String,
    pub reason: String,
    pub count: u64,
    pub sample: String,
}

/// A table that keeps only what is frequent.
#[derive(Clone, Debug, Serialize)]
pub struct Cut {
    pub table: &'static str,
    pub kept: u64,
    pub let_go: u64,
}

pub(super) fn affected(table: &Top<tally::Affected>, timeline: &Timeline, top: usize) -> Vec<Affected> {
    let order = |entry: &tally::Affected| (Reverse(entry.errors + entry.server_errors), Reverse(entry.lines));
    let rows = table.first(top, order).into_iter();
    rows.map(|(name, entry)| {
        let (environment, service, pod) = parts(name);
        Affected {
            environment: environment.to_owned(),
            service: service.to_owned(),
            pod: pod.to_owned(),
            lines: entry.lines,
            errors: entry.errors,
            warnings: entry.warnings,
            requests: entry.requests,
            client_errors: entry.client_errors,
            server_errors: entry.server_errors,
            failures_over_time: timeline.spread(&entry.failures, |count| *count),
        }
    })
    .collect()
}

pub(super) fn exceptions(tally: &Tally, timeline: &Timeline, top: usize) -> Vec<Exception> {
    let rows = tally.exceptions.first(top, |entry| Reverse(entry.count)).into_iter();
    rows.map(|(name, entry)| {
        let (class, root_cause) = match name.split_once('\n') {
            Some((class, root)) => (class, Some(root.to_owned())),
            None => (name, None),
        };
        Exception {
            class: class.to_owned(),
            root_cause,
            count: entry.count,
            first_seen: time(entry.seen.first()),
            last_seen: time(entry.seen.last()),
            sample: entry.seen.sample.clone(),
            services: counts(&entry.services),
            pods: counts(&entry.pods),
            over_time: timeline.spread(&entry.over_time, |count| *count),
        }
    })
    .collect()
}

/// Errors before warnings: one is worth more than a thousand of the other.
pub(super) fn problem_patterns(tally: &Tally, timeline: &Timeline, top: usize) -> Vec<Pattern> {
    let mut rows = patterns(&tally.problems, usize::MAX);
    rows.sort_by_key(|pattern| (pattern.level == "WARN", Reverse(pattern.count)));
    rows.truncate(top);
    for row in &mut rows {
        let name = [row.level, " ", &row.pattern].concat();
        let entry = tally.problems.iter().find(|(known, _)| *known == name);
        if let Some((_, entry)) = entry {
            row.services = counts(&entry.services);
            row.over_time = timeline.spread(&entry.over_time, |count| *count);
        }
    }
    rows
}

pub(super) fn other_patterns(tally: &Tally, top: usize) -> Vec<Pattern> {
    patterns(&tally.others, top)
}

fn patterns(table: &Top<tally::Pattern>, top: usize) -> Vec<Pattern> {
    let rows = table.first(top, |entry| Reverse(entry.count)).into_iter();
    rows.map(|(name, entry)| {
        let (level, pattern) = name.split_once(' ').unwrap_or((name, ""));
        Pattern {
            level: LEVELS.into_iter().find(|known| *known == level).unwrap_or_default(),
            pattern: pattern.to_owned(),
            count: entry.count,
            first_seen: time(entry.seen.first()),
            last_seen: time(entry.seen.last()),
            sample: entry.seen.sample.clone(),
            services: Vec::new(),
            over_time: Vec::new(),
        }
    })
    .collect()
}

pub(super) fn loggers(tally: &Tally, top: usize) -> Vec<Logger> {
    let rows = tally.loggers.first(top, |entry| Reverse(entry.lines)).into_iter();
    rows.map(|(name, entry)| Logger {
        logger: name.to_owned(),
        lines: entry.lines,
        errors: entry.errors,
        warnings: entry.warnings,
    })
    .collect()
}

pub(super) fn unreadable(tally: &Tally, top: usize) -> Vec<Fault> {
    let rows = tally.faults.first(top, |entry| Reverse(entry.count)).into_iter();
    rows.map(|(name, entry)| {
        let (error_type, reason) = name.split_once(' ').unwrap_or((name, ""));
        Fault {
            error_type: error_type.to_owned(),
            reason: reason.to_owned(),
            count: entry.count,
            sample: entry.sample.clone().unwrap_or_default(),
        }
    })
    .collect()
}

pub(super) fn cut(tally: &Tally) -> Vec<Cut> {
    fn of<V: Entry>(table: &'static str, top: &Top<V>) -> Option<Cut> {
        (top.let_go() > 0).then(|| Cut {
            table,
            kept: top.len() as u64,
            let_go: top.let_go(),
        })
    }
    let [application, proxy] = &tally.layers;
    [
        of("services", &tally.services),
        of("pods", &tally.pods),
        of("exceptions", &tally.exceptions),
        of("problem_patterns", &tally.problems),
        of("other_patterns", &tally.others),
        of("loggers", &tally.loggers),
        of("proxy.paths", &proxy.paths),
        of("proxy.clients", &proxy.clients),
        of("application.paths", &application.paths),
        of("application.clients", &application.clients),
        of("unreadable", &tally.faults),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Affected {
    /// Environment and service, or the pod.
    pub fn name(&self) -> String {
        match self.pod.as_str() {
            "" => label_of(&format!("{}\t{}", self.environment, self.service)),
            pod => pod.to_owned(),
        }
    }
}
