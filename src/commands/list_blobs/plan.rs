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

    async fn list(
        &self,
        container: &Container,
        sender: &mpsc::Sender<Result<Vec<BlobProperties>, storage::Error>>,
    ) -> Result<(), storage::Error> {
        let groups = match self.one_day {
            true => vec![self.prefix.clone()],
            false => {
                let mut groups = container.groups(&self.prefix).await?;
                if self.sort != Some(Sort::Name) {
                    groups.sort_by(|a, b| day_of(b).cmp(&day_of(a)).then_with(|| a.cmp(b)));
                }
                groups
            }
        };
        let mut left = self.max;
        let mut kept = Vec::new();
        for group in groups {
            let mut blobs = Vec::new();
            let mut next = None;
            loop {
                let page = container.page(&self.narrow(&group), next).await?;
                blobs.extend(page.blobs.into_iter().filter(|blob| self.wants(blob)));
                next = page.next;
                if self.sort == Some(Sort::Name) && !blobs.is_empty() {
                    blobs.truncate(left);
                    left -= blobs.len();
                    if sender.send(Ok(std::mem::take(&mut blobs))).await.is_err() {
                        return Ok(());
                    }
                }
                if next.is_none() || left == 0 {
                    break;
                }
            }
            match self.sort {
                Some(Sort::Name) => {}
                Some(sort) => {
                    kept.append(&mut blobs);
                    // Twice the rows that are wanted is all that is ever held.
                    if kept.len() / 2 >= self.max {
                        order(&mut kept, sort);
                        kept.truncate(self.max);
                    }
                }
                None => {
                    order(&mut blobs, Sort::Modified);
                    blobs.truncate(left);
                    left -= blobs.len();
                    if !blobs.is_empty() && sender.send(Ok(blobs)).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if left == 0 {
                return Ok(());
            }
        }
        if let Some(sort) = self.sort
            && !kept.is_empty()
        {
            order(&mut kept, sort);
            kept.truncate(self.max);
            let _ = sender.send(Ok(kept)).await;
        }
        Ok(())
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
