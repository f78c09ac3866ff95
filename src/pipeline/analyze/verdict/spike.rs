//! When much more went wrong than usual.

use std::ops::Range;

/// A rise is told only where there are so many buckets to compare with.
const LEAST_BUCKETS: usize = 6;
/// Below this many failures in a bucket nothing is a rise.
const LEAST_FAILURES: u64 = 5;
/// So many times the usual is a rise, and at that more than chance makes it: so many times the square root.
const TIMES: f64 = 3.0;
const DEVIATIONS: f64 = 5.0;
/// Quiet buckets inside of a rise do not end it.
const GAP: usize = 1;

/// A rise: the buckets that it lies in, and what is usual outside of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rise {
    pub buckets: Range<usize>,
    pub failures: u64,
    pub most_in_a_bucket: u64,
    /// Failures in a bucket: the median of all.
    pub usual: u64,
}

/// The rise in which the most failed, if any.
pub(super) fn find(failures: &[u64]) -> Option<Rise> {
    if failures.len() < LEAST_BUCKETS {
        return None;
    }
    let mut sorted = failures.to_vec();
    sorted.sort_unstable();
    let usual = sorted[sorted.len() / 2];
    let above = (usual as f64 * TIMES).max(usual as f64 + DEVIATIONS * (usual as f64).sqrt());
    let is_high = |count: u64| count >= LEAST_FAILURES && count as f64 > above;
    let mut rises: Vec<Range<usize>> = Vec::new();
    for (index, count) in failures.iter().enumerate() {
        if !is_high(*count) {
            continue;
        }
        match rises.last_mut() {
            Some(last) if index - last.end <= GAP => last.end = index + 1,
            _ => rises.push(index..index + 1),
        }
    }
    let rise = |buckets: Range<usize>| {
        let counts = &failures[buckets.clone()];
        Rise {
            buckets,
            failures: counts.iter().sum(),
            most_in_a_bucket: counts.iter().copied().max().unwrap_or_default(),
            usual,
        }
    };
    // Of equal ones the first.
    rises.into_iter().map(rise).rev().max_by_key(|rise| rise.failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises() {
        for (failures, expected) in [
            (vec![], None),
            (vec![0, 0, 90, 0], None),
            (vec![0, 0, 0, 4, 0, 0, 0], None),
            (vec![0, 0, 0, 40, 0, 0, 0], Some(3..4)),
            (vec![100, 110, 90, 120, 140, 100, 95], None),
            (vec![10, 12, 9, 80, 95, 11, 70, 10, 12, 9, 10, 8], Some(3..7)),
            (vec![0, 50, 0, 0, 0, 60, 0, 0, 0], Some(5..6)),
            (vec![0, 0, 0, 0, 0, 0, 30, 40], Some(6..8)),
            (vec![50; 20], None),
        ] {
            let found = find(&failures);
            assert_eq!(
                found.as_ref().map(|rise| rise.buckets.clone()),
                expected,
                "{failures:?}"
            );
            if let Some(rise) = found {
                assert_eq!(rise.failures, failures[rise.buckets].iter().sum::<u64>());
            }
        }
    }
}
