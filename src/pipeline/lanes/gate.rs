//! Lanes wait for each other before they join their group, so that one change of the group lets all of them in.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// Who is late, or has failed, joins alone.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens when all have come to it.
#[derive(Debug)]
pub struct Gate {
    missing: Mutex<u32>,
    all_there: Condvar,
}

impl Gate {
    pub fn new(count: u32) -> Self {
        Self {
            missing: Mutex::new(count),
            all_there: Condvar::new(),
        }
    }

    /// Waits until as many have called this as were announced, but not for long. To be called on a thread that may block.
    pub fn pass(&self) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        *missing = missing.saturating_sub(1);
        self.all_there.notify_all();
        drop(
            self.all_there
                .wait_timeout_while(missing, PATIENCE, |missing| *missing > 0),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        thread,
        time::Instant,
    };

    use super::*;

    #[test]
    fn nobody_passes_before_the_last_has_come_and_all_do_then() {
        let gate = Arc::new(Gate::new(3));
        let come = Arc::new(AtomicU32::new(0));
        let lanes: Vec<_> = (0..3)
            .map(|_| {
                let (gate, come) = (Arc::clone(&gate), Arc::clone(&come));
                thread::spawn(move || {
                    come.fetch_add(1, Ordering::SeqCst);
                    gate.pass();
                    come.load(Ordering::SeqCst)
                })
            })
            .collect();
        for lane in lanes {
            assert_eq!(lane.join().unwrap(), 3);
        }
    }

    #[test]
    fn one_that_never_comes_is_not_waited_for_for_long() {
        let begun = Instant::now();
        Gate::new(2).pass();
        assert!(
            (PATIENCE..PATIENCE * 10).contains(&begun.elapsed()),
            "{:?}",
            begun.elapsed()
        );
    }
}
