//! What is to be done for a blob, and in which order.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use jiff::Timestamp;

use crate::{
    config::Order,
    domain::{BlobHash, BlobName, Date, EnvironmentId},
};

/// A blob to be read up to a known end.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    pub id: BlobHash,
    pub environment: Arc<EnvironmentId>,
    pub blob: Arc<str>,
    /// The selector's name.
    pub service: Arc<str>,
    /// The partition of `Ingestion.Blobs` that the blob belongs to.
    pub partition: i32,
    /// Bytes, as listed: what lies behind is for another event.
    pub size: u64,
    pub last_modified: Timestamp,
    pub created: Option<Timestamp>,
    /// When the monitor saw it so.
    pub observed: Timestamp,
    /// Nobody writes to it any more: an unterminated last line is one like the others.
    pub closed: bool,
    /// Where the events stand that ask for this.
    pub offsets: Vec<i64>,
    /// Where reading for these events began, if it was interrupted, and how many lines of the blob lay before that.
    pub begun: Option<(u64, u64)>,
    /// Failed attempts so far.
    pub failures: u32,
}

impl Work {
    /// The day of the blob's name; of its last write, if the name has none.
    pub fn date(&self) -> Date {
        date_of(&self.blob, self.last_modified)
    }

    /// Takes in what another event of the same blob asks for: the younger says what the blob is like.
    fn merge(&mut self, other: Self) {
        let age = |work: &Self| (work.last_modified, work.size, work.closed);
        let (older, younger) = match age(&other) >= age(self) {
            true => (self.clone(), other),
            false => (other, self.clone()),
        };
        *self = Self {
            offsets: older.offsets.into_iter().chain(younger.offsets).collect(),
            created: younger.created.or(older.created),
            begun: older.begun.or(younger.begun),
            failures: older.failures.min(younger.failures),
            ..younger
        };
    }
}

/// The day of the blob's name; of its last write, if the name has none.
pub fn date_of(blob: &str, last_modified: Timestamp) -> Date {
    BlobName::parse(blob).map_or_else(
        || Date::of(&last_modified.to_zoned_datetime(jiff::tz::TimeZone::UTC)),
        |name| name.date,
    )
}

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
    resting: HashMap<Arc<EnvironmentId>, Rest>,
    /// Work whose last attempt failed, by the time of the next. Their events are done with.
    later: BTreeMap<(Instant, u64), Work>,
}

/// An environment whose storage refuses everything.
#[derive(Clone, Debug)]
pub struct Rest {
    pub until: Instant,
    /// Failures in a row.
    pub failures: u32,
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

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
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

    /// The rank of the work that would be handed out next.
    pub fn next_rank(&self, now: Instant) -> Option<Rank> {
        self.heads(now).map(|(rank, _)| rank).min()
    }

    fn heads(&self, now: Instant) -> impl Iterator<Item = (Rank, &Arc<EnvironmentId>)> {
        self.queues
            .iter()
            .filter(move |(environment, _)| self.resting.get(*environment).is_none_or(|rest| rest.until <= now))
            .filter_map(|(environment, queue)| Some((*queue.first_key_value()?.0, environment)))
    }

    /// Hands out the next work. It stays in hand until [`Self::put_down`].
    pub fn take(&mut self, now: Instant) -> Option<(Rank, Work)> {
        let (rank, environment) = self.heads(now).min().map(|(rank, of)| (rank, Arc::clone(of)))?;
        if let Some(rest) = self.resting.get_mut(&environment) {
            // One blob tries whether the storage is back; the others follow once it is.
            rest.until = now + PROBE_TIME;
        }
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
        while let Some(entry) = self.later.first_entry() {
            if entry.key().0 > now {
                return;
            }
            let work = entry.remove();
            self.add(work);
        }
    }

    /// The environment's storage refuses everything: nothing of it is handed out until then.
    pub fn rest(
        &mut self,
        environment: &Arc<EnvironmentId>,
        delay: impl FnOnce(u32) -> std::time::Duration,
        now: Instant,
    ) {
        let failures = self.resting.get(environment).map_or(0, |rest| rest.failures) + 1;
        let until = now + delay(failures);
        self.resting.insert(Arc::clone(environment), Rest { until, failures });
    }

    /// The environment's storage answers.
    pub fn recover(&mut self, environment: &EnvironmentId) {
        self.resting.remove(environment);
    }

    /// All waiting work of environments that rest, taken out to make room.
    pub fn take_resting(&mut self) -> Vec<Work> {
        let mut taken = Vec::new();
        for environment in self.resting.keys() {
            let ids = self.queues.remove(environment).unwrap_or_default();
            taken.extend(ids.values().filter_map(|id| self.waiting.remove(id)));
        }
        taken
    }

    /// Work that waits or will be tried again, for figures.
    pub fn iter(&self) -> impl Iterator<Item = &Work> {
        self.waiting.values().chain(self.later.values())
    }

    /// Drops everything of partitions that went to others.
    pub fn forget(&mut self, is_gone: impl Fn(i32) -> bool) {
        let gone: HashSet<BlobHash> = self
            .waiting
            .values()
            .filter(|work| is_gone(work.partition))
            .map(|work| work.id)
            .collect();
        for queue in self.queues.values_mut() {
            queue.retain(|_, id| !gone.contains(id));
        }
        self.queues.retain(|_, queue| !queue.is_empty());
        self.waiting.retain(|id, _| !gone.contains(id));
        self.later.retain(|_, work| !is_gone(work.partition));
    }
}

/// The most that waits for another attempt.
const MAX_LATER: usize = 50_000;
/// A resting environment is tried by one blob at a time; should no answer come, by the next after this long.
const PROBE_TIME: std::time::Duration = std::time::Duration::from_secs(60);
