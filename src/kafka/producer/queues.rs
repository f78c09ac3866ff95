//! Sealed batches on their way, a queue a partition, and how long they may be.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    cluster::Cluster,
    failure::Failure,
    outbox::{Backoff, Fate, Outbox, Sealed},
};

/// A topic that nobody knows may be one that was just created.
const UNKNOWN_TOPIC_PATIENCE: Duration = Duration::from_secs(10);

pub struct Queue {
    pub topic: Arc<str>,
    pub partition: i32,
    outbox: Outbox,
}

#[derive(Default)]
pub struct Queues {
    queues: Vec<Queue>,
}

impl Queues {
    /// Their numbers count from 0.
    pub fn add(&mut self, topic: Arc<str>, partition: i32) {
        self.queues.push(Queue {
            topic,
            partition,
            outbox: Outbox::default(),
        });
    }

    pub fn get(&self, number: usize) -> &Queue {
        &self.queues[number]
    }

    pub fn push(&mut self, number: usize, batch: Sealed) {
        self.queues[number].outbox.push(batch);
    }

    /// Those with a batch to be sent now.
    pub fn ready(&self, now: Instant, most: usize) -> Vec<usize> {
        let queues = self.queues.iter().enumerate();
        let ready = queues.filter(|(_, queue)| queue.outbox.next(now, most).is_some());
        ready.map(|(number, _)| number).collect()
    }

    /// The batch of this one that is to be sent now.
    pub fn next(&self, number: usize, now: Instant, most: usize) -> Option<&Sealed> {
        self.queues[number].outbox.next(now, most)
    }

    /// That batch is on its way.
    pub fn sent(&mut self, number: usize, id: u64) {
        self.queues[number].outbox.sent(id);
    }

    /// What became of a batch. Gives the bytes that need not be kept any more.
    ///
    /// # Errors
    /// The broker misses what it had acknowledged.
    pub fn settle(
        &mut self,
        number: usize,
        id: u64,
        fate: Fate,
        now: Instant,
        backoff: Backoff,
    ) -> Result<usize, Failure> {
        let queue = &mut self.queues[number];
        queue.outbox.answered(id, fate, now, backoff).map_err(|_| {
            Failure::Aborted(format!(
                "record for {}: the broker misses what was sent before it",
                queue.topic
            ))
        })
    }

    pub fn is_empty(&self) -> bool {
        self.queues.iter().all(|queue| queue.outbox.is_empty())
    }

    /// The next transaction begins.
    pub fn begin(&mut self) {
        for queue in &mut self.queues {
            queue.outbox.begin();
        }
    }

    /// Forgets all batches. Gives the bytes that are not kept any more.
    pub fn clear(&mut self) -> usize {
        self.queues.iter_mut().map(|queue| queue.outbox.clear()).sum()
    }

    pub fn are_all_led(&self, cluster: &Cluster) -> bool {
        self.queues.iter().all(|queue| queue.is_led(cluster))
    }

    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.queues.iter().map(|queue| &*queue.topic)
    }

    /// Looks for a batch that has waited for too long and is not on its way.
    ///
    /// # Errors
    /// There is one: nobody leads its partition, or what `late` makes of its topic and the seconds that it has waited.
    pub fn find_overdue(
        &self,
        now: Instant,
        cluster: &Cluster,
        patience: Duration,
        late: impl Fn(&str, u64) -> Failure,
    ) -> Result<(), Failure> {
        for queue in &self.queues {
            let Some(since) = queue.outbox.waits_since().filter(|_| queue.outbox.on_their_way() == 0) else {
                continue;
            };
            let waited = now.duration_since(since);
            let refusal = cluster.refusal(&queue.topic).filter(|_| !queue.is_led(cluster));
            if let Some(code) = refusal.filter(|_| waited > UNKNOWN_TOPIC_PATIENCE) {
                let what = format!("record for {}", queue.topic);
                return Err(Failure::Refused { what, code });
            }
            if waited > patience {
                return Err(late(&queue.topic, waited.as_secs()));
            }
        }
        Ok(())
    }

    /// When a batch has to be looked at again, though nothing comes from outside.
    pub fn due(&self, patience: Duration) -> impl Iterator<Item = Instant> {
        self.queues.iter().flat_map(move |queue| {
            let since = queue.outbox.waits_since();
            let bounds = [UNKNOWN_TOPIC_PATIENCE, patience].map(|patience| since.map(|since| since + patience));
            bounds.into_iter().chain([queue.outbox.retry_at()]).flatten()
        })
    }
}

impl Queue {
    pub fn is_led(&self, cluster: &Cluster) -> bool {
        cluster.leader(&self.topic, self.partition).is_some()
    }
}
