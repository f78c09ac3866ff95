//! What those outside see of the lanes.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::work::Backlog;
use crate::domain::EnvironmentId;

/// Shared by the lanes of a process and whoever watches them.
pub struct Watch {
    lanes: Vec<Mutex<LaneWatch>>,
}

struct LaneWatch {
    joined: bool,
    busy: Instant,
}

impl Watch {
    pub fn new(lanes: u32) -> Self {
        let lane = || {
            Mutex::new(LaneWatch {
                joined: false,
                busy: Instant::now(),
            })
        };
        Self {
            lanes: (0..lanes).map(|_| lane()).collect(),
        }
    }

    /// Whether no lane has had anything to do for so long.
    pub fn is_idle_for(&self, time: Duration) -> bool {
        self.lanes.iter().all(|lane| {
            let lane = lane.lock().unwrap_or_else(PoisonError::into_inner);
            lane.joined && lane.busy.elapsed() >= time
        })
    }

    fn lane(&self, number: u32) -> std::sync::MutexGuard<'_, LaneWatch> {
        self.lanes[number as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, lane: u32, is_busy: bool, _backlog: &Backlog) {
        if is_busy {
            self.lane(lane).busy = Instant::now();
        }
    }

    pub(super) fn assigned(&self, lane: u32, _partitions: usize) {
        let mut lane = self.lane(lane);
        lane.joined = true;
        lane.busy = Instant::now();
    }

    pub(super) fn revoked(&self, _lane: u32, _partitions: usize) {}

    pub(super) fn lost(&self, _lane: u32, _partitions: usize) {}

    pub(super) fn retried(&self) {}

    pub(super) fn committed(&self, _took: Duration) {}

    pub(super) fn sent(&self, _environment: &EnvironmentId, _lines: u64, _bytes: u64) {}

    pub(super) fn skipped(&self, _environment: &EnvironmentId, _bytes: u64) {}

    pub(super) fn error(&self, _environment: &EnvironmentId, _kind: &'static str) {}
}
