//! What is counted of lines. Tallies of parts make that of the whole; each is bounded, whatever the lines say.

mod entries;
mod requests;
mod whose;

use std::sync::Arc;

use super::{
    counts::{LevelIndex, Levels},
    exception, fold,
    series::{Series, Value},
    top::Top,
};
use crate::{
    domain::{
        Selectors,
        record::{Application, Failed, Http, Record},
    },
    pipeline::extract::offline::Counts,
};

pub(super) use entries::{Affected, Fault, Few, Logger, Pattern, Trouble};
pub(super) use requests::{Client, Layer, Path, RequestSlot};
pub use whose::Source;
pub(super) use whose::{Whose, label, parts};

use self::requests::PROXY;

/// How many of each kind of thing are kept; up to twice as many are held at times.
const LOGGERS: usize = 2000;
const EXCEPTIONS: usize = 300;
const PATTERNS: usize = 1500;
const SERVICES: usize = 200;
const PODS: usize = 2000;
const FAULTS: usize = 100;
/// The time of lines that cannot be extracted and have none: they count whatever the window is.
pub(super) const NO_TIME: i64 = i64::MIN;
/// Names from lines are cut behind so many bytes.
pub(super) const NAME_BYTES: usize = 200;

/// Which lines count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Nanoseconds since 1970; lines from then on.
    pub since_ns: Option<i64>,
    /// Up to then.
    pub until_ns: Option<i64>,
}

impl Window {
    fn holds(&self, time_ns: i64) -> bool {
        self.since_ns.is_none_or(|since| time_ns >= since) && self.until_ns.is_none_or(|until| time_ns <= until)
    }
}

/// What is counted.
#[derive(Debug)]
pub(super) struct Tally {
    window: Window,
    selectors: Arc<Selectors>,
    /// Lines in the window, and those that have no time.
    pub counts: Counts,
    /// Lines out of the window.
    pub outside: u64,
    /// Bytes of all lines, without their breaks.
    pub text_bytes: u64,
    /// Nanoseconds since 1970 of the first and the last line in the window.
    pub span: Option<(i64, i64)>,
    pub levels: Levels,
    pub timeline: Series<Slot>,
    pub loggers: Top<Logger>,
    pub exceptions: Top<Trouble>,
    /// Of lines that warn or worse, by level and pattern.
    pub problems: Top<Pattern>,
    /// Of all other lines of messages.
    pub others: Top<Pattern>,
    /// Requests to applications, and those to the proxy in front of them.
    pub layers: [Layer; 2],
    pub services: Top<Affected>,
    pub pods: Top<Affected>,
    pub faults: Top<Fault>,
    /// Kept between lines, so that they allocate nothing.
    folded: String,
    name: String,
}

/// A bucket of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    pub levels: Levels,
    pub layers: [RequestSlot; 2],
}

impl Value for Slot {
    fn add(&mut self, other: Self) {
        self.levels.add(other.levels);
        self.layers
            .iter_mut()
            .zip(other.layers)
            .for_each(|(layer, other)| layer.add(other));
    }
}

impl Tally {
    pub fn new(window: Window, selectors: Arc<Selectors>) -> Self {
        Self {
            window,
            selectors,
            counts: Counts::default(),
            outside: 0,
            text_bytes: 0,
            span: None,
            levels: Levels::default(),
            timeline: Series::default(),
            loggers: Top::keeping(LOGGERS),
            exceptions: Top::keeping(EXCEPTIONS),
            problems: Top::keeping(PATTERNS),
            others: Top::keeping(PATTERNS),
            layers: Default::default(),
            services: Top::keeping(SERVICES),
            pods: Top::keeping(PODS),
            faults: Top::keeping(FAULTS),
            folded: String::new(),
            name: String::new(),
        }
    }

