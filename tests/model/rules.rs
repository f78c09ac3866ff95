//! What the clients keep to, what the brokers can do, and how far a scenario goes.

use crate::{ACTORS, BLOBS};

/// Each rule can be left out, which shows what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rule {
    /// Each commit of a worker sends the group's offsets, also one that moves none.
    FenceEveryCommit,
    /// The end of `BlobState` is looked up after the partition was assigned.
    SnapshotAfterAssignment,
    /// `BlobState` is read up to that end, waiting for the transactions that are open before it.
    WaitForStableState,
    /// After an abort, and after a commit whose outcome is not known, state and offsets come from Kafka.
    ForgetAfterAbort,
    /// Lines and checkpoint are in the same transaction.
    OneTransaction,
    /// No two transactions of a producer have the same epoch.
    EpochPerTransaction,
    /// A request that is sent again bears the sequence number that it had.
    SequenceKept,
    /// All lines are acknowledged before the state is sent.
    LinesBeforeState,
    /// The state is acknowledged before the offsets are sent, and nothing is produced behind them.
    StateBeforeOffsets,
    /// The offsets are acknowledged before the commit is asked for.
    OffsetsBeforeEnd,
    /// The offsets bear the member's generation.
    GenerationWithOffsets,
    /// The offsets name all partitions that the member owns, not only those that the transaction moves.
    NameAllPartitions,
    /// Partitions go, and a new generation is taken, only when the open transaction has ended.
    ReleaseAfterEnd,
    /// A transaction is given up by a new epoch, which all its partitions hear of, not by an abort in the old one.
    AbortByEpoch,
    /// A run reads the state after it has fenced off older ones.
    StateReadAfterInit,
    /// A run that begins anew ends where it finds a state that it did not write.
    StopAtForeignState,
    /// A run does not begin while the workers' group has members.
    RefuseBesideWorker,
    /// No worker starts while a run is at work. Nothing checks that today.
    NoWorkerBesideRun,
    /// No worker of another group starts while one has members. Nothing checks that today.
    OneGroupAtATime,
}

impl Rule {
    pub const ALL: [Self; 19] = [
        Self::FenceEveryCommit,
        Self::SnapshotAfterAssignment,
        Self::WaitForStableState,
        Self::ForgetAfterAbort,
        Self::OneTransaction,
        Self::EpochPerTransaction,
        Self::SequenceKept,
        Self::LinesBeforeState,
        Self::StateBeforeOffsets,
        Self::OffsetsBeforeEnd,
        Self::GenerationWithOffsets,
        Self::NameAllPartitions,
        Self::ReleaseAfterEnd,
        Self::AbortByEpoch,
        Self::StateReadAfterInit,
        Self::StopAtForeignState,
        Self::RefuseBesideWorker,
        Self::NoWorkerBesideRun,
        Self::OneGroupAtATime,
    ];
}

/// All rules but those that are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    left_out: u32,
}

impl Rules {
    pub fn without(rules: &[Rule]) -> Self {
        Self {
            left_out: rules.iter().fold(0, |all, rule| all | 1 << *rule as u8),
        }
    }

    pub fn has(self, rule: Rule) -> bool {
        self.left_out & 1 << rule as u8 == 0
    }
}

/// What brokers do about a request of an old epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brokers {
    /// `transaction.version` 2: EndTxn answers with the next epoch, and what begins a transaction in a partition is
    /// checked with the coordinator, which adds the partition.
    NextEpoch,
    /// Kafka from 3.6 on without it: clients add partitions and raise the epoch themselves, what begins a transaction in
    /// a partition is checked with the coordinator.
    Verifying,
    /// Before 3.6: a partition knows only the epochs that it has seen itself.
    Trusting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A lane of a worker: a member of a group, with a transactional id of its own.
    Worker { id: usize, group: usize },
    /// A one-shot run. Runs of one blob have one transactional id.
    Run { id: usize },
}

impl Role {
    /// The number of its transactional id.
    pub fn id(self) -> usize {
        match self {
            Self::Worker { id, .. } | Self::Run { id } => id,
        }
    }

    pub fn is_run(self) -> bool {
        matches!(self, Self::Run { .. })
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub brokers: Brokers,
    pub rules: Rules,
    pub roles: [Option<Role>; ACTORS],
    /// One in each partition of `Ingestion.Blobs`.
    pub blobs: usize,
    /// Each event of a blob tells how many lines it has now.
    pub events: &'static [u8],
    /// Lines of a transaction.
    pub chunk: u8,
    /// So often an actor dies, or gives up a request whose outcome it does not know.
    pub deaths: u8,
    /// So often the group takes partitions from a member, or a member gives one back.
    pub moves: u8,
    /// So many requests are held up, or copied, and arrive late.
    pub late: u8,
    /// Workers may also end in good order, as often as they like.
    pub stops: bool,
}

impl Scenario {
    /// Two workers of one group and one partition, with one blob that is told of twice.
    pub fn workers(brokers: Brokers) -> Self {
        Self {
            brokers,
            rules: Rules::default(),
            roles: [
                Some(Role::Worker { id: 0, group: 0 }),
                Some(Role::Worker { id: 1, group: 0 }),
                None,
            ],
            blobs: 1,
            events: &[2, 3],
            chunk: 1,
            deaths: 1,
            moves: 1,
            late: 1,
            stops: false,
        }
    }

    /// Two workers of one group, two partitions with a blob of one line each.
    pub fn partitions(brokers: Brokers) -> Self {
        Self {
            blobs: BLOBS,
            events: &[1],
            ..Self::workers(brokers)
        }
    }

    /// One worker with two partitions, and more that comes late.
    pub fn lane(brokers: Brokers) -> Self {
        Self {
            roles: [Some(Role::Worker { id: 0, group: 0 }), None, None],
            late: 2,
            ..Self::partitions(brokers)
        }
    }

    /// Two runs of a blob with one transactional id.
    pub fn runs(brokers: Brokers) -> Self {
        Self {
            roles: [Some(Role::Run { id: 0 }), Some(Role::Run { id: 0 }), None],
            events: &[2],
            moves: 0,
            ..Self::workers(brokers)
        }
    }

    /// A run, and a worker that has the blob's partition.
    pub fn beside(brokers: Brokers) -> Self {
        Self {
            roles: [Some(Role::Run { id: 0 }), Some(Role::Worker { id: 1, group: 0 }), None],
            events: &[2],
            stops: true,
            ..Self::workers(brokers)
        }
    }

    /// Two groups, each of one worker, with offsets of their own and the same states.
    pub fn groups(brokers: Brokers) -> Self {
        Self {
            roles: [
                Some(Role::Worker { id: 0, group: 0 }),
                Some(Role::Worker { id: 1, group: 1 }),
                None,
            ],
            events: &[2],
            stops: true,
            ..Self::workers(brokers)
        }
    }

    pub fn without(self, rules: &[Rule]) -> Self {
        Self {
            rules: Rules::without(rules),
            ..self
        }
    }

    pub fn has(&self, rule: Rule) -> bool {
        self.rules.has(rule)
    }

    /// How many lines each blob has in the end.
    pub fn lines(&self) -> u8 {
        self.events.last().copied().unwrap_or(0)
    }
}
