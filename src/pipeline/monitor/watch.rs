//! One environment: scanning the days that are due, page by page.

use std::{ops::AddAssign, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use super::{
    decide::{Told, decide},
    error::MonitorError,
    event::{Event, Events, Gone},
    known::Known,
    schedule::Schedule,
};
use crate::{
    domain::{
        BlobName, Date, EnvironmentId, Selector, blob_name,
        event::{BlobClosed, BlobObserved, BlobsListed},
    },
    pipeline::{
        health::Part,
        metrics::{EventKind, MonitorEnvironment},
    },
    storage::{BlobProperties, Container},
};

/// What tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Blobs that are compared and told of at a time, so that the events of a page are never all in memory.
const BLOBS_AT_ONCE: usize = 500;

/// An environment that is watched, and what was told of its blobs.
pub struct Watch {
    pub environment: EnvironmentId,
    pub polling_interval: Duration,
    pub container: Container,
    pub selectors: Vec<Selector>,
    pub schedule: Schedule,
    /// Minutes without a write after which a blob closes; `None`: never.
    pub close_after_minutes: Option<u32>,
    pub clock: Clock,
    pub known: Known,
    pub figures: MonitorEnvironment,
    /// Shows that its scans get on.
    pub pulse: Part,
}

/// What was found and told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub blobs: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    pub observed: u64,
    pub closed: u64,
    /// Days of selectors.
    pub listed: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.blobs += more.blobs;
        self.bytes += more.bytes;
        self.observed += more.observed;
        self.closed += more.closed;
        self.listed += more.listed;
    }
}

/// A scan of the days that were due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Newest first.
    pub dates: Vec<Date>,
    pub counts: Counts,
}

/// What is to be told of some blobs.
#[derive(Default)]
struct News<'a> {
    events: Vec<Event>,
    /// What is known once the events have arrived, by the blob's name.
    told: Vec<(&'a str, Told)>,
    counts: Counts,
    /// Whether some of the blobs will close later.
    open: bool,
}

impl Watch {
    /// Lists the days that are due and tells what has changed; `listings` bounds the requests in flight.
    ///
    /// What was told counts as known once it has arrived: what a scan that fails or is dropped has not told, the next
    /// one does.
    pub async fn scan(&mut self, events: &Events, listings: &Semaphore) -> Result<Scan, MonitorError> {
        let begun = (self.clock)();
        let mut scan = Scan {
            dates: self.schedule.due(begun),
            counts: Counts::default(),
        };
        for date in &scan.dates {
            let mut open = false;
            for selector in self.selectors.clone() {
                let (counts, has_open) = self.list(*date, &selector, events, listings).await?;
                scan.counts += counts;
                open |= has_open;
            }
            self.schedule.note(*date, begun, open);
        }
        let now = (self.clock)();
        self.schedule.forget(now);
        self.known.keep(&self.schedule.due(now));
        Ok(scan)
    }

    /// One day of one selector; also whether some of its blobs will close later.
    async fn list(
        &mut self,
        date: Date,
        selector: &Selector,
        events: &Events,
        listings: &Semaphore,
    ) -> Result<(Counts, bool), MonitorError> {
        let begun = (self.clock)();
        let prefix = blob_name::listing_prefix(date, &selector.pod_prefix);
        let (mut counts, mut open, mut next) = (Counts::default(), false, None);
        loop {
            let slot = listings.acquire().await;
            let asked = (self.clock)();
            let page = self.container.page(&prefix, next).await;
            drop(slot);
            let page = page.map_err(|source| MonitorError::Storage {
                environment: self.environment.clone(),
                source,
            })?;
            for blobs in page.blobs.chunks(BLOBS_AT_ONCE) {
                let news = self.compare(date, selector, blobs, asked);
                self.tell(events, news.events, news.counts).await?;
                for (blob, told) in news.told {
                    self.known.set(date, &selector.name, blob, told);
                }
                counts += news.counts;
                open |= news.open;
            }
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        let listed = self.listed(date, selector, begun, counts);
        let once = Counts {
            listed: 1,
            ..Counts::default()
        };
        self.tell(events, vec![listed], once).await?;
        counts += once;
        Ok((counts, open))
    }

    async fn tell(&self, events: &Events, told: Vec<Event>, counts: Counts) -> Result<(), Gone> {
        events.tell(told).await?;
        for (kind, count) in [
            (EventKind::Observed, counts.observed),
            (EventKind::Closed, counts.closed),
            (EventKind::Listed, counts.listed),
        ] {
            self.figures.published(kind, count);
        }
        self.pulse.beat();
        Ok(())
    }

    /// What is new in a part of a list that was asked for at `asked`.
    fn compare<'a>(&self, date: Date, selector: &Selector, blobs: &'a [BlobProperties], asked: Timestamp) -> News<'a> {
        let close_after = self
            .close_after_minutes
            .map(|minutes| SignedDuration::from_mins(minutes.into()));
        let mut news = News::default();
        let matching = blobs
            .iter()
            .filter(|blob| BlobName::parse(&blob.name).is_some_and(|name| selector.matches(&name)));
        for blob in matching {
            news.counts.blobs += 1;
            news.counts.bytes += blob.size;
            let before = self.known.get(date, &selector.name, &blob.name);
            let verdict = decide(before, blob.size, blob.last_modified, asked, close_after);
            if verdict.observe {
                news.counts.observed += 1;
                news.events.push(self.observed(selector, blob, asked));
            }
            if verdict.close
                && let Some(minutes) = self.close_after_minutes
            {
                news.counts.closed += 1;
                news.events.push(self.closed(selector, blob, asked, minutes));
            }
            if verdict.observe || verdict.close {
                news.told.push((&blob.name, verdict.told));
            }
            news.open |= close_after.is_some() && !verdict.told.closed;
        }
        news
    }

    fn observed(&self, selector: &Selector, blob: &BlobProperties, now: Timestamp) -> Event {
        Event::BlobObserved(BlobObserved {
            subscription: self.environment.subscription.clone(),
            environment: self.environment.environment.clone(),
            blob_name: blob.name.clone(),
            observation_date: now,
            size_in_bytes: blob.size,
            last_modified_date: blob.last_modified,
            creation_date: blob.created,
            service_selector: selector.name.clone(),
        })
    }

    fn closed(&self, selector: &Selector, blob: &BlobProperties, now: Timestamp, timeout_minutes: u32) -> Event {
        Event::BlobClosed(BlobClosed {
            subscription: self.environment.subscription.clone(),
            environment: self.environment.environment.clone(),
            blob_name: blob.name.clone(),
            service_selector: selector.name.clone(),
            last_modified_date: blob.last_modified,
            closed_date: now,
            size_in_bytes: blob.size,
            timeout_minutes,
        })
    }

    fn listed(&self, date: Date, selector: &Selector, begun: Timestamp, counts: Counts) -> Event {
        Event::BlobsListed(BlobsListed {
            subscription: self.environment.subscription.clone(),
            environment: self.environment.environment.clone(),
            service_selector: selector.name.clone(),
            date,
            listing_start_time: begun,
            listing_end_time: (self.clock)(),
            blob_count: counts.blobs,
            total_bytes: counts.bytes,
        })
    }
}
