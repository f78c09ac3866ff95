//! A container in Azure Blob Storage, or in anything that speaks its protocol.

mod body;
mod causes;
mod client;
mod entra;
mod failure;
mod listing;
mod shared_key;
#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;
mod token_client;
mod token_failure;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use azure_core::http::StatusCode;
use azure_storage_blobs::models::{
    BlobClientDownloadOptions, BlobClientGetPropertiesResultHeaders, BlobContainerClientListBlobsOptions,
};
use azure_storage_blobs::{BlobClient, BlobContainerClient};
use bytes::Bytes;
use futures::TryStreamExt;

use super::error::{Error, Kind};
use super::location::Credential;
use super::retry::RetryPolicy;
use super::{BlobProperties, PAGE_SIZE, Page};
use body::collect;
use client::Clients;
use failure::{Asked, classify};

pub use client::{CONNECT_TIMEOUT, REQUEST_TIMEOUT, SILENCE_TIMEOUT};
pub use shared_key::is_account_key;

#[derive(Clone)]
pub(super) struct AzureContainer {
    clients: Arc<Clients>,
    retry: RetryPolicy,
    /// Whether the server has answered before; see [`RetryPolicy::run`].
    known: Arc<AtomicBool>,
    description: Arc<str>,
}

impl AzureContainer {
    /// Asks nothing of the server. `description` names the container in messages.
    pub(super) fn open(
        account: &str,
        endpoint: Option<&str>,
        container: &str,
        credential: &Credential,
        retry: RetryPolicy,
        description: String,
    ) -> Result<Self, Error> {
        Ok(Self {
            clients: Arc::new(Clients::new(account, endpoint, container, credential)?),
            retry,
            known: Arc::default(),
            description: description.into(),
        })
    }

    pub(super) fn giving_up_after(mut self, max_total: Duration) -> Self {
        self.retry.max_total = max_total;
        self
    }

    pub(super) fn describe(&self) -> &str {
        &self.description
    }

    pub(super) async fn page(&self, prefix: &str, next: Option<String>) -> Result<Page, Error> {
        let (xml, next) = self.list(&self.clients.blobs, prefix, next).await?;
        let blobs = listing::blobs(&xml).map_err(|error| classify(&error, self.asked()))?;
        Ok(Page { blobs, next })
    }

    pub(super) async fn groups(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let mut groups = Vec::new();
        let mut next = None;
        loop {
            let (xml, following) = self.list(&self.clients.groups, prefix, next).await?;
            groups.extend(listing::names(&xml).map_err(|error| classify(&error, self.asked()))?);
            next = following;
            if next.is_none() {
                // A group whose names run over a page's end is on both pages; and servers differ in whether groups
                // and blobs come in one order.
                groups.sort();
                groups.dedup();
                return Ok(groups);
            }
        }
    }

    /// One page of a list as it came, and where the next begins.
    async fn list(
        &self,
        client: &BlobContainerClient,
        prefix: &str,
        next: Option<String>,
    ) -> Result<(Bytes, Option<String>), Error> {
        let marker = next.as_deref();
        self.ask(self.asked(), || async move {
            let options = BlobContainerClientListBlobsOptions {
                prefix: (!prefix.is_empty()).then(|| prefix.to_owned()),
                marker: marker.map(str::to_owned),
                maxresults: Some(PAGE_SIZE as i32),
                ..Default::default()
            };
            let mut pages = client.list_blobs(Some(options))?.into_pages();
            let Some(page) = pages.try_next().await? else {
                return Ok((Bytes::new(), None));
            };
            let next = pages.continuation().map(|next| next.as_ref().to_owned());
            Ok((Bytes::from(page.into_body()), next))
        })
        .await
    }

    pub(super) async fn properties(&self, name: &str) -> Result<BlobProperties, Error> {
        let thing = self.blob(name);
        let asked = self.asked_for_blob(&thing);
        let client = self.client(name)?;
        let client = &client;
        let request = || async move {
            let answer = client.get_properties(None).await?;
            Ok((
                answer.content_length()?,
                answer.last_modified()?,
                answer.creation_time()?,
            ))
        };
        let (size, last_modified, created) = self.ask(asked, request).await?;
        match (size, last_modified.and_then(listing::timestamp)) {
            (Some(size), Some(last_modified)) => Ok(BlobProperties {
                name: name.to_owned(),
                size,
                last_modified,
                created: created.and_then(listing::timestamp),
            }),
            _ => Err(Error::new(Kind::Rejected, thing, "the answer holds no size or no time")),
        }
    }

    pub(super) async fn read(&self, name: &str, range: Range<u64>) -> Result<Bytes, Error> {
        let length = range.end.saturating_sub(range.start);
        let Some(partition_size) = usize::try_from(length).ok().and_then(NonZeroUsize::new) else {
            return Ok(Bytes::new());
        };
        let thing = self.blob(name);
        let asked = self.asked_for_blob(&thing);
        let client = self.client(name)?;
        let (client, range) = (&client, &range);
        let request = || async move {
            let options = BlobClientDownloadOptions {
                range: Some(range.clone().into()),
                // The whole range is one partition, so this is one request, without the If-Match that the client
                // sends for further ones: the blob may grow at any time.
                partition_size: Some(partition_size),
                parallel: Some(NonZeroUsize::MIN),
                ..Default::default()
            };
            match client.download(Some(options)).await {
                Ok(answer) => collect(answer, range).await,
                Err(error) if error.http_status() == Some(StatusCode::RequestedRangeNotSatisfiable) => Ok(Bytes::new()),
                Err(error) => Err(error),
            }
        };
        self.ask(asked, request).await
    }

    fn client(&self, name: &str) -> Result<BlobClient, Error> {
        let not_a_name = || Error::invalid(self.blob(name), "not a blob's name");
        self.clients.blob(name).ok_or_else(not_a_name)
    }

    fn blob(&self, name: &str) -> String {
        format!("blob {name} in {}", self.description)
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            thing: &self.description,
            missing: Kind::ContainerNotFound,
        }
    }

    fn asked_for_blob<'a>(&'a self, thing: &'a str) -> Asked<'a> {
        Asked {
            thing,
            missing: Kind::BlobNotFound,
        }
    }

    /// Makes a request, each try of it within its time, until there is an answer or no more hope.
    async fn ask<T, F>(&self, asked: Asked<'_>, request: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = azure_core::Result<T>> + Send,
    {
        let one_try = || {
            let answer = tokio::time::timeout(REQUEST_TIMEOUT, request());
            async move {
                answer.await.map_or_else(
                    |_| Err(took_too_long(asked)),
                    |answer| answer.map_err(|error| classify(&error, asked)),
                )
            }
        };
        self.retry.run(&self.known, one_try).await
    }
}

fn took_too_long(asked: Asked) -> Error {
    let reason = format!("no whole answer within {} s", REQUEST_TIMEOUT.as_secs());
    Error::new(Kind::Unavailable, asked.thing, reason)
}
