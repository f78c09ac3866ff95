//! One blob, read from some place on, as it grows.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    super::{Kind, Place, Progress, Record, TailError, Take},
    begin,
};
use crate::{
    domain::{BlobName, Checkpoint, EnvironmentId, nanos},
    gzip,
    pipeline::lines::{Batch, Item, LastLine, LineError, LineReader, OnCorrupt, Reading},
    storage::{self, BlobProperties, Container, Pieces, ReadOptions},
};

type Open = Box<dyn FnMut(u64) -> Pieces + Send>;

/// A blob that is shown.
pub(super) struct Feed {
    container: Container,
    environment: Arc<EnvironmentId>,
    service: Arc<str>,
    kind: Kind,
    name: String,
    /// In bytes, as last listed.
    pub size: u64,
    pub last_modified: Timestamp,
    options: ReadOptions,
    /// Lines later than this (in nanoseconds since 1970) are not wanted, nor is what lies behind them.
    latest_ns: i64,
    from: From,
    /// The size up to which everything was read, but for a torn tail.
    read_to: u64,
    reader: Option<LineReader<Open, Pieces>>,
    /// The first line may be the end of one that begins in a member before.
    may_be_cut: bool,
    /// The time of the first line since the last step back, in nanoseconds since 1970.
    first_ns: Option<i64>,
    stepped_to: u64,
    /// Whether the last batch ended with a line's end.
    is_between_lines: bool,
    /// What is left is later than what is wanted.
    is_over: bool,
    /// After a failure.
    rests_until: Option<Instant>,
}

/// Where reading goes on.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    Checkpoint(Checkpoint),
    /// Where the lines of this time begin, in nanoseconds since 1970.
    Time(i64),
    /// With the first line that was not whole when the blob had this size.
    Behind(u64),
    /// At the first member that begins here or behind.
    NextMember(u64),
    /// The step of this round back from the end.
    Back(u32),
}

/// Whose blob it is.
pub(super) struct Owner {
    pub container: Container,
    pub environment: Arc<EnvironmentId>,
    pub service: Arc<str>,
    pub from_proxy: bool,
}

/// A storage that failed is asked again after this.
const REST: Duration = Duration::from_secs(2);

impl Feed {
    pub fn new(blob: BlobProperties, owner: Owner, from: From, latest_ns: i64, options: ReadOptions) -> Self {
        Self {
            container: owner.container,
            environment: owner.environment,
            service: owner.service,
            kind: Kind::Raw {
                from_proxy: owner.from_proxy,
            },
            name: blob.name,
            size: blob.size,
            last_modified: blob.last_modified,
            options,
            latest_ns,
            read_to: match from {
                From::Behind(size) | From::NextMember(size) => size,
                From::Checkpoint(_) | From::Time(_) | From::Back(_) => 0,
            },
            from,
            reader: None,
            may_be_cut: false,
            first_ns: None,
            stepped_to: 0,
            is_between_lines: true,
            is_over: false,
            rests_until: None,
        }
    }

    pub fn id(&self) -> (&EnvironmentId, &str) {
        (&self.environment, &self.name)
    }

