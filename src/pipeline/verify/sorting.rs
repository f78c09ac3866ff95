//! What a partition's records become: lines of blobs for the spool, and records that are no blob's.

use std::collections::{BTreeMap, HashMap};

use super::{
    Kind, Place, Tally, VerifyError,
    record::{Assembler, line_number, placed},
    spool::{Entry, Spool},
};
use crate::{
    domain::{EnvironmentId, blob_name, key::RecordKey},
    kafka::CommittedRecord,
    pipeline::inventory::BlobId,
};

/// Blobs that storage has not, but whose records are in a partition; more of them are not told apart.
const STRANGERS_TOLD: usize = 1000;

/// The blobs by what the keys of their lines hold: subscription, environment, and the name without its directory.
#[derive(Debug, Default)]
pub struct Lookup(HashMap<String, u32>);

impl Lookup {
    pub fn of<'a>(blobs: impl IntoIterator<Item = &'a BlobId>) -> Self {
        let names = blobs.into_iter().map(|id| {
            let EnvironmentId {
                subscription,
                environment,
            } = &id.environment;
            format!(
                "{subscription}:{environment}:{}",
                blob_name::without_directory(&id.name)
            )
        });
        Self(names.zip(0..).collect())
    }
}

/// Sorts one partition's records.
pub struct Sorting<'a> {
    pub partition: i32,
    pub lookup: &'a Lookup,
    /// Whether the blob's lines belong into this partition.
    pub belongs: &'a dyn Fn(u32) -> bool,
    /// Whether a blob that storage has not would have been looked at.
    pub wants: &'a dyn Fn(&BlobId) -> bool,
    pub tallies: &'a mut [Tally],
    /// Records that no blob can be told of.
    pub unnamed: &'a mut Tally,
    pub strangers: BTreeMap<BlobId, Tally>,
    pub spool: Spool,
    assembler: Assembler,
    identity: String,
}

impl<'a> Sorting<'a> {
    pub fn new(
        partition: i32,
        lookup: &'a Lookup,
        belongs: &'a dyn Fn(u32) -> bool,
        wants: &'a dyn Fn(&BlobId) -> bool,
        tallies: &'a mut [Tally],
        unnamed: &'a mut Tally,
    ) -> Self {
        Self {
            partition,
            lookup,
            belongs,
            wants,
            tallies,
            unnamed,
            strangers: BTreeMap::new(),
            spool: Spool::default(),
            assembler: Assembler::default(),
            identity: String::new(),
        }
    }

    pub fn take(&mut self, record: &CommittedRecord<'_>) -> Result<(), VerifyError> {
        let offset = record.offset();
        let key = record.key().and_then(|key| std::str::from_utf8(key).ok());
        let Some(key) = key.and_then(RecordKey::parse) else {
            note(self.unnamed, self.partition, offset, "its key is not that of a line");
            return Ok(());
        };
        let Some(number) = line_number(&key) else {
            note(self.unnamed, self.partition, offset, "its key is not that of a line");
            return Ok(());
        };
        let Some(blob) = self.blob_of(&key) else {
            self.take_stranger(&key, offset);
            return Ok(());
        };
        let tally = &mut self.tallies[blob as usize];
        if !(self.belongs)(blob) {
            note(tally, self.partition, offset, "it is not in the blob's partition");
            return Ok(());
        }
        let placed = placed(&key, number, |name| record.header(name));
        let (placed, payload) = match (placed, record.payload()) {
            (Ok(placed), Some(payload)) => (placed, payload),
            (Ok(_), None) => {
                note(tally, self.partition, offset, "it is a tombstone");
                return Ok(());
            }
            (Err(reason), _) => {
                note(tally, self.partition, offset, reason);
                return Ok(());
            }
        };
        let taken = self.assembler.take(blob, offset, placed, payload);
        if taken.broken {
            note(tally, self.partition, offset, "a line's parts before it are not whole");
        }
        if let Some(found) = taken.line {
            self.spool.push(Entry { blob, found })?;
        }
        Ok(())
    }

    fn blob_of(&mut self, key: &RecordKey<'_>) -> Option<u32> {
        self.identity.clear();
        for part in [key.subscription, ":", key.environment, ":", key.subject] {
            self.identity.push_str(part);
        }
        self.lookup.0.get(&self.identity).copied()
    }

    fn take_stranger(&mut self, key: &RecordKey<'_>, offset: i64) {
        let id = BlobId {
            environment: EnvironmentId::new(key.subscription, key.environment),
            name: format!("{}{}", blob_name::DIRECTORY, key.subject),
        };
        if !(self.wants)(&id) {
            return;
        }
        let is_told = self.strangers.len() < STRANGERS_TOLD || self.strangers.contains_key(&id);
        let tally = match is_told {
            true => self.strangers.entry(id).or_default(),
            false => &mut *self.unnamed,
        };
        note(tally, self.partition, offset, "its blob is not in storage");
    }

    /// Ends the partition: what is open now is not whole.
    pub fn finish(self) -> (Spool, BTreeMap<BlobId, Tally>) {
        for (blob, offset) in self.assembler.into_unfinished() {
            let tally = &mut self.tallies[blob as usize];
            note(tally, self.partition, offset, "the parts of its line are not whole");
        }
        (self.spool, self.strangers)
    }
}

fn note(tally: &mut Tally, partition: i32, offset: i64, reason: &'static str) {
    tally.found += 1;
    let place = Place::Record {
        partition,
        offset,
        reason,
    };
    tally.note(Kind::Foreign, place, 1);
}
