//! One blob, read from some place on, as it grows.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    super::{Kind, Place, Progress, Record, TailError, Take},
    begin,
};
use crate::{
    domain::{Checkpoint, EnvironmentId},
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
    pub name: String,
    /// In bytes, as last listed.
    pub size: u64,
    options: ReadOptions,
    /// As of the opening.
    last_modified: Timestamp,
    from: From,
    /// The size up to which everything was read, but for a torn tail.
    read_to: u64,
    reader: Option<LineReader<Open, Pieces>>,
    /// The first line may be the end of one that begins in a member before.
    may_be_cut: bool,
    /// The time of the first line since the last step back, in nanoseconds since 1970.
    first_ns: Option<i64>,
    stepped_to: u64,
}

/// Where reading goes on.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    Checkpoint(Checkpoint),
    /// Where the lines of this time begin, in nanoseconds since 1970.
    Time(i64),
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

impl Feed {
    pub fn new(blob: BlobProperties, owner: Owner, from: From, options: ReadOptions) -> Self {
        Self {
            container: owner.container,
            environment: owner.environment,
            service: owner.service,
            kind: Kind::Raw {
                from_proxy: owner.from_proxy,
            },
            name: blob.name,
            size: blob.size,
            options,
            last_modified: blob.last_modified,
            read_to: match from {
                From::NextMember(size) => size,
                From::Checkpoint(_) | From::Time(_) | From::Back(_) => 0,
            },
            from,
            reader: None,
            may_be_cut: false,
            first_ns: None,
            stepped_to: 0,
        }
    }

    pub fn is_of(&self, environment: &EnvironmentId, name: &str) -> bool {
        self.name == name && *self.environment == *environment
    }

    /// Gives the lines of the next batch to `take`. With `wait`, a last line without its end is left for later.
    pub fn read(&mut self, wait: bool, take: &mut Take<'_>) -> Result<Progress, TailError> {
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

    /// `None`: what has come so far is no beginning of a member.
    fn open(&mut self, wait: bool) -> Result<Option<LineReader<Open, Pieces>>, storage::Error> {
        let start = match self.from {
            From::Checkpoint(checkpoint) => checkpoint,
            From::Time(time) => self.cut_at(begin::since(self.size, time, self.pieces())?),
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
        self.from = From::NextMember(self.size);
        self.read_to = self.size;
        self.stepped_to = 0;
    }

    pub fn last_modified(&self) -> Timestamp {
        self.last_modified
    }
}
