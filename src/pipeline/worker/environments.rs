//! The environments that a worker has met, each with a small number that stands for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::EnvironmentId;

/// Shared by all lanes. Numbers are given as environments turn up, and stay.
#[derive(Debug, Default)]
pub struct Environments(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    numbers: HashMap<EnvironmentId, u16>,
    ids: Vec<Arc<EnvironmentId>>,
}

impl Environments {
    /// The number of an environment. Beyond 65,535 of them, all further ones share the last: numbers are for figures.
    pub fn number(&self, id: &EnvironmentId) -> u16 {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = table.numbers.get(id) {
            return *number;
        }
        let number = u16::try_from(table.ids.len()).unwrap_or(u16::MAX);
        table.numbers.insert(id.clone(), number);
        table.ids.push(Arc::new(id.clone()));
        number
    }

    /// All of them; the number is the index.
    pub fn all(&self) -> Vec<Arc<EnvironmentId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ids.clone()
    }
}
