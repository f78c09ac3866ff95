//! Transactions of one transactional id, one after the other, each with an epoch of its own.
//!
//! A request that the network delays may reach its broker when its transaction is long over, as often as it likes. The
//! brokers refuse it by its epoch, if that is not the present transaction's any more:
//!
//! - With `transaction.version` 2 (KIP-890) the answer to EndTxn brings the next epoch. Partitions are added by Produce
//!   and by TxnOffsetCommit themselves.
//! - Before that, InitProducerId with id and epoch (KIP-360, Kafka 2.5) raises it, before *each* next transaction: a late
//!   copy of a request that was answered is not seen by us, so doubt alone is no reason. It also ends what is given up, so
//!   that the partitions hear of a newer epoch than that of lines still on their way.
//!
//! A commit goes in one order, each step acknowledged before the next: lines, then states and events, then the group's
//! offsets, then EndTxn. The first two are Produce and not for this file; after EndTxn nothing of the transaction follows.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest, InitProducerIdRequest, ProducerId, TopicName,
    TransactionalId, add_partitions_to_txn_request::AddPartitionsToTxnTopic,
};

use super::{
    batch::Identity,
    cluster::{Cluster, Role},
    coordinator::{Coordinator, Question},
    failure::Failure,
    offsets::{GroupOffsets, code_of_commit, code_of_fetch, code_of_repetition},
    settings::TRANSACTION_TIMEOUT,
    wire::{self, worst},
};

/// A commit that stays undecided is asked for again for so long.
const PATIENCE: Duration = Duration::from_secs(300);
/// Where an abort is not answered, the brokers end the transaction themselves, or the next producer of the name does.
const ABORT_PATIENCE: Duration = Duration::from_secs(5);
/// After a broker's start, transactions answer "coordinator load in progress" for a while.
const OPEN_PATIENCE: Duration = Duration::from_secs(60);
/// So often a group's coordinator is told offsets again that it lost.
const OFFSETS_TRIES: u32 = 3;
/// For messages.
const OFFSETS: &str = "offsets of the group";

/// The newest versions before `transaction.version` 2.
const END_TXN_BEFORE_V2: i16 = 4;
const TXN_OFFSET_COMMIT_BEFORE_V2: i16 = 4;
const PRODUCE_BEFORE_V2: i16 = 11;
/// The first InitProducerId that takes an id and an epoch to raise.
const INIT_PRODUCER_ID_RAISES: i16 = 3;

/// How the requests of one transaction differ from those of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epochs {
    /// EndTxn gives the next epoch.
    ByEnd,
    /// InitProducerId raises it.
    ByInit,
    /// They do not: brokers before 2.5, and tests that show what comes of it.
    One,
}

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The epoch is new, and nothing was asked under it.
    Fresh,
    /// Brokers may know of it.
    Open,
    /// It has ended, and its epoch must not be used again.
    Spent,
}

pub struct Transactions {
    coordinator: Coordinator,
    /// That of the group whose offsets went with the last transaction.
    group: Option<Coordinator>,
    /// Those that are in the open transaction.
    offsets: Option<GroupOffsets>,
    pub identity: Identity,
    pub epochs: Epochs,
    stage: Stage,
    /// Whether the coordinator said that the transaction is open.
    is_known: bool,
    /// Partitions that the coordinator knows to be of the transaction, where it has to be told.
    added: BTreeSet<(Arc<str>, i32)>,
}

impl Transactions {
    /// Fences off all older producers of the id and ends what they left open.
    ///
    /// # Errors
    /// What the coordinator refused, or that none answers.
    pub async fn open(cluster: &mut Cluster, id: &str, has_one_epoch: bool) -> Result<Self, Failure> {
        let mut coordinator = Coordinator::of(Role::Transaction, id);
        let identity = init(cluster, &mut coordinator, Identity::NONE, OPEN_PATIENCE).await?;
        let versions = cluster.any_versions();
        let raises = versions.newest::<InitProducerIdRequest>(i16::MAX) >= Some(INIT_PRODUCER_ID_RAISES);
        let epochs = if has_one_epoch {
            Epochs::One
        } else if versions.transaction >= 2 {
            Epochs::ByEnd
        } else if raises {
            Epochs::ByInit
        } else {
            tracing::warn!("brokers before Kafka 2.5 can not tell a late request from one of the next transaction");
            Epochs::One
        };
        tracing::debug!(id, ?identity, ?epochs, "older producers are fenced off");
        Ok(Self {
            coordinator,
            group: None,
            offsets: None,
            identity,
            epochs,
            stage: Stage::Fresh,
            is_known: false,
            added: BTreeSet::new(),
        })
    }

    pub fn id(&self) -> &str {
        self.coordinator.key()
    }

    /// The newest version of Produce that goes with the way of transactions.
    pub fn newest_produce(&self) -> i16 {
        match self.epochs {
            Epochs::ByEnd => i16::MAX,
            Epochs::ByInit | Epochs::One => PRODUCE_BEFORE_V2,
        }
    }

