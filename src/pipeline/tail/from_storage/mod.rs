//! Blobs as feeds, without Kafka.
//!
//! Only blobs of the days that are wanted are listed, and of those only what the window needs is read: from their ends
//! back, in growing steps. Growth is seen by listing again.

mod begin;
mod feed;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{Timestamp, tz::TimeZone};
use tokio::runtime::Handle;

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
    looked: Instant,
}

/// How often growth is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Lines are written into the blob of a day that is just over; also that of a service that says little.
const DAYS_BEFORE: u32 = 1;
/// What all blobs together may have in flight.
const READ_AHEAD_BYTES: u64 = 64 << 20;
const LEAST_RANGE_BYTES: u64 = 256 << 10;
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
            looked: Instant::now(),
        };
        let found = source.list()?;
        let count = found.len();
        for (owner, blob) in found {
            let from = match start {
                Start::Beginning => From::Checkpoint(Checkpoint::default()),
                Start::Since(since) if blob.last_modified < since => From::NextMember(blob.size),
                Start::Since(since) => From::Time(nanos(since)),
                Start::End => From::NextMember(blob.size),
            };
            source.add(owner, blob, from, count);
        }
        tracing::debug!(blobs = count, ?start, "reading begins");
        Ok(source)
    }

    fn add(&mut self, owner: Owner, blob: BlobProperties, from: From, of: usize) {
        let configured = self.listing.read;
        let ahead = configured.ranges_ahead.min(if of > 1 { 2 } else { usize::MAX });
        let share = READ_AHEAD_BYTES / (of.max(1) as u64 * ahead.max(1) as u64);
        let options = ReadOptions {
            range_bytes: configured.range_bytes.min(share.max(LEAST_RANGE_BYTES)),
            ranges_ahead: ahead,
        };
        self.feeds.push(Feed::new(blob, owner, from, options));
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
        let mut days = vec![today];
        while let Some(last) = days.last().copied()
            && last > first
        {
            if days.len() == MOST_DAYS {
                return Vec::new();
            }
            days.push(last.days_before(1));
        }
        days
    }

    /// Notes growth, and takes up blobs that are new.
    fn look(&mut self) -> Result<(), Error> {
        let found = self.list()?;
        let count = found.len();
        for (owner, blob) in found {
            let mut known = self.feeds.iter_mut();
            match known.find(|feed| feed.is_of(&owner.environment, &blob.name)) {
                Some(feed) => feed.size = feed.size.max(blob.size),
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
        let feed = &mut self.feeds[index];
        match feed.read(self.follow, take) {
            Err(TailError::Storage(error)) if self.follow && !self.bounded => {
                tracing::warn!(%error, "the blob is tried again");
                Ok(Progress::AtEnd)
            }
            other => other,
        }
    }

    fn step_back(&mut self, feeds: &[usize], round: u32) -> Result<(), TailError> {
        for feed in feeds {
            let feed = &mut self.feeds[*feed];
            match self.start {
                Start::Since(since) if feed.last_modified() < since => feed.pass_over(),
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
        let written = self.feeds[index].last_modified();
        nanos(written.saturating_add(CLOCKS_APART).unwrap_or(Timestamp::MAX))
    }

    fn go_on(&mut self) -> Result<(), TailError> {
        self.bounded = false;
        self.feeds.iter_mut().for_each(Feed::go_on);
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
