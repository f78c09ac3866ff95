//! A container in Azure Blob Storage, or in anything that speaks its protocol.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use azure_core::credentials::Secret as AzureSecret;
use azure_core::http::headers::HeaderName;
use azure_core::http::policies::Policy;
use azure_core::http::{ClientOptions, RetryOptions, StatusCode, Transport, UrlExt, UserAgentOptions};
use azure_storage_blobs::models::{
    BlobClientDownloadOptions, BlobClientDownloadResult, BlobClientGetPropertiesResultHeaders,
    BlobContainerClientListBlobsOptions,
};
use azure_storage_blobs::{BlobClient, BlobContainerClient, BlobContainerClientOptions};
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;

use super::error::{Error, Kind};
use super::failure::{Asked, classify};
use super::location::{Credential, Location, container_url, endpoint_url, sas_query};
use super::retry::RetryPolicy;
use super::shared_key::SharedKeyPolicy;
use super::{BlobProperties, GROUP_END, PAGE_SIZE, Page, listing};

/// How long a connection may take, TLS included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the server may be silent before or within an answer.
pub const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one try of one request may take, its answer included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// Not the client's newest: older Azurites and clouds other than the public one refuse what they do not know, and
/// clp needs nothing newer.
const SERVICE_VERSION: &str = "2021-12-02";

const CONTENT_RANGE: HeaderName = HeaderName::from_static("content-range");

#[derive(Clone)]
pub(super) struct AzureContainer {
    blobs: Arc<BlobContainerClient>,
    /// The same container, whose lists are grouped.
    groups: Arc<BlobContainerClient>,
    retry: RetryPolicy,
    description: Arc<str>,
    /// Scheme, host and port, for messages.
    host: Arc<str>,
}

impl AzureContainer {
    /// Asks nothing of the server.
    pub(super) fn open(
        account: &str,
        endpoint: Option<&str>,
        container: &str,
        credential: &Credential,
        retry: RetryPolicy,
    ) -> Result<Self, Error> {
        let endpoint_url = endpoint_url(account, endpoint)?;
        let host = endpoint_url.origin().ascii_serialization();
        let mut url = container_url(endpoint_url, container)?;
        let thing = || format!("storage account {account}");
        let mut signing: Vec<Arc<dyn Policy>> = Vec::new();
        match credential {
            Credential::SharedKey(key) => {
                if key.is_empty() || azure_core::base64::decode(key.expose().trim()).is_err() {
                    return Err(Error::invalid(
                        thing(),
                        "the access key is not base64, as account keys are",
                    ));
                }
                let key = AzureSecret::new(key.expose().trim().to_owned());
                signing.push(Arc::new(SharedKeyPolicy::new(account, key)));
            }
            Credential::Sas(token) => match sas_query(token) {
                Some(query) => url.set_query(Some(&query)),
                None => return Err(Error::invalid(thing(), "the SAS token holds no signature (sig=…)")),
            },
            Credential::Anonymous => {}
        }
        let mut grouped = url.clone();
        let mut query = grouped.query_builder();
        query.set_pair("delimiter", GROUP_END.to_string());
        query.build();
        let client = |url| {
            let options = options(transport(&host)?, signing.clone());
            BlobContainerClient::new(url, None, Some(options))
                .map_err(|_| Error::invalid(thing(), "its URL cannot be asked"))
        };
        let location = Location::Azure {
            account: account.to_owned(),
            endpoint: endpoint.map(str::to_owned),
            container: container.to_owned(),
            credential: Credential::Anonymous,
        };
        Ok(Self {
            blobs: Arc::new(client(url)?),
            groups: Arc::new(client(grouped)?),
            retry,
            description: location.describe().into(),
            host: host.as_str().into(),
        })
    }

    pub(super) fn describe(&self) -> &str {
        &self.description
    }

    pub(super) async fn page(&self, prefix: &str, next: Option<String>) -> Result<Page, Error> {
        let (xml, next) = self.list(&self.blobs, prefix, next).await?;
        let blobs = listing::blobs(&xml).map_err(|error| classify(&error, self.asked()))?;
        Ok(Page { blobs, next })
    }

    pub(super) async fn groups(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let mut groups = Vec::new();
        let mut next = None;
        loop {
            let (xml, following) = self.list(&self.groups, prefix, next).await?;
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
        // URLs know these as "here" and "one up" in whatever way they are written, so they cannot be asked for.
        if name.is_empty() || name == "." || name == ".." {
            return Err(Error::invalid(self.blob(name), "not a blob's name"));
        }
        Ok(self.blobs.blob_client(name))
    }

    fn blob(&self, name: &str) -> String {
        format!("blob {name} in {}", self.description)
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            thing: &self.description,
            host: &self.host,
            missing: Kind::ContainerNotFound,
        }
    }

