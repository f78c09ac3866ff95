//! The brokers: a coordinator of transactions, partitions that know their producers, and groups. As in Kafka, but a
//! transaction's end reaches all its partitions at once.

use crate::{
    ACTORS, BLOBS, GROUPS, IDS,
    log::Log,
    rules::{Brokers, Rule, Scenario},
};

/// The partitions that a producer writes to: one of lines, of states one for each blob, and the group's offsets.
pub const PARTS: usize = 2 + BLOBS;
pub const LINES: usize = 0;
pub const OFFSETS: usize = 1;

/// The partition of a blob's states.
pub fn states(blob: usize) -> usize {
    2 + blob
}

/// A request, with all that decides what the brokers do about it whenever it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    /// To [`LINES`] `value` is a line's number, to [`states`] a count of lines.
    Produce {
        id: usize,
        epoch: u8,
        part: usize,
        sequence: u8,
        blob: usize,
        value: u8,
    },
    /// TxnOffsetCommit.
    Offsets {
        id: usize,
        epoch: u8,
        group: usize,
        generation: u8,
        offsets: [Option<u8>; BLOBS],
    },
    /// EndTxn.
    End { id: usize, epoch: u8, commit: bool },
    /// InitProducerId; with an epoch it is KIP-360's.
    Init { id: usize, epoch: Option<u8> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Refused,
    /// With the producer's epoch from now on.
    Done(u8),
}

/// Of one transactional id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Coordinator {
    pub epoch: u8,
    /// The epoch before, if the request that raised it may come again.
    pub previous: Option<u8>,
    pub ongoing: bool,
    /// The partitions of the transaction, a bit each.
    pub parts: u8,
    /// How the last transaction of this epoch ended.
    pub committed: Option<bool>,
}

/// What a partition knows of a producer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    pub epoch: u8,
    /// The sequence number that comes next.
    pub next: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Group {
    pub generation: u8,
    pub owners: [Option<u8>; BLOBS],
    pub offsets: [u8; BLOBS],
    /// Of each transactional id, sent but not committed.
    pub pending: [[Option<u8>; BLOBS]; IDS],
}

