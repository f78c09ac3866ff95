//! How far the events of a partition are done with, although they are done in another order.

use std::collections::BTreeSet;

/// The place of one partition: every event before [`Cursor::committed`] is done with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    next: i64,
    open: BTreeSet<i64>,
}

impl Cursor {
    /// `next` is the first event that was not seen.
    pub fn at(next: i64) -> Self {
        Self {
            next,
            open: BTreeSet::new(),
        }
    }

    pub fn see(&mut self, offset: i64) {
        self.open.insert(offset);
        self.next = self.next.max(offset + 1);
    }

    pub fn finish(&mut self, offset: i64) {
        self.open.remove(&offset);
    }

    /// The offset to commit: of the first event that is not done with.
    pub fn committed(&self) -> i64 {
        self.open.first().copied().unwrap_or(self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_event_holds_the_place_of_all_behind_it() {
        let mut cursor = Cursor::at(10);
        assert_eq!(cursor.committed(), 10);
        for offset in [10, 11, 13] {
            cursor.see(offset);
        }
        cursor.finish(11);
        cursor.finish(13);
        assert_eq!(cursor.committed(), 10);
        cursor.finish(10);
        assert_eq!(cursor.committed(), 14);
    }
}
