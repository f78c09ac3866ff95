//! Extracts a batch of lines.

use memchr::memchr;
use serde::Serialize;

use super::Counts;
use crate::{
    domain::record::{Kind, Record, write_json},
    pipeline::extract::{Origin, RawLine, extract},
};

/// How the lines of a run are extracted.
#[derive(Clone, Debug)]
pub struct Rules {
    pub service: String,
    pub environment: String,
    pub subscription: String,
    pub from_proxy: bool,
    /// Nanoseconds since 1970: the time of errors whose lines have none.
    pub received_ns: i64,
    /// Whether records without a level, logger, message or pod are errors.
    pub validate: bool,
    /// Whether a line that cannot be extracted becomes a record; if not, it ends the run.
    pub keep_errors: bool,
}

/// What consecutive lines became.
#[derive(Debug, Default)]
pub struct Chunk {
    /// A line for each record: `{"kind":…,"record":…}`.
    pub json: Vec<u8>,
    pub counts: Counts,
    /// Why the line behind them ends the run.
    pub(super) refused: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    kind: Kind,
    record: &'a Record<'a>,
}

impl Rules {
    /// Of lines with their line breaks; the last one may have none.
    pub(super) fn extract(&self, batch: &[u8]) -> Chunk {
        let origin = Origin {
            service: &self.service,
            environment: &self.environment,
            subscription: &self.subscription,
            from_proxy: self.from_proxy,
            received_ns: self.received_ns,
        };
        let mut chunk = Chunk::default();
        let mut rest = batch;
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            let raw = RawLine::new(&rest[..end]);
            rest = rest.get(end + 1..).unwrap_or_default();
            let record = extract(&raw, origin, self.validate);
            if let Some(Record::Error(failed)) = &record
                && !self.keep_errors
            {
                chunk.refused = Some(failed.error.clone());
                return chunk;
            }
            chunk.counts.add(record.as_ref().map(Record::kind));
            if let Some(record) = &record {
                let kind = record.kind();
                write_json(&Line { kind, record }, &mut chunk.json);
                chunk.json.push(b'\n');
            }
        }
        chunk
    }
}
