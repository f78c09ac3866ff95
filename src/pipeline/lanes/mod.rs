//! The lanes of a service: threads that work side by side, each a member of a consumer group; started, watched and
//! stopped together.

mod gate;
mod instance;
mod producer;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time};
use tokio_util::sync::CancellationToken;

use super::{
    health::{Health, Part},
    metrics::{LaneMetrics, Rebalance},
};
use crate::kafka;

pub use gate::Gate;
pub use instance::Instance;
pub(super) use producer::LaneProducer;

/// A lane that says nothing for so long is stuck: longer than any call to Kafka may take.
const LANE_PATIENCE: Duration = Duration::from_secs(330);
/// After the wish to stop, lanes get so long to commit and to leave the group. Whoever asked gives up on a process after
/// ten seconds, as a rule; clients that are closed at the program's end get up to two of them.
const STOP_PATIENCE: Duration = Duration::from_secs(7);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Shared by the lanes of a process and whoever watches them.
pub struct Lanes {
    pub health: Health,
    metrics: LaneMetrics,
    /// Since when each lane has had nothing to do; `None` while it has, or has not been let into the group.
    idle: Mutex<HashMap<u32, Option<Instant>>>,
}

impl Lanes {
    pub fn new(health: Health, metrics: LaneMetrics) -> Self {
        Self {
            health,
            metrics,
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
    pub(super) fn sign(self: &Arc<Self>, number: u32) -> Sign {
        self.metrics.lane_started();
        self.set_idle(number, None);
        Sign {
            part: self.health.part(format!("lane {number}"), LANE_PATIENCE),
            lanes: Arc::clone(self),
            number,
            joined: false,
            idle_since: None,
        }
    }

    fn set_idle(&self, number: u32, since: Option<Instant>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.insert(number, since);
    }
}

/// What one lane shows of itself.
pub(super) struct Sign {
    lanes: Arc<Lanes>,
    part: Part,
    number: u32,
    joined: bool,
    idle_since: Option<Instant>,
}

impl Sign {
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
            self.lanes.set_idle(self.number, idle_since);
        }
    }

    pub fn rebalanced(&self, kind: Rebalance, partitions: usize) {
        self.lanes.metrics.rebalanced(kind, partitions);
    }

    pub fn committed(&self, took: Duration) {
        self.lanes.metrics.committed(took);
    }

    pub fn aborted(&self, took: Duration) {
        self.lanes.metrics.aborted(took);
    }
}

impl Drop for Sign {
    fn drop(&mut self) {
        self.lanes.metrics.lane_ended();
    }
}

/// Runs `count` lanes until `cancel`, or until none of them has had anything to do for `until_idle`. `work` is a whole
/// lane: it gets its number from 0, joins its group when the gate lets it pass, and ends when its token is cancelled.
///
/// # Errors
/// Of a lane that can not go on, once the others have stopped.
pub async fn run<E>(
    count: u32,
    until_idle: Option<Duration>,
    cancel: CancellationToken,
    lanes: Arc<Lanes>,
    work: impl Fn(u32, &Gate, &CancellationToken) -> Result<(), E> + Clone + Send + 'static,
) -> Result<(), E>
where
    E: From<kafka::Error> + Send + 'static,
{
    // A lane that fails stops its siblings, not whoever waits on the caller's token.
    let stop = cancel.child_token();
    let mut running = JoinSet::new();
    let gate = Arc::new(Gate::new(count));
    for number in 0..count {
        let (work, gate, stop) = (work.clone(), Arc::clone(&gate), stop.clone());
        running.spawn(kafka::blocking(move || work(number, &gate, &stop)));
    }
    let mut result = Ok(());
    let mut look = time::interval(LOOK_EVERY);
    let mut asked_at = None;
    while !running.is_empty() {
        tokio::select! {
            Some(ended) = running.join_next() => {
                let ended = ended.unwrap_or_else(|_| Err(kafka::Error::Cancelled.into()));
                if let Err(error) = ended {
                    stop.cancel();
                    result = result.and(Err(error));
                }
            }
            _ = look.tick() => {
                if until_idle.is_some_and(|time| lanes.is_idle_for(time)) {
                    stop.cancel();
                }
                if stop.is_cancelled() {
                    lanes.health.stopping();
                    let asked_at = *asked_at.get_or_insert_with(time::Instant::now);
                    if asked_at.elapsed() > STOP_PATIENCE {
                        tracing::warn!("Kafka does not answer; what is not committed comes again with the next start");
                        return result;
                    }
                }
            }
        }
    }
    result
}
