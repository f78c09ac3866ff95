//! Partitions as feeds, without a group.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{Kind, Place, Plan, Progress, Record, Source, Start, TailError, Take, source::CLOCKS_APART};
use crate::{
    config::nearest,
    kafka::{Connection, Error, Fetched, Outage, Partitions, Polled, Position},
};

/// A topic that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub topic: String,
    pub kind: Kind,
}

/// Reads all partitions of the wanted topics.
pub struct FromKafka {
    partitions: Partitions,
    /// Topics that do not exist yet are among them.
    wanted: Vec<Wanted>,
    feeds: Vec<Feed>,
    /// Behind its end as of now, a feed has nothing.
    bounded: bool,
    step_records: i64,
    looked: Instant,
    outage: Outage,
    /// Topics that are waited for, each with the one that may have been meant; each is told once.
    missing: Missing,
    told: BTreeSet<String>,
}

struct Feed {
    next: Position,
    kind: Kind,
    /// The first offset that counts.
    floor: i64,
    /// As of the opening.
    end: i64,
    /// When Kafka got the first record since the last step back, in nanoseconds since 1970.
    first_ns: Option<i64>,
    stepped_to: i64,
}

/// Records that are taken of one feed before others have their turn.
const TURN_RECORDS: usize = 256;
/// Or so much of them.
const TURN_BYTES: usize = 1 << 20;
/// How often topics that are waited for are looked for.
const MISSING_LOOK_EVERY: Duration = Duration::from_secs(1);
/// And new partitions of those that are there.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// The first step back in each partition, and how many times as far each further one reaches.
const FIRST_STEP_RECORDS: usize = 50;
const LARGEST_FIRST_STEP_RECORDS: usize = 2000;
const STEP_GROWTH: i64 = 4;

impl FromKafka {
    /// Whoever follows waits for topics that are missing.
    ///
    /// # Errors
    /// [`Error::MissingTopics`] for whoever does not follow; what the brokers answer.
    pub fn open(connection: &Connection, wanted: Vec<Wanted>, start: Start, plan: &Plan) -> Result<Self, Error> {
        let Plan { follow, last, .. } = *plan;
        let mut source = Self {
            partitions: Partitions::open(connection)?,
            wanted,
            feeds: Vec::new(),
            bounded: !follow || last.is_some(),
            step_records: last
                .unwrap_or_default()
                .clamp(FIRST_STEP_RECORDS, LARGEST_FIRST_STEP_RECORDS) as i64,
            looked: Instant::now(),
            outage: Outage::default(),
            missing: Missing::new(),
            told: BTreeSet::new(),
        };
        source.find()?;
        if !follow && !source.missing.is_empty() {
            let topics = source.missing.into_keys().collect();
            return Err(Error::MissingTopics { topics });
        }
        tell_missing(&source.missing, &mut source.told);
        source.partitions = source.partitions.sized_for(connection, source.feeds.len())?;
        source.begin(start, last.is_some())?;
        tracing::debug!(partitions = source.feeds.len(), ?start, "reading begins");
        Ok(source)
    }

    /// Takes up partitions that are not feeds yet, from their beginning on, and notes the topics that are not there.
    fn find(&mut self) -> Result<(), Error> {
        let there = self.partitions.topics()?;
        self.missing = missing(&self.wanted, &there);
        for wanted in &self.wanted {
            let count = there.get(&wanted.topic).copied().unwrap_or_default();
            let topic: Arc<str> = wanted.topic.as_str().into();
            let known = self.feeds.iter().filter(|feed| feed.next.topic == topic).count() as i32;
            for partition in known..count {
                let (first, end) = self.partitions.bounds(&topic, partition)?;
                self.feeds.push(Feed {
                    next: Position {
                        topic: Arc::clone(&topic),
                        partition,
                        offset: first,
                    },
                    kind: wanted.kind,
                    floor: first,
                    end,
                    first_ns: None,
                    stepped_to: first,
                });
            }
        }
        Ok(())
    }

    fn begin(&mut self, start: Start, steps_back: bool) -> Result<(), Error> {
        match start {
            Start::Beginning => {}
            Start::End if steps_back => {}
            Start::End => {
                for feed in &mut self.feeds {
                    feed.next.offset = feed.end;
                }
            }
            Start::Since(time) => {
                let mut positions = self.positions();
                for (position, feed) in positions.iter_mut().zip(&self.feeds) {
                    position.offset = feed.end;
                }
                // By the clocks of pods; Kafka's own may be behind.
                let time = time.saturating_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
                self.partitions.seek_time(&mut positions, time)?;
                for (position, feed) in positions.into_iter().zip(&mut self.feeds) {
                    feed.floor = position.offset;
                    feed.next = position;
                }
            }
        }
        match steps_back {
            true => Ok(()),
            false => self.assign(),
        }
    }

    fn positions(&self) -> Vec<Position> {
        self.feeds.iter().map(|feed| feed.next.clone()).collect()
    }

    fn assign(&mut self) -> Result<(), Error> {
        self.partitions.assign(&self.positions())
    }
}

impl Source for FromKafka {
    fn feeds(&self) -> usize {
        self.feeds.len()
    }

