//! One member of the workers' group: it takes events of its partitions, brings the blobs' lines into Kafka, and commits.
//!
//! Everything a lane does is in one thread and in plain sequence, so that between any two steps it is clear what is
//! committed. What it rests on (explored state by state before it was written):
//!
//! - A commit holds lines, the states behind them and the group's offsets, these last of all, with the member's present
//!   generation. A member that lost its partitions is refused, whatever it has in hand. ([`commit`])
//! - Partitions are given back only after a commit or an abort; lost ones after an abort. ([`group`])
//! - States are restored after the assignment, up to an end that waits for open transactions. ([`group`])
//! - After any abort the lane forgets everything in memory, and begins anew from states and offsets in Kafka.
//!   ([`Lane::begin_anew`])

mod commit;
mod events;
mod failures;
mod group;
mod states;
mod turns;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use self::{
    commit::Uncommitted,
    group::{Restoring, Share},
    turns::{Current, InHand},
};
use super::{Watch, backlog::Backlog, reading::Reading, settings::Settings, watch::LaneWatch};
use crate::{
    domain::{Date, EnvironmentId},
    kafka::{self, Connection, Member, TopicLimits},
    pipeline::lanes::{Gate, LaneProducer},
};

/// How long a lane waits for an arrival while blobs are read, or for news of the group while nothing is to be done.
const BUSY_WAIT: Duration = Duration::from_millis(10);
const IDLE_WAIT: Duration = Duration::from_millis(50);
/// So often the states are read again: those that have expired by then are dropped, failed blobs are taken up again.
const UPKEEP_EVERY: Duration = Duration::from_secs(24 * 3600);

pub struct Lane {
    connection: Connection,
    settings: Arc<Settings>,
    /// Counts the lanes of this process from 0.
    number: u32,
    all: Arc<Watch>,
    watch: LaneWatch,
    member: Member,
    producer: LaneProducer,
    reading: Reading,
    shares: BTreeMap<i32, Share>,
    restoring: Vec<Restoring>,
    epochs: u64,
    restored_at: Instant,
    backlog: Backlog,
    is_paused: bool,
    turns: HashMap<u64, InHand>,
    turns_begun: u64,
    current: Option<Current>,
    uncommitted: Uncommitted,
    names: Names,
}

impl Lane {
    /// Joins the group. To be called inside tokio's runtime, on a thread that may block.
    ///
    /// # Errors
    /// What keeps a first producer or member from working: rights, properties, brokers that are away.
    pub fn join(
        connection: &Connection,
        settings: Arc<Settings>,
        number: u32,
        gate: &Gate,
        watch: Arc<Watch>,
    ) -> Result<Self, kafka::Error> {
        let Settings {
            group,
            instance,
            topics,
            ..
        } = &*settings;
        let raw = [&topics.raw_application, &topics.raw_proxy];
        let limits = TopicLimits::of(raw.map(|topic| topic.max_record_bytes));
        let name = ["clp-worker", group, instance];
        let member = Member::connect(connection, group, &settings.client_id, &topics.blobs.0)?;
        gate.pass();
        member.join()?;
        let lane = Self {
            member,
            producer: LaneProducer::open(connection, settings.delivery, name, number, limits)?,
            connection: connection.clone(),
            number,
            watch: watch.lane(number),
            all: watch,
            reading: Reading::new(settings.read),
            shares: BTreeMap::new(),
            restoring: Vec::new(),
            epochs: 0,
            restored_at: Instant::now(),
            backlog: Backlog::new(settings.order),
            is_paused: false,
            turns: HashMap::new(),
            turns_begun: 0,
            current: None,
            uncommitted: Uncommitted::default(),
            names: Names::default(),
            settings,
        };
        Ok(lane)
    }

