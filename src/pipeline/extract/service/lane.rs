//! One member of the group: it takes raw records of its partitions, and commits what they become.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::{
    Settings,
    error::ExtractError,
    joiner::{Joined, Joiner, Parts},
    origin::{Whence, headers_for, part},
    settings::{Input, Output},
};
use crate::{
    domain::record::{ErrorType, Failed, Record, Source, write_json},
    kafka::{self, Connection, Consumed, Member, News, Offsets},
    pipeline::{
        extract::{Origin, RawLine, extract},
        lanes::{LaneProducer, Lanes, Sign},
        metrics::{ExtractMetrics, Extracted, Lag, Rebalance},
    },
};

/// How long a lane waits for news while nothing is to be done, and while a transaction is open: when nothing more comes,
/// it is committed.
const IDLE_WAIT: Duration = Duration::from_millis(100);
const BUSY_WAIT: Duration = Duration::from_millis(20);
/// News that are taken between two looks at the time.
const NEWS_AT_ONCE: usize = 500;
/// How often a lane says how many records wait.
const LAG_EVERY: Duration = Duration::from_secs(5);
/// Bytes of an output record besides its key, headers and payload.
const OVERHEAD_BYTES: usize = 512;
const LEAST_PART_BYTES: usize = 64;

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
}

