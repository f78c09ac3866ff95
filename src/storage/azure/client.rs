//! The official client, set up for one container.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use azure_core::credentials::Secret as AzureSecret;
use azure_core::http::policies::Policy;
use azure_core::http::{ClientOptions, HttpClient, RetryOptions, Transport, UrlExt, UserAgentOptions};
use azure_storage_blobs::{BlobClient, BlobContainerClient, BlobContainerClientOptions};

use super::entra;
use super::shared_key::{SharedKeyPolicy, is_account_key};
use crate::storage::GROUP_END;
use crate::storage::error::{Error, Kind};
use crate::storage::location::{Credential, container_url, endpoint_url, sas_query};

/// How long a connection may take, TLS included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the server may be silent before or within an answer.
pub const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one try of one request may take, its answer included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// Not the client's newest: older Azurites and clouds other than the public one refuse what they do not know, and
/// clp needs nothing newer.
const SERVICE_VERSION: &str = "2021-12-02";

/// The clients of one container.
pub(super) struct Clients {
    pub blobs: BlobContainerClient,
    /// The same container, whose lists are grouped: the client has no option for it, but keeps what its URL holds.
    pub groups: BlobContainerClient,
}

impl Clients {
    /// Asks nothing of the server.
    pub(super) fn new(
        account: &str,
        endpoint: Option<&str>,
        container: &str,
        credential: &Credential,
    ) -> Result<Self, Error> {
        let thing = format!("storage account {account}");
        let mut url = container_url(endpoint_url(account, endpoint)?, container)?;
        let mut signing: Vec<Arc<dyn Policy>> = Vec::new();
        match credential {
            Credential::SharedKey(key) => {
                let key = key.expose().trim();
                if !is_account_key(key) {
                    return Err(Error::invalid(
                        thing,
                        "the access key is not base64, as account keys are",
                    ));
                }
                signing.push(Arc::new(SharedKeyPolicy::new(
                    account,
                    AzureSecret::new(key.to_owned()),
                )));
            }
            Credential::Sas(token) => match sas_query(token) {
                Some(query) => url.set_query(Some(&query)),
                None => return Err(Error::invalid(thing, "the SAS token holds no signature (sig=…)")),
            },
            Credential::Entra(_) if url.scheme() != "https" => {
                let reason = "tokens of Entra ID are sent over https only, and the endpoint is http";
                return Err(Error::invalid(thing, reason));
            }
            Credential::Entra(identity) => signing.push(entra::policy(identity, http_client(&thing)?, &thing)?),
            Credential::Anonymous => {}
        }
        let mut grouped = url.clone();
        let mut query = grouped.query_builder();
        query.set_pair("delimiter", GROUP_END.to_string());
        query.build();

        let options = options(Transport::new(http_client(&thing)?), signing);
        let client = |url| {
            BlobContainerClient::new(url, None, Some(options.clone()))
                .map_err(|_| Error::invalid(thing.as_str(), "its URL cannot be asked"))
        };
        Ok(Self {
            blobs: client(url)?,
            groups: client(grouped)?,
        })
    }

    /// `None` for names that URLs take for "here" and "one up", in whatever way they are written.
    pub(super) fn blob(&self, name: &str) -> Option<BlobClient> {
        let askable = !matches!(name, "" | "." | "..");
        askable.then(|| self.blobs.blob_client(name))
    }
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
fn http_client(thing: &str) -> Result<Arc<dyn HttpClient>, Error> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(Arc::new(client.clone()));
    }
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(SILENCE_TIMEOUT)
        // Storage does not redirect; whatever does is not storage, and must not get a signature.
        .redirect(reqwest::redirect::Policy::none());
    #[cfg(test)]
    let builder = builder.no_proxy();
    let client = builder
        .build()
        .map_err(|error| Error::new(Kind::Unreachable, thing, format!("no TLS: {}", error.without_url())))?;
    Ok(Arc::new(CLIENT.get_or_init(|| client).clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::storage::identity::Identity;

    #[test]
    fn wrong_credentials_are_refused_before_anything_is_asked() {
        let no_token_file = Identity::Workload {
            tenant_id: "t".to_owned(),
            client_id: "c".to_owned(),
            token_file: "/nowhere/token".into(),
            authority: "https://login.example".to_owned(),
        };
        let table = [
            (Credential::Entra(no_token_file), "/nowhere/token"),
            (
                Credential::SharedKey(Secret::new("hunter2!hunter2!hunter2!")),
                "not base64",
            ),
            (Credential::SharedKey(Secret::new("")), "not base64"),
            (Credential::Sas(Secret::new("sv=hunter2hunter2hunter2")), "no signature"),
        ];
        for (credential, expected) in table {
            let error = Clients::new("acme", None, "logs", &credential).err().unwrap();
            assert_eq!(error.kind(), Kind::Invalid);
            assert!(
                error.to_string().contains(expected) && !error.to_string().contains("hunter2"),
                "{error}"
            );
        }
    }

    #[test]
    fn tokens_go_over_tls_only() {
        let cli = Credential::Entra(Identity::AzureCli { tenant_id: None });
        let error = Clients::new("acme", Some("http://127.0.0.1:1/acme"), "logs", &cli)
            .err()
            .unwrap();
        assert!(error.to_string().contains("https only"), "{error}");
        assert!(Clients::new("acme", None, "logs", &cli).is_ok());
    }

    #[test]
    fn names_are_one_encoded_part_of_the_url() {
        let clients = |credential| Clients::new("acme", None, "logs", &credential).unwrap();
        let path = |name| {
            let client = clients(Credential::Anonymous).blob(name)?;
            Some(client.url().path().to_owned())
        };
        let table = [
            ("kubernetes/a.gz", "/logs/kubernetes%2Fa.gz"),
            ("a b#c?d%20é", "/logs/a%20b%23c%3Fd%2520%C3%A9"),
            ("a/../b", "/logs/a%2F..%2Fb"),
        ];
        for (name, expected) in table {
            assert_eq!(path(name).as_deref(), Some(expected));
        }
        for name in ["", ".", ".."] {
            assert_eq!(path(name), None);
        }
        let sas = clients(Credential::Sas(Secret::new("?sv=1&sig=a+b")));
        let url = sas.blob("a").unwrap().url().clone();
        assert_eq!(url.query(), Some("sv=1&sig=a%2Bb"));
        let grouped = sas.groups.url();
        assert_eq!(grouped.query(), Some("delimiter=.&sig=a%2Bb&sv=1"));
    }
}
