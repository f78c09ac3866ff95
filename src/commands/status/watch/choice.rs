//! Which blobs are shown, and in which order.

use std::cmp::{Ordering, Reverse};

use crate::{
    domain::EnvironmentId,
    pipeline::status::{Look, Row, Seen},
};

/// What was chosen by keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Words that must all be found somewhere in a blob's line, in any letter case.
    pub filter: String,
    pub environment: Option<EnvironmentId>,
    pub only: Only,
    pub sort: Sort,
    pub reverse: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Only {
    #[default]
    All,
    Failed,
    Lagging,
    Open,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Rate,
    Lag,
    Size,
    Written,
    Name,
    Error,
}

impl Only {
    pub fn next(self) -> Self {
        match self {
            Self::All => Self::Failed,
            Self::Failed => Self::Lagging,
            Self::Lagging => Self::Open,
            Self::Open => Self::All,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Failed => "failed",
            Self::Lagging => "lagging",
            Self::Open => "open",
        }
    }

    fn wants(self, row: &Row) -> bool {
        match self {
            Self::All => true,
            Self::Failed => row.last_error.is_some(),
            Self::Lagging => row.lag_bytes > 0,
            Self::Open => row.status != crate::pipeline::status::Status::Closed,
        }
    }
}

impl Sort {
    pub fn next(self) -> Self {
        match self {
            Self::Rate => Self::Lag,
            Self::Lag => Self::Size,
            Self::Size => Self::Written,
            Self::Written => Self::Name,
            Self::Name => Self::Error,
            Self::Error => Self::Rate,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Lag => "lag",
            Self::Size => "size",
            Self::Written => "last write",
            Self::Name => "name",
            Self::Error => "error",
        }
    }

    /// What one wants to see first comes first: the busiest, the largest, the latest.
    fn compare(self, a: &Seen, b: &Seen) -> Ordering {
        match self {
            Self::Rate => b
                .rate
                .bytes
                .total_cmp(&a.rate.bytes)
                .then_with(|| Self::Lag.compare(a, b)),
            Self::Lag => b.row.lag_bytes.cmp(&a.row.lag_bytes),
            Self::Size => b.row.size.cmp(&a.row.size),
            Self::Written => b.row.last_modified.cmp(&a.row.last_modified),
            Self::Name => Ordering::Equal,
            Self::Error => {
                let key = |seen: &Seen| (seen.row.last_error.is_none(), Reverse(seen.row.last_processed));
                key(a).cmp(&key(b))
            }
        }
    }
}

impl Choice {
    /// The indexes of the blobs that are wanted, in their order.
    pub fn of(&self, look: &Look) -> Vec<usize> {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let mut indexes: Vec<usize> = (0..look.blobs.len())
            .filter(|index| {
                let row = &look.blobs[*index].row;
                self.only.wants(row) && self.is_of_environment(row) && words.iter().all(|word| has(row, word))
            })
            .collect();
        // Blobs are by environment and name, which a stable sort leaves where all else is equal.
        indexes.sort_by(|a, b| {
            let (a, b) = (&look.blobs[*a], &look.blobs[*b]);
            let order = self.sort.compare(a, b);
            match self.sort {
                Sort::Name => order.then_with(|| a.row.blob.cmp(&b.row.blob)),
                _ => order,
            }
        });
        if self.reverse {
            indexes.reverse();
        }
        indexes
    }

    fn is_of_environment(&self, row: &Row) -> bool {
        let is_it = |id: &EnvironmentId| id.environment == row.environment && id.subscription == row.subscription;
        self.environment.as_ref().is_none_or(is_it)
    }
}

/// `word` is in lower case.
fn has(row: &Row, word: &str) -> bool {
    let contains = |text: &str| text.to_lowercase().contains(word);
    contains(&row.blob)
        || contains(&format!("{}/{}", row.subscription, row.environment))
        || row.service.as_deref().is_some_and(contains)
        || row.last_error.as_deref().is_some_and(contains)
        || row.status.name() == word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::status::watch::example::{blob, look};

    fn names(choice: &Choice, look: &Look) -> String {
        let indexes = choice.of(look);
        let names: Vec<&str> = indexes
            .iter()
            .map(|index| look.blobs[*index].row.blob.as_str())
            .collect();
        names.join(" ")
    }

    fn some() -> Look {
        let mut fast = blob("P1", "a-fast", 100, 90);
        fast.rate.bytes = 50.0;
        let mut failed = blob("P1", "b-failed", 300, 100);
        failed.row.last_error = Some("403 Forbidden".to_owned());
        let done = blob("S1", "c-done", 900, 900);
        let mut late = blob("S1", "D-late", 50, 0);
        late.row.last_modified = jiff::Timestamp::from_second(100).unwrap();
        late.row.service = Some("jsapps".to_owned());
        look(vec![fast, failed, done, late])
    }

    #[test]
    fn each_order_has_first_what_one_looks_for() {
        let look = some();
        for (sort, expected) in [
            (Sort::Rate, "a-fast b-failed D-late c-done"),
            (Sort::Lag, "b-failed D-late a-fast c-done"),
            (Sort::Size, "c-done b-failed a-fast D-late"),
            (Sort::Written, "D-late a-fast b-failed c-done"),
            (Sort::Name, "D-late a-fast b-failed c-done"),
            (Sort::Error, "b-failed a-fast c-done D-late"),
        ] {
            let mut choice = Choice {
                sort,
                ..Choice::default()
            };
            assert_eq!(names(&choice, &look), expected, "{sort:?}");
            choice.reverse = true;
            let backwards: Vec<&str> = expected.split(' ').rev().collect();
            assert_eq!(names(&choice, &look), backwards.join(" "), "{sort:?}");
        }
    }

    #[test]
    fn filters_go_together() {
        let look = some();
        for (filter, environment, only, expected) in [
            ("", None, Only::All, 4),
            ("A-FAST", None, Only::All, 1),
            ("p1 fa", None, Only::All, 2),
            ("p1 forbidden", None, Only::All, 1),
            ("jsapps", None, Only::All, 1),
            ("nowhere", None, Only::All, 0),
            ("", Some("S1"), Only::All, 2),
            ("", Some("S1"), Only::Lagging, 1),
            ("", None, Only::Failed, 1),
            ("", None, Only::Open, 4),
            ("a-fast", Some("S1"), Only::All, 0),
        ] {
            let choice = Choice {
                filter: filter.to_owned(),
                environment: environment.map(|name| EnvironmentId::new("cp2", name)),
                only,
                ..Choice::default()
            };
            assert_eq!(choice.of(&look).len(), expected, "{filter:?} {environment:?} {only:?}");
        }
    }

    #[test]
    fn keys_go_round() {
        let mut sort = Sort::default();
        let mut only = Only::default();
        for _ in 0..6 {
            sort = sort.next();
        }
        for _ in 0..4 {
            only = only.next();
        }
        assert_eq!((sort, only), (Sort::default(), Only::default()));
    }
}
