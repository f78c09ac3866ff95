//! For tests of the loop: a clock of its own, and feeds that fill up as a script has it.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io::{self, Write},
    rc::Rc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{
    Form, Kind, Look, Place, Plan, Progress, Record, Select, Source, TailError, Take, clock::Clock, run::run_by,
};
use crate::domain::Selectors;

/// What a test takes on a clock that nobody waits for.
const TOO_LONG: Duration = Duration::from_secs(600);
/// 2025-06-06T00:00:00Z.
pub fn begin() -> Timestamp {
    "2025-06-06T00:00:00Z".parse().unwrap()
}

pub struct Scripted {
    begun: Instant,
    passed: Cell<Duration>,
}

impl Scripted {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            begun: Instant::now(),
            passed: Cell::new(Duration::ZERO),
        })
    }

    fn pass(&self, time: Duration) {
        self.passed.set(self.passed.get() + time);
        assert!(self.passed.get() < TOO_LONG, "it does not end");
    }
}

impl Clock for Scripted {
    fn now(&self) -> Instant {
        self.begun + self.passed.get()
    }

    fn time(&self) -> Timestamp {
        begin() + SignedDuration::try_from(self.passed.get()).unwrap()
    }

    fn rest(&self, at_most: Duration) {
        self.pass(at_most);
    }
}

/// When a line can be read, and what time it tells, both since the beginning.
#[derive(Clone, Debug)]
pub struct Line {
    pub at: Duration,
    pub ts: Duration,
    pub text: String,
    pub key: Option<String>,
}

pub fn line(at: Duration, text: impl Into<String>) -> Line {
    Line {
        at,
        ts: at,
        text: text.into(),
        key: None,
    }
}

/// As a partition is: its end is told only after it gave nothing for a while, and once for each.
struct Partition {
    lines: VecDeque<Line>,
    silent_since: Duration,
    told_end: bool,
    /// Those that were there at the beginning.
    backlog: usize,
}

pub struct Partitions {
    clock: Rc<Scripted>,
    feeds: Vec<Partition>,
    closed: Option<Duration>,
    /// Said nothing of, as one without a leader.
    pub dead: Vec<usize>,
}

/// An empty answer takes so long.
const FETCH: Duration = Duration::from_millis(100);

impl Partitions {
    pub fn new(clock: &Rc<Scripted>, feeds: Vec<Vec<Line>>) -> Self {
        let feeds = feeds.into_iter().map(|lines| Partition {
            backlog: lines.iter().filter(|line| line.at.is_zero()).count(),
            lines: lines.into(),
            silent_since: Duration::ZERO,
            told_end: false,
        });
        Self {
            clock: Rc::clone(clock),
            feeds: feeds.collect(),
            closed: None,
            dead: Vec::new(),
        }
    }
}

impl Source for Partitions {
    fn feeds(&self) -> usize {
        self.feeds.len()
    }

    fn read(&mut self, index: usize, take: &mut Take<'_>) -> Result<Progress, TailError> {
        // Every look takes a moment.
        self.clock.pass(Duration::from_micros(10));
        if self.dead.contains(&index) {
            return Ok(Progress::Waiting);
        }
        let now = self.clock.passed.get();
        let feed = &mut self.feeds[index];
        let end = self.closed.unwrap_or(Duration::MAX);
        let mut took = 0;
        while took < 3
            && let Some(line) = feed.lines.pop_front_if(|line| line.at <= now && line.at <= end)
        {
            (took, feed.silent_since, feed.told_end) = (took + 1, line.at, false);
            feed.backlog = feed.backlog.saturating_sub(1);
            let time = begin() + SignedDuration::try_from(line.ts).unwrap();
            let value = format!(
                r#"{{"ts_ns":{},"level":"INFO","logger":"l","msg":"{}","pod_name":"p"}}"#,
                time.as_nanosecond(),
                line.text
            );
            let record = Record {
                kind: Kind::Extracted,
                place: Place::Topic {
                    topic: "T",
                    partition: index as i32,
                    offset: 0,
                },
                key: line.key.as_ref().map(|key| key.as_bytes()),
                timestamp_ms: None,
                headers: Vec::new(),
                value: Some(value.as_bytes()),
            };
            take(&record);
        }
        let is_closed = self.closed.is_some() && feed.lines.front().is_none_or(|line| line.at > end);
        Ok(match took {
            _ if is_closed => Progress::AtEnd,
            0 if feed.backlog == 0 => Progress::AtEnd,
            0 if now >= feed.silent_since + FETCH && !feed.told_end => {
                feed.told_end = true;
                Progress::AtEnd
            }
            0 => Progress::Waiting,
            _ => Progress::More,
        })
    }

    fn step_back(&mut self, _: &[usize], _: u32) -> Result<(), TailError> {
        Ok(())
    }

    fn before(&self, _: usize) -> Option<i64> {
        None
    }

    fn go_on(&mut self) -> Result<(), TailError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), TailError> {
        self.closed = Some(self.clock.passed.get());
        Ok(())
    }
}

/// Notes when lines were seen; cancels once there were enough, or at some time.
struct Screen {
    clock: Rc<Scripted>,
    seen: Rc<RefCell<Vec<(Duration, String)>>>,
    buffer: Vec<u8>,
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = String::from_utf8(std::mem::take(&mut self.buffer)).unwrap();
        for line in text.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let message = line["message"].as_str().unwrap().to_owned();
            self.seen.borrow_mut().push((self.clock.passed.get(), message));
        }
        Ok(())
    }
}

pub struct Run {
    pub seen: Vec<(Duration, String)>,
    pub took: Duration,
}

impl Run {
    pub fn texts(&self) -> Vec<&str> {
        self.seen.iter().map(|(_, text)| text.as_str()).collect()
    }
}

pub fn following() -> Plan {
    Plan {
        last: None,
        follow: true,
        until: None,
        max_messages: None,
        in_order: true,
    }
}

pub fn run(clock: &Rc<Scripted>, source: &mut Partitions, plan: &Plan) -> Run {
    let seen = Rc::default();
    let mut screen = Screen {
        clock: Rc::clone(clock),
        seen: Rc::clone(&seen),
        buffer: Vec::new(),
    };
    let mut look = Look::new(Select::default(), Selectors::default(), Form::Json, false);
    run_by(
        clock.as_ref(),
        source,
        &mut look,
        plan,
        &mut screen,
        &CancellationToken::new(),
    )
    .unwrap();
    drop(screen);
    Run {
        seen: Rc::try_unwrap(seen).unwrap().into_inner(),
        took: clock.passed.get(),
    }
}

pub fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