    fn asked_for_blob<'a>(&'a self, thing: &'a str) -> Asked<'a> {
        Asked {
            thing,
            host: &self.host,
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
        self.retry.run(one_try).await
    }
}

fn took_too_long(asked: Asked) -> Error {
    let reason = format!(
        "no whole answer from {} within {} s",
        asked.host,
        REQUEST_TIMEOUT.as_secs()
    );
    Error::new(Kind::Unavailable, asked.thing, reason)
}

/// The answer's body, as far as it was asked for. A body shorter than the server announced is an error, so that it is
/// asked for again as a whole.
async fn collect(answer: BlobClientDownloadResult, range: &Range<u64>) -> azure_core::Result<Bytes> {
    let broken = |message: &'static str| azure_core::Error::with_message(azure_core::error::ErrorKind::Io, message);
    let announced = answer.headers.get_optional_str(&CONTENT_RANGE).map(parse_content_range);
    let wanted = match announced {
        Some(Some(part)) if part.start == range.start && part.end <= range.end => part.end - part.start,
        // The whole blob comes when an empty one grew while it was asked for; take what was asked for of it.
        None if range.start == 0 => {
            let size = answer.properties.content_length.unwrap_or(range.end);
            size.min(range.end)
        }
        _ => return Err(broken("the server sent another range than it was asked for")),
    };
    let wanted = usize::try_from(wanted).map_err(|_| broken("the answer is too long"))?;
    let mut collected = BytesMut::with_capacity(wanted);
    let mut body = answer.body;
    while collected.len() < wanted {
        let Some(chunk) = body.try_next().await? else {
            return Err(broken("the answer ended early"));
        };
        collected.extend_from_slice(&chunk[..chunk.len().min(wanted - collected.len())]);
    }
    Ok(collected.freeze())
}

/// `bytes FIRST-LAST/SIZE`, the last byte included, as a range.
fn parse_content_range(value: &str) -> Option<Range<u64>> {
    let (first, last) = value.strip_prefix("bytes ")?.split_once('/')?.0.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some(first..last.checked_add(1)?)
}

fn options(transport: Transport, signing: Vec<Arc<dyn Policy>>) -> BlobContainerClientOptions {
    BlobContainerClientOptions {
        client_options: ClientOptions {
            per_try_policies: signing,
            // `RetryPolicy::run` tries again; two layers of it would multiply.
            retry: RetryOptions::none(),
            transport: Some(transport),
            user_agent: UserAgentOptions {
                // Without the version: the client panics at a text that it does not like.
                application_id: Some("clp".to_owned()),
            },
            ..Default::default()
        },
        version: SERVICE_VERSION.to_owned(),
    }
}

/// One HTTP client for all containers, so that they share its open connections. It inflates nothing by itself: it is
/// built without reqwest's `gzip`, and blobs must arrive as they lie there.
fn transport(host: &str) -> Result<Transport, Error> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(Transport::new(Arc::new(client.clone())));
    }
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(SILENCE_TIMEOUT)
        // Storage does not redirect; whatever does is not storage, and must not get a signature.
        .redirect(reqwest::redirect::Policy::none());
    #[cfg(test)]
    let builder = builder.no_proxy();
    let client = builder.build().map_err(|error| {
        Error::new(
            Kind::Unreachable,
            host,
            format!("TLS cannot be set up: {}", error.without_url()),
        )
    })?;
    Ok(Transport::new(Arc::new(CLIENT.get_or_init(|| client).clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn content_ranges_are_read() {
        let table = [
            ("bytes 0-9/10", Some(0..10)),
            ("bytes 5-5/*", Some(5..6)),
            ("bytes */10", None),
            ("bytes 9-3/10", None),
            ("items 0-9/10", None),
        ];
        for (value, expected) in table {
            assert_eq!(parse_content_range(value), expected, "{value}");
        }
    }

    #[test]
    fn wrong_credentials_are_refused_before_anything_is_asked() {
        let table = [
            (
                Credential::SharedKey(Secret::new("hunter2!hunter2!hunter2!")),
                "not base64",
            ),
            (Credential::SharedKey(Secret::new("")), "not base64"),
            (Credential::Sas(Secret::new("sv=hunter2hunter2hunter2")), "no signature"),
        ];
        for (credential, expected) in table {
            let error = AzureContainer::open("acme", None, "logs", &credential, RetryPolicy::default())
                .err()
                .unwrap();
            assert_eq!(error.kind(), Kind::Invalid);
            assert!(
                error.to_string().contains(expected) && !error.to_string().contains("hunter2"),
                "{error}"
            );
        }
    }

    #[test]
    fn names_are_one_encoded_part_of_the_url() {
        let container =
            |credential| AzureContainer::open("acme", None, "logs", &credential, RetryPolicy::default()).unwrap();
        let path = |name| {
            container(Credential::Anonymous)
                .client(name)
                .map(|client| client.url().path().to_owned())
        };
        let table = [
            ("kubernetes/a.gz", "/logs/kubernetes%2Fa.gz"),
            ("a b#c?d%20é", "/logs/a%20b%23c%3Fd%2520%C3%A9"),
            ("a/../b", "/logs/a%2F..%2Fb"),
        ];
        for (name, expected) in table {
            assert_eq!(path(name).unwrap(), expected);
        }
        for name in ["", ".", ".."] {
            assert_eq!(path(name).unwrap_err().kind(), Kind::Invalid);
        }
        let sas = container(Credential::Sas(Secret::new("?sv=1&sig=a+b")));
        let url = sas.client("a").unwrap().url().clone();
        assert_eq!(url.query(), Some("sv=1&sig=a%2Bb"));
        let grouped = sas.groups.url();
        assert_eq!(grouped.query(), Some("delimiter=.&sig=a%2Bb&sv=1"));
    }
}
