//! When a failed request is tried again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::error::{Error, Kind};

/// How often and after which pauses a request is tried again. Tried again are timeouts, throttling, 5xx answers,
/// connections that fail or break off; never refusals such as a wrong key or a missing blob.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Tries after the first one.
    pub max_retries: u32,
    pub strategy: Strategy,
    /// The pause before the first retry.
    pub initial_delay: Duration,
    /// No pause is longer, but for one that the server itself asks for.
    pub max_delay: Duration,
    /// No retry begins when this much time has passed since the first try.
    pub max_total: Duration,
}

/// How the pause grows from retry to retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strategy {
    /// 1, 2, 4, 8 … times the first pause.
    #[default]
    Exponential,
    /// 1, 2, 3, 4 … times the first pause.
    Linear,
    /// Always the first pause.
    Fixed,
}

/// A host that is unknown or refuses connections and has never answered is mostly a mistake in the configuration, so it
/// is reported after seconds. One that has answered before is tried again as after any other failure.
pub const MAX_UNREACHABLE_RETRIES: u32 = 2;
const MAX_UNREACHABLE_DELAY: Duration = Duration::from_secs(1);

/// No pause that the server asks for is kept longer than this.
pub const MAX_SERVER_DELAY: Duration = Duration::from_secs(60);

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 5,
            strategy: Strategy::Exponential,
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            max_total: Duration::from_secs(10 * 60),
        }
    }
}

impl RetryPolicy {
    /// The pause before retry `attempt` (from 0). `jitter`, from 0 to 1, takes up to half of it away, so that many
    /// readers which failed together do not come back together.
    pub fn delay(&self, attempt: u32, jitter: f64) -> Duration {
        let factor = match self.strategy {
            Strategy::Exponential => 2u32.saturating_pow(attempt),
            Strategy::Linear => attempt.saturating_add(1),
            Strategy::Fixed => 1,
        };
        let whole = self.initial_delay.saturating_mul(factor).min(self.max_delay);
        whole.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
    }

    /// The pause after `error` of a server that is `known` to be there, or not, when `retries` retries were made in
    /// `elapsed`; `None` to give up.
    fn next(&self, error: &Error, known: bool, retries: u32, elapsed: Duration, jitter: f64) -> Option<Duration> {
        if !error.is_retriable() || retries >= self.retries_of(error, known) {
            return None;
        }
        let own = self.delay(retries, jitter);
        let delay = match error.retry_after() {
            _ if error.kind() == Kind::Unreachable && !known => own.min(MAX_UNREACHABLE_DELAY),
            Some(asked) => own.max(asked.min(MAX_SERVER_DELAY)),
            None => own,
        };
        (elapsed + delay <= self.max_total).then_some(delay)
    }

    fn retries_of(&self, error: &Error, known: bool) -> u32 {
        match error.kind() {
            Kind::Unreachable if !known => self.max_retries.min(MAX_UNREACHABLE_RETRIES),
            _ => self.max_retries,
        }
    }

