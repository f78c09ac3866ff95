//! What a producer and its sending side have in common: a bound on memory, memory to use again, and what went wrong.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::failure::Failure;

/// Batches' memory that is kept for the next ones.
const SPARE: usize = 4;
/// Whoever waits for memory looks so often whether it is for nothing.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub struct Shared {
    /// Bytes of batches that are on their way, of `most`.
    used: Mutex<usize>,
    freed: Condvar,
    most: usize,
    spare: Mutex<Vec<Vec<u8>>>,
    has_failed: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

/// A panic elsewhere while the lock was held leaves these plain values usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// With room for `most` bytes, or for one batch that is larger.
    pub fn new(most: usize) -> Self {
        Self {
            used: Mutex::new(0),
            freed: Condvar::new(),
            most,
            spare: Mutex::default(),
            has_failed: AtomicBool::new(false),
            failure: Mutex::default(),
        }
    }

    /// Waits until there is room for a batch.
    ///
    /// # Errors
    /// Nothing is sent any more.
    pub fn reserve(&self, bytes: usize) -> Result<(), Failure> {
        let mut used = lock(&self.used);
        loop {
            if let Some(failure) = self.failure() {
                return Err(failure);
            }
            if *used == 0 || *used + bytes <= self.most {
                *used += bytes;
                return Ok(());
            }
            let waited = self.freed.wait_timeout(used, LOOK_EVERY);
            used = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub fn free(&self, bytes: usize) {
        self.exchange(bytes, 0);
    }

    /// A batch takes another room than before.
    pub fn exchange(&self, before: usize, after: usize) {
        let mut used = lock(&self.used);
        *used = (*used + after).saturating_sub(before);
        self.freed.notify_all();
    }

    /// Memory to fill.
    pub fn memory(&self) -> Vec<u8> {
        lock(&self.spare).pop().unwrap_or_default()
    }

    pub fn give_back(&self, memory: Vec<u8>) {
        let mut spare = lock(&self.spare);
        if memory.capacity() > 0 && spare.len() < SPARE {
            spare.push(memory);
        }
    }

    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// Why nothing is sent any more.
    pub fn failure(&self) -> Option<Failure> {
        if self.has_failed() {
            lock(&self.failure).clone()
        } else {
            None
        }
    }

    /// The first failure is the one that counts.
    pub fn fail(&self, failure: Failure) {
        lock(&self.failure).get_or_insert(failure);
        self.has_failed.store(true, Ordering::Release);
        self.freed.notify_all();
    }

    /// The transaction that failed has ended.
    pub fn recover(&self) {
        *lock(&self.failure) = None;
        self.has_failed.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::*;

    #[test]
    fn whoever_sends_waits_for_room() {
        let shared = Arc::new(Shared::new(10));
        shared.reserve(25).unwrap();
        let waiting = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.reserve(6))
        };
        shared.exchange(25, 7);
        assert!(!waiting.is_finished());
        shared.free(7);
        waiting.join().unwrap().unwrap();
        assert_eq!(*lock(&shared.used), 6);
    }

    #[test]
    fn nobody_waits_for_room_that_does_not_come() {
        let shared = Arc::new(Shared::new(10));
        shared.reserve(10).unwrap();
        let waiting = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.reserve(1))
        };
        let first = Failure::Aborted("first".to_owned());
        shared.fail(first.clone());
        shared.fail(Failure::Aborted("second".to_owned()));
        assert_eq!(waiting.join().unwrap(), Err(first));
        shared.recover();
        shared.free(10);
        shared.reserve(10).unwrap();
    }
}
