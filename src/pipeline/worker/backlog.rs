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
mod tests {
    use super::*;
    use crate::pipeline::worker::work::example;

    const SECOND: Duration = Duration::from_secs(1);

    fn of_day(day: u8, pod: &str) -> Work {
        let id = "0123456789abcdef".repeat(4);
        example(&format!("kubernetes/202506{day:02}.{pod}_default_platform-{id}.gz"))
    }

    fn in_environment(environment: &str, blob: &str) -> Work {
        let id = EnvironmentId::new("cp2", environment);
        Work {
            id: BlobHash::of(&id, blob),
            environment: Arc::new(id),
            ..example(blob)
        }
    }

    /// The day and the pod, or else the whole name.
    fn name(work: &Work) -> String {
        let name = work.blob.strip_prefix("kubernetes/202506").unwrap_or(&work.blob);
        name.split('_').next().unwrap_or_default().to_owned()
    }

    /// Takes everything that can be had, and puts each down at once.
    fn drain(backlog: &mut Backlog, now: Instant) -> Vec<String> {
        let mut names = Vec::new();
        while let Some((_, work)) = backlog.take(now) {
            names.push(name(&work));
            backlog.put_down(work.id);
        }
        names
    }

    #[test]
    fn days_come_in_order_and_blobs_of_a_day_as_they_arrive() {
        for (order, expected) in [
            (Order::NewestFirst, ["07.a", "06.b", "06.c", "05.d"]),
            (Order::OldestFirst, ["05.d", "06.b", "06.c", "07.a"]),
            (Order::Arrival, ["06.b", "05.d", "07.a", "06.c"]),
        ] {
            let mut backlog = Backlog::new(order);
            for (day, pod) in [(6, "b"), (5, "d"), (7, "a"), (6, "c")] {
                backlog.add(of_day(day, pod));
            }
            assert_eq!(backlog.len(), 4);
            assert_eq!(drain(&mut backlog, Instant::now()), expected, "{order:?}");
            assert_eq!(backlog.len(), 0);
        }
    }

    #[test]
    fn only_another_days_turn_comes_earlier() {
        let [five, six]: [Date; 2] = ["20250605", "20250606"].map(|day| day.parse().unwrap());
        for (one, other, expected) in [
            (Rank::Newest(Reverse(six), 9), Rank::Newest(Reverse(five), 1), true),
            (Rank::Newest(Reverse(five), 1), Rank::Newest(Reverse(six), 9), false),
            (Rank::Newest(Reverse(six), 1), Rank::Newest(Reverse(six), 9), false),
            (Rank::Oldest(five, 9), Rank::Oldest(six, 1), true),
            (Rank::Oldest(five, 1), Rank::Oldest(five, 9), false),
            (Rank::Arrival(1), Rank::Arrival(9), false),
        ] {
            assert_eq!(one.is_of_earlier_turn(&other), expected, "{one:?} and {other:?}");
        }
    }

    #[test]
    fn a_blob_waits_once_and_not_while_it_is_in_hand() {
        let (mut backlog, now) = (Backlog::default(), Instant::now());
        let event = |offset, size| Work {
            offsets: vec![offset],
            size,
            ..of_day(6, "a")
        };
        backlog.add(event(1, 10));
        backlog.add(event(2, 20));
        let (_, work) = backlog.take(now).unwrap();
        assert_eq!((work.size, work.offsets.as_slice()), (20, &[1, 2][..]));
        // What comes meanwhile waits for the first to be put down; another blob does not.
        backlog.add(event(3, 30));
        backlog.add(of_day(5, "b"));
        assert_eq!(drain(&mut backlog, now), ["05.b"]);
        assert_eq!((backlog.len(), backlog.next_rank(now)), (1, None));
        backlog.put_down(work.id);
        assert_eq!(backlog.take(now).unwrap().1.offsets, [3]);
    }

    #[test]
    fn work_that_gives_way_comes_back_with_what_came_meanwhile() {
        let (mut backlog, now) = (Backlog::default(), Instant::now());
        backlog.add(of_day(6, "a"));
        let (_, mut work) = backlog.take(now).unwrap();
        work.begun = Some((0, 0));
        backlog.add(Work {
            size: 99,
            ..of_day(6, "a")
        });
        let id = work.id;
        backlog.add(work);
        assert!(backlog.next_rank(now).is_none());
        backlog.put_down(id);
        let (_, work) = backlog.take(now).unwrap();
        assert_eq!((work.begun, work.size), (Some((0, 0)), 99));
        assert_eq!(backlog.len(), 0);
    }