    /// Gives the lines of the next batch to `take`. With `wait`, a last line without its end is left for later.
    pub fn read(&mut self, wait: bool, take: &mut Take<'_>) -> Result<Progress, TailError> {
        if self.is_over || self.rests_until.is_some_and(|until| Instant::now() < until) {
            return Ok(Progress::AtEnd);
        }
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None if self.size <= self.read_to => return Ok(Progress::AtEnd),
            None => match self.open(wait)? {
                Some(reader) => reader,
                None => {
                    self.read_to = self.size;
                    return Ok(Progress::AtEnd);
                }
            },
        };
        match reader.next_item() {
            Ok(Item::Batch(batch)) => {
                self.give(&batch, take);
                self.from = From::Checkpoint(batch.after);
                self.is_between_lines = batch.whole;
                if self.is_later(&batch) {
                    self.is_over = true;
                    return Ok(Progress::AtEnd);
                }
                self.reader = Some(reader);
                Ok(Progress::More)
            }
            Ok(Item::Skipped { from, to, reason }) => {
                tracing::warn!(blob = self.name, from, to, reason, "corrupt data is passed over");
                self.may_be_cut = true;
                self.reader = Some(reader);
                Ok(Progress::More)
            }
            Ok(Item::End(end)) => {
                self.from = From::Checkpoint(end.checkpoint);
                self.read_to = self.size;
                Ok(Progress::AtEnd)
            }
            Err(LineError::Source(error)) => Err(error.into()),
            // Damage is passed over, so it is the blob that is another than a moment ago.
            Err(LineError::Corrupt { .. } | LineError::Changed { .. }) => {
                tracing::warn!(blob = self.name, "the blob changed while it was read");
                self.from = From::NextMember(self.size);
                self.read_to = self.size;
                Ok(Progress::AtEnd)
            }
        }
    }

    /// Storage failed; it is not asked again at once.
    pub fn rest(&mut self) {
        self.rests_until = Some(Instant::now() + REST);
    }

    pub fn wake(&mut self) {
        self.rests_until = None;
    }

    /// Whether ranges of it are read ahead.
    pub fn is_open(&self) -> bool {
        self.reader.is_some()
    }

    /// Whether reading it means to open it.
    pub fn is_to_be_opened(&self) -> bool {
        self.reader.is_none() && !self.is_over && self.size > self.read_to
    }

    /// Lets go what was read ahead, if it can go on from the same place later.
    pub fn put_aside(&mut self) -> bool {
        if self.is_between_lines {
            self.reader = None;
        }
        self.reader.is_none()
    }

    /// Whether all lines that say when they were written are later than what is wanted.
    fn is_later(&self, batch: &Batch) -> bool {
        if self.latest_ns == i64::MAX {
            return false;
        }
        let mut times = batch.pieces().filter_map(|(_, line)| begin::time_of(line)).peekable();
        times.peek().is_some() && times.all(|time| time > self.latest_ns)
    }

    /// `None`: what has come so far is no beginning of a member.
    fn open(&mut self, wait: bool) -> Result<Option<LineReader<Open, Pieces>>, storage::Error> {
        let start = match self.from {
            From::Checkpoint(checkpoint) => checkpoint,
            From::Time(time) => self.cut_at(begin::since(self.size, time, self.pieces())?),
            From::Behind(size) => {
                let behind = storage::open_at(&self.container, &self.name, size, self.options);
                let (checkpoint, is_line) = begin::behind(size, behind)?;
                self.may_be_cut = !is_line;
                checkpoint
            }
            From::NextMember(from) => match gzip::next_member(from, self.pieces())? {
                Some(member) => self.cut_at(member),
                None => return Ok(None),
            },
            From::Back(round) => {
                self.stepped_to = begin::step_back(self.size, round, self.pieces())?;
                self.cut_at(self.stepped_to)
            }
        };
        let reading = Reading {
            start,
            end: self.size,
            limits: begin::LIMITS,
            last_line: if wait { LastLine::Wait } else { LastLine::Send },
            on_corrupt: OnCorrupt::Skip,
        };
        Ok(Some(LineReader::new(reading, self.pieces())))
    }

    fn cut_at(&mut self, member: u64) -> Checkpoint {
        self.may_be_cut = member > 0;
        Checkpoint::at(member)
    }

    fn pieces(&self) -> Open {
        Box::new(storage::open_at(&self.container, &self.name, self.size, self.options))
    }

    fn give(&mut self, batch: &Batch, take: &mut Take<'_>) {
        for (piece, line) in batch.pieces() {
            if self.may_be_cut || self.first_ns.is_none() {
                let time = begin::time_of(line);
                self.first_ns = self.first_ns.or(time);
                if std::mem::take(&mut self.may_be_cut) && time.is_none() {
                    continue;
                }
            }
            let part = piece.part.as_ref().map(ToString::to_string);
            let text = |text: &'static str, value| (text, Some(value));
            let mut headers = vec![
                text("service", self.service.as_bytes()),
                text("environment", self.environment.environment.as_bytes()),
                text("subscription", self.environment.subscription.as_bytes()),
            ];
            headers.extend(part.as_ref().map(|part| text("part", part.as_bytes())));
            let wants_more = take(&Record {
                kind: self.kind,
                place: Place::Blob {
                    name: &self.name,
                    member: piece.position.member,
                    line: piece.position.index,
                },
                key: None,
                timestamp_ms: None,
                headers,
                value: Some(line),
            });
            if !wants_more {
                return;
            }
        }
    }

    /// Reads the end of the blob anew.
    pub fn step_back(&mut self, round: u32) {
        self.from = From::Back(round);
        self.read_to = 0;
        self.reader = None;
        self.first_ns = None;
        self.is_between_lines = true;
        self.is_over = false;
    }

    /// The time at or before which lie the lines before those that were read since the last step back.
    pub fn before(&self) -> Option<i64> {
        (self.stepped_to > 0).then(|| self.first_ns.unwrap_or(i64::MAX))
    }

    /// After steps back: with what comes behind the present end.
    pub fn go_on(&mut self) {
        if self.read_to < self.size {
            self.reader = None;
            self.pass_over();
        }
    }

    /// Nothing is wanted of it until it grows.
    pub fn pass_over(&mut self) {
        self.from = From::Behind(self.size);
        self.read_to = self.size;
        self.stepped_to = 0;
        self.is_between_lines = true;
    }

    /// The day in its name begins at this time, in nanoseconds since 1970.
    pub fn day_begins(&self, timezone: &TimeZone) -> Option<i64> {
        let day = BlobName::parse(&self.name)?.date.civil();
        Some(nanos(day.to_zoned_datetime(timezone.clone()).ok()?.timestamp()))
    }
}
