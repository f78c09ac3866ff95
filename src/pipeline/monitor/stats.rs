//! What the monitor has done since its start: for the log, and for whoever else wants to show it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::watch::Counts;
use crate::domain::EnvironmentId;

/// Figures of each environment since the start.
#[derive(Debug, Default)]
pub struct Stats(Mutex<BTreeMap<EnvironmentId, Figures>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Scans that were complete, and those that failed.
    pub scans: u64,
    pub failed: u64,
    /// What the scans found and told, summed up: a blob counts in each scan.
    pub counts: Counts,
    /// In all scans.
    pub scanning: Duration,
    pub last_success: Option<Timestamp>,
}

impl Stats {
    /// Notes a scan; `found` is `None` if it failed.
    pub(super) fn note(&self, environment: &EnvironmentId, found: Option<Counts>, took: Duration) {
        let mut all = self.lock();
        let figures = all.entry(environment.clone()).or_default();
        figures.scanning += took;
        match found {
            None => figures.failed += 1,
            Some(counts) => {
                figures.scans += 1;
                figures.counts += counts;
                figures.last_success = Some(Timestamp::now());
            }
        }
    }

    /// The figures of each environment that was scanned.
    pub fn figures(&self) -> BTreeMap<EnvironmentId, Figures> {
        self.lock().clone()
    }

    /// A line for the log: all environments together.
    pub fn log(&self) {
        let all = self.figures();
        let mut counts = Counts::default();
        all.values().for_each(|figures| counts += figures.counts);
        tracing::info!(
            environments = all.len(),
            scans = all.values().map(|figures| figures.scans).sum::<u64>(),
            failed = all.values().map(|figures| figures.failed).sum::<u64>(),
            observed = counts.observed,
            closed = counts.closed,
            listed = counts.listed,
            "since the start"
        );
    }

    /// A panic elsewhere while the lock was held leaves these plain values usable.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<EnvironmentId, Figures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