    /// Counts what a line has become; `whose` is of the line's source.
    pub fn add(&mut self, record: Option<&Record<'_>>, whose: &mut Whose) {
        if let Some(record) = record
            && record.ts_ns() != NO_TIME
            && !self.window.holds(record.ts_ns())
        {
            self.outside += 1;
            return;
        }
        self.counts.add(record.map(Record::kind));
        match record {
            None => {}
            Some(Record::Application(record)) => self.application(record, whose),
            Some(Record::Http(http)) => self.request(http, false, whose),
            Some(Record::Proxy(proxy)) => self.request(&proxy.http, true, whose),
            Some(Record::Error(failed)) => self.fault(failed),
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.counts += other.counts;
        self.outside += other.outside;
        self.text_bytes += other.text_bytes;
        self.span = match (self.span, other.span) {
            (Some((from, to)), Some((other_from, other_to))) => Some((from.min(other_from), to.max(other_to))),
            (span, other) => span.or(other),
        };
        self.levels.add(other.levels);
        self.timeline.merge(other.timeline);
        self.loggers.merge(other.loggers);
        self.exceptions.merge(other.exceptions);
        self.problems.merge(other.problems);
        self.others.merge(other.others);
        let [layer, proxy] = other.layers;
        self.layers[0].merge(layer);
        self.layers[1].merge(proxy);
        self.services.merge(other.services);
        self.pods.merge(other.pods);
        self.faults.merge(other.faults);
    }

    /// Hands over what `whose` has counted. To be called once the lines of its source are over, and when its pod changes.
    pub fn settle(&mut self, whose: &mut Whose) {
        if let Some((service, pod, affected)) = whose.take() {
            self.services.update(&service, |known| known.take(&affected));
            self.pods.update(&pod, |known| known.take(&affected));
        }
    }

    fn note_time(&mut self, time_ns: i64) {
        let (from, to) = self.span.unwrap_or((time_ns, time_ns));
        self.span = Some((from.min(time_ns), to.max(time_ns)));
    }

    fn of_pod(&mut self, pod: &str, whose: &mut Whose) {
        if !whose.is_of(pod) {
            self.settle(whose);
            whose.turn_to(pod, &self.selectors);
        }
    }

    fn application(&mut self, record: &Application<'_>, whose: &mut Whose) {
        let time = record.ts_ns;
        let level = LevelIndex::of(&record.level);
        self.note_time(time);
        self.levels.count(level);
        self.timeline.at(time).levels.count(level);
        self.of_pod(&record.pod_name, whose);
        whose.affected.line(level, time);
        let logger = fold::cut(&record.logger, NAME_BYTES);
        self.loggers.update(logger, |logger| logger.line(level));
        self.pattern(record, level, whose);
        self.exception(record, whose);
    }

    fn pattern(&mut self, record: &Application<'_>, level: LevelIndex, whose: &Whose) {
        fold::message(&record.msg, &mut self.folded);
        let is_problem = level.is_error() || level.is_warning();
        self.name.clear();
        self.name.push_str(level.name());
        self.name.push(' ');
        self.name.push_str(&self.folded);
        let patterns = if is_problem {
            &mut self.problems
        } else {
            &mut self.others
        };
        patterns.update(&self.name, |pattern| {
            pattern.count += 1;
            pattern.seen.note(record.ts_ns, &record.msg);
            if is_problem {
                *pattern.over_time.at(record.ts_ns) += 1;
                pattern.services.count(whose.label());
            }
        });
    }

    fn exception(&mut self, record: &Application<'_>, whose: &Whose) {
        let exception = match record.thrown.is_empty() {
            false => exception::of_thrown(&record.thrown),
            true => match exception::of_message(&record.msg) {
                Some(exception) => exception,
                None => return,
            },
        };
        self.name.clear();
        self.name.push_str(fold::cut(&exception.class, NAME_BYTES));
        if let Some(root) = &exception.root_cause {
            self.name.push('\n');
            self.name.push_str(fold::cut(root, NAME_BYTES));
        }
        let sample = match exception.message.is_empty() {
            true => &*record.msg,
            false => &*exception.message,
        };
        self.exceptions.update(&self.name, |trouble| {
            trouble.count += 1;
            trouble.seen.note(record.ts_ns, sample);
            *trouble.over_time.at(record.ts_ns) += 1;
            trouble.services.count(whose.label());
            trouble.pods.count(whose.pod());
        });
    }

    fn request(&mut self, http: &Http<'_>, at_proxy: bool, whose: &mut Whose) {
        self.note_time(http.ts_ns);
        self.of_pod(&http.pod_name, whose);
        whose.affected.request(http.status_code.get(), http.ts_ns);
        // Of a source whose service is not known, the pod tells whether it is the proxy.
        let layer = usize::from(at_proxy || whose.is_proxy()) * PROXY;
        self.timeline.at(http.ts_ns).layers[layer].add_request(http);
        fold::path(&http.path, &mut self.folded);
        self.name.clear();
        self.name.push_str(http.method);
        self.name.push(' ');
        self.name.push_str(&self.folded);
        self.layers[layer].add(http, &self.name);
    }

    fn fault(&mut self, failed: &Failed<'_>) {
        fold::message(&failed.error, &mut self.folded);
        self.name.clear();
        self.name.push_str(failed.error_type.name());
        self.name.push(' ');
        self.name.push_str(&self.folded);
        self.faults.update(&self.name, |fault| {
            fault.count += 1;
            fault.note_sample(&failed.raw_line);
        });
    }
}