impl Group {
    pub fn has_members(&self) -> bool {
        self.owners.iter().any(Option::is_some)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Broker {
    pub coordinators: [Coordinator; IDS],
    pub seen: [[Seen; PARTS]; IDS],
    /// A bit for each line that is committed.
    pub lines: [u8; BLOBS],
    /// Those that are not.
    pub pending: [[u8; BLOBS]; IDS],
    /// Whether one of those is there twice.
    pub pending_twice: [bool; IDS],
    pub states: [Log; BLOBS],
    /// What is left of the states up to the end that an actor looked up.
    pub snapshots: [[Option<Log>; BLOBS]; ACTORS],
    pub groups: [Group; GROUPS],
    /// A line was committed that was so before.
    pub doubled: bool,
}

impl Broker {
    pub fn new() -> Self {
        Self {
            groups: [Group {
                generation: 1,
                ..Group::default()
            }; GROUPS],
            states: [Log::empty_blob(); BLOBS],
            ..Self::default()
        }
    }

    pub fn execute(&mut self, scenario: &Scenario, request: Request) -> Answer {
        match request {
            Request::Produce { .. } => self.produce(scenario, request),
            Request::Offsets { .. } => self.take_offsets(scenario, request),
            Request::End { id, epoch, commit } => self.end(scenario, id, epoch, commit),
            Request::Init { id, epoch } => self.init(id, epoch),
        }
    }

    /// Whether a request is refused, or known for a copy, whatever happens from now on. To drop it then is the same as
    /// to let it arrive.
    pub fn is_void(&self, scenario: &Scenario, request: &Request) -> bool {
        let outdated = |id: usize, epoch: u8, part: usize| {
            let is_checked = scenario.brokers != Brokers::Trusting;
            epoch < self.seen[id][part].epoch || is_checked && epoch < self.coordinators[id].epoch
        };
        match *request {
            Request::Produce {
                id,
                epoch,
                part,
                sequence,
                ..
            } => {
                let seen = self.seen[id][part];
                let is_copy = scenario.has(Rule::SequenceKept) && epoch == seen.epoch && sequence < seen.next;
                outdated(id, epoch, part) || is_copy
            }
            Request::Offsets {
                id,
                epoch,
                group,
                generation,
                ..
            } => {
                let fenced = scenario.has(Rule::GenerationWithOffsets) && generation != self.groups[group].generation;
                outdated(id, epoch, OFFSETS) || fenced
            }
            Request::End { id, epoch, .. } => epoch < self.coordinators[id].epoch,
            Request::Init { .. } => false,
        }
    }

    /// AddPartitionsToTxn and AddOffsetsToTxn, which clients send before [`Brokers::NextEpoch`].
    pub fn add(&mut self, id: usize, epoch: u8, part: usize) -> Answer {
        let coordinator = &mut self.coordinators[id];
        if epoch != coordinator.epoch {
            return Answer::Refused;
        }
        coordinator.ongoing = true;
        coordinator.parts |= 1 << part;
        Answer::Done(epoch)
    }

    /// Whether a partition takes data of this epoch as far as transactions go.
    fn admits(&mut self, scenario: &Scenario, id: usize, epoch: u8, part: usize, has_open: bool) -> bool {
        if epoch < self.seen[id][part].epoch {
            return false;
        }
        let coordinator = &self.coordinators[id];
        match scenario.brokers {
            Brokers::Trusting => true,
            _ if has_open => true,
            Brokers::NextEpoch => self.add(id, epoch, part) != Answer::Refused,
            Brokers::Verifying => {
                epoch == coordinator.epoch && coordinator.ongoing && coordinator.parts & 1 << part != 0
            }
        }
    }

    fn produce(&mut self, scenario: &Scenario, request: Request) -> Answer {
        let Request::Produce {
            id,
            epoch,
            part,
            sequence,
            blob,
            value,
        } = request
        else {
            return Answer::Refused;
        };
        let seen = self.seen[id][part];
        if scenario.has(Rule::SequenceKept) {
            let next = if epoch == seen.epoch { seen.next } else { 0 };
            if epoch == seen.epoch && sequence < next {
                return Answer::Done(epoch);
            }
            if sequence != next {
                return Answer::Refused;
            }
        }
        let has_open = match part {
            LINES => self.pending[id] != [0; BLOBS],
            _ => self.states[blob].has_open(id),
        };
        if !self.admits(scenario, id, epoch, part, has_open) {
            return Answer::Refused;
        }
        self.seen[id][part] = Seen {
            epoch,
            next: sequence + 1,
        };
        if part == LINES {
            self.pending_twice[id] |= self.pending[id][blob] & 1 << value != 0;
            self.pending[id][blob] |= 1 << value;
        } else {
            self.states[blob].append(value, Some(id));
        }
        Answer::Done(epoch)
    }

    fn take_offsets(&mut self, scenario: &Scenario, request: Request) -> Answer {
        let Request::Offsets {
            id,
            epoch,
            group,
            generation,
            offsets,
        } = request
        else {
            return Answer::Refused;
        };
        if scenario.has(Rule::GenerationWithOffsets) && generation != self.groups[group].generation {
            return Answer::Refused;
        }
        let has_open = self.groups[group].pending[id] != [None; BLOBS];
        if !self.admits(scenario, id, epoch, OFFSETS, has_open) {
            return Answer::Refused;
        }
        self.seen[id][OFFSETS].epoch = epoch;
        let pending = &mut self.groups[group].pending[id];
        for blob in 0..BLOBS {
            pending[blob] = offsets[blob].or(pending[blob]);
        }
        Answer::Done(epoch)
    }

    fn end(&mut self, scenario: &Scenario, id: usize, epoch: u8, commit: bool) -> Answer {
        let raises = scenario.brokers == Brokers::NextEpoch;
        let coordinator = &mut self.coordinators[id];
        let before = match raises {
            true => coordinator.previous,
            false => Some(coordinator.epoch),
        };
        if !coordinator.ongoing && coordinator.committed == Some(commit) && before == Some(epoch) {
            return Answer::Done(coordinator.epoch);
        }
        let nothing_to_abort = raises && !commit;
        if epoch != coordinator.epoch || !coordinator.ongoing && !nothing_to_abort {
            return Answer::Refused;
        }
        coordinator.committed = Some(commit);
        if raises {
            coordinator.previous = Some(epoch);
            coordinator.epoch += 1;
        }
        self.settle(id, commit);
        Answer::Done(self.coordinators[id].epoch)
    }

    fn init(&mut self, id: usize, epoch: Option<u8>) -> Answer {
        let coordinator = &mut self.coordinators[id];
        if let Some(epoch) = epoch.filter(|_| !coordinator.ongoing) {
            if coordinator.previous == Some(epoch) {
                return Answer::Done(coordinator.epoch);
            }
            if coordinator.epoch != epoch {
                return Answer::Refused;
            }
        }
        self.fence(id);
        self.coordinators[id].previous = epoch;
        Answer::Done(self.coordinators[id].epoch)
    }

    /// Raises the epoch and ends what is open, also when a transaction has lasted for too long.
    pub fn fence(&mut self, id: usize) {
        let coordinator = &mut self.coordinators[id];
        coordinator.epoch += 1;
        coordinator.previous = None;
        coordinator.committed = None;
        self.settle(id, false);
    }

    /// Writes the end of a transaction into its partitions.
    fn settle(&mut self, id: usize, commit: bool) {
        let Coordinator { epoch, parts, .. } = self.coordinators[id];
        for part in (0..PARTS).filter(|part| parts & 1 << part != 0) {
            let seen = &mut self.seen[id][part];
            if seen.epoch < epoch {
                *seen = Seen { epoch, next: 0 };
            }
            match part {
                LINES => self.settle_lines(id, commit),
                OFFSETS => self.settle_offsets(id, commit),
                _ => {
                    let blob = part - states(0);
                    self.states[blob].settle(id, commit);
                    for actor in &mut self.snapshots {
                        if let Some(snapshot) = &mut actor[blob] {
                            snapshot.settle(id, commit);
                        }
                    }
                }
            }
        }
        self.coordinators[id].ongoing = false;
        self.coordinators[id].parts = 0;
    }

    fn settle_lines(&mut self, id: usize, commit: bool) {
        let pending = std::mem::take(&mut self.pending[id]);
        let twice = std::mem::take(&mut self.pending_twice[id]);
        if !commit {
            return;
        }
        self.doubled |= twice;
        for (lines, pending) in self.lines.iter_mut().zip(pending) {
            self.doubled |= *lines & pending != 0;
            *lines |= pending;
        }
    }

    fn settle_offsets(&mut self, id: usize, commit: bool) {
        for group in &mut self.groups {
            let pending = std::mem::take(&mut group.pending[id]);
            for (offset, pending) in group.offsets.iter_mut().zip(pending) {
                if let Some(pending) = pending.filter(|_| commit) {
                    *offset = pending;
                }
            }
        }
    }

    /// Takes away a member's partitions, or one of them.
    pub fn release(&mut self, group: usize, actor: usize, blob: Option<usize>) {
        let group = &mut self.groups[group];
        let mut moved = false;
        for (number, owner) in group.owners.iter_mut().enumerate() {
            if *owner == Some(actor as u8) && blob.is_none_or(|blob| blob == number) {
                *owner = None;
                moved = true;
            }
        }
        group.generation += u8::from(moved);
    }
}
