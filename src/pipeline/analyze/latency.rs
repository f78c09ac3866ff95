//! How long requests took.

use sketches_ddsketch::{Config, DDSketch};

/// A percentile is off by no more than this share of itself.
const ACCURACY: f64 = 0.01;
/// Enough for times from a millisecond to a century at this accuracy; eight bytes each, and only those that are needed.
const MOST_BINS: u32 = 2048;
const LEAST_MS: f64 = 0.1;

/// A sketch of response times, as they were logged; sketches of parts make that of the whole.
#[derive(Clone)]
pub(super) struct Latency(DDSketch);

/// In the unit of the log, which is milliseconds almost everywhere.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub max: f64,
}

impl Default for Latency {
    fn default() -> Self {
        Self(DDSketch::new(Config::new(ACCURACY, MOST_BINS, LEAST_MS)))
    }
}

impl std::fmt::Debug for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.percentiles().fmt(f)
    }
}

impl Latency {
    /// A negative time is none.
    pub fn add(&mut self, time: i128) {
        self.0.add(time.max(0) as f64);
    }

    pub fn merge(&mut self, other: &Self) {
        // All are of one configuration, which is what it could fail for.
        let _ = self.0.merge(&other.0);
    }

    /// `None` without requests.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let max = self.0.max()?;
        let percentile = |share| {
            let value = self.0.quantile(share).ok().flatten()?;
            Some(round(value.min(max)))
        };
        Some(Percentiles {
            p50: percentile(0.5)?,
            p90: percentile(0.9)?,
            p99: percentile(0.99)?,
            max,
        })
    }
}

/// To what the accuracy bears.
fn round(value: f64) -> f64 {
    match value {
        ..100.0 => (value * 10.0).round() / 10.0,
        _ => value.round(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_parts_are_those_of_the_whole() {
        let mut parts = [(); 3].map(|()| Latency::default());
        for time in 0..10_000 {
            parts[time as usize * 7 % 3].add(time);
        }
        let [mut whole, second, third] = parts;
        whole.merge(&second);
        whole.merge(&third);
        let found = whole.percentiles().unwrap();
        for (found, exact) in [(found.p50, 5000.0), (found.p90, 9000.0), (found.p99, 9900.0)] {
            assert!((found - exact).abs() <= 2.0 * ACCURACY * exact, "{found} for {exact}");
        }
        assert_eq!(found.max, 9999.0);
    }

    #[test]
    fn nothing_and_what_is_no_time() {
        let mut latency = Latency::default();
        assert_eq!(latency.percentiles(), None);
        latency.merge(&Latency::default());
        assert_eq!(latency.percentiles(), None);
        latency.add(-5);
        latency.add(0);
        let zero = Percentiles {
            p50: 0.0,
            p90: 0.0,
            p99: 0.0,
            max: 0.0,
        };
        assert_eq!(latency.percentiles(), Some(zero));
        latency.add(i128::from(u64::MAX));
        assert!(latency.percentiles().unwrap().max > 1e19);
    }
}
