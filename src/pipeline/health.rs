//! Whether a service is alive and ready, as its parts tell it: `/healthz` and `/readyz` of `--metrics-addr`.
//!
//! Each loop of a service is a [`Part`]. It says that it goes on ([`Part::beat`]) and whether it does its work
//! ([`Part::ready`]) or something before that ([`Part::waiting`]). A service is alive while no part is silent for longer
//! than its patience, and ready while all parts are.

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;

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

/// How one part of a service is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartHealth {
    pub name: String,
    /// Whether it was silent for no longer than its patience.
    pub live: bool,
    /// What it does before its work; `None` once it is ready.
    pub waiting: Option<String>,
    /// Since its last sign of life.
    pub silent_seconds: u64,
    pub patience_seconds: u64,
}

/// One loop of a service. When it is dropped, health no longer depends on it.
#[derive(Debug)]
pub struct Part {
    id: u64,
    patience: Duration,
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
            patience,
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

    /// Each part by itself.
    pub fn parts(&self) -> Vec<PartHealth> {
        let now = Instant::now();
        self.lock().parts.iter().map(|part| part.health(now)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn live(&self, now: Instant) -> Result<(), String> {
        for part in &self.parts {
            let PartHealth {
                live, silent_seconds, ..
            } = part.health(now);
            if !live {
                return Err(format!("{} has made no progress for {silent_seconds} s", part.name));
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

impl PartState {
    fn health(&self, now: Instant) -> PartHealth {
        let silent = now.saturating_duration_since(self.last_beat);
        PartHealth {
            name: self.name.clone(),
            live: silent <= self.patience,
            waiting: self.waiting.clone(),
            silent_seconds: silent.as_secs(),
            patience_seconds: self.patience.as_secs(),
        }
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

    /// Waits for what has limits of its own, such as requests with timeouts, and gives signs of life meanwhile.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(self.patience / 4, &mut work).await {
                Ok(done) => return done,
                Err(_) => self.beat(),
            }
        }
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

    #[tokio::test]
    async fn waiting_for_something_is_no_silence() {
        let health = Health::default();
        let part = health.part("scanning", Duration::from_millis(40));
        let begun = Instant::now();
        // Ends once it was seen alive after a time that is silence for one that does not beat.
        let seen = async {
            while begun.elapsed() < Duration::from_millis(200) {
                tokio::task::yield_now().await;
            }
            health.live()
        };
        assert_eq!(part.during(seen).await, Ok(()));
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
        let parts: Vec<_> = health
            .parts()
            .into_iter()
            .map(|part| (part.name, part.live, part.waiting))
            .collect();
        let waiting = Some("restoring state".to_owned());
        assert_eq!(
            parts,
            [("lane 1".to_owned(), true, None), ("lane 2".to_owned(), true, waiting)]
        );
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
