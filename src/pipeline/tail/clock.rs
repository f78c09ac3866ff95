//! What time it is.

use std::{
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// Between two looks at feeds that were at their ends.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// By which the loop goes; tests have one of their own.
pub(super) trait Clock {
    /// How long things last.
    fn now(&self) -> Instant;

    /// What day and hour it is.
    fn time(&self) -> Timestamp;

    /// Waits until something has come; for so long at most.
    fn rest(&self, at_most: Duration);
}

pub(super) struct System;

impl Clock for System {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn time(&self) -> Timestamp {
        Timestamp::now()
    }

    fn rest(&self, at_most: Duration) {
        // Whoever has news unparks.
        thread::park_timeout(at_most);
    }
}
