//! All that a step may change, and the one form that is the same for all states that no step can tell apart.

use crate::{
    ACTORS, BLOBS, IDS,
    broker::{Broker, PARTS, Request, Seen},
    rules::{Role, Rule, Scenario},
};

/// Requests that are late at one time, at most.
pub const NETWORK: usize = 3;

/// What an actor has of a blob, or of its partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Share {
    #[default]
    None,
    Assigned,
    Reading,
    /// The state says so many lines.
    Restored(u8),
    /// `position` is that of the first event that is not done with; a run has none.
    Ready {
        lines: u8,
        position: u8,
    },
}

/// An open transaction, as its client knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Transaction {
    /// Lines of each blob.
    pub sent: [u8; BLOBS],
    /// A bit for each blob whose state was sent.
    pub states: u8,
    pub offsets: bool,
    /// The blob of a line that was sent and not answered: it is sent again before any other.
    pub unanswered: Option<u8>,
    /// The commit was asked for, and not answered.
    pub ending: bool,
    /// The partitions that the client has added by itself.
    pub added: u8,
}

impl Transaction {
    pub fn lines(&self) -> u8 {
        self.sent.iter().sum()
    }

    /// Knows nothing any more of what was sent of a blob.
    pub fn forget(&mut self, blob: usize) {
        self.sent[blob] = 0;
        self.states &= !(1 << blob);
        self.unanswered = self.unanswered.filter(|line| usize::from(*line) != blob);
    }
}

/// A worker's lane, or a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Actor {
    pub up: bool,
    /// 0: it has no producer.
    pub epoch: u8,
    /// A transaction was committed in this epoch.
    pub is_used: bool,
    /// As the member knows it.
    pub generation: u8,
    pub shares: [Share; BLOBS],
    /// Sequence numbers that come next.
    pub next: [u8; PARTS],
    pub transaction: Option<Transaction>,
    /// Of a run: the lines of the state that it wrote last, or began from.
    pub own: Option<u8>,
    /// Of a run: those of a state whose commit was not answered.
    pub undecided: Option<u8>,
}

impl Actor {
    pub fn has(&self, blob: usize) -> bool {
        self.shares[blob] != Share::None
    }

    pub fn drop_share(&mut self, blob: usize) {
        self.shares[blob] = Share::None;
        if let Some(transaction) = &mut self.transaction {
            transaction.forget(blob);
        }
    }

    /// Goes on behind a transaction, `offsets` being where the group is then.
    pub fn advance(&mut self, transaction: &Transaction, offsets: [Option<u8>; BLOBS]) {
        let sent = transaction.sent.iter().zip(offsets);
        for (share, (sent, offset)) in self.shares.iter_mut().zip(sent) {
            if let Share::Ready { lines, position } = share {
                *lines += sent;
                *position = offset.unwrap_or(*position);
            }
        }
    }

