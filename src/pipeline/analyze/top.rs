//! The most frequent of things that may be any number, in bounded memory.

use std::collections::HashMap;

/// What is known of one of the things.
pub(super) trait Entry: Default {
    fn merge(&mut self, other: Self);

    /// What decides which entries are kept.
    fn weight(&self) -> u64;
}

/// Things by name. Up to twice `keep` are held; then those of the least weight are let go, so a thing that is rare at all
/// times may be missing, and one that comes back counts from there on.
#[derive(Debug)]
pub(super) struct Top<V> {
    entries: HashMap<Box<str>, V>,
    keep: usize,
    let_go: u64,
}

impl<V: Entry> Top<V> {
    pub fn keeping(keep: usize) -> Self {
        Self {
            entries: HashMap::new(),
            keep: keep.max(1),
            let_go: 0,
        }
    }

    /// Changes what is known of `name`.
    pub fn update(&mut self, name: &str, change: impl FnOnce(&mut V)) {
        if let Some(entry) = self.entries.get_mut(name) {
            return change(entry);
        }
        let mut entry = V::default();
        change(&mut entry);
        self.insert(name.into(), entry);
    }

    pub fn merge(&mut self, other: Self) {
        self.let_go += other.let_go;
        for (name, entry) in other.entries {
            match self.entries.get_mut(&name) {
                Some(known) => known.merge(entry),
                None => self.insert(name, entry),
            }
        }
    }

    /// Entries that were let go; the same thing may be among them more than once.
    pub fn let_go(&self) -> u64 {
        self.let_go
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.entries.iter().map(|(name, entry)| (&**name, entry))
    }

    /// The first `count` by `order`, the least first; what is equal goes by name.
    pub fn first<K: Ord>(&self, count: usize, order: impl Fn(&V) -> K) -> Vec<(&str, &V)> {
        let mut all: Vec<(&str, &V)> = self.iter().collect();
        all.sort_by_cached_key(|(name, entry)| (order(entry), *name));
        all.truncate(count);
        all
    }

    fn insert(&mut self, name: Box<str>, entry: V) {
        if self.entries.len() >= 2 * self.keep {
            self.make_room();
        }
        self.entries.insert(name, entry);
    }

    fn make_room(&mut self) {
        let mut all: Vec<(Box<str>, V)> = self.entries.drain().collect();
        all.sort_by(|(a_name, a), (b_name, b)| b.weight().cmp(&a.weight()).then_with(|| a_name.cmp(b_name)));
        self.let_go += all.len().saturating_sub(self.keep) as u64;
        all.truncate(self.keep);
        self.entries.extend(all);
    }
}

impl Entry for u64 {
    fn merge(&mut self, other: Self) {
        *self += other;
    }

    fn weight(&self) -> u64 {
        *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_frequent_stays() {
        let mut parts = [(); 2].map(|()| Top::<u64>::keeping(10));
        for index in 0..10_000_u64 {
            let part = &mut parts[index as usize % 2];
            part.update(&format!("often {}", index % 4 / 2), |count| *count += 1);
            part.update(&format!("once {index}"), |count| *count += 1);
            assert!(part.len() <= 20);
        }
        let [mut whole, other] = parts;
        whole.merge(other);
        let first: Vec<(&str, u64)> = whole
            .first(2, |count| std::cmp::Reverse(*count))
            .into_iter()
            .map(|(name, count)| (name, *count))
            .collect();
        assert_eq!(first, [("often 0", 5000), ("often 1", 5000)]);
        assert!(whole.len() <= 20);
        assert_eq!(whole.let_go() + whole.len() as u64, 10_002);
    }

    #[test]
    fn nothing_is_let_go_below_the_bound() {
        let mut top = Top::<u64>::keeping(10);
        for round in 1..=3 {
            for index in 0..20 {
                top.update(&index.to_string(), |count| *count += 1);
            }
            assert_eq!((top.len(), top.let_go()), (20, 0));
            assert!(top.iter().all(|(_, count)| *count == round));
        }
    }
}
