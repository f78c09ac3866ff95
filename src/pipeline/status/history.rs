//! Lag and rates over time, as far back as there is room.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::{Rate, Summary};
use crate::domain::EnvironmentId;

/// One look at the sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub at: Timestamp,
    pub lag_bytes: u64,
    pub rate: Rate,
}

/// The last [`MAX_POINTS`] looks, oldest first.
#[derive(Clone, Debug, Default)]
pub struct History(VecDeque<Point>);

/// Of all together, and of each environment.
#[derive(Clone, Debug, Default)]
pub struct Histories {
    pub overall: History,
    pub environments: BTreeMap<EnvironmentId, History>,
}

/// An hour at a look every five seconds; 32 bytes each.
pub const MAX_POINTS: usize = 720;

impl History {
    pub fn add(&mut self, point: Point) {
        if self.0.len() == MAX_POINTS {
            self.0.pop_front();
        }
        self.0.push_back(point);
    }

    pub fn points(&self) -> impl DoubleEndedIterator<Item = &Point> + ExactSizeIterator {
        self.0.iter()
    }

    /// The lag over the whole time in so many steps of equal length, oldest first; each is the largest of its step, so that
    /// no peak is lost. Empty before there are two looks.
    pub fn lags(&self, steps: usize) -> Vec<u64> {
        let (Some(first), Some(last)) = (self.0.front(), self.0.back()) else {
            return Vec::new();
        };
        let span = (last.at.as_millisecond() - first.at.as_millisecond()).max(0) as u64;
        if self.0.len() < 2 || span == 0 || steps == 0 {
            return Vec::new();
        }
        let mut lags = vec![None; steps];
        for point in &self.0 {
            let since = (point.at.as_millisecond() - first.at.as_millisecond()).max(0) as u64;
            let step = (since * steps as u64 / (span + 1)) as usize;
            let lag = &mut lags[step.min(steps - 1)];
            *lag = Some(lag.map_or(point.lag_bytes, |known: u64| known.max(point.lag_bytes)));
        }
        // A step without a look has the lag of the look before it.
        let mut lag = first.lag_bytes;
        let filled = lags.into_iter().map(|known| {
            lag = known.unwrap_or(lag);
            lag
        });
        filled.collect()
    }
}

impl Histories {
    pub fn add(&mut self, at: Timestamp, overall: &Summary, environments: &BTreeMap<EnvironmentId, Summary>) {
        let point = |summary: &Summary| Point {
            at,
            lag_bytes: summary.total.lag_bytes,
            rate: summary.rate,
        };
        self.overall.add(point(overall));
        for (id, summary) in environments {
            self.environments.entry(id.clone()).or_default().add(point(summary));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(points: &[(i64, u64)]) -> History {
        let mut history = History::default();
        for (second, lag_bytes) in points {
            history.add(Point {
                at: Timestamp::from_second(*second).unwrap(),
                lag_bytes: *lag_bytes,
                rate: Rate::default(),
            });
        }
        history
    }

    #[test]
    fn lags_are_spread_over_time_and_keep_their_peaks() {
        for (points, steps, expected) in [
            (&[][..], 3, &[][..]),
            (&[(0, 5)], 3, &[]),
            (&[(0, 5), (10, 7)], 0, &[]),
            (&[(0, 5), (10, 7)], 2, &[5, 7]),
            (&[(0, 5), (10, 7)], 4, &[5, 5, 5, 7]),
            (&[(0, 1), (1, 90), (2, 3), (10, 4)], 2, &[90, 4]),
        ] {
            assert_eq!(history(points).lags(steps), expected, "{points:?} in {steps}");
        }
    }

    #[test]
    fn the_oldest_looks_are_forgotten() {
        let points: Vec<(i64, u64)> = (0..2000).map(|second| (second, second as u64)).collect();
        let history = history(&points);
        assert_eq!(history.points().len(), MAX_POINTS);
        assert_eq!(history.points().last().unwrap().lag_bytes, 1999);
        assert_eq!(history.lags(10).len(), 10);
    }
}