    #[test]
    fn what_failed_for_itself_comes_back_at_its_time() {
        let (mut backlog, now) = (Backlog::default(), Instant::now());
        assert!(backlog.retry(now + SECOND * 2, of_day(6, "late")));
        assert!(backlog.retry(now + SECOND, of_day(5, "soon")));
        assert_eq!((backlog.len(), backlog.iter().count()), (0, 2));
        backlog.wake(now);
        assert_eq!(drain(&mut backlog, now), [""; 0]);
        backlog.wake(now + SECOND);
        assert_eq!(drain(&mut backlog, now), ["05.soon"]);
        backlog.wake(now + SECOND * 9);
        assert_eq!(drain(&mut backlog, now), ["06.late"]);
        assert_eq!(backlog.iter().count(), 0);
    }

    #[test]
    fn a_resting_environment_stands_in_no_ones_way_and_is_tried_by_one_blob() {
        let (mut backlog, now) = (Backlog::default(), Instant::now());
        for blob in ["a", "b", "c"] {
            backlog.add(in_environment("bad", blob));
        }
        let (_, failed) = backlog.take(now).unwrap();
        let bad = Arc::clone(&failed.environment);
        assert!(backlog.rest(&bad, |_| SECOND, now));
        backlog.put_down(failed.id);
        backlog.put_aside(failed);
        backlog.add(in_environment("good", "d"));
        assert_eq!(drain(&mut backlog, now), ["d"]);

        // Another than the one that failed; should it fail as well, the next.
        for blob in ["b", "c"] {
            let now = now + SECOND;
            backlog.wake(now);
            let (_, probe) = backlog.take(now).unwrap();
            backlog.probe(&bad, now);
            assert_eq!((name(&probe).as_str(), backlog.next_rank(now)), (blob, None));
            assert!(!backlog.rest(&bad, |_| Duration::ZERO, now));
            backlog.put_down(probe.id);
            backlog.put_aside(probe);
        }
        // Nothing else is left: those that failed try.
        let now = now + SECOND * 2;
        assert_eq!(backlog.next_rank(now), None);
        backlog.wake(now);
        assert_eq!(drain(&mut backlog, now), ["a", "b", "c"]);
    }

    #[test]
    fn an_environment_that_answers_has_all_its_work_back() {
        let (mut backlog, now) = (Backlog::default(), Instant::now());
        let bad = Arc::clone(&in_environment("bad", "").environment);
        backlog.rest(&bad, |_| SECOND, now);
        backlog.put_aside(in_environment("bad", "failed"));
        backlog.add(in_environment("bad", "waits"));
        backlog.wake(now);
        assert_eq!(drain(&mut backlog, now), [""; 0]);
        backlog.recover(&bad);
        assert_eq!(drain(&mut backlog, now), ["waits", "failed"]);
    }

    #[test]
    fn room_is_made_of_environments_that_rest_alone() {
        let (mut backlog, now) = (Backlog::default(), Instant::now());
        for blob in ["a", "b"] {
            backlog.add(in_environment("bad", blob));
            backlog.add(in_environment("good", blob));
        }
        let bad = Arc::clone(&in_environment("bad", "").environment);
        backlog.rest(&bad, |_| SECOND, now);
        let taken = backlog.take_resting();
        assert_eq!(taken.iter().map(name).collect::<Vec<_>>(), ["a", "b"]);
        assert!(taken.iter().all(|work| work.environment == bad));
        assert_eq!(backlog.len(), 2);
    }

    #[test]
    fn nothing_stays_of_partitions_that_went() {
        let (mut backlog, now) = (Backlog::default(), Instant::now());
        let of = |partition, pod: &str| Work {
            partition,
            ..of_day(6, pod)
        };
        for partition in [0, 1] {
            backlog.add(of(partition, &format!("waits-{partition}")));
            backlog.retry(now, of(partition, &format!("later-{partition}")));
            backlog.put_aside(of(partition, &format!("aside-{partition}")));
        }
        backlog.forget(|partition| partition == 0);
        assert_eq!((backlog.len(), backlog.iter().count()), (1, 3));
        backlog.wake(now);
        let mut left = drain(&mut backlog, now);
        backlog.wake(now);
        left.extend(drain(&mut backlog, now));
        assert_eq!(left, ["06.waits-1", "06.later-1", "06.aside-1"]);
    }
}
