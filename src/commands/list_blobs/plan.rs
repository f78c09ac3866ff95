//! What to list, and in which order.

use std::num::NonZeroUsize;

use tokio::sync::mpsc;

use super::{ListBlobs, Sort};
use crate::{
    domain::{BlobName, Date, Selector, Selectors, blob_name},
    storage::{self, BlobProperties, Container},
};

/// Pages of an environment that may wait to be shown.
const PAGES_AHEAD: usize = 2;

/// What to list, and in which order.
#[derive(Clone)]
pub(super) struct Plan {
    prefix: String,
    /// The prefix ends inside a day: there is nothing to order by day.
    one_day: bool,
    selector: Option<Selector>,
    sort: Option<Sort>,
    max: usize,
}

type PageSender = mpsc::Sender<Result<Vec<BlobProperties>, storage::Error>>;
pub(super) type Pages = mpsc::Receiver<Result<Vec<BlobProperties>, storage::Error>>;

impl Plan {
    pub(super) fn new(args: &ListBlobs, selectors: &Selectors) -> Self {
        let selector = args.service.as_deref().map(|service| selectors.resolve(service));
        let pod_prefix = selector.as_ref().map_or("", |selector| selector.pod_prefix.as_str());
        let prefix = match (args.date, &args.prefix) {
            (Some(date), _) => blob_name::listing_prefix(date, pod_prefix),
            (None, Some(prefix)) => prefix.clone(),
            (None, None) => String::new(),
        };
        Self {
            one_day: args.date.is_some() || prefix.contains('.'),
            prefix,
            selector,
            sort: args.sort,
            max: args.max_per_env.map_or(usize::MAX, NonZeroUsize::get),
        }
    }

    /// Lists in the background; each message is a piece of the ordered list.
    pub(super) fn start(self, container: Container) -> Pages {
        let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
        tokio::spawn(async move {
            if let Err(error) = self.list(&container, &sender).await {
                // Nobody listens any more: the list is not wanted.
                let _ = sender.send(Err(error)).await;
            }
        });
        receiver
    }

    async fn list(&self, container: &Container, pages: &PageSender) -> Result<(), storage::Error> {
        let mut groups = match self.one_day {
            true => vec![self.prefix.clone()],
            false => container.groups(&self.prefix).await?,
        };
        match self.sort {
            None => {
                groups.sort_by(|a, b| day_of(b).cmp(&day_of(a)).then_with(|| a.cmp(b)));
                self.list_by_day(container, &groups, pages).await
            }
            Some(Sort::Name) => self.list_by_name(container, &groups, pages).await,
            Some(sort) => self.list_over_all(container, &groups, pages, sort).await,
        }
    }

    /// Holds one day at a time.
    async fn list_by_day(
        &self,
        container: &Container,
        groups: &[String],
        pages: &PageSender,
    ) -> Result<(), storage::Error> {
        let mut left = self.max;
        for group in groups {
            let (mut day, mut next) = (Vec::new(), None);
            loop {
                next = self.add_page(container, group, next, &mut day).await?;
                if next.is_none() {
                    break;
                }
            }
            order(&mut day, Sort::Modified);
            day.truncate(left);
            left -= day.len();
            if pages.send(Ok(day)).await.is_err() || left == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Storage lists by name: each page goes out as it comes.
    async fn list_by_name(
        &self,
        container: &Container,
        groups: &[String],
        pages: &PageSender,
    ) -> Result<(), storage::Error> {
        let mut left = self.max;
        for group in groups {
            let mut next = None;
            loop {
                let mut page = Vec::new();
                next = self.add_page(container, group, next, &mut page).await?;
                page.truncate(left);
                left -= page.len();
                if pages.send(Ok(page)).await.is_err() || left == 0 {
                    return Ok(());
                }
                if next.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Nothing is known to be first before all is seen; no more than twice the rows that are wanted is ever held.
    async fn list_over_all(
        &self,
        container: &Container,
        groups: &[String],
        pages: &PageSender,
        sort: Sort,
    ) -> Result<(), storage::Error> {
        let mut kept = Vec::new();
        for group in groups {
            let mut next = None;
            loop {
                next = self.add_page(container, group, next, &mut kept).await?;
                if kept.len() / 2 >= self.max {
                    order(&mut kept, sort);
                    kept.truncate(self.max);
                }
                if next.is_none() {
                    break;
                }
            }
        }
        order(&mut kept, sort);
        kept.truncate(self.max);
        // Where nobody listens any more, the list is not wanted.
        let _ = pages.send(Ok(kept)).await;
        Ok(())
    }

    /// Adds the wanted blobs of one page of a group, and gives where the next page begins.
    async fn add_page(
        &self,
        container: &Container,
        group: &str,
        next: Option<String>,
        blobs: &mut Vec<BlobProperties>,
    ) -> Result<Option<String>, storage::Error> {
        let page = container.page(&self.narrow(group), next).await?;
        blobs.extend(page.blobs.into_iter().filter(|blob| self.wants(blob)));
        Ok(page.next)
    }

    /// A day's prefix with the service's pods only.
    fn narrow(&self, group: &str) -> String {
        match (&self.selector, day_of(group)) {
            (Some(selector), Some(_)) if group.ends_with('.') => format!("{group}{}", selector.pod_prefix),
            _ => group.to_owned(),
        }
    }

    fn wants(&self, blob: &BlobProperties) -> bool {
        match &self.selector {
            None => true,
            Some(selector) => BlobName::parse(&blob.name).is_some_and(|name| selector.matches(&name)),
        }
    }
}

/// The day in a group such as `kubernetes/20250606.`.
fn day_of(group: &str) -> Option<Date> {
    let stem = group.rsplit('/').next()?;
    Date::from_compact(stem.split('.').next()?)
}

fn order(blobs: &mut [BlobProperties], sort: Sort) {
    match sort {
        Sort::Modified => blobs.sort_by(|a, b| b.last_modified.cmp(&a.last_modified).then_with(|| a.name.cmp(&b.name))),
        Sort::Size => blobs.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name))),
        Sort::Name => blobs.sort_by(|a, b| a.name.cmp(&b.name)),
    }
}
