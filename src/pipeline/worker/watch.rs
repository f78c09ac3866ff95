//! What those outside see of the lanes: figures, health, and whether there is anything to do.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{environments::Environments, known::Known};
use crate::{
    domain::EnvironmentId,
    pipeline::{
        health::Health,
        lanes::{Lanes, Sign},
        metrics::{Committed, CommittedBlob, ErrorKind, Share, Standing, WorkerMetrics},
    },
};

/// How often a lane says how its blobs stand.
const STANDING_EVERY: Duration = Duration::from_secs(5);

/// Shared by the lanes of a process and whoever watches them.
pub struct Watch {
    pub metrics: WorkerMetrics,
    pub lanes: Arc<Lanes>,
    pub environments: Environments,
}

impl Watch {
    pub fn new(metrics: WorkerMetrics, health: Health) -> Self {
        Self {
            lanes: Arc::new(Lanes::new(health, metrics.lanes().clone())),
            metrics,
            environments: Environments::default(),
        }
    }

    /// For the lane of this number.
    pub(super) fn lane(self: &Arc<Self>, number: u32) -> LaneWatch {
        LaneWatch {
            sign: self.lanes.sign(number),
            watch: Arc::clone(self),
            told: Instant::now(),
            shares: Vec::new(),
        }
    }
}

/// One lane's side of the [`Watch`].
pub(super) struct LaneWatch {
    pub sign: Sign,
    watch: Arc<Watch>,
    told: Instant,
    /// By the environment's number.
    shares: Vec<Share>,
}

impl LaneWatch {
    pub fn environments(&self) -> &Environments {
        &self.watch.environments
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

    pub fn committed(&self, took: Duration, of: HashMap<Arc<EnvironmentId>, Committed>, blobs: Vec<CommittedBlob>) {
        self.sign.committed(took);
        for (environment, committed) in of {
            self.watch.metrics.environment(&environment).committed(committed);
        }
        self.watch.metrics.blobs().note(blobs);
    }

    pub fn failed(&self, environment: &EnvironmentId, kind: ErrorKind) {
        self.watch.metrics.environment(environment).failed(kind);
    }
}
