//! Raw records become records.

use std::time::Instant;

use super::{ExtractError, Lane, Uncommitted};
use crate::{
    domain::record::{ErrorType, Failed, Record, Source, write_json},
    kafka::{self, Consumed},
    pipeline::extract::{
        Origin, RawLine, extract,
        service::{
            joiner::{Joined, Joiner},
            origin::{Whence, part, set_headers},
            settings::{Input, Output},
        },
    },
    pipeline::lines::Part,
};

/// Bytes of an output record besides its key, headers and payload.
const OVERHEAD_BYTES: usize = 512;
const OVERHEAD_BYTES_OF_HEADER: usize = 10;
const LEAST_PART_BYTES: usize = 64;

impl Lane {
    /// Takes a raw record.
    pub(super) fn take(&mut self, record: Consumed) -> Result<(), ExtractError> {
        let (partition, now) = (record.partition, Instant::now());
        let Some(share) = self.shares.get_mut(&partition) else {
            return Ok(());
        };
        let Some(next) = &mut share.next else {
            return Ok(());
        };
        *next = record.offset + 1;
        share.at_end = false;
        self.uncommitted.begun.get_or_insert(now);
        let (part, mut ready) = (part(&record), Vec::new());
        share.joiner.take(record, part, now, |joined| ready.push(joined));
        self.send_all(partition, ready)
    }

    /// Sends what became of raw records of one partition, which are all before those that it holds.
    ///
    /// # Errors
    /// [`ExtractError::Refused`] once the lane stands before that record, and may commit.
    pub(super) fn send_all(&mut self, partition: i32, ready: Vec<Joined>) -> Result<(), ExtractError> {
        for Joined {
            record,
            broken,
            is_apart,
        } in ready
        {
            self.uncommitted.begun.get_or_insert_with(Instant::now);
            let sent = match broken {
                None => self.extract(&record),
                Some(last) => self.broken(&record, last),
            };
            if matches!(sent, Err(ExtractError::Refused { .. })) {
                self.stand_before(partition, record.offset, is_apart)?;
            }
            sent?;
        }
        Ok(())
    }

    /// What came before it is good, if no part of that lies behind it: reading on from here would find those parts
    /// without their beginning. Else all since the last commit is undone.
    fn stand_before(&mut self, partition: i32, offset: i64, is_apart: bool) -> Result<(), kafka::Error> {
        if !is_apart {
            self.uncommitted = Uncommitted::default();
            return self.producer.abort();
        }
        if let Some(share) = self.shares.get_mut(&partition) {
            share.joiner = Joiner::default();
            share.next = Some(offset);
        }
        Ok(())
    }

    pub(super) fn extract(&mut self, raw: &Consumed) -> Result<(), ExtractError> {
        let line = RawLine::new(raw.value.as_deref().unwrap_or_default());
        // A tombstone is no line.
        let origin = self.origin(raw);
        let record = match raw.value {
            Some(_) => extract(&line, origin, self.settings.validate),
            None => None,
        };
        self.send(raw, origin, record.as_ref())
    }

    /// A line of which parts are missing.
    pub(super) fn broken(&mut self, raw: &Consumed, Part { number: have, of }: Part) -> Result<(), ExtractError> {
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
        self.send(raw, origin, Some(&Record::Error(failed)))
    }

    pub(super) fn origin<'a>(&self, raw: &'a Consumed) -> Origin<'a> {
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

    pub(super) fn input(&self) -> &Input {
        self.settings.input(self.number)
    }

    /// Sends what became of a raw record, under its key and into its partition, so that order holds.
    pub(super) fn send(
        &mut self,
        raw: &Consumed,
        origin: Origin<'_>,
        record: Option<&Record<'_>>,
    ) -> Result<(), ExtractError> {
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
        let kind = record.map(Record::kind);
        let Origin {
            subscription,
            environment,
            ..
        } = origin;
        self.uncommitted.extracted.add(subscription, environment, kind);
        self.uncommitted.raw_bytes += raw.value.as_ref().map_or(0, Vec::len) as u64;
        let (Some(record), Some(kind), Some(producer)) = (record, kind, &mut self.producer.inner) else {
            return Ok(());
        };
        self.json.clear();
        write_json(record, &mut self.json);
        let limit = payload_limit(output, raw);
        let of = self.json.len().div_ceil(limit).max(1) as u64;
        for (number, payload) in (1..).zip(self.json.chunks(limit)) {
            let part = (of > 1).then_some(Part { number, of });
            set_headers(&mut self.headers, raw, kind, part);
            producer.send(kafka::Record {
                topic: &output.topic,
                partition: raw.partition % output.partitions.max(1) as i32,
                key: raw.key.as_deref(),
                payload: Some(payload),
                headers: &self.headers,
            })?;
        }
        if of > 1 {
            self.json.shrink_to(limit);
        }
        Ok(())
    }
}

/// Bytes of payload in one record of the output.
fn payload_limit(output: &Output, raw: &Consumed) -> usize {
    let headers = raw.headers.encoded().len() + raw.headers.count() as usize * OVERHEAD_BYTES_OF_HEADER;
    let besides = OVERHEAD_BYTES + headers + raw.key.as_ref().map_or(0, Vec::len);
    output.max_record_bytes.saturating_sub(besides).max(LEAST_PART_BYTES)
}