    fn read(&mut self, index: usize, take: &mut Take<'_>) -> Result<Progress, TailError> {
        let feed = &mut self.feeds[index];
        let mut bytes = 0;
        for turn in 0..TURN_RECORDS {
            if self.bounded && feed.next.offset >= feed.end {
                return Ok(Progress::AtEnd);
            }
            match self.partitions.poll(index)? {
                Polled::Nothing if turn > 0 => return Ok(Progress::More),
                // The end that it had at the opening counts: of a partition that always grows no other is ever seen.
                Polled::Nothing if feed.next.offset >= feed.end => return Ok(Progress::AtEnd),
                Polled::Nothing => return Ok(Progress::Waiting),
                Polled::End(_) => {
                    // Behind the last record there may be marks of transactions, which nobody is shown.
                    feed.next.offset = feed.next.offset.max(feed.end);
                    return Ok(Progress::AtEnd);
                }
                Polled::Record(fetched) => {
                    if fetched.offset() < feed.next.offset {
                        // Fetched before a seek.
                        continue;
                    }
                    if self.bounded && fetched.offset() >= feed.end {
                        feed.next.offset = feed.end;
                        return Ok(Progress::AtEnd);
                    }
                    feed.next.offset = fetched.offset() + 1;
                    if feed.first_ns.is_none() {
                        feed.first_ns = fetched.timestamp_ms().map(|ms| ms.saturating_mul(1_000_000));
                    }
                    bytes += fetched.payload().map_or(0, <[u8]>::len);
                    if !take(&record(&fetched, feed.kind)) || bytes >= TURN_BYTES {
                        return Ok(Progress::More);
                    }
                }
            }
        }
        Ok(Progress::More)
    }

    fn step_back(&mut self, feeds: &[usize], round: u32) -> Result<(), TailError> {
        let records = self.step_records.saturating_mul(STEP_GROWTH.saturating_pow(round));
        for (index, feed) in self.feeds.iter_mut().enumerate() {
            feed.next.offset = feed.end;
            if feeds.contains(&index) {
                feed.stepped_to = feed.end.saturating_sub(records).max(feed.floor);
                feed.next.offset = feed.stepped_to;
                feed.first_ns = None;
            }
        }
        Ok(self.assign()?)
    }

    fn before(&self, index: usize) -> Option<i64> {
        let feed = &self.feeds[index];
        // Where no record has told its time, what lies before may be of any.
        (feed.stepped_to > feed.floor).then(|| feed.first_ns.unwrap_or(i64::MAX))
    }

    fn go_on(&mut self) -> Result<(), TailError> {
        self.bounded = false;
        for feed in &mut self.feeds {
            feed.next.offset = feed.end;
        }
        Ok(self.assign()?)
    }

    fn close(&mut self) -> Result<(), TailError> {
        for feed in &mut self.feeds {
            let Position { topic, partition, .. } = &feed.next;
            (_, feed.end) = self.partitions.bounds(topic, *partition)?;
        }
        self.bounded = true;
        // Anew, so that ends are told which were told before: behind the last record may be marks of transactions.
        Ok(self.assign()?)
    }

    fn refresh(&mut self) -> Result<(), TailError> {
        self.partitions.serve()?;
        let every = match self.missing.is_empty() {
            true => LOOK_EVERY,
            false => MISSING_LOOK_EVERY,
        };
        if self.bounded || self.looked.elapsed() < every {
            return Ok(());
        }
        let known = self.feeds.len();
        match self.find() {
            Ok(()) => {
                tell_missing(&self.missing, &mut self.told);
                if let Some(away) = self.outage.over(Instant::now()) {
                    tracing::warn!(?away, "Kafka is back");
                }
            }
            Err(error) if error.severity() == crate::kafka::Severity::Retriable => {
                if self.outage.sign(Instant::now()) {
                    tracing::warn!(%error, "Kafka is away; waiting for it");
                }
            }
            Err(error) => return Err(error.into()),
        }
        self.looked = Instant::now();
        if self.feeds.len() > known {
            self.assign()?;
        }
        Ok(())
    }
}

/// Topics that are not there, and for one that was typed the name of one that is, if that is near.
pub(super) type Missing = BTreeMap<String, Option<String>>;

/// `there` are the topics that there are, with their partition counts.
pub(super) fn missing(wanted: &[Wanted], there: &BTreeMap<String, i32>) -> Missing {
    let absent = wanted
        .iter()
        .filter(|wanted| there.get(&wanted.topic).is_none_or(|count| *count == 0));
    let with_near = absent.map(|wanted| {
        let is_doubtful = wanted.kind == Kind::Unknown;
        let near = nearest(&wanted.topic, there.keys().map(String::as_str)).filter(|_| is_doubtful);
        (wanted.topic.clone(), near.map(str::to_owned))
    });
    with_near.collect()
}

/// Says of each topic once that it is not there yet.
pub(super) fn tell_missing(missing: &Missing, told: &mut BTreeSet<String>) {
    for (topic, near) in missing {
        if told.insert(topic.clone()) {
            let near = near.as_ref().map(|near| format!(" (did you mean `{near}`?)"));
            let near = near.unwrap_or_default();
            tracing::warn!("topic {topic} does not exist yet; waiting for it{near}");
        }
    }
}

pub(super) fn record<'a>(fetched: &'a Fetched<'_>, kind: Kind) -> Record<'a> {
    Record {
        kind,
        place: Place::Topic {
            topic: fetched.topic(),
            partition: fetched.partition(),
            offset: fetched.offset(),
        },
        key: fetched.key(),
        timestamp_ms: fetched.timestamp_ms(),
        headers: fetched.headers(),
        value: fetched.payload(),
    }
}
