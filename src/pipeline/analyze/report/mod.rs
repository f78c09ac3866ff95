//! What is told of the counts: plain data, in the form that `--format json` writes.

mod http;
mod notes;
mod tables;
mod timeline;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Outcome, Verdict, Window,
    counts::Levels,
    tally::{Few, label, parts},
};

pub use http::{Client, Http, Path};
pub(super) use notes::{notes, read};
pub use tables::{Affected, Count, Cut, Exception, Fault, Logger, Pattern};
pub use timeline::Timeline;

/// So many of each table are looked at for the verdict.
const JUDGED: usize = 100;

/// The whole answer. Times are in UTC.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was asked for, for people.
    pub about: About,
    pub verdict: Verdict,
    /// Of the first and the last line that counted.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub lines: Lines,
    pub levels: Levels,
    pub timeline: Timeline,
    pub services: Vec<Affected>,
    pub pods: Vec<Affected>,
    pub exceptions: Vec<Exception>,
    /// Of lines that warn or worse.
    pub problem_patterns: Vec<Pattern>,
    pub other_patterns: Vec<Pattern>,
    pub loggers: Vec<Logger>,
    /// Requests as the proxy in front saw them.
    pub proxy: Option<Http>,
    /// Requests as the applications saw them.
    pub application: Option<Http>,
    pub unreadable: Vec<Fault>,
    /// Tables from which rare entries were let go, so that memory stays bounded.
    pub cut: Vec<Cut>,
}

/// What was read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct About {
    pub what: String,
    /// What `sources` counts: `blobs` or `files`.
    pub of: &'static str,
    pub sources: u64,
    /// Sources that could not be read, or in part only.
    pub failed_sources: u64,
    /// Sources that end inside of a gzip member, as a blob does that is being written.
    pub torn_sources: u64,
    /// As they lie in storage, compressed; null where that is not known.
    pub stored_bytes: Option<u64>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Lines {
    pub all: u64,
    pub application: u64,
    pub http: u64,
    pub proxy: u64,
    /// That could not be extracted.
    pub unreadable: u64,
    /// Blank messages, and probes that are no requests.
    pub skipped: u64,
    /// Out of the window, and in none of the other counts.
    pub outside: u64,
    /// Of all lines, also those out of the window.
    pub text_bytes: u64,
}

impl Report {
    /// The first `most` of each table.
    pub fn new(outcome: &Outcome, about: About, window: Window, most: usize) -> Self {
        let tally = &outcome.tally;
        // The verdict looks for what was frequent at a time, and that need not be so on the whole.
        let top = most.max(JUDGED);
        let timeline = Timeline::of(tally);
        let mut report = Self {
            about: About {
                torn_sources: outcome.ends.iter().flatten().filter(|end| end.torn_bytes > 0).count() as u64,
                failed_sources: outcome.ends.iter().filter(|end| end.is_err()).count() as u64 + about.failed_sources,
                since: window.since_ns.and_then(time),
                until: window.until_ns.and_then(time),
                ..about
            },
            verdict: Verdict::default(),
            from: tally.span.and_then(|(from, _)| time(from)),
            to: tally.span.and_then(|(_, to)| time(to)),
            lines: Lines {
                all: tally.counts.lines,
                application: tally.counts.application,
                http: tally.counts.http,
                proxy: tally.counts.proxy,
                unreadable: tally.counts.errors,
                skipped: tally.counts.skipped,
                outside: tally.outside,
                text_bytes: tally.text_bytes,
            },
            levels: tally.levels,
            services: tables::affected(&tally.services, &timeline, top),
            pods: tables::affected(&tally.pods, &timeline, top),
            exceptions: tables::exceptions(tally, &timeline, top),
            problem_patterns: tables::problem_patterns(tally, &timeline, top),
            other_patterns: tables::other_patterns(tally, top),
            loggers: tables::loggers(tally, top),
            application: http::layer(tally, 0, &timeline, top),
            proxy: http::layer(tally, 1, &timeline, top),
            unreadable: tables::unreadable(tally, top),
            cut: tables::cut(tally),
            timeline,
        };
        report.verdict = Verdict::of(&report);
        report.truncate(most);
        report
    }

    fn truncate(&mut self, most: usize) {
        self.services.truncate(most);
        self.pods.truncate(most);
        self.exceptions.truncate(most);
        self.problem_patterns.truncate(most);
        self.other_patterns.truncate(most);
        self.loggers.truncate(most);
        self.unreadable.truncate(most);
        let layers = [&mut self.proxy, &mut self.application];
        layers.into_iter().flatten().for_each(|http| http.truncate(most));
    }

    /// Requests as the first layer saw them that was seen by clients.
    pub fn front(&self) -> Option<&Http> {
        self.proxy.as_ref().or(self.application.as_ref())
    }

    /// Whether no line counted.
    pub fn is_empty(&self) -> bool {
        self.lines.all == 0
    }
}

fn time(nanos: i64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(i128::from(nanos)).ok()
}

fn counts(few: &Few) -> Vec<Count> {
    let mut counts: Vec<Count> = few
        .counts
        .iter()
        .map(|(name, count)| Count {
            name: name.clone(),
            count: *count,
        })
        .collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    if few.others > 0 {
        counts.push(Count {
            name: "(others)".to_owned(),
            count: few.others,
        });
    }
    counts
}

/// Environment and service of a name in a table, as people are told.
fn label_of(name: &str) -> String {
    let (environment, service, _) = parts(name);
    label(environment, service)
}