    /// Takes an epoch that the brokers gave.
    pub fn raise(&mut self, epoch: u8) {
        if epoch != self.epoch {
            self.epoch = epoch;
            self.is_used = false;
            self.next = [0; PARTS];
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub actors: [Actor; ACTORS],
    pub broker: Broker,
    /// Requests that will arrive some time, sorted.
    pub network: [Option<Request>; NETWORK],
    pub deaths: u8,
    pub moves: u8,
    pub late: u8,
}

impl State {
    pub fn new() -> Self {
        Self {
            actors: [Actor::default(); ACTORS],
            broker: Broker::new(),
            network: [None; NETWORK],
            deaths: 0,
            moves: 0,
            late: 0,
        }
    }

    pub fn hold(&mut self, request: Request) {
        self.late += 1;
        let free = self.network.iter_mut().find(|place| place.is_none());
        *free.expect("no more requests are late than there are places") = Some(request);
    }

    /// Whether all lines are in, and all who keep account of it say so.
    pub fn is_finished(&self, scenario: &Scenario) -> bool {
        let lines = scenario.lines();
        let events = scenario.events.len() as u8;
        let groups = scenario.roles.iter().flatten().filter_map(|role| match role {
            Role::Worker { group, .. } => Some(*group),
            Role::Run { .. } => None,
        });
        let mut offsets = groups.flat_map(|group| &self.broker.groups[group].offsets[..scenario.blobs]);
        (0..scenario.blobs)
            .all(|blob| self.broker.states[blob].last() == lines && self.broker.lines[blob] == first(lines))
            && offsets.all(|offset| *offset == events)
    }

    /// Whether a state or an event that is done with speaks of a line that is not there.
    pub fn has_gap(&self, scenario: &Scenario) -> bool {
        let told = |offset: u8| offset.checked_sub(1).map_or(0, |last| scenario.events[last as usize]);
        (0..scenario.blobs).any(|blob| {
            let done = self.broker.groups.iter().map(|group| told(group.offsets[blob]));
            let said = done.fold(self.broker.states[blob].last(), u8::max);
            first(said) & !self.broker.lines[blob] != 0
        })
    }

    /// Epochs, sequence numbers and generations are only compared, so they are counted anew from the smallest; what can
    /// have no effect any more goes.
    pub fn canonical(mut self, scenario: &Scenario) -> Self {
        for place in &mut self.network {
            if let Some(request) = place.filter(|request| self.broker.is_void(scenario, request)) {
                let mut after = self.broker;
                after.execute(scenario, request);
                assert_eq!(after, self.broker, "{request:?} is not void");
                *place = None;
            }
        }
        for id in 0..IDS {
            self.rank_epochs(scenario, id);
            self.rank_sequences(scenario, id);
        }
        self.rank_generations(scenario);
        self.network.sort_unstable_by_key(|place| (place.is_none(), *place));
        self
    }

    fn rank_epochs(&mut self, scenario: &Scenario, id: usize) {
        let actors = self.actors.iter_mut().zip(&scenario.roles);
        let ours = actors.filter(|(_, role)| role.is_some_and(|role| role.id() == id));
        let mut clients: Vec<&mut u8> = ours
            .map(|(actor, _)| &mut actor.epoch)
            .filter(|epoch| **epoch > 0)
            .collect();
        clients.extend(
            self.network
                .iter_mut()
                .flatten()
                .filter_map(|request| epoch_of(request, id)),
        );
        let coordinator = &mut self.broker.coordinators[id];
        if let Some(previous) = coordinator.previous
            && clients.iter().all(|epoch| **epoch != previous)
        {
            coordinator.previous = None;
        }
        let oldest = clients
            .iter()
            .fold(coordinator.epoch, |oldest, epoch| oldest.min(**epoch));
        let mut all = clients;
        all.push(&mut coordinator.epoch);
        all.extend(coordinator.previous.iter_mut());
        for seen in &mut self.broker.seen[id] {
            if seen.epoch < oldest {
                *seen = Seen::default();
            } else {
                all.push(&mut seen.epoch);
            }
        }
        // A bit for each epoch that is there; its rank is the number of bits up to it.
        let there = all.iter().fold(0_u64, |bits, epoch| bits | 1 << **epoch) & !1;
        for epoch in all {
            *epoch = (there & ((2 << *epoch) - 1)).count_ones() as u8;
        }
    }

    fn rank_sequences(&mut self, scenario: &Scenario, id: usize) {
        for part in 0..PARTS {
            let seen = &mut self.broker.seen[id][part];
            let epoch = seen.epoch;
            let actors = self.actors.iter_mut().zip(&scenario.roles);
            let ours = actors.filter(|(actor, role)| role.is_some_and(|role| role.id() == id) && actor.epoch == epoch);
            let mut all: Vec<&mut u8> = ours.map(|(actor, _)| &mut actor.next[part]).collect();
            for request in self.network.iter_mut().flatten() {
                if let Request::Produce {
                    id: of,
                    epoch: in_epoch,
                    part: to,
                    sequence,
                    ..
                } = request
                    && (*of, *in_epoch, *to) == (id, epoch, part)
                {
                    all.push(sequence);
                }
            }
            all.push(&mut seen.next);
            let smallest = all.iter().map(|next| **next).min().unwrap_or(0);
            for next in all {
                *next = match scenario.has(Rule::SequenceKept) {
                    true => *next - smallest,
                    false => 0,
                };
            }
        }
    }

    fn rank_generations(&mut self, scenario: &Scenario) {
        let generations = self.broker.groups.map(|group| group.generation);
        for (actor, role) in self.actors.iter_mut().zip(&scenario.roles) {
            if let Some(Role::Worker { group, .. }) = role {
                actor.generation = u8::from(actor.generation == generations[*group]);
            }
        }
        for request in self.network.iter_mut().flatten() {
            if let Request::Offsets { group, generation, .. } = request {
                *generation = u8::from(*generation == generations[*group]);
            }
        }
        for group in &mut self.broker.groups {
            group.generation = 1;
        }
    }
}

/// The bits of the first lines.
fn first(lines: u8) -> u8 {
    (1 << lines) - 1
}

fn epoch_of(request: &mut Request, of: usize) -> Option<&mut u8> {
    let (id, epoch) = match request {
        Request::Produce { id, epoch, .. } | Request::Offsets { id, epoch, .. } | Request::End { id, epoch, .. } => {
            (*id, epoch)
        }
        Request::Init { id, epoch } => (*id, epoch.as_mut()?),
    };
    (id == of).then_some(epoch)
}
