//! What is kept of one thing.

use super::super::{counts::LevelIndex, fold, series::Series, top::Entry};

/// Samples are cut behind so many bytes.
const SAMPLE_BYTES: usize = 400;

/// When something was first and last seen, and what it said first.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Seen {
    /// Nanoseconds since 1970.
    span: Option<(i64, i64)>,
    pub sample: String,
}

impl Seen {
    pub fn note(&mut self, time_ns: i64, sample: &str) {
        match &mut self.span {
            Some((first, last)) if time_ns >= *first => *last = time_ns.max(*last),
            span => {
                let last = span.map_or(time_ns, |(_, last)| last);
                *span = Some((time_ns, last));
                self.sample.clear();
                self.sample.push_str(fold::cut(sample, SAMPLE_BYTES));
            }
        }
    }

    /// Nanoseconds since 1970.
    pub fn first(&self) -> i64 {
        self.span.unwrap_or_default().0
    }

    pub fn last(&self) -> i64 {
        self.span.unwrap_or_default().1
    }

    /// Of the same time, the sample that sorts first: whichever thread met which.
    fn merge(&mut self, other: Self) {
        let Some((other_first, other_last)) = other.span else {
            return;
        };
        let is_earlier = match self.span {
            None => true,
            Some((first, _)) => (other_first, &other.sample) < (first, &self.sample),
        };
        if is_earlier {
            self.sample = other.sample;
        }
        let (first, last) = self.span.unwrap_or((other_first, other_last));
        self.span = Some((first.min(other_first), last.max(other_last)));
    }
}

/// Counts of a few names; behind the first eight they are counted together.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Few {
    pub counts: Vec<(String, u64)>,
    pub others: u64,
}

const FEW: usize = 8;

impl Few {
    pub fn count(&mut self, name: &str) {
        self.add(name, 1);
    }

    fn add(&mut self, name: &str, count: u64) {
        let is_full = self.counts.len() >= FEW;
        match self.counts.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known += count,
            None if is_full => self.others += count,
            None => self.counts.push((name.to_owned(), count)),
        }
    }

    fn merge(&mut self, other: Self) {
        self.others += other.others;
        other.counts.iter().for_each(|(name, count)| self.add(name, *count));
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Logger {
    pub lines: u64,
    pub errors: u64,
    pub warnings: u64,
}

impl Logger {
    pub fn line(&mut self, level: LevelIndex) {
        self.lines += 1;
        self.errors += u64::from(level.is_error());
        self.warnings += u64::from(level.is_warning());
    }
}

impl Entry for Logger {
    fn merge(&mut self, other: Self) {
        self.lines += other.lines;
        self.errors += other.errors;
        self.warnings += other.warnings;
    }

    fn weight(&self) -> u64 {
        self.lines
    }
}

/// An exception.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Trouble {
    pub count: u64,
    pub seen: Seen,
    pub over_time: Series<u64>,
    pub services: Few,
    pub pods: Few,
}

impl Entry for Trouble {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.seen.merge(other.seen);
        self.over_time.merge(other.over_time);
        self.services.merge(other.services);
        self.pods.merge(other.pods);
    }

    fn weight(&self) -> u64 {
        self.count
    }
}

/// Messages that say the same. Only of those that warn or worse is known when and where.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Pattern {
    pub count: u64,
    pub seen: Seen,
    pub over_time: Series<u64>,
    pub services: Few,
}

impl Entry for Pattern {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.seen.merge(other.seen);
        self.over_time.merge(other.over_time);
        self.services.merge(other.services);
    }

    fn weight(&self) -> u64 {
        self.count
    }
}

/// A service or a pod, and how it fared.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Affected {
    pub lines: u64,
    pub errors: u64,
    pub warnings: u64,
    pub requests: u64,
    pub client_errors: u64,
    pub server_errors: u64,
    /// Lines of errors, and requests that failed by the server's fault.
    pub failures: Series<u64>,
}

impl Affected {
    pub fn line(&mut self, level: LevelIndex, time_ns: i64) {
        self.lines += 1;
        self.warnings += u64::from(level.is_warning());
        if level.is_error() {
            self.errors += 1;
            *self.failures.at(time_ns) += 1;
        }
    }

    pub fn request(&mut self, status: i128, time_ns: i64) {
        self.lines += 1;
        self.requests += 1;
        match status {
            400..500 => self.client_errors += 1,
            500..600 => {
                self.server_errors += 1;
                *self.failures.at(time_ns) += 1;
            }
            _ => {}
        }
    }

    pub fn take(&mut self, other: &Self) {
        self.lines += other.lines;
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.requests += other.requests;
        self.client_errors += other.client_errors;
        self.server_errors += other.server_errors;
        self.failures.merge(other.failures.clone());
    }
}

impl Entry for Affected {
    fn merge(&mut self, other: Self) {
        self.take(&other);
    }

    fn weight(&self) -> u64 {
        self.lines.saturating_add(100 * (self.errors + self.server_errors))
    }
}

/// Lines that could not be extracted, for one reason.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Fault {
    pub count: u64,
    pub sample: Option<String>,
}

impl Fault {
    pub fn note_sample(&mut self, line: &str) {
        self.sample
            .get_or_insert_with(|| fold::cut(line, SAMPLE_BYTES).to_owned());
    }
}

impl Entry for Fault {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sample = match (self.sample.take(), other.sample) {
            (Some(sample), Some(other)) => Some(sample.min(other)),
            (sample, other) => sample.or(other),
        };
    }

    fn weight(&self) -> u64 {
        self.count
    }
}
