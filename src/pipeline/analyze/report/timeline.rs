//! The buckets of time that are told.

use jiff::Timestamp;
use serde::Serialize;

use super::super::{
    counts::Levels,
    series::{MOST_BUCKETS, Series, Value, width_for},
    tally::{Slot, Tally},
};

/// Where a group of lines lies this much farther off than all others reach, its times are taken for wrong.
const FAR_OFF: i64 = 3;
/// Nearer than this nothing is far off, in seconds.
const LEAST_GAP: i64 = 86_400;
/// No more than one line in so many is left out.
const LEFT_OUT: u64 = 100;

/// Equal buckets without gaps. Each list that is told over time has as many values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timeline {
    pub start: Timestamp,
    pub bucket_seconds: i64,
    pub levels: Vec<Levels>,
    /// Lines whose times lie far off all others; they count everywhere else.
    pub lines_far_off: u64,
    #[serde(skip)]
    buckets: usize,
}

impl Timeline {
    pub(super) fn of(tally: &Tally) -> Self {
        let lines = |slot: &Slot| {
            let requests = slot.layers.iter().flat_map(|layer| &layer.0);
            slot.levels.total() + requests.map(|requests| requests.classes.total()).sum::<u64>()
        };
        let weights: Vec<(i64, u64)> = tally
            .timeline
            .iter()
            .map(|(begin, slot)| (begin, lines(slot)))
            .collect();
        let kept = without_far_off(&weights);
        let lines_far_off =
            weights.iter().map(|(_, lines)| lines).sum::<u64>() - kept.iter().map(|(_, lines)| lines).sum::<u64>();
        let (first, last) = match kept {
            [] => (0, 0),
            [(first, _), ..] => (*first, kept[kept.len() - 1].0),
        };
        let width = width_for(first, last, tally.timeline.width_seconds(), MOST_BUCKETS);
        let start = first.div_euclid(width) * width;
        let mut timeline = Self {
            start: Timestamp::from_second(start).unwrap_or_default(),
            bucket_seconds: width,
            levels: Vec::new(),
            lines_far_off,
            buckets: match kept.is_empty() {
                true => 0,
                false => ((last - start) / width + 1) as usize,
            },
        };
        timeline.levels = timeline.spread(&tally.timeline, |slot| slot.levels);
        timeline
    }

    /// The values of a series in these buckets.
    pub(super) fn spread<V: Value, T: Value>(&self, series: &Series<V>, value: impl Fn(&V) -> T) -> Vec<T> {
        let mut values: Vec<T> = (0..self.buckets).map(|_| T::default()).collect();
        for (begin, of_bucket) in series.iter() {
            if let Some(bucket) = self.bucket(begin)
                && let Some(known) = values.get_mut(bucket)
            {
                known.add(value(of_bucket));
            }
        }
        values
    }

    fn bucket(&self, second: i64) -> Option<usize> {
        let offset = second - self.start.as_second();
        usize::try_from(offset.div_euclid(self.bucket_seconds)).ok()
    }

    pub fn len(&self) -> usize {
        self.buckets
    }

    pub fn is_empty(&self) -> bool {
        self.buckets == 0
    }

    /// When the bucket of this index begins.
    pub fn begin(&self, bucket: usize) -> Timestamp {
        let seconds = self.start.as_second() + bucket as i64 * self.bucket_seconds;
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
    }

    #[cfg(test)]
    pub(in super::super) fn example(start: Timestamp, bucket_seconds: i64, levels: Vec<Levels>) -> Self {
        Self {
            start,
            bucket_seconds,
            buckets: levels.len(),
            levels,
            lines_far_off: 0,
        }
    }
}

/// The buckets (begin in seconds, lines) without those at either end whose few lines lie far off the others, as a clock's
/// do that was not set: what is reached from the middle of all lines.
fn without_far_off(buckets: &[(i64, u64)]) -> &[(i64, u64)] {
    let total: u64 = buckets.iter().map(|(_, lines)| lines).sum();
    let mut before = 0;
    let middle = buckets.iter().position(|(_, lines)| {
        before += lines;
        before.saturating_mul(2) >= total
    });
    let Some(middle) = middle else {
        return buckets;
    };
    let (mut first, mut last) = (middle, middle);
    loop {
        let reach = LEAST_GAP.max((buckets[last].0 - buckets[first].0).saturating_mul(FAR_OFF));
        if first > 0 && buckets[first].0 - buckets[first - 1].0 <= reach {
            first -= 1;
        } else if last + 1 < buckets.len() && buckets[last + 1].0 - buckets[last].0 <= reach {
            last += 1;
        } else {
            break;
        }
    }
    let kept = &buckets[first..=last];
    let left_out = total - kept.iter().map(|(_, lines)| lines).sum::<u64>();
    match left_out.saturating_mul(LEFT_OUT) <= total {
        true => kept,
        false => buckets,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_wrong_are_left_out() {
        const DAY: i64 = 86_400;
        let now = 20_000 * DAY;
        for (buckets, kept) in [
            (vec![], 0..0),
            (vec![(now, 5)], 0..1),
            (vec![(0, 1), (now, 1000), (now + 60, 1000)], 1..3),
            (vec![(0, 1), (now, 1000), (now + DAY, 1000), (3 * now, 2)], 1..3),
            // Too many to be wrong.
            (vec![(0, 100), (now, 1000)], 0..2),
            // A quiet day between two others.
            (vec![(now, 1), (now + DAY, 1000), (now + 2 * DAY, 1000)], 0..3),
            (vec![(now, 1), (now + 3600, 1000)], 0..2),
        ] {
            assert_eq!(without_far_off(&buckets), &buckets[kept], "{buckets:?}");
        }
    }
}
