//! What those outside see of the lanes: figures, health, and whether there is anything to do.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{environments::Environments, known::Known};
use crate::{
    domain::EnvironmentId,
    pipeline::{
        health::{Health, Part},
        metrics::{Committed, ErrorKind, Operation, Rebalance, Share, Standing, WorkerMetrics},
    },
};

/// A lane that says nothing for so long is stuck: longer than any call to Kafka may take.
const LANE_PATIENCE: Duration = Duration::from_secs(330);
/// How often a lane says how its blobs stand.
const STANDING_EVERY: Duration = Duration::from_secs(5);

/// Shared by the lanes of a process and whoever watches them.
pub struct Watch {
    pub metrics: WorkerMetrics,
    pub health: Health,
    pub environments: Environments,
    /// Since when each lane has had nothing to do; `None` while it has, or has not been let into the group.
    idle: Mutex<HashMap<u32, Option<Instant>>>,
}

impl Watch {
    pub fn new(metrics: WorkerMetrics, health: Health) -> Self {
        Self {
            metrics,
            health,
            environments: Environments::default(),
            idle: Mutex::default(),
        }
    }

    /// Whether none of the lanes has had anything to do for so long.
    pub fn is_idle_for(&self, time: Duration) -> bool {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lanes = idle.values();
        !idle.is_empty() && lanes.all(|since| since.is_some_and(|since| since.elapsed() >= time))
    }

    /// For the lane of this number.
    pub(super) fn lane(self: &Arc<Self>, number: u32) -> LaneWatch {
        self.metrics.lane_started();
        self.set_idle(number, None);
        LaneWatch {
            part: self.health.part(format!("lane {number}"), LANE_PATIENCE),
            watch: Arc::clone(self),
            number,
            joined: false,
            idle_since: None,
            told: Instant::now(),
            shares: Vec::new(),
        }
    }

    fn set_idle(&self, number: u32, since: Option<Instant>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.insert(number, since);
    }
}

/// One lane's side of the [`Watch`].
pub(super) struct LaneWatch {
    watch: Arc<Watch>,
    part: Part,
    number: u32,
    joined: bool,
    idle_since: Option<Instant>,
    told: Instant,
    /// By the environment's number.
    shares: Vec<Share>,
}

impl LaneWatch {
    pub fn environments(&self) -> &Environments {
        &self.watch.environments
    }

    /// The group has let the lane in, whether or not it got partitions.
    pub fn joined(&mut self) {
        self.joined = true;
    }

    /// A sign of life with every step. `waiting` says why the lane is not at work.
    pub fn step(&mut self, is_busy: bool, waiting: Option<&str>) {
        match waiting {
            _ if !self.joined => self.part.waiting("joining the group"),
            Some(reason) => self.part.waiting(reason),
            None => self.part.ready(),
        }
        let idle_since = match is_busy || !self.joined {
            true => None,
            false => self.idle_since.or_else(|| Some(Instant::now())),
        };
        if idle_since != self.idle_since {
            self.idle_since = idle_since;
            self.watch.set_idle(self.number, idle_since);
        }
    }

    /// Whether it is time for [`LaneWatch::stand`].
    pub fn wants_standing(&self) -> bool {
        self.told.elapsed() >= STANDING_EVERY
    }

    /// Says how the lane's blobs stand. `waiting` are the environments and bytes of work that waits beyond that.
    pub fn stand<'a>(&mut self, known: impl Iterator<Item = &'a Known>, waiting: impl Iterator<Item = (u16, u64)>) {
        self.told = Instant::now();
        let environments = self.watch.environments.all();
        let mut standings = vec![Standing::default(); environments.len()];
        for known in known {
            let Some(standing) = standings.get_mut(usize::from(known.environment)) else {
                continue;
            };
            standing.lag_bytes += known.lag();
            match () {
                () if known.failed => standing.failed_blobs += 1,
                () if known.closed => standing.closed_blobs += 1,
                () => standing.open_blobs += 1,
            }
        }
        for (environment, bytes) in waiting {
            if let Some(standing) = standings.get_mut(usize::from(environment)) {
                standing.lag_bytes += bytes;
            }
        }
        for (number, standing) in standings.into_iter().enumerate() {
            if self.shares.len() <= number {
                self.shares
                    .push(self.watch.metrics.environment(&environments[number]).share());
            }
            self.shares[number].set(standing);
        }
    }

    pub fn rebalanced(&self, kind: Rebalance, partitions: usize) {
        self.watch.metrics.rebalanced(kind, partitions);
    }

    pub fn committed(&self, took: Duration, of: HashMap<Arc<EnvironmentId>, Committed>) {
        self.watch.metrics.committed(took);
        for (environment, committed) in of {
            self.watch.metrics.environment(&environment).committed(committed);
        }
    }

    pub fn aborted(&self, took: Duration) {
        self.watch.metrics.aborted(took);
        self.watch.metrics.retried(Operation::Transaction);
    }

    pub fn failed(&self, environment: &EnvironmentId, kind: ErrorKind) {
        self.watch.metrics.environment(environment).failed(kind);
    }
}

impl Drop for LaneWatch {
    fn drop(&mut self) {
        self.watch.metrics.lane_ended();
    }
}
