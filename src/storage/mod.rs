//! Blobs in Azure or in a local directory behind one small type.
//!
//! A [`Location`] says where a container of blobs is, [`Container::open`] makes something of it that lists and reads:
//!
//! - [`location`], [`connection_string`]: where, and with which credential
//! - `azure`: requests, their signature, answers and refusals
//! - `directory`: the same over local files
//! - [`retry`]: which failures are tried again, and when
//! - [`ranges`]: a range of a blob as a stream of smaller ones, several of them in flight
//! - [`Identity`]: who clp is to Entra ID
//! - [`error`]: what went wrong, on which thing, and what to try

mod azure;
pub mod connection_string;
mod directory;
pub mod error;
mod identity;
pub mod location;
pub mod ranges;
pub mod retry;

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;

use azure::AzureContainer;
use directory::DirectoryContainer;

pub use azure::{CONNECT_TIMEOUT, REQUEST_TIMEOUT, SILENCE_TIMEOUT, is_account_key};
pub use connection_string::ConnectionString;
pub use error::{Error, Kind};
pub use identity::{Identity, PUBLIC_AUTHORITY};
pub use location::{Credential, Location};
pub use ranges::{Pieces, ReadOptions, open_at, prefetch};
pub use retry::{RetryPolicy, Strategy};

/// Blobs on one page of a list, at most; the most that Azure gives.
pub const PAGE_SIZE: usize = 5000;

/// Where the beginning of a name ends that [`Container::groups`] groups by: after the date of a log blob.
const GROUP_END: char = '.';

/// What a list tells of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobProperties {
    /// The whole name, with its directory.
    pub name: String,
    /// In bytes, at the time of asking: a log blob grows.
    pub size: u64,
    pub last_modified: jiff::Timestamp,
    /// Not every file system and not every old blob knows.
    pub created: Option<jiff::Timestamp>,
}

/// A page of a list. It may be empty though more pages follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the byte order of their names.
    pub blobs: Vec<BlobProperties>,
    /// Where the next page begins, for [`Container::page`]; `None` on the last.
    pub next: Option<String>,
}

/// An open container. Clones are cheap and share their connections.
#[derive(Clone)]
pub struct Container {
    backend: Backend,
    observer: Option<Observer>,
}

/// Is told of every page that is listed.
type Observer = Arc<dyn Fn(&[BlobProperties]) + Send + Sync>;

#[derive(Clone)]
enum Backend {
    Azure(AzureContainer),
    Directory(DirectoryContainer),
}

impl Container {
    /// Checks names and the form of the credential, and asks nothing of storage.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if the location cannot be right.
    pub fn open(location: &Location, retry: RetryPolicy) -> Result<Self, Error> {
        let backend = match location {
            Location::Azure {
                account,
                endpoint,
                container,
                credential,
            } => Backend::Azure(AzureContainer::open(
                account,
                endpoint.as_deref(),
                container,
                credential,
                retry,
                location.describe(),
            )?),
            Location::Directory { path } => Backend::Directory(DirectoryContainer::open(path, location.describe())),
        };
        Ok(Self {
            backend,
            observer: None,
        })
    }

    /// The same, with somebody who is told of every page that is listed.
    #[must_use]
    pub fn observed(self, observer: impl Fn(&[BlobProperties]) + Send + Sync + 'static) -> Self {
        Self {
            observer: Some(Arc::new(observer)),
            ..self
        }
    }

    /// The same, but no retry of a request begins when `max_total` has passed since its first try.
    pub fn giving_up_after(self, max_total: Duration) -> Self {
        let backend = match self.backend {
            Backend::Azure(azure) => Backend::Azure(azure.giving_up_after(max_total)),
            directory @ Backend::Directory(_) => directory,
        };
        Self { backend, ..self }
    }

    /// The container for messages, such as `container logs of account acme at https://…` or `directory /srv/logs`.
    pub fn describe(&self) -> String {
        match &self.backend {
            Backend::Azure(azure) => azure.describe().to_owned(),
            Backend::Directory(directory) => directory.describe().to_owned(),
        }
    }

    /// One page of the blobs whose names start with `prefix`. `next` is the [`Page::next`] of the page before, if any.
    pub async fn page(&self, prefix: &str, next: Option<String>) -> Result<Page, Error> {
        let page = match &self.backend {
            Backend::Azure(azure) => azure.page(prefix, next).await?,
            Backend::Directory(directory) => directory.page(prefix, next).await?,
        };
        if let Some(observer) = &self.observer {
            observer(&page.blobs);
        }
        Ok(page)
    }

    /// The different beginnings of the names that start with `prefix`, each up to and with the first `.` behind the
    /// prefix (`kubernetes/20250606.`), and whole names without one; in their order. So the days that there are can be
    /// asked for without their blobs.
    pub async fn groups(&self, prefix: &str) -> Result<Vec<String>, Error> {
        match &self.backend {
            Backend::Azure(azure) => azure.groups(prefix).await,
            Backend::Directory(directory) => directory.groups(prefix).await,
        }
    }

    /// The blob as it is now.
    ///
    /// # Errors
    /// [`Kind::BlobNotFound`] and [`Kind::ContainerNotFound`] are told apart.
    pub async fn properties(&self, name: &str) -> Result<BlobProperties, Error> {
        match &self.backend {
            Backend::Azure(azure) => azure.properties(name).await,
            Backend::Directory(directory) => directory.properties(name).await,
        }
    }

    /// The bytes from `range.start` up to `range.end` or the blob's end, whichever comes first; so none at all if the
    /// range begins behind the end. The blob may grow meanwhile. The whole range is held in memory: see [`prefetch`].
    pub async fn read(&self, name: &str, range: Range<u64>) -> Result<Bytes, Error> {
        match &self.backend {
            Backend::Azure(azure) => azure.read(name, range).await,
            Backend::Directory(directory) => directory.read(name, range).await,
        }
    }
}
