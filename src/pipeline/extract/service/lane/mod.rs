//! One member of the group: it takes raw records of its partitions, and commits what they become.

mod group;
mod held;
mod records;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use self::held::Look;
use super::{Settings, error::ExtractError, joiner::Joiner};
use crate::{
    kafka::{self, Connection, Member, Offsets, RecordHeaders},
    pipeline::{
        lanes::{Gate, LaneProducer, Lanes, Sign},
        metrics::{ExtractMetrics, Extracted, Lag},
    },
};

/// How long a lane waits for news while nothing is to be done, and while a transaction is open: when nothing more comes,
/// it is committed.
const IDLE_WAIT: Duration = Duration::from_millis(100);
const BUSY_WAIT: Duration = Duration::from_millis(20);
/// How often a lane says how many records wait.
const LAG_EVERY: Duration = Duration::from_secs(5);

pub struct Lane {
    settings: Arc<Settings>,
    number: u32,
    member: Member,
    producer: LaneProducer,
    sign: Sign,
    metrics: ExtractMetrics,
    shares: BTreeMap<i32, Share>,
    uncommitted: Uncommitted,
    lag: Lag,
    lag_told: Instant,
    /// The record that is being sent; kept for its memory.
    json: Vec<u8>,
    headers: RecordHeaders,
}

/// A partition of the raw topic that the lane has.
#[derive(Default)]
struct Share {
    /// The offset behind the last record that was taken; `None` until reading has begun.
    next: Option<i64>,
    joiner: Joiner,
    at_end: bool,
    look: Option<Look>,
    /// Whether it waits until others hold less in memory.
    is_paused: bool,
}

impl Share {
    /// The offset behind all that is done with.
    fn done(&self) -> Option<i64> {
        self.joiner.first_held().or(self.next)
    }
}

/// What was sent since the last commit.
#[derive(Default)]
struct Uncommitted {
    extracted: Extracted,
    raw_bytes: u64,
    begun: Option<Instant>,
}

impl Lane {
    /// Joins the group. To be called on a thread that may block.
    ///
    /// # Errors
    /// What keeps a first producer or member from working: rights, properties, brokers that are away.
    pub fn join(
        connection: &Connection,
        settings: &Arc<Settings>,
        number: u32,
        gate: &Gate,
        lanes: &Arc<Lanes>,
        metrics: &ExtractMetrics,
    ) -> Result<Self, ExtractError> {
        let name = ["clp-extract", &settings.name, &settings.instance];
        let input = settings.input(number);
        let member = Member::connect(connection, &input.group, "clp-extract", &input.topic)?;
        gate.pass();
        member.join()?;
        Ok(Self {
            member,
            producer: LaneProducer::open(connection, settings.delivery, name, number, settings.limits())?,
            sign: lanes.sign(number),
            metrics: metrics.clone(),
            settings: Arc::clone(settings),
            number,
            shares: BTreeMap::new(),
            uncommitted: Uncommitted::default(),
            lag: metrics.lag(&input.topic),
            lag_told: Instant::now(),
            json: Vec::new(),
            headers: RecordHeaders::new(),
        })
    }

    /// Works until `cancel`, then commits and leaves the group.
    ///
    /// # Errors
    /// Those that time does not mend, such as missing rights.
    pub fn run(mut self, cancel: &CancellationToken) -> Result<(), ExtractError> {
        while !cancel.is_cancelled() {
            match self.step() {
                Ok(()) => {}
                Err(ExtractError::Kafka(error)) if !error.is_lasting() => self.recover_from(&error),
                // The record that it happened to may not have been sent.
                Err(error @ ExtractError::Kafka(_)) => {
                    self.producer.abort_if_possible();
                    return Err(error);
                }
                Err(error @ ExtractError::Refused { .. }) => {
                    if let Err(error) = self.settle() {
                        tracing::warn!(lane = self.number, %error, "what came before it is undone; it comes again with the next start");
                    }
                    return Err(error);
                }
            }
        }
        if let Err(error) = self.settle() {
            tracing::warn!(lane = self.number, %error, "the last transaction is undone; it comes again with the next start");
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), ExtractError> {
        if self.producer.inner.is_none() {
            self.sign.step(true, Some("Kafka failed, waiting to begin anew"));
            self.hear(IDLE_WAIT)?;
            return Ok(self.come_back()?);
        }
        self.sign.step(self.is_busy(), None);
        let nothing_more = self.hear(match self.uncommitted.begun {
            Some(_) => BUSY_WAIT,
            None => IDLE_WAIT,
        })?;
        self.give_up_lines()?;
        if nothing_more || self.is_commit_due() {
            self.commit()?;
        }
        self.bound_memory()?;
        if self.lag_told.elapsed() >= LAG_EVERY {
            self.tell_lag();
        }
        Ok(())
    }

    fn tell_lag(&mut self) {
        let waiting = |(partition, share): (&i32, &Share)| match share.at_end {
            true => Some(0),
            false => Some((self.member.end(*partition)? - share.next?).max(0)),
        };
        let waiting: Option<i64> = self.shares.iter().map(waiting).sum();
        if let Some(records) = waiting {
            self.lag.set(records);
        }
        self.lag_told = Instant::now();
    }

    fn is_busy(&self) -> bool {
        let caught_up = |share: &Share| share.next.is_some() && share.at_end && share.joiner.is_empty();
        self.uncommitted.begun.is_some() || !self.shares.values().all(caught_up)
    }

    fn is_commit_due(&self) -> bool {
        let Uncommitted { raw_bytes, begun, .. } = &self.uncommitted;
        *raw_bytes >= self.settings.transaction_bytes
            || begun.is_some_and(|begun| begun.elapsed() >= self.settings.transaction_time)
    }

    /// Makes everything since the last commit final: the records, and last the group's offsets.
    ///
    /// # Errors
    /// After any of them, what is in Kafka is known only by beginning anew.
    fn commit(&mut self) -> Result<(), kafka::Error> {
        let (Some(first), Some(producer)) = (self.uncommitted.begun, &mut self.producer.inner) else {
            return Ok(());
        };
        let offsets: Offsets = self
            .shares
            .iter()
            .filter_map(|(partition, share)| Some((*partition, share.done()?)))
            .collect();
        let begun = Instant::now();
        producer.commit_with(&self.member, &offsets)?;
        self.producer.succeeded();
        let Uncommitted {
            extracted, raw_bytes, ..
        } = std::mem::take(&mut self.uncommitted);
        tracing::debug!(lane = self.number, lines = extracted.lines(), raw_bytes, took = ?begun.elapsed(), "committed");
        self.sign.committed(first.elapsed());
        self.metrics.committed(&extracted, raw_bytes);
        Ok(())
    }

    /// Commits, or undoes everything since the last commit.
    fn settle(&mut self) -> Result<(), kafka::Error> {
        let settled = self.commit();
        if settled.is_err() {
            self.producer.abort_if_possible();
        }
        settled
    }

    /// A transaction is lost, or its outcome is not known: nothing in memory can be relied on.
    fn recover_from(&mut self, error: &kafka::Error) {
        let age = self.uncommitted.begun.map(|begun| begun.elapsed());
        self.sign.aborted(age.unwrap_or_default());
        self.producer.fail(error);
        self.uncommitted = Uncommitted::default();
        for share in self.shares.values_mut() {
            *share = Share::default();
        }
        // What is read before the lane begins anew would be for nothing.
        let all: Vec<i32> = self.shares.keys().copied().collect();
        if let Err(error) = self.member.pause(&all) {
            tracing::debug!(lane = self.number, %error, "reading goes on");
        }
    }
}
