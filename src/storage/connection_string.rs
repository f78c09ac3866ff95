//! Connection strings, as the Azure portal shows them.

use std::collections::HashMap;

use azure_core::http::Url;

use super::error::Error;
use super::location::{Credential, Location};
use crate::secret::Secret;

/// The account, its blob endpoint and the credential that a connection string holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionString {
    pub account: String,
    pub endpoint: Option<String>,
    pub credential: Credential,
}

/// Azurite's account and key are the same everywhere and documented; they protect nothing.
const DEVELOPMENT_ACCOUNT: &str = "devstoreaccount1";
const DEVELOPMENT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const DEVELOPMENT_HOST: &str = "http://127.0.0.1";

const THING: &str = "storage connection string";

impl ConnectionString {
    /// Reads `Key=value` pairs between semicolons; keys match in any letter case.
    ///
    /// # Errors
    /// Say which key is missing or wrong, never a value.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let pairs = pairs(text)?;
        let get = |key: &str| pairs.get(key).copied().filter(|value| !value.is_empty());
        if let Some(flag) = get("usedevelopmentstorage") {
            return match flag.eq_ignore_ascii_case("true") {
                true => Ok(development(get("developmentstorageproxyuri"))),
                false => Err(Error::invalid(THING, "UseDevelopmentStorage can only be true")),
            };
        }
        let endpoint = get("blobendpoint").map(|endpoint| endpoint.trim_end_matches('/').to_owned());
        if endpoint.as_ref().is_some_and(|endpoint| endpoint.contains(['?', '@'])) {
            return Err(Error::invalid(
                THING,
                "BlobEndpoint must be a plain URL, without a token or user in it",
            ));
        }
        let account = match (get("accountname"), &endpoint) {
            (Some(account), _) => account.to_owned(),
            (None, Some(endpoint)) => account_of(endpoint)
                .ok_or_else(|| Error::invalid(THING, "has no AccountName, and BlobEndpoint names no account"))?,
            (None, None) => return Err(Error::invalid(THING, "has neither AccountName nor BlobEndpoint")),
        };
        let protocol = get("defaultendpointsprotocol").unwrap_or("https");
        if !matches!(protocol, "http" | "https") {
            return Err(Error::invalid(THING, "DefaultEndpointsProtocol must be https or http"));
        }
        let endpoint = endpoint.or_else(|| {
            let suffix = get("endpointsuffix").unwrap_or("core.windows.net");
            let public = protocol == "https" && suffix == "core.windows.net";
            (!public).then(|| format!("{protocol}://{account}.blob.{suffix}"))
        });
        let credential = match (get("accountkey"), get("sharedaccesssignature")) {
            (Some(key), _) => Credential::SharedKey(Secret::new(key)),
            (None, Some(token)) => Credential::Sas(Secret::new(token)),
            (None, None) => {
                return Err(Error::invalid(
                    THING,
                    "has neither AccountKey nor SharedAccessSignature",
                ));
            }
        };
        Ok(Self {
            account,
            endpoint,
            credential,
        })
    }

    /// The location of one of the account's containers.
    pub fn container(self, container: impl Into<String>) -> Location {
        Location::Azure {
            account: self.account,
            endpoint: self.endpoint,
            container: container.into(),
            credential: self.credential,
        }
    }
}

fn pairs(text: &str) -> Result<HashMap<String, &str>, Error> {
    let mut pairs = HashMap::new();
    for (index, pair) in text.trim().split(';').enumerate() {
        if pair.trim().is_empty() {
            continue;
        }
        // The value may hold more `=`: base64 ends in them, and a SAS token is full of them.
        let Some((key, value)) = pair.split_once('=') else {
            return Err(Error::invalid(THING, format!("part {} is not KEY=VALUE", index + 1)));
        };
        if pairs.insert(key.trim().to_ascii_lowercase(), value.trim()).is_some() {
            return Err(Error::invalid(THING, format!("{} is given twice", key.trim())));
        }
    }
    Ok(pairs)
}