    /// Makes sure that the epoch is one that no transaction had.
    ///
    /// # Errors
    /// [`Failure::Fenced`] if another has taken over, and others.
    pub async fn begin(&mut self, cluster: &mut Cluster) -> Result<(), Failure> {
        if self.stage == Stage::Spent {
            // Without an id it is raised as well, but an older producer of the same id is not told from us.
            let known = if self.epochs == Epochs::One {
                Identity::NONE
            } else {
                self.identity
            };
            self.identity = init(cluster, &mut self.coordinator, known, PATIENCE).await?;
            self.stage = Stage::Fresh;
        }
        Ok(())
    }

    /// Brokers may hear of the transaction from now on.
    pub fn touch(&mut self) {
        self.stage = Stage::Open;
    }

    /// Those of the partitions that the coordinator has to be told of before anything is sent to them.
    pub fn to_add(&self, places: impl Iterator<Item = (Arc<str>, i32)>) -> Vec<(Arc<str>, i32)> {
        if self.epochs == Epochs::ByEnd {
            return Vec::new();
        }
        places.filter(|place| !self.added.contains(place)).collect()
    }

    /// Tells the coordinator that these partitions belong to the transaction.
    ///
    /// # Errors
    /// What it refused.
    pub async fn add(&mut self, cluster: &mut Cluster, places: Vec<(Arc<str>, i32)>) -> Result<(), Failure> {
        self.touch();
        let topics = places.iter().map(|(topic, partition)| {
            AddPartitionsToTxnTopic::default()
                .with_name(TopicName::from(wire::text(topic)))
                .with_partitions(vec![*partition])
        });
        let question = Question {
            what: "partitions of the transaction",
            request: AddPartitionsToTxnRequest::default()
                .with_v3_and_below_transactional_id(self.transactional_id())
                .with_v3_and_below_producer_id(ProducerId(self.identity.producer_id))
                .with_v3_and_below_producer_epoch(self.identity.epoch)
                .with_v3_and_below_topics(topics.collect()),
            newest: i16::MAX,
            code: |answer| {
                let topics = answer.results_by_topic_v3_and_below.iter();
                let codes = topics.flat_map(|topic| &topic.results_by_partition);
                worst(codes.map(|partition| partition.partition_error_code))
            },
            patience: PATIENCE,
        };
        self.coordinator.ask(cluster, &question).await?;
        self.is_known = true;
        self.added.extend(places);
        Ok(())
    }

    /// Takes the group's offsets into the transaction. The group's coordinator refuses them from a member that is none
    /// any more, or is one of another generation.
    ///
    /// # Errors
    /// [`Failure::Aborted`] then; others that a coordinator gives.
    pub async fn send_offsets(&mut self, cluster: &mut Cluster, group: &GroupOffsets) -> Result<(), Failure> {
        self.touch();
        let newest = if self.epochs == Epochs::ByEnd {
            i16::MAX
        } else {
            let question = Question {
                what: OFFSETS,
                request: AddOffsetsToTxnRequest::default()
                    .with_transactional_id(self.transactional_id())
                    .with_producer_id(ProducerId(self.identity.producer_id))
                    .with_producer_epoch(self.identity.epoch)
                    .with_group_id(group.group()),
                newest: i16::MAX,
                code: |answer| answer.error_code,
                patience: PATIENCE,
            };
            self.coordinator.ask(cluster, &question).await?;
            self.is_known = true;
            TXN_OFFSET_COMMIT_BEFORE_V2
        };
        let question = Question {
            what: OFFSETS,
            request: group.to_commit(self.transactional_id(), self.identity),
            newest,
            code: code_of_commit,
            patience: PATIENCE,
        };
        self.coordinator_of(group).ask(cluster, &question).await?;
        self.offsets = Some(group.clone());
        Ok(())
    }

    fn coordinator_of(&mut self, group: &GroupOffsets) -> &mut Coordinator {
        let group = &group.standing.group;
        let known = self.group.take().filter(|known| known.key() == group);
        self.group
            .insert(known.unwrap_or_else(|| Coordinator::of(Role::Group, group)))
    }

    /// Commits or aborts. What was never begun needs no end.
    ///
    /// # Errors
    /// After those of a commit its outcome is not known, but for [`Failure::Aborted`].
    pub async fn end(&mut self, cluster: &mut Cluster, commits: bool) -> Result<(), Failure> {
        if self.stage != Stage::Open {
            return Ok(());
        }
        let offsets = self.offsets.take();
        if !commits && self.epochs == Epochs::ByInit {
            return self.give_up(cluster).await;
        }
        self.ask_for_end(cluster, commits).await?;
        if let Some(offsets) = offsets.filter(|_| commits && self.epochs == Epochs::ByInit) {
            self.see_to(cluster, &offsets).await;
        }
        Ok(())
    }

