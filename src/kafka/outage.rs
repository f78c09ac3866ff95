//! How often it is told that the brokers are away: librdkafka says so with every try to connect.

use std::time::{Duration, Instant};

/// Between two times that it is told, of one outage or of several.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// Nothing tells that the brokers are back: after so long without a sign of the outage they are asked.
const ASK_AFTER: Duration = Duration::from_secs(2);

/// What one client knows of the brokers' absence.
#[derive(Debug, Default)]
pub struct Outage {
    /// Of the present one.
    since: Option<Instant>,
    /// Whether it is one that was told of.
    is_told: bool,
    told_at: Option<Instant>,
    ask_at: Option<Instant>,
}

impl Outage {
    /// The brokers are away. Whether to tell so.
    pub fn sign(&mut self, now: Instant) -> bool {
        self.since.get_or_insert(now);
        self.ask_at = Some(now + ASK_AFTER);
        let tells = self.told_at.is_none_or(|at| now.duration_since(at) >= TELL_EVERY);
        if tells {
            self.told_at = Some(now);
            self.is_told = true;
        }
        tells
    }

    /// Whether it is time to ask if they are back.
    pub fn asks(&mut self, now: Instant) -> bool {
        let asks = self.ask_at.is_some_and(|at| now >= at);
        if asks {
            self.ask_at = Some(now + ASK_AFTER);
        }
        asks
    }

    /// They answer. How long they were away, if that is to be told.
    pub fn over(&mut self, now: Instant) -> Option<Duration> {
        self.ask_at = None;
        let since = self.since.take()?;
        std::mem::take(&mut self.is_told).then(|| now.duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_outage_is_told_at_once_then_each_minute_and_at_its_end() {
        let begun = Instant::now();
        let mut outage = Outage::default();
        let told: Vec<u64> = (0..150)
            .filter(|second| outage.sign(begun + seconds(*second)))
            .collect();
        assert_eq!(told, [0, 60, 120]);
        assert_eq!(outage.over(begun + seconds(151)), Some(seconds(151)));
        assert_eq!(outage.over(begun + seconds(152)), None);
    }

    #[test]
    fn one_that_comes_again_within_the_minute_is_not_told_and_neither_is_its_end() {
        let begun = Instant::now();
        let mut outage = Outage::default();
        assert!(outage.sign(begun));
        assert_eq!(outage.over(begun + seconds(3)), Some(seconds(3)));
        assert!(!outage.sign(begun + seconds(30)));
        assert_eq!(outage.over(begun + seconds(33)), None);
        // One that lasts is told in the end, from its beginning.
        assert!(!outage.sign(begun + seconds(50)));
        assert!(outage.sign(begun + seconds(60)));
        assert_eq!(outage.over(begun + seconds(70)), Some(seconds(20)));
    }

    #[test]
    fn brokers_are_asked_once_the_signs_have_ended() {
        let begun = Instant::now();
        let mut outage = Outage::default();
        assert!(!outage.asks(begun));
        outage.sign(begun);
        outage.sign(begun + seconds(1));
        let asked: Vec<u64> = (0..8).filter(|second| outage.asks(begun + seconds(*second))).collect();
        assert_eq!(asked, [3, 5, 7]);
        outage.over(begun + seconds(8));
        assert!(!outage.asks(begun + seconds(20)));
    }
}
