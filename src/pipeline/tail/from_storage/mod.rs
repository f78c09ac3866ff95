//! Blobs as feeds, without Kafka.
//!
//! Only blobs of the days that are wanted are listed, and of those only what the window needs is read: from their ends
//! back, in growing steps. Growth is seen by listing again. However many blobs there are, ranges of a few only are read ahead
//! at a time: of the others it is remembered where they go on.

mod begin;
mod feed;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{Timestamp, tz::TimeZone};
use tokio::runtime::Handle;

pub(in crate::pipeline) use self::begin::since as member_since;
use self::feed::{Feed, From, Owner};
use super::{Plan, Progress, Source, Start, TailError, Take, source::CLOCKS_APART};
use crate::{
    domain::{BlobName, Checkpoint, Date, EnvironmentId, Selector, Selectors, nanos},
    pipeline::inventory::{self, Selection},
    storage::{BlobProperties, Container, Error, ReadOptions},
};

/// An environment's blobs.
pub struct Stored {
    pub environment: EnvironmentId,
    pub container: Container,
}

/// Which blobs are shown.
pub struct Listing {
    pub environments: Vec<Stored>,
    pub services: Vec<Selector>,
    /// What a blob's service is called, also where it was asked for by the start of its pods' names.
    pub selectors: Selectors,
    /// Whose midnight begins a blob's day.
    pub timezone: TimeZone,
    pub read: ReadOptions,
}

/// Reads all blobs of the listing.
pub struct FromStorage {
    listing: Listing,
    start: Start,
    until: Option<Timestamp>,
    follow: bool,
    /// Behind its end as of now, a blob has nothing.
    bounded: bool,
    feeds: Vec<Feed>,
    /// Those of which ranges are read ahead; the one that was read last is the last.
    open: VecDeque<usize>,
    looked: Instant,
}

/// How often growth is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Lines are written into the blob of a day that is just over; also that of a service that says little.
const DAYS_BEFORE: u32 = 1;
/// So many blobs are read ahead side by side. Each may hold some MiB of text besides ([`begin::LIMITS`]).
const MOST_OPEN: usize = 64;
/// What all of them together may have in flight.
const READ_AHEAD_BYTES: u64 = 64 << 20;
/// Of blobs that take turns at being open, for what is read ahead may be let go.
const RANGE_BYTES_IN_TURNS: u64 = 128 << 10;
/// Days that are listed one by one; more than these are listed as a whole.
const MOST_DAYS: usize = 31;

impl FromStorage {
    /// Lists the blobs; must be called where it may block, inside tokio's runtime.
    pub fn open(listing: Listing, start: Start, plan: &Plan) -> Result<Self, Error> {
        let mut source = Self {
            listing,
            start,
            until: plan.until,
            follow: plan.follow,
            bounded: plan.last.is_some(),
            feeds: Vec::new(),
            open: VecDeque::new(),
            looked: Instant::now(),
        };
        let found = source.list()?;
        let count = found.len();
        for (owner, blob) in found {
            let from = match start {
                Start::Beginning => From::Checkpoint(Checkpoint::default()),
                Start::Since(since) if blob.last_modified < since => From::Behind(blob.size),
                Start::Since(since) => From::Time(nanos(since)),
                Start::End => From::Behind(blob.size),
            };
            source.add(owner, blob, from, count);
        }
        tracing::debug!(blobs = count, ?start, "reading begins");
        Ok(source)
    }

    fn add(&mut self, owner: Owner, blob: BlobProperties, from: From, of: usize) {
        let configured = self.listing.read;
        let options = match of {
            0..=1 => configured,
            2..=MOST_OPEN => {
                let ranges_ahead = configured.ranges_ahead.clamp(1, 2);
                let share = READ_AHEAD_BYTES / (of * ranges_ahead) as u64;
                let range_bytes = configured.range_bytes.min(share);
                ReadOptions {
                    range_bytes,
                    ranges_ahead,
                }
            }
            _ => ReadOptions {
                range_bytes: configured.range_bytes.min(RANGE_BYTES_IN_TURNS),
                ranges_ahead: 1,
            },
        };
        let latest = self.until.and_then(|until| until.checked_add(CLOCKS_APART).ok());
        let latest_ns = latest.map_or(i64::MAX, nanos);
        self.feeds.push(Feed::new(blob, owner, from, latest_ns, options));
    }

    /// Lets go what was read ahead of the blob that was not read for longest, so that another can be opened.
    fn make_room(&mut self) {
        while self.open.len() >= MOST_OPEN {
            let mut longest_first = 0..self.open.len();
            let Some(place) = longest_first.find(|place| self.feeds[self.open[*place]].put_aside()) else {
                // All are in the middle of lines that are longer than what is held.
                return;
            };
            self.open.remove(place);
        }
    }

