//! What was told of which blob: by this monitor, and by those before it.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use super::decide::Told;
use crate::domain::{
    Date,
    event::{BlobEvent, BlobState, BlobStatus},
};

/// What was told of the blobs of one environment. It takes about 50 bytes a blob: names are not kept, 128 bits of
/// their hash tell them apart.
#[derive(Debug, Default)]
pub struct Known {
    days: HashMap<Date, HashMap<u128, Told>>,
    halves: [RandomState; 2],
}

impl Known {
    pub fn get(&self, date: Date, selector: &str, blob: &str) -> Option<Told> {
        let day = self.days.get(&date)?;
        day.get(&self.fingerprint(selector, blob)).copied()
    }

    pub fn set(&mut self, date: Date, selector: &str, blob: &str, told: Told) {
        let fingerprint = self.fingerprint(selector, blob);
        self.days.entry(date).or_default().insert(fingerprint, told);
    }

    /// Forgets the blobs of all other days.
    pub fn keep(&mut self, dates: &[Date]) {
        self.days.retain(|date, _| dates.contains(date));
    }

    /// How many blobs are known.
    pub fn count(&self) -> usize {
        self.days.values().map(HashMap::len).sum()
    }

    /// A blob is told of once for each selector that it matches.
    fn fingerprint(&self, selector: &str, blob: &str) -> u128 {
        let [high, low] = self.halves.each_ref().map(|half| half.hash_one((selector, blob)));
        u128::from(high) << 64 | u128::from(low)
    }
}

/// What an event has told.
pub fn told_by(event: &BlobEvent) -> Told {
    match event {
        BlobEvent::Observed(event) => Told {
            size: event.size_in_bytes,
            last_modified: event.last_modified_date,
            closed: false,
        },
        BlobEvent::Closed(event) => Told {
            size: event.size_in_bytes,
            last_modified: event.last_modified_date,
            closed: true,
        },
    }
}

/// What must have been told of a blob in this state, where the events themselves have expired. `None` if something is
/// left to do with it, which another event may set off.
pub fn told_before(state: &BlobState) -> Option<Told> {
    let closed = state.status == BlobStatus::Closed;
    let is_whole = state.last_ingested_offset >= state.size_in_bytes;
    (closed || is_whole).then_some(Told {
        size: state.size_in_bytes,
        last_modified: state.last_modified_date,
        closed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(size: u64) -> Told {
        Told {
            size,
            last_modified: "2025-06-06T07:30:15Z".parse().unwrap(),
            closed: false,
        }
    }

    #[test]
    fn blobs_are_known_by_day_selector_and_name() {
        let (monday, tuesday) = ("20250602".parse().unwrap(), "20250603".parse().unwrap());
        let mut known = Known::default();
        known.set(monday, "api", "a", told(1));
        known.set(monday, "all", "a", told(2));
        known.set(tuesday, "api", "b", told(3));
        known.set(tuesday, "api", "b", told(4));
        for (date, selector, blob, size) in [
            (monday, "api", "a", Some(1)),
            (monday, "all", "a", Some(2)),
            (monday, "api", "b", None),
            (monday, "apia", "", None),
            (tuesday, "api", "b", Some(4)),
        ] {
            assert_eq!(
                known.get(date, selector, blob),
                size.map(told),
                "{date} {selector} {blob}"
            );
        }
        known.keep(&[tuesday]);
        assert_eq!(known.get(monday, "api", "a"), None);
        assert_eq!(known.get(tuesday, "api", "b"), Some(told(4)));
    }

    #[test]
    fn only_states_with_nothing_left_to_do_count_as_told() {
        for (status, ingested, wanted) in [
            ("open", 7, None),
            ("open", 10, Some(false)),
            // The lines of a closed blob come without another event.
            ("closed", 7, Some(true)),
            ("closed", 10, Some(true)),
        ] {
            let json = format!(
                r#"{{"subscription":"cp2","environment":"P1","blobName":"a","status":"{status}",
                "lastUpdated":"2025-06-06T07:30:15Z","sizeInBytes":10,"lastModifiedDate":"2025-06-06T07:30:15Z",
                "serviceSelector":"api","lastIngestedOffset":{ingested},"totalLinesIngested":3,
                "firstObservedDate":"2025-06-06T07:30:15Z","lastObservedDate":"2025-06-06T07:30:15Z"}}"#
            );
            let state: BlobState = serde_json::from_str(&json).unwrap();
            let wanted = wanted.map(|closed| Told { closed, ..told(10) });
            assert_eq!(told_before(&state), wanted, "{json}");
        }
    }
}
