//! Values over time, in buckets that widen as the time does.

use std::collections::BTreeMap;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Widths of buckets in seconds. Each is a multiple of the one before, so that whole buckets become one of the next width,
/// and each is one that people read from a clock.
const WIDTHS: [i64; 17] = [
    1,
    5,
    10,
    30,
    60,
    300,
    900,
    1_800,
    3_600,
    7_200,
    21_600,
    43_200,
    86_400,
    7 * 86_400,
    28 * 86_400,
    364 * 86_400,
    3640 * 86_400,
];

/// Buckets that hold something, at most. A day is 288 of five minutes. All times that 64 bits of nanoseconds reach are fewer of
/// the widest.
pub(super) const MOST_BUCKETS: usize = 300;

/// What adds up.
pub(super) trait Value: Default {
    fn add(&mut self, other: Self);
}

impl Value for u64 {
    fn add(&mut self, other: Self) {
        *self += other;
    }
}

/// Values by the bucket that their time lies in. Only buckets that hold something exist, so one line with a time far off
/// costs one bucket and no accuracy.
#[derive(Clone, Debug)]
pub(super) struct Series<V> {
    /// Index into [`WIDTHS`].
    step: usize,
    /// By the number of the bucket: the time divided by the width.
    buckets: BTreeMap<i64, V>,
}

impl<V> Default for Series<V> {
    fn default() -> Self {
        Self {
            step: 0,
            buckets: BTreeMap::new(),
        }
    }
}

impl<V: Value> Series<V> {
    /// The value at a time, in nanoseconds since 1970.
    pub fn at(&mut self, time_ns: i64) -> &mut V {
        loop {
            let bucket = time_ns.div_euclid(self.width_seconds() * NANOS_PER_SECOND);
            let is_full = self.buckets.len() >= MOST_BUCKETS && self.step + 1 < WIDTHS.len();
            if !is_full || self.buckets.contains_key(&bucket) {
                return self.buckets.entry(bucket).or_default();
            }
            self.widen();
        }
    }

    pub fn merge(&mut self, mut other: Self) {
        while self.step < other.step {
            self.widen();
        }
        while other.step < self.step {
            other.widen();
        }
        for (bucket, value) in other.buckets {
            self.buckets.entry(bucket).or_default().add(value);
        }
        while self.buckets.len() > MOST_BUCKETS && self.step + 1 < WIDTHS.len() {
            self.widen();
        }
    }

    pub fn width_seconds(&self) -> i64 {
        WIDTHS[self.step]
    }

    /// The beginning of each bucket in seconds since 1970, and its value.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i64, &V)> {
        let width = self.width_seconds();
        self.buckets.iter().map(move |(bucket, value)| (bucket * width, value))
    }

    fn widen(&mut self) {
        let times = WIDTHS[self.step + 1] / WIDTHS[self.step];
        self.step += 1;
        for (bucket, value) in std::mem::take(&mut self.buckets) {
            self.buckets.entry(bucket.div_euclid(times)).or_default().add(value);
        }
    }
}

/// The narrowest width, no less than `least`, of which no more than `most` buckets reach from `start` to `end` (both in
/// seconds since 1970).
pub(super) fn width_for(start: i64, end: i64, least: i64, most: usize) -> i64 {
    let fits = |width: &i64| {
        let buckets = end.div_euclid(*width) - start.div_euclid(*width) + 1;
        *width >= least && buckets <= most as i64
    };
    let widest = WIDTHS[WIDTHS.len() - 1];
    WIDTHS.into_iter().find(fits).unwrap_or(widest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn total(series: &Series<u64>) -> u64 {
        series.iter().map(|(_, value)| value).sum()
    }

    #[test]
    fn each_width_is_a_multiple_of_the_one_before() {
        assert!(WIDTHS.is_sorted());
        assert!(WIDTHS.windows(2).all(|pair| pair[1] % pair[0] == 0));
        let all_times = (i64::MAX / NANOS_PER_SECOND / WIDTHS[WIDTHS.len() - 1]) as usize;
        assert!(2 * all_times + 2 < MOST_BUCKETS);
    }

    #[test]
    fn buckets_widen_with_the_time() {
        for (seconds, step, width) in [
            (60, 1, 1),
            (300, 1, 1),
            (301, 1, 5),
            (3600, 7, 30),
            (DAY, 11, 300),
            (30 * DAY, 601, 21_600),
        ] {
            let mut series = Series::<u64>::default();
            let start = 1_749_168_000;
            let mut count = 0;
            for second in (0..seconds).step_by(step) {
                *series.at((start + second) * NANOS_PER_SECOND) += 1;
                count += 1;
            }
            assert_eq!(series.width_seconds(), width, "{seconds}");
            assert_eq!(total(&series), count);
            assert_eq!(series.iter().next().map(|(begin, _)| begin), Some(start), "{seconds}");
        }
    }

    #[test]
    fn parts_merge_into_the_whole_whatever_their_widths() {
        for times in [
            [0, 10 * DAY],
            [-5 * DAY, 0],
            [1_749_168_000, 1_749_168_100],
            [i64::MIN / NANOS_PER_SECOND + 1, i64::MAX / NANOS_PER_SECOND - 1],
        ] {
            let [from, to] = times;
            let (mut whole, mut odd, mut even) = (Series::<u64>::default(), Series::default(), Series::default());
            for index in 0..5000 {
                let time = (from + (to / 5000 - from / 5000) * index) * NANOS_PER_SECOND;
                *whole.at(time) += 1;
                *(if index % 2 == 0 { &mut even } else { &mut odd }).at(time) += 1;
            }
            odd.merge(even);
            assert_eq!(odd.width_seconds(), whole.width_seconds());
            assert!(odd.iter().eq(whole.iter()));
            assert!(whole.iter().count() <= MOST_BUCKETS);
        }
    }

    #[test]
    fn a_time_far_off_costs_no_accuracy() {
        let mut series = Series::<u64>::default();
        *series.at(0) += 1;
        for second in 0..200 {
            *series.at((1_749_168_000 + second) * NANOS_PER_SECOND) += 1;
        }
        assert_eq!(series.width_seconds(), 1);
    }

    #[test]
    fn widths_for_a_range() {
        for (end, least, most, width) in [
            (59, 1, 60, 1),
            (60, 1, 60, 5),
            (DAY - 1, 1, 300, 300),
            (DAY - 1, 1, 60, 1_800),
            (DAY - 1, 3_600, 60, 3_600),
            (0, 1, 1, 1),
        ] {
            assert_eq!(width_for(0, end, least, most), width, "{end}");
        }
    }
}