    fn list(&self) -> Result<Vec<(Owner, BlobProperties)>, Error> {
        let selection = Selection {
            days: self.days(),
            states_of_all_days: false,
            services: self.listing.services.clone(),
            services_are_named: true,
        };
        let mut found = Vec::new();
        for stored in &self.listing.environments {
            let environment = Arc::new(stored.environment.clone());
            let blobs = Handle::current().block_on(inventory::list(&stored.container, &selection))?;
            for blob in blobs {
                let parsed = BlobName::parse(&blob.name);
                let mut services = self.listing.services.iter();
                let service = parsed.and_then(|parsed| services.find(|service| service.matches(&parsed)));
                let Some(service) = service.map(|wanted| self.listing.selectors.of_blob(&blob.name).unwrap_or(wanted))
                else {
                    continue;
                };
                let owner = Owner {
                    container: stored.container.clone(),
                    environment: Arc::clone(&environment),
                    service: service.name.as_str().into(),
                    from_proxy: service.is_proxy(),
                };
                found.push((owner, blob));
            }
        }
        Ok(found)
    }

    /// From the last day that is wanted back to the first; none: all there are.
    fn days(&self) -> Vec<Date> {
        let day = |time: Timestamp| Date::of(&time.to_zoned_datetime(self.listing.timezone.clone()));
        let now = Timestamp::now();
        let today = day(self.until.map_or(now, |until| until.min(now)));
        let first = match self.start {
            Start::Beginning => return Vec::new(),
            Start::Since(since) => day(since).days_before(DAYS_BEFORE),
            Start::End => today.days_before(DAYS_BEFORE),
        };
        today.back_to(first, MOST_DAYS).unwrap_or_default()
    }

    /// Notes growth, and takes up blobs that are new.
    fn look(&mut self) -> Result<(), Error> {
        let found = self.list()?;
        let count = found.len();
        let feeds = self.feeds.iter().enumerate();
        let known: HashMap<_, _> = feeds.map(|(index, feed)| (feed.id(), index)).collect();
        let place = |(owner, blob): &(Owner, BlobProperties)| known.get(&(&*owner.environment, &*blob.name)).copied();
        let places: Vec<Option<usize>> = found.iter().map(place).collect();
        for ((owner, blob), place) in found.into_iter().zip(places) {
            match place {
                Some(index) => {
                    let feed = &mut self.feeds[index];
                    feed.size = feed.size.max(blob.size);
                    feed.last_modified = feed.last_modified.max(blob.last_modified);
                }
                None => self.add(owner, blob, From::Checkpoint(Checkpoint::default()), count),
            }
        }
        Ok(())
    }
}

impl Source for FromStorage {
    fn feeds(&self) -> usize {
        self.feeds.len()
    }

    fn read(&mut self, index: usize, take: &mut Take<'_>) -> Result<Progress, TailError> {
        if self.feeds[index].is_to_be_opened() {
            self.make_room();
        }
        let feed = &mut self.feeds[index];
        let progress = match feed.read(self.follow, take) {
            Err(TailError::Storage(error)) if self.follow && !self.bounded => {
                tracing::warn!(%error, "the blob is tried again");
                feed.rest();
                Ok(Progress::AtEnd)
            }
            other => other,
        };
        let is_open = feed.is_open();
        self.open.retain(|open| *open != index);
        if is_open {
            self.open.push_back(index);
        }
        progress
    }

    fn step_back(&mut self, feeds: &[usize], round: u32) -> Result<(), TailError> {
        self.open.retain(|open| !feeds.contains(open));
        for feed in feeds {
            let feed = &mut self.feeds[*feed];
            match self.start {
                Start::Since(since) if feed.last_modified < since => feed.pass_over(),
                _ => feed.step_back(round),
            }
        }
        Ok(())
    }

    fn before(&self, index: usize) -> Option<i64> {
        let before = self.feeds[index].before()?;
        // What is older is not wanted.
        let is_wanted = match self.start {
            Start::Since(since) => before >= nanos(since),
            Start::Beginning | Start::End => true,
        };
        is_wanted.then_some(before)
    }

    fn newest(&self, index: usize) -> i64 {
        let written = self.feeds[index].last_modified;
        nanos(written.saturating_add(CLOCKS_APART).unwrap_or(Timestamp::MAX))
    }

    fn oldest(&self, index: usize) -> i64 {
        let begins = self.feeds[index].day_begins(&self.listing.timezone);
        begins.map_or(i64::MIN, |begins| {
            begins.saturating_sub(CLOCKS_APART.as_secs() * 1_000_000_000)
        })
    }

    fn go_on(&mut self) -> Result<(), TailError> {
        self.bounded = false;
        self.feeds.iter_mut().for_each(Feed::go_on);
        self.open.retain(|open| self.feeds[*open].is_open());
        Ok(())
    }

    fn close(&mut self) -> Result<(), TailError> {
        self.look()?;
        self.feeds.iter_mut().for_each(Feed::wake);
        self.follow = false;
        Ok(())
    }

    fn refresh(&mut self) -> Result<(), TailError> {
        if !self.follow || self.bounded || self.looked.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        if let Err(error) = self.look() {
            tracing::warn!(%error, "storage is asked again");
        }
        self.looked = Instant::now();
        Ok(())
    }
}
