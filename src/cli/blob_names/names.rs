//! Names with their times: the newest are kept, and written as lines.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::storage::BlobProperties;

/// Names that are kept of a container: the newest.
pub const MAX_NAMES: usize = 5_000;
const MAX_NAME_BYTES: usize = 1_024;
const MAGIC: &str = "clp-blob-names 1 ";

/// Names with the time of their last write, in seconds since 1970, and when storage was last asked for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobNames {
    written: HashMap<String, i64>,
    asked: i64,
    /// What was last written to before this is not among the newest.
    oldest: i64,
}

impl BlobNames {
    /// Adds what a list tells. Memory is that of twice the names that are kept.
    pub fn add(&mut self, blobs: &[BlobProperties]) {
        self.asked = Timestamp::now().as_second();
        for blob in blobs {
            let written = blob.last_modified.as_second();
            let fits = blob.name.len() <= MAX_NAME_BYTES && !blob.name.contains(char::is_control);
            if fits && written >= self.oldest {
                self.written.insert(blob.name.clone(), written);
            }
            if self.written.len() >= 2 * MAX_NAMES {
                self.drop_old();
            }
        }
    }

    /// Notes that storage was asked, whatever it said.
    pub fn ask(&mut self) {
        self.asked = Timestamp::now().as_second();
    }

    /// Seconds since storage was asked; a clock that was set back makes it long ago.
    pub fn age_seconds(&self) -> u64 {
        let age = Timestamp::now().as_second().saturating_sub(self.asked);
        u64::try_from(age).unwrap_or(u64::MAX)
    }

    /// The newest first, at most [`MAX_NAMES`].
    pub fn newest_first(&self) -> Vec<(&str, i64)> {
        let mut names: Vec<(&str, i64)> = self
            .written
            .iter()
            .map(|(name, written)| (name.as_str(), *written))
            .collect();
        names.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        names.truncate(MAX_NAMES);
        names
    }

    fn drop_old(&mut self) {
        let newest = self.newest_first();
        let oldest = newest.get(MAX_NAMES - 1).map(|(_, written)| *written);
        let newest: HashMap<String, i64> = newest
            .into_iter()
            .map(|(name, written)| (name.to_owned(), written))
            .collect();
        self.written = newest;
        // Where there is room, older ones are welcome.
        self.oldest = oldest.unwrap_or(i64::MIN);
    }

    /// Adds what another knows.
    pub fn merge(&mut self, other: Self) {
        self.asked = self.asked.max(other.asked);
        self.written.extend(other.written);
        self.drop_old();
    }

    /// `None` of what is no such file, or not whole.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let asked = lines.next()?.strip_prefix(MAGIC)?.parse().ok()?;
        let mut written = HashMap::new();
        for line in lines.take(MAX_NAMES) {
            let (seconds, name) = line.split_once('\t')?;
            written.insert(name.to_owned(), seconds.parse().ok()?);
        }
        Some(Self {
            written,
            asked,
            oldest: i64::MIN,
        })
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!("{MAGIC}{}\n", self.asked);
        for (name, written) in self.newest_first() {
            text += &format!("{written}\t{name}\n");
        }
        text
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn blob(name: &str, second: i64) -> BlobProperties {
        BlobProperties {
            name: name.to_owned(),
            size: 1,
            last_modified: Timestamp::from_second(second).unwrap(),
            created: None,
        }
    }

    pub fn names(names: &BlobNames) -> Vec<&str> {
        names.newest_first().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_newest_are_kept_and_bounded() {
        let mut seen = BlobNames::default();
        for page in 0..7 {
            let page: Vec<BlobProperties> = (0..5_000)
                .map(|n| blob(&format!("b{:06}", page * 5_000 + n), i64::from(page * 5_000 + n)))
                .collect();
            seen.add(&page);
            assert!(seen.written.len() < 2 * MAX_NAMES);
        }
        seen.add(&[blob("old", 1), blob("a\nb", 99_999), blob(&"x".repeat(1_025), 99_999)]);
        let newest = names(&seen);
        assert_eq!(newest.len(), MAX_NAMES);
        assert_eq!((newest[0], newest[4_999]), ("b034999", "b030000"));
    }

    #[test]
    fn what_is_damaged_counts_as_nothing() {
        let whole = "clp-blob-names 1 5\n7\tb\n6\ta\n";
        assert_eq!(names(&BlobNames::parse(whole).unwrap()), ["b", "a"]);
        for damaged in [
            "",
            "\n",
            "clp-blob-names 2 5\n",
            "clp-blob-names 1 x\n",
            "clp-blob-names 1 5\n7\tb\n6",
            "clp-blob-names 1 5\n7 b\n",
            "clp-blob-names 1 5\nx\tb\n",
        ] {
            assert_eq!(BlobNames::parse(damaged), None, "{damaged:?}");
        }
    }
}