/// The first label of the host's name, or the first part of the path where the host is a bare address.
fn account_of(endpoint: &str) -> Option<String> {
    let url = Url::parse(endpoint).ok()?;
    let in_path = url.path_segments()?.next().filter(|part| !part.is_empty());
    let in_host = || {
        url.domain()
            .and_then(|host| host.split_once('.'))
            .map(|(label, _)| label)
    };
    in_path.or_else(in_host).map(str::to_owned)
}

fn development(proxy: Option<&str>) -> ConnectionString {
    let host = proxy.unwrap_or(DEVELOPMENT_HOST).trim_end_matches('/');
    ConnectionString {
        account: DEVELOPMENT_ACCOUNT.to_owned(),
        endpoint: Some(format!("{host}:10000/{DEVELOPMENT_ACCOUNT}")),
        credential: Credential::SharedKey(Secret::new(DEVELOPMENT_KEY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(value: &str) -> Credential {
        Credential::SharedKey(Secret::new(value))
    }

    fn sas(value: &str) -> Credential {
        Credential::Sas(Secret::new(value))
    }

    #[test]
    fn what_the_portal_shows_is_understood() {
        let table = [
            (
                "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=abc==;EndpointSuffix=core.windows.net",
                ("acme", None, key("abc==")),
            ),
            (
                "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=abc==;EndpointSuffix=core.chinacloudapi.cn;",
                ("acme", Some("https://acme.blob.core.chinacloudapi.cn"), key("abc==")),
            ),
            (
                "accountname=acme;accountkey=abc==;defaultendpointsprotocol=http",
                ("acme", Some("http://acme.blob.core.windows.net"), key("abc==")),
            ),
            (
                "BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=sv=2022-11-02&sig=a%3D",
                (
                    "acme",
                    Some("https://acme.blob.core.windows.net"),
                    sas("sv=2022-11-02&sig=a%3D"),
                ),
            ),
            (
                "AccountName=dev;AccountKey=abc==;BlobEndpoint=http://127.0.0.1:10000/dev",
                ("dev", Some("http://127.0.0.1:10000/dev"), key("abc==")),
            ),
            (
                "BlobEndpoint=http://127.0.0.1:10000/dev;SharedAccessSignature=sig=1",
                ("dev", Some("http://127.0.0.1:10000/dev"), sas("sig=1")),
            ),
            (
                "UseDevelopmentStorage=true",
                (
                    "devstoreaccount1",
                    Some("http://127.0.0.1:10000/devstoreaccount1"),
                    key(DEVELOPMENT_KEY),
                ),
            ),
            (
                "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite/",
                (
                    "devstoreaccount1",
                    Some("http://azurite:10000/devstoreaccount1"),
                    key(DEVELOPMENT_KEY),
                ),
            ),
        ];
        for (text, (account, endpoint, credential)) in table {
            let parsed = ConnectionString::parse(text).unwrap();
            let expected = (account, endpoint, credential);
            assert_eq!(
                (parsed.account.as_str(), parsed.endpoint.as_deref(), parsed.credential),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn mistakes_are_named_without_their_values() {
        let table = [
            ("", "neither AccountName nor BlobEndpoint"),
            ("hunter2", "part 1 is not KEY=VALUE"),
            ("AccountName=acme;hunter2", "part 2 is not KEY=VALUE"),
            ("AccountName=acme", "neither AccountKey nor SharedAccessSignature"),
            (
                "AccountName=acme;AccountKey=",
                "neither AccountKey nor SharedAccessSignature",
            ),
            ("AccountKey=hunter2", "neither AccountName nor BlobEndpoint"),
            ("BlobEndpoint=http://10.0.0.1;AccountKey=hunter2", "names no account"),
            (
                "AccountName=a;AccountKey=hunter2;AccountKey=hunter2",
                "AccountKey is given twice",
            ),
            (
                "AccountName=a;AccountKey=hunter2;DefaultEndpointsProtocol=ftp",
                "must be https or http",
            ),
            (
                "BlobEndpoint=https://a.b.c?sig=hunter2;AccountKey=hunter2",
                "must be a plain URL",
            ),
            ("UseDevelopmentStorage=false", "can only be true"),
        ];
        for (text, expected) in table {
            let error = ConnectionString::parse(text).unwrap_err().to_string();
            assert!(
                error.contains(expected) && !error.contains("hunter2"),
                "{text}: {error}"
            );
        }
    }
}
