//! Whether a service is alive and ready, as its parts tell it: `/healthz` and `/readyz` of `--metrics-addr`.
//!
//! Each loop of a service is a [`Part`]. It says that it goes on ([`Part::beat`]) and whether it does its work
//! ([`Part::ready`]) or something before that ([`Part::waiting`]). A service is alive while no part is silent for longer
//! than its patience, and ready while all parts are.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A handle; clones are of the same service.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    stopping: bool,
    next_id: u64,
    parts: Vec<PartState>,
}

#[derive(Debug)]
struct PartState {
    id: u64,
    name: String,
    patience: Duration,
    last_beat: Instant,
    /// What it does before its work; `None` once it is ready.
    waiting: Option<String>,
}

/// One loop of a service. When it is dropped, health no longer depends on it.
#[derive(Debug)]
pub struct Part {
    id: u64,
    health: Health,
}

impl Health {
    /// A loop that gives a sign of life within each `patience`. It is not ready yet.
    pub fn part(&self, name: impl Into<String>, patience: Duration) -> Part {
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id += 1;
        state.parts.push(PartState {
            id,
            name: name.into(),
            patience,
            last_beat: Instant::now(),
            waiting: Some("starting".to_owned()),
        });
        Part {
            id,
            health: self.clone(),
        }
    }

    /// From now on the service is not ready any more.
    pub fn stopping(&self) {
        self.lock().stopping = true;
    }

    /// # Errors
    /// Which part is silent, and for how long.
    pub fn live(&self) -> Result<(), String> {
        self.lock().live(Instant::now())
    }

    /// # Errors
    /// What keeps the service from being ready.
    pub fn ready(&self) -> Result<(), String> {
        self.lock().ready()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn live(&self, now: Instant) -> Result<(), String> {
        for part in &self.parts {
            let silent = now.saturating_duration_since(part.last_beat);
            if silent > part.patience {
                return Err(format!("{} has made no progress for {} s", part.name, silent.as_secs()));
            }
        }
        Ok(())
    }

    fn ready(&self) -> Result<(), String> {
        if self.stopping {
            return Err("stopping".to_owned());
        }
        if self.parts.is_empty() {
            return Err("starting".to_owned());
        }
        for part in &self.parts {
            if let Some(reason) = &part.waiting {
                return Err(format!("{}: {reason}", part.name));
            }
        }
        Ok(())
    }
}

impl Part {
    /// Goes on.
    pub fn beat(&self) {
        self.change(|_| {});
    }

    /// Does its work; also a sign of life.
    pub fn ready(&self) {
        self.change(|part| part.waiting = None);
    }

    /// Does something before its work, such as `restoring state`; also a sign of life.
    pub fn waiting(&self, reason: impl Into<String>) {
        let reason = reason.into();
        self.change(|part| part.waiting = Some(reason));
    }

    fn change(&self, change: impl FnOnce(&mut PartState)) {
        let mut state = self.health.lock();
        if let Some(part) = state.parts.iter_mut().find(|part| part.id == self.id) {
            part.last_beat = Instant::now();
            change(part);
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.health.lock().parts.retain(|part| part.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn a_part_is_alive_until_it_was_silent_for_longer_than_its_patience() {
        let health = Health::default();
        let _patient = health.part("the scan of cp2/P1", PATIENCE * 10);
        let _lane = health.part("lane 1", PATIENCE);
        let state = health.lock();
        let now = Instant::now();
        for (seconds, wanted) in [
            (0, Ok(())),
            (29, Ok(())),
            (31, Err("lane 1 has made no progress for 31 s".to_owned())),
            (301, Err("the scan of cp2/P1 has made no progress for 301 s".to_owned())),
        ] {
            assert_eq!(state.live(now + Duration::from_secs(seconds)), wanted);
        }
    }

    #[test]
    fn a_beat_is_a_sign_of_life() {
        let health = Health::default();
        let lane = health.part("lane 1", Duration::ZERO);
        let before = Instant::now();
        lane.beat();
        assert!(health.lock().parts[0].last_beat >= before);
    }

    #[test]
    fn ready_while_all_parts_are_and_nobody_stops() {
        let health = Health::default();
        assert_eq!(health.ready(), Err("starting".to_owned()));
        let first = health.part("lane 1", PATIENCE);
        let second = health.part("lane 2", PATIENCE);
        first.ready();
        assert_eq!(health.ready(), Err("lane 2: starting".to_owned()));
        second.waiting("restoring state");
        assert_eq!(health.ready(), Err("lane 2: restoring state".to_owned()));
        second.ready();
        assert_eq!(health.ready(), Ok(()));
        first.waiting("restoring state");
        drop(first);
        assert_eq!(health.ready(), Ok(()));
        health.stopping();
        assert_eq!(health.ready(), Err("stopping".to_owned()));
    }
}