    /// Calls `request` until it succeeds, fails for good or the policy gives up. `known` is set once the server has
    /// answered, whatever it said.
    pub(super) async fn run<T, F>(&self, known: &AtomicBool, request: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send,
    {
        let started = Instant::now();
        let mut retries = 0;
        loop {
            let answer = request().await;
            if !matches!(&answer, Err(error) if error.kind() == Kind::Unreachable) {
                known.store(true, Ordering::Relaxed);
            }
            let error = match answer {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let known = known.load(Ordering::Relaxed);
            let Some(delay) = self.next(&error, known, retries, started.elapsed(), random_fraction()) else {
                return Err(error.with_tries(retries + 1));
            };
            retries += 1;
            tracing::warn!(
                retry = retries,
                of = self.retries_of(&error, known),
                ?delay,
                "{error}; trying again"
            );
            tokio::time::sleep(delay).await;
        }
    }
}

/// From 0 to 1. The standard library seeds each `RandomState` differently, which is random enough to spread retries.
fn random_fraction() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    random as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(strategy: Strategy) -> RetryPolicy {
        RetryPolicy {
            strategy,
            ..RetryPolicy::default()
        }
    }

    #[test]
    fn pauses_grow_by_strategy_up_to_the_longest() {
        let table: [(Strategy, [u64; 8]); 3] = [
            (
                Strategy::Exponential,
                [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000],
            ),
            (Strategy::Linear, [500, 1000, 1500, 2000, 2500, 3000, 3500, 4000]),
            (Strategy::Fixed, [500; 8]),
        ];
        for (strategy, expected) in table {
            let delays: Vec<u64> = (0..8)
                .map(|n| policy(strategy).delay(n, 0.0).as_millis() as u64)
                .collect();
            assert_eq!(delays, expected, "{strategy:?}");
        }
        assert_eq!(
            policy(Strategy::Exponential).delay(u32::MAX, 0.0),
            Duration::from_secs(30)
        );
    }

    #[test]
    fn jitter_takes_up_to_half_away() {
        let half = policy(Strategy::Fixed);
        for (jitter, expected) in [(0.0, 500), (0.5, 375), (1.0, 250), (7.0, 250), (-1.0, 500)] {
            assert_eq!(half.delay(0, jitter), Duration::from_millis(expected), "{jitter}");
        }
        assert!((0.0..=1.0).contains(&random_fraction()));
    }

    #[test]
    fn what_is_tried_again_and_when() {
        let seconds = Duration::from_secs;
        let millis = Duration::from_millis;
        // (kind, the server's wish, retries so far, elapsed, the pause or giving up)
        let table = [
            (Kind::Unavailable, None, 0, 0, Some(millis(500))),
            (Kind::Changed, None, 1, 0, Some(millis(1000))),
            (Kind::Throttled, Some(7), 0, 0, Some(seconds(7))),
            (Kind::Throttled, Some(0), 0, 0, Some(millis(500))),
            (Kind::Throttled, Some(3600), 0, 0, Some(MAX_SERVER_DELAY)),
            (Kind::Unavailable, None, 4, 0, Some(seconds(8))),
            (Kind::Unavailable, None, 5, 0, None),
            (Kind::Unavailable, None, 0, 600, None),
            (Kind::Unreachable, None, 1, 0, Some(seconds(1))),
            (Kind::Unreachable, None, 2, 0, None),
            (Kind::Forbidden, None, 0, 0, None),
            (Kind::Unauthorized, None, 0, 0, None),
            (Kind::BlobNotFound, None, 0, 0, None),
            (Kind::ContainerNotFound, None, 0, 0, None),
            (Kind::Rejected, None, 0, 0, None),
            (Kind::Invalid, None, 0, 0, None),
        ];
        for (kind, asked, retries, elapsed, expected) in table {
            let error = Error::new(kind, "x", "y").with_retry_after(asked.map(seconds));
            let next = RetryPolicy::default().next(&error, false, retries, seconds(elapsed), 0.0);
            assert_eq!(next, expected, "{kind:?} {asked:?} {retries} {elapsed}");
        }
        let hasty = RetryPolicy {
            max_total: seconds(10),
            ..RetryPolicy::default()
        };
        for (asked, elapsed, expected) in [
            (None, 9, Some(millis(500))),
            (None, 10, None),
            (Some(seconds(11)), 0, None),
        ] {
            let error = Error::new(Kind::Throttled, "x", "y").with_retry_after(asked);
            assert_eq!(hasty.next(&error, true, 0, seconds(elapsed), 0.0), expected);
        }
        let gone = Error::new(Kind::Unreachable, "x", "y");
        let of_known = |retries| RetryPolicy::default().next(&gone, true, retries, seconds(0), 0.0);
        assert_eq!([2, 4, 5].map(of_known), [Some(seconds(2)), Some(seconds(8)), None]);
    }
}
