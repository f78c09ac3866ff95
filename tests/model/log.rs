//! A partition of `Ingestion.BlobState`, as far as readers from here on can tell.

const CAPACITY: usize = 6;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Record {
    /// How many lines of the blob are ingested.
    lines: u8,
    /// The transactional id of an open transaction, from 1; 0 is committed.
    open: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Log {
    len: usize,
    records: [Record; CAPACITY],
}

impl Log {
    /// No state counts as one of no lines.
    pub fn empty_blob() -> Self {
        Self {
            len: 1,
            ..Self::default()
        }
    }

    pub fn append(&mut self, lines: u8, id: Option<usize>) {
        assert!(self.len < CAPACITY, "a log of a model has few open records: {self:?}");
        self.records[self.len] = Record {
            lines,
            open: id.map_or(0, |id| id as u8 + 1),
        };
        self.len += 1;
        self.forget();
    }

    pub fn has_open(&self, id: usize) -> bool {
        self.iter().any(|record| record.open == id as u8 + 1)
    }

    pub fn is_stable(&self) -> bool {
        self.iter().all(|record| record.open == 0)
    }

    /// What the last committed state says.
    pub fn last(&self) -> u8 {
        self.iter()
            .filter(|record| record.open == 0)
            .last()
            .map_or(0, |record| record.lines)
    }

    pub fn settle(&mut self, id: usize, commit: bool) {
        let ours = id as u8 + 1;
        if commit {
            for record in self.records[..self.len].iter_mut().filter(|record| record.open == ours) {
                record.open = 0;
            }
        } else {
            self.retain(|_, record| record.open != ours);
        }
        self.forget();
    }

    fn iter(&self) -> impl Iterator<Item = &Record> {
        self.records[..self.len].iter()
    }

    /// Drops committed states that a later one covers.
    fn forget(&mut self) {
        let last = self.records[..self.len].iter().rposition(|record| record.open == 0);
        self.retain(|index, record| record.open != 0 || Some(index) >= last);
    }

    fn retain(&mut self, keep: impl Fn(usize, &Record) -> bool) {
        let before = std::mem::take(self);
        for (index, record) in before.iter().enumerate() {
            if keep(index, record) {
                self.records[self.len] = *record;
                self.len += 1;
            }
        }
    }
}