    /// Works until `cancel`, then commits what is whole and leaves the group.
    ///
    /// # Errors
    /// Those that time does not mend, such as missing rights.
    pub fn run(mut self, cancel: &CancellationToken) -> Result<(), kafka::Error> {
        while !cancel.is_cancelled() {
            match self.step() {
                Ok(()) => {}
                Err(error) if error.is_lasting() => return Err(error),
                Err(error) => self.recover_from(&error),
            }
        }
        if let Err(error) = self.stop() {
            tracing::warn!(lane = self.number, %error, "the last transaction is undone; it comes again with the next start");
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), kafka::Error> {
        if self.producer.inner.is_none() {
            self.watch.sign.step(true, Some("Kafka failed, waiting to begin anew"));
            self.hear()?;
            return self.come_back();
        }
        let restoring = (!self.restoring.is_empty()).then_some("restoring states");
        self.watch.sign.step(self.is_busy(), restoring);
        self.hear()?;
        self.take_restored()?;
        self.backlog.wake(Instant::now());
        self.start_turns();
        if !self.turns.is_empty()
            && let Some(arrival) = self.reading.next(BUSY_WAIT)
        {
            self.receive(arrival)?;
        }
        if self.is_commit_due() {
            self.commit()?;
            self.share_turns();
        }
        if self.restored_at.elapsed() > UPKEEP_EVERY && self.may_cut() {
            self.commit()?;
            self.forget();
            self.restore_all()?;
        }
        if self.watch.wants_standing() {
            self.stand();
        }
        Ok(())
    }

    /// Says how the blobs stand, and how much work waits for what is listed beyond that.
    fn stand(&mut self) {
        let known = self.shares.values().flat_map(|share| share.known.values());
        let (environments, shares) = (&self.all.environments, &self.shares);
        let waiting = self.backlog.iter().map(|work| {
            let known = shares.get(&work.partition).and_then(|share| share.known.get(&work.id));
            let told = known.map_or(0, |known| known.size.max(known.checkpoint.member));
            (environments.number(&work.environment), work.size.saturating_sub(told))
        });
        self.watch.stand(known, waiting);
    }

    /// Whether anything is left to do that does not wait for a time to come, or for storage that does not answer.
    fn is_busy(&self) -> bool {
        let caught_up = |share: &Share| share.is_ready() && share.at_end;
        let is_hopeful = |turn: &InHand| self.backlog.is_hopeful(&turn.work.environment);
        self.producer.inner.is_none()
            || self.backlog.has_hope(Instant::now())
            || self.turns.values().any(is_hopeful)
            || !self.uncommitted.is_empty()
            || !self.restoring.is_empty()
            || !self.shares.values().all(caught_up)
    }

    /// A transaction is lost, or its outcome is not known: nothing in memory can be relied on.
    fn recover_from(&mut self, error: &kafka::Error) {
        self.watch.sign.aborted(self.uncommitted.age());
        self.producer.fail(error);
        self.forget();
    }

    /// With a new producer, and states and offsets as they are in Kafka.
    fn come_back(&mut self) -> Result<(), kafka::Error> {
        match self.producer.come_back()? {
            true => self.restore_all(),
            false => Ok(()),
        }
    }

    /// Forgets everything that is not in Kafka.
    fn forget(&mut self) {
        self.turns.clear();
        self.current = None;
        self.uncommitted = Uncommitted::default();
        self.backlog = Backlog::new(self.settings.order);
        self.restoring.clear();
        self.is_paused = false;
        // The turns that are under way end when nobody listens.
        self.reading = Reading::new(self.settings.read);
        for share in self.shares.values_mut() {
            share.unset();
        }
    }

    fn stop(&mut self) -> Result<(), kafka::Error> {
        self.reach_end()?;
        match self.may_cut() {
            true => self.commit(),
            false => self.producer.abort(),
        }
    }

    fn today(&self) -> Date {
        Date::today_utc()
    }
}

/// Names that many blobs share, kept once.
#[derive(Default)]
struct Names {
    environments: HashMap<EnvironmentId, Arc<EnvironmentId>>,
    services: HashMap<String, Arc<str>>,
}

impl Names {
    fn environment(&mut self, id: EnvironmentId) -> Arc<EnvironmentId> {
        let shared = self.environments.entry(id.clone()).or_insert_with(|| Arc::new(id));
        Arc::clone(shared)
    }

    fn service(&mut self, name: &str) -> Arc<str> {
        let shared = self.services.entry(name.to_owned()).or_insert_with(|| name.into());
        Arc::clone(shared)
    }
}