    /// Sees to it that the group has come as far as the transaction that was committed says. Coordinators of Kafka 3 and older
    /// take a late request for offsets in the place of the present one before they refuse it, and have none of them then,
    /// until they read their log anew. What is final already is said again without a transaction: there is none that a late
    /// request could be taken for.
    async fn see_to(&mut self, cluster: &mut Cluster, offsets: &GroupOffsets) {
        for _ in 0..OFFSETS_TRIES {
            match self.has_reached(cluster, offsets).await {
                Ok(true) | Err(Failure::Unsupported(_)) => return,
                Ok(false) => {}
                Err(failure) => {
                    tracing::warn!(
                        ?failure,
                        "it is not known whether the group's offsets are what was committed"
                    );
                    return;
                }
            }
            tracing::info!(
                topic = offsets.topic,
                "the group's coordinator lost offsets, and is told them again"
            );
            let question = Question {
                what: OFFSETS,
                request: offsets.to_repeat(),
                newest: i16::MAX,
                code: code_of_repetition,
                patience: ABORT_PATIENCE,
            };
            if let Err(failure) = self.coordinator_of(offsets).ask(cluster, &question).await {
                tracing::warn!(?failure, "the group's coordinator does not take the offsets again");
                return;
            }
        }
        tracing::warn!(topic = offsets.topic, "the group's coordinator goes on to lose offsets");
    }

    async fn has_reached(&mut self, cluster: &mut Cluster, offsets: &GroupOffsets) -> Result<bool, Failure> {
        let question = Question {
            what: OFFSETS,
            request: offsets.to_fetch(),
            newest: i16::MAX,
            code: code_of_fetch,
            patience: ABORT_PATIENCE,
        };
        let answer = self.coordinator_of(offsets).ask(cluster, &question).await?;
        Ok(offsets.are_reached(&answer))
    }

    async fn ask_for_end(&mut self, cluster: &mut Cluster, commits: bool) -> Result<(), Failure> {
        let question = Question {
            what: if commits { "commit" } else { "abort" },
            request: EndTxnRequest::default()
                .with_transactional_id(self.transactional_id())
                .with_producer_id(ProducerId(self.identity.producer_id))
                .with_producer_epoch(self.identity.epoch)
                .with_committed(commits),
            newest: if self.epochs == Epochs::ByEnd {
                i16::MAX
            } else {
                END_TXN_BEFORE_V2
            },
            code: |answer| answer.error_code,
            patience: if commits { PATIENCE } else { ABORT_PATIENCE },
        };
        self.is_known = false;
        let answer = self.coordinator.ask(cluster, &question).await?;
        let stage = match self.epochs {
            Epochs::ByInit => Stage::Spent,
            // What was sent and not acknowledged leaves a hole in the sequence numbers of the epoch.
            Epochs::One if !commits => Stage::Spent,
            Epochs::One => Stage::Fresh,
            // A coordinator that is older than what the cluster agreed on: then as before.
            Epochs::ByEnd if answer.producer_id.0 < 0 => Stage::Spent,
            Epochs::ByEnd => {
                self.identity = Identity {
                    producer_id: answer.producer_id.0,
                    epoch: answer.producer_epoch,
                };
                Stage::Fresh
            }
        };
        self.begin_anew(stage);
        Ok(())
    }

    /// Aborts by a new epoch, without EndTxn: the markers of such an abort bring it to the partitions. After those of an
    /// EndTxn, brokers before 3.6 would take a late line of this transaction into the next one.
    async fn give_up(&mut self, cluster: &mut Cluster) -> Result<(), Failure> {
        let known = self.identity;
        let raised = match init(cluster, &mut self.coordinator, known, ABORT_PATIENCE).await {
            // An open transaction is ended under the next epoch, which is nobody's: who takes over gets one above it. The
            // coordinator has forgotten ours by then.
            Err(Failure::Fenced(_)) if self.is_known => {
                let ended = Identity {
                    epoch: known.epoch.saturating_add(1),
                    ..known
                };
                init(cluster, &mut self.coordinator, ended, ABORT_PATIENCE).await
            }
            other => other,
        };
        self.identity = raised?;
        self.begin_anew(Stage::Fresh);
        Ok(())
    }

    fn begin_anew(&mut self, stage: Stage) {
        self.stage = stage;
        self.is_known = false;
        self.added.clear();
    }

    fn transactional_id(&self) -> TransactionalId {
        TransactionalId(wire::text(self.id()))
    }
}

/// A producer id with a new epoch: of `known`, if that is still the newest; else a new one.
async fn init(
    cluster: &mut Cluster,
    coordinator: &mut Coordinator,
    known: Identity,
    patience: Duration,
) -> Result<Identity, Failure> {
    let question = Question {
        what: "transactions",
        request: InitProducerIdRequest::default()
            .with_transactional_id(Some(TransactionalId(wire::text(coordinator.key()))))
            .with_transaction_timeout_ms(TRANSACTION_TIMEOUT.as_millis() as i32)
            .with_producer_id(ProducerId(known.producer_id))
            .with_producer_epoch(known.epoch),
        newest: i16::MAX,
        code: |answer| answer.error_code,
        patience,
    };
    let answer = coordinator.ask(cluster, &question).await?;
    Ok(Identity {
        producer_id: answer.producer_id.0,
        epoch: answer.producer_epoch,
    })
}
