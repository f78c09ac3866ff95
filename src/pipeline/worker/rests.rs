//! An environment whose storage refuses everything is left alone for a while, then tried by one blob at a time.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::domain::EnvironmentId;

/// Should a blob that tries get no answer, the next one tries after this long.
const PROBE_TIME: Duration = Duration::from_secs(60);

/// The environments that rest.
#[derive(Debug, Default)]
pub struct Rests(HashMap<Arc<EnvironmentId>, Rest>);

#[derive(Debug)]
struct Rest {
    until: Instant,
    /// In a row.
    failures: u32,
    /// A blob is trying whether the storage is back.
    is_probed: bool,
}

impl Rests {
    pub fn is_resting(&self, environment: &EnvironmentId, now: Instant) -> bool {
        self.0.get(environment).is_some_and(|rest| rest.until > now)
    }

    /// A blob of the environment is being read. Is its rest over, then the others wait for how that one fares.
    pub fn probe(&mut self, environment: &EnvironmentId, now: Instant) {
        if let Some(rest) = self.0.get_mut(environment) {
            rest.until = now + PROBE_TIME;
            rest.is_probed = true;
        }
    }

    /// The storage has refused a blob for a reason that concerns all. `delay` gives how long to rest after so many
    /// failures in a row. Gives whether it is the first of them: the storage has answered before.
    pub fn fail(
        &mut self,
        environment: &Arc<EnvironmentId>,
        delay: impl FnOnce(u32) -> Duration,
        now: Instant,
    ) -> bool {
        let rest = self.0.entry(Arc::clone(environment)).or_insert(Rest {
            until: now,
            failures: 0,
            is_probed: false,
        });
        if rest.until > now && !rest.is_probed {
            // Of the same failure: several blobs were under way.
            return false;
        }
        rest.failures += 1;
        rest.until = now + delay(rest.failures);
        rest.is_probed = false;
        rest.failures == 1
    }

    /// The storage answers.
    pub fn recover(&mut self, environment: &EnvironmentId) {
        self.0.remove(environment);
    }

    /// Whether the storage refused, and has not answered since.
    pub fn is_refused(&self, environment: &EnvironmentId) -> bool {
        self.0.contains_key(environment)
    }

    /// Those whose storage has not answered again yet.
    pub fn environments(&self) -> impl Iterator<Item = &Arc<EnvironmentId>> {
        self.0.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn one_blob_at_a_time_tries_after_longer_and_longer_rests() {
        let environment = Arc::new(EnvironmentId::new("cp2", "P1"));
        let (mut rests, mut now) = (Rests::default(), Instant::now());
        let seconds = |failures| SECOND * failures;
        for failures in 1..4 {
            // Eight were under way; it is one failure.
            for nth in 0..8 {
                let is_first = rests.fail(&environment, seconds, now);
                assert_eq!(is_first, failures == 1 && nth == 0);
            }
            assert!(rests.is_resting(&environment, now + SECOND * failures - SECOND / 10));
            now += SECOND * failures;
            assert!(!rests.is_resting(&environment, now));
            rests.probe(&environment, now);
            assert!(rests.is_resting(&environment, now));
            now += SECOND;
        }
        assert!(!rests.is_resting(&environment, now + PROBE_TIME));
        rests.recover(&environment);
        assert!(!rests.is_resting(&environment, now));
        // A success ends the row.
        assert!(rests.fail(&environment, seconds, now));
        assert!(!rests.is_resting(&environment, now + SECOND));
    }

    #[test]
    fn reading_an_environment_that_does_not_rest_is_no_probe() {
        let mut rests = Rests::default();
        let environment = EnvironmentId::new("cp2", "P1");
        rests.probe(&environment, Instant::now());
        assert!(!rests.is_resting(&environment, Instant::now()));
        assert_eq!(rests.environments().count(), 0);
    }
}
