//! Handles of figures by what they are about, such as an environment.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// One handle for each key, made when it is first asked for. Clones of a handle count into the same figures.
pub(super) struct Handles<K, T>(Mutex<BTreeMap<K, T>>);

impl<K, T> Default for Handles<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord + Clone, T: Clone> Handles<K, T> {
    pub fn get_or_insert(&self, key: &K, new: impl FnOnce() -> T) -> T {
        let mut handles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        handles.entry(key.clone()).or_insert_with(new).clone()
    }

    /// All there are, in the order of their keys.
    pub fn all(&self) -> Vec<(K, T)> {
        let handles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        handles
            .iter()
            .map(|(key, handle)| (key.clone(), handle.clone()))
            .collect()
    }
}
