//! Which blob comes next.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{rests::Rests, work::Work};
use crate::{
    config::Order,
    domain::{BlobHash, Date, EnvironmentId},
};

/// A place in the queue: smaller is sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Newest(Reverse<Date>, u64),
    Oldest(Date, u64),
    Arrival(u64),
}

impl Rank {
    /// Whether `self` is of another day that comes before that of `other`.
    pub fn is_of_earlier_turn(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Newest(day, _), Self::Newest(other, _)) => day < other,
            (Self::Oldest(day, _), Self::Oldest(other, _)) => day < other,
            _ => false,
        }
    }
}

/// The blobs that wait for their turn. At most one piece of work a blob waits, and none of it is handed out while
/// another of the same blob is in hand.
#[derive(Default)]
pub struct Backlog {
    order: Order,
    arrivals: u64,
    waiting: HashMap<BlobHash, Work>,
    /// By environment, so that one that rests does not stand in the way of the others.
    queues: HashMap<Arc<EnvironmentId>, BTreeMap<Rank, BlobHash>>,
    in_hand: HashSet<BlobHash>,
    rests: Rests,
    /// Work that failed with its whole environment, until that answers or has no other work to try. Its events are
    /// done with.
    aside: HashMap<Arc<EnvironmentId>, Vec<Work>>,
    /// Work whose last attempt failed for itself, by the time of the next. Its events are done with.
    later: BTreeMap<(Instant, u64), Work>,
}

impl Backlog {
    pub fn new(order: Order) -> Self {
        Self {
            order,
            ..Self::default()
        }
    }

    /// Work that waits for its first attempt; what failed and waits for another does not count.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn add(&mut self, work: Work) {
        let id = work.id;
        match self.waiting.get_mut(&id) {
            Some(waiting) => waiting.merge(work),
            None => {
                self.waiting.insert(id, work);
                if !self.in_hand.contains(&id) {
                    self.enqueue(id);
                }
            }
        }
    }

    fn enqueue(&mut self, id: BlobHash) {
        let Some(work) = self.waiting.get(&id) else {
            return;
        };
        self.arrivals += 1;
        let rank = match self.order {
            Order::NewestFirst => Rank::Newest(Reverse(work.date()), self.arrivals),
            Order::OldestFirst => Rank::Oldest(work.date(), self.arrivals),
            Order::Arrival => Rank::Arrival(self.arrivals),
        };
        self.queues
            .entry(Arc::clone(&work.environment))
            .or_default()
            .insert(rank, id);
    }

    /// The rank of the work that would be handed out next. `None`: nothing can be done before something comes, be it
    /// only a time.
    pub fn next_rank(&self, now: Instant) -> Option<Rank> {
        self.heads(now).map(|(rank, _)| rank).min()
    }

    /// Whether something can be done now, other than to try again what all of an environment fails with.
    pub fn has_hope(&self, now: Instant) -> bool {
        self.heads(now).any(|(_, environment)| self.is_hopeful(environment))
    }

    /// Whether the environment's storage answered when it was last asked.
    pub fn is_hopeful(&self, environment: &EnvironmentId) -> bool {
        !self.rests.is_refused(environment)
    }

    fn heads(&self, now: Instant) -> impl Iterator<Item = (Rank, &Arc<EnvironmentId>)> {
        self.queues
            .iter()
            .filter(move |(environment, _)| !self.rests.is_resting(environment, now))
            .filter_map(|(environment, queue)| Some((*queue.first_key_value()?.0, environment)))
    }

    /// Hands out the next work. It stays in hand until [`Self::put_down`].
    pub fn take(&mut self, now: Instant) -> Option<(Rank, Work)> {
        let (rank, environment) = self.heads(now).min().map(|(rank, of)| (rank, Arc::clone(of)))?;
        let queue = self.queues.get_mut(&environment)?;
        let id = queue.remove(&rank)?;
        if queue.is_empty() {
            self.queues.remove(&environment);
        }
        let work = self.waiting.remove(&id)?;
        self.in_hand.insert(id);
        Some((rank, work))
    }

    /// The work in hand for this blob is done, or comes back by [`Self::add`].
    pub fn put_down(&mut self, id: BlobHash) {
        self.in_hand.remove(&id);
        self.enqueue(id);
    }

    /// Storage is asked for a blob of the environment. If it has rested, the others wait for how that ends.
    pub fn probe(&mut self, environment: &EnvironmentId, now: Instant) {
        self.rests.probe(environment, now);
    }

    /// The environment's storage refuses everything: nothing of it is handed out for a while. Gives whether it has
    /// answered before.
    pub fn rest(
        &mut self,
        environment: &Arc<EnvironmentId>,
        delay: impl FnOnce(u32) -> Duration,
        now: Instant,
    ) -> bool {
        self.rests.fail(environment, delay, now)
    }

    /// The environment's storage answers.
    pub fn recover(&mut self, environment: &EnvironmentId) {
        self.rests.recover(environment);
        for work in self.aside.remove(environment).unwrap_or_default() {
            self.add(work);
        }
    }

    /// Tries this again once its environment answers.
    pub fn put_aside(&mut self, work: Work) {
        self.aside.entry(Arc::clone(&work.environment)).or_default().push(work);
    }

    /// Tries this again at `at`. `false` if so much waits already that there is no room; the state in Kafka remembers it.
    pub fn retry(&mut self, at: Instant, work: Work) -> bool {
        if self.later.len() >= MAX_LATER {
            return false;
        }
        self.arrivals += 1;
        self.later.insert((at, self.arrivals), work);
        true
    }

    /// Brings back what is to be tried again now.
    pub fn wake(&mut self, now: Instant) {
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            let work = entry.remove();
            self.add(work);
        }
        let is_due = |of: &Arc<EnvironmentId>| !self.rests.is_resting(of, now) && !self.queues.contains_key(of);
        let due: Vec<Work> = self
            .aside
            .extract_if(|of, _| is_due(of))
            .flat_map(|(_, work)| work)
            .collect();
        for work in due {
            self.add(work);
        }
    }

    /// All waiting work of environments that rest, taken out to make room.
    pub fn take_resting(&mut self) -> Vec<Work> {
        let mut taken = Vec::new();
        for environment in self.rests.environments() {
            let ids = self.queues.remove(environment).unwrap_or_default();
            taken.extend(ids.values().filter_map(|id| self.waiting.remove(id)));
        }
        taken
    }

    /// Work that waits or will be tried again, for figures.
    pub fn iter(&self) -> impl Iterator<Item = &Work> {
        let aside = self.aside.values().flatten();
        self.waiting.values().chain(aside).chain(self.later.values())
    }

    /// Drops everything of partitions that went to others.
    pub fn forget(&mut self, is_gone: impl Fn(i32) -> bool) {
        let stays = |work: &Work| !is_gone(work.partition);
        self.waiting.retain(|_, work| stays(work));
        for queue in self.queues.values_mut() {
            queue.retain(|_, id| self.waiting.contains_key(id));
        }
        self.queues.retain(|_, queue| !queue.is_empty());
        for aside in self.aside.values_mut() {
            aside.retain(stays);
        }
        self.aside.retain(|_, aside| !aside.is_empty());
        self.later.retain(|_, work| stays(work));
    }
}

/// The most that waits for another attempt.
const MAX_LATER: usize = 50_000;

#[cfg(test)]
mod tests;