/// A partition of the raw topic that the lane has.
#[derive(Default)]
struct Share {
    /// The offset behind the last record that was taken; `None` until reading has begun.
    next: Option<i64>,
    joiner: Joiner,
    at_end: bool,
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
        lanes: &Arc<Lanes>,
        metrics: &ExtractMetrics,
    ) -> Result<Self, ExtractError> {
        let Settings { group, instance, .. } = &**settings;
        let name = ["clp-extract", group, instance];
        Ok(Self {
            member: Member::join(connection, group, "clp-extract", &settings.input(number).topic)?,
            producer: LaneProducer::open(
                connection,
                settings.delivery,
                name,
                number,
                settings.largest_record_bytes(),
            )?,
            sign: lanes.sign(number),
            metrics: metrics.clone(),
            settings: Arc::clone(settings),
            number,
            shares: BTreeMap::new(),
            uncommitted: Uncommitted::default(),
            lag: metrics.lag(&settings.input(number).topic),
            lag_told: Instant::now(),
            json: Vec::new(),
        })
    }

    /// Works until `cancel`, then commits what is whole and leaves the group.
    ///
    /// # Errors
    /// Those that time does not mend, such as missing rights.
    pub fn run(mut self, cancel: &CancellationToken) -> Result<(), ExtractError> {
        while !cancel.is_cancelled() {
            match self.step() {
                Ok(()) => {}
                Err(ExtractError::Kafka(error)) if !error.is_lasting() => self.recover_from(&error),
                Err(error) => {
                    // What came before is good.
                    let _ = self.settle();
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
        if self.may_cut() && (nothing_more || self.is_commit_due()) {
            self.commit()?;
        }
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
        let caught_up = |share: &Share| share.next.is_some() && share.at_end;
        self.uncommitted.begun.is_some() || !self.shares.values().all(caught_up)
    }

    /// Takes what the group has to tell. Gives whether there is nothing more for now.
    fn hear(&mut self, mut patience: Duration) -> Result<bool, ExtractError> {
        for _ in 0..NEWS_AT_ONCE {
            let Some(news) = self.member.poll(patience)? else {
                return Ok(true);
            };
            patience = Duration::ZERO;
            match news {
                News::Record(record) => self.take(record)?,
                News::End(partition) => {
                    if let Some(share) = self.shares.get_mut(&partition) {
                        share.at_end = share.next.is_some();
                    }
                }
                News::Assigned(partitions) => self.assigned(&partitions)?,
                News::Revoked(partitions) => self.revoked(&partitions)?,
                News::Lost(partitions) => self.lost(&partitions)?,
            }
        }
        Ok(false)
    }

    fn assigned(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        tracing::info!(lane = self.number, topic = self.input().topic, ?partitions, "assigned");
        self.sign.joined();
        self.sign.rebalanced(Rebalance::Assigned, partitions.len());
        self.member.take(partitions)?;
        for partition in partitions {
            self.shares.insert(*partition, Share::default());
        }
        match self.producer.inner {
            Some(_) => self.begin(partitions),
            None => Ok(()),
        }
    }

    /// Reads on where the group stands.
    fn begin(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        if partitions.is_empty() {
            return Ok(());
        }
        let offsets = self.member.committed(partitions)?;
        for (partition, offset) in &offsets {
            if let Some(share) = self.shares.get_mut(partition) {
                share.next = Some(*offset);
            }
        }
        self.member.start(&offsets)
    }

    /// The group waits: what is whole is committed before the partitions go.
    fn revoked(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        tracing::info!(
            lane = self.number,
            topic = self.input().topic,
            ?partitions,
            "given back"
        );
        self.sign.rebalanced(Rebalance::Revoked, partitions.len());
        let settled = self.settle();
        self.drop_shares(partitions)?;
        settled
    }

    /// Others may be at work on them already.
    fn lost(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        self.sign.rebalanced(Rebalance::Lost, partitions.len());
        let aborted = self.producer.abort();
        self.drop_shares(partitions)?;
        aborted?;
        Err(kafka::Error::Aborted {
            reason: format!(
                "the group gave the partitions {partitions:?} to others, this member was silent for too long"
            ),
        })
    }

    fn drop_shares(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        for partition in partitions {
            self.shares.remove(partition);
        }
        self.member.release(partitions)
    }

    /// Takes a raw record.
    fn take(&mut self, record: Consumed) -> Result<(), ExtractError> {
        let Some(share) = self.shares.get_mut(&record.partition) else {
            return Ok(());
        };
        let Some(next) = &mut share.next else {
            return Ok(());
        };
        *next = record.offset + 1;
        share.at_end = false;
        self.uncommitted.begun.get_or_insert_with(Instant::now);
        self.uncommitted.raw_bytes += record.value.as_ref().map_or(0, Vec::len) as u64;
        let (part, mut ready) = (part(&record), Vec::new());
        share
            .joiner
            .take(record, part, Instant::now(), |joined| ready.push(joined));
        let sent = self.send_all(ready);
        if let Err(ExtractError::Refused { partition, offset, .. }) = &sent {
            self.stand_before(*partition, *offset, part.is_some())?;
        }
        sent
    }

    /// What came before a refused record is good, and it is the next one again. Records of others may lie among the parts
    /// of a line: then everything since the last commit is undone.
    fn stand_before(&mut self, partition: i32, offset: i64, in_parts: bool) -> Result<(), kafka::Error> {
        if in_parts {
            self.uncommitted = Uncommitted::default();
            return self.producer.abort();
        }
        if let Some(share) = self.shares.get_mut(&partition) {
            share.next = Some(offset);
        }
        Ok(())
    }

    fn give_up_lines(&mut self) -> Result<(), ExtractError> {
        let (mut ready, now) = (Vec::new(), Instant::now());
        for share in self.shares.values_mut() {
            share.joiner.give_up(now, |joined| ready.push(joined));
        }
        self.send_all(ready)
    }

    fn send_all(&mut self, ready: Vec<Joined>) -> Result<(), ExtractError> {
        for joined in ready {
            match joined {
                Joined::Line(record) => self.extract(&record)?,
                Joined::Broken(record, parts) => self.broken(&record, parts)?,
            }
        }
        Ok(())
    }

    fn extract(&mut self, raw: &Consumed) -> Result<(), ExtractError> {
        let line = RawLine::new(raw.value.as_deref().unwrap_or_default());
        // A tombstone is no line.
        let record = match raw.value {
            Some(_) => extract(&line, self.origin(raw), self.settings.validate),
            None => None,
        };
        self.send(raw, record.as_ref())
    }

    /// A line of which parts are missing.
    fn broken(&mut self, raw: &Consumed, Parts { have, of }: Parts) -> Result<(), ExtractError> {
        let line = RawLine::new(raw.value.as_deref().unwrap_or_default());
        let origin = self.origin(raw);
        let (raw_line, raw_line_encoding) = line.whole();
        let failed = Failed {
            raw_line,
            raw_line_encoding,
            error: format!("the line came in {of} parts, and others than up to number {have} do not go with it"),
            error_type: match origin.from_proxy {
                true => ErrorType::ProxyParseError,
                false => ErrorType::ParseError,
            },
            timestamp: origin.received_ns,
            source: Source {
                service: origin.service,
                environment: origin.environment,
                subscription: origin.subscription,
                pod_name: "".into(),
            },
        };
        self.send(raw, Some(&Record::Error(failed)))
    }

    fn origin<'a>(&self, raw: &'a Consumed) -> Origin<'a> {
        let Whence {
            service,
            environment,
            subscription,
        } = Whence::of(raw);
        Origin {
            service,
            environment,
            subscription,
            from_proxy: self.input().from_proxy,
            received_ns: raw.timestamp.unwrap_or_default().saturating_mul(1_000_000),
        }
    }

    fn input(&self) -> &Input {
        self.settings.input(self.number)
    }

    /// Sends what became of a raw record, under its key and into its partition, so that order holds.
    fn send(&mut self, raw: &Consumed, record: Option<&Record<'_>>) -> Result<(), ExtractError> {
        let input = self.settings.input(self.number);
        let output = match record {
            Some(Record::Error(failed)) if !self.settings.keep_errors => {
                return Err(ExtractError::Refused {
                    topic: input.topic.clone(),
                    partition: raw.partition,
                    offset: raw.offset,
                    reason: failed.error.clone(),
                });
            }
            Some(Record::Error(_)) => &self.settings.errors,
            _ => &input.output,
        };
        let Whence {
            environment,
            subscription,
            ..
        } = Whence::of(raw);
        let kind = record.map(Record::kind);
        self.uncommitted.extracted.add(subscription, environment, kind);
        let (Some(record), Some(kind), Some(producer)) = (record, kind, &mut self.producer.inner) else {
            return Ok(());
        };
        self.json.clear();
        write_json(record, &mut self.json);
        let limit = payload_limit(output, raw);
        let parts = self.json.len().div_ceil(limit).max(1);
        for (number, payload) in (1..).zip(self.json.chunks(limit)) {
            producer.send(kafka::Record {
                topic: &output.topic,
                partition: raw.partition % output.partitions.max(1) as i32,
                key: raw.key.as_deref(),
                payload: Some(payload),
                headers: Some(headers_for(raw, kind, (parts > 1).then_some((number, parts)))),
            })?;
        }
        Ok(())
    }

    /// Whether no line is unfinished: then the group's offsets say all there is to know.
    fn may_cut(&self) -> bool {
        self.shares.values().all(|share| share.joiner.is_empty())
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
            .filter_map(|(partition, share)| Some((*partition, share.next?)))
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

    /// Commits, or undoes everything since the last commit if a line is unfinished.
    fn settle(&mut self) -> Result<(), kafka::Error> {
        if self.uncommitted.begun.is_none() || self.producer.inner.is_none() {
            return Ok(());
        }
        let settled = match self.may_cut() {
            true => self.commit(),
            false => Err(kafka::Error::Aborted {
                reason: "a line has not come to its end".to_owned(),
            }),
        };
        if settled.is_err()
            && let Err(error) = self.producer.abort()
        {
            tracing::debug!(lane = self.number, %error, "the brokers end the transaction themselves");
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
    }

    /// With a new producer, and from the group's offsets.
    fn come_back(&mut self) -> Result<(), kafka::Error> {
        if !self.producer.come_back()? {
            return Ok(());
        }
        let all: Vec<i32> = self.shares.keys().copied().collect();
        self.member.pause(&all)?;
        self.begin(&all)
    }
}

/// Bytes of payload in one record of the output.
fn payload_limit(output: &Output, raw: &Consumed) -> usize {
    use kafka::Headers;
    let headers = raw.headers.iter().flat_map(|headers| headers.iter());
    let headers: usize = headers
        .map(|header| header.key.len() + header.value.map_or(0, <[u8]>::len) + 10)
        .sum();
    let besides = OVERHEAD_BYTES + headers + raw.key.as_ref().map_or(0, Vec::len);
    output.max_record_bytes.saturating_sub(besides).max(LEAST_PART_BYTES)
}
