//! Where a container of blobs is and how to get in.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use azure_core::http::Url;

use super::error::Error;
use super::identity::Identity;
use crate::secret::Secret;

/// A container of blobs. `Debug` shows as little of the credential as [`Secret`] does, and none of an endpoint's query.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    Azure {
        account: String,
        /// The URL of the account's blob service; the public cloud's if there is none. Azurite's holds the account as
        /// its path, which is added to an IP address or `localhost` without a path.
        endpoint: Option<String>,
        container: String,
        credential: Credential,
    },
    /// A local directory: each file below it is a blob named by its path, with `/` between the parts.
    Directory { path: PathBuf },
}

/// What lets clp into a storage account. `Debug` shows as little of it as [`Secret`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// One of the account's two access keys, in base64.
    SharedKey(Secret),
    /// A shared access signature, with or without its leading `?`.
    Sas(Secret),
    /// An identity of Entra ID, whose tokens are sent; the endpoint must be https.
    Entra(Identity),
    /// No credential, for containers that are public.
    Anonymous,
}

impl Location {
    /// The thing for messages: holds no credential.
    pub fn describe(&self) -> String {
        match self {
            Self::Directory { path } => format!("directory {}", path.display()),
            Self::Azure {
                account,
                endpoint: Some(endpoint),
                container,
                ..
            } => format!("container {container} of account {account} at {}", shown(endpoint)),
            Self::Azure { account, container, .. } => {
                format!(
                    "container {container} of account {account} at {}",
                    public_endpoint(account)
                )
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("Location");
        tuple.field(&self.describe());
        if let Self::Azure { credential, .. } = self {
            tuple.field(credential);
        }
        tuple.finish()
    }
}

fn public_endpoint(account: &str) -> String {
    format!("https://{account}.blob.core.windows.net")
}

/// An endpoint as messages may show it: somebody may have put a SAS token or a password into it.
fn shown(endpoint: &str) -> &str {
    let url = endpoint.split(['?', '#']).next().unwrap_or("");
    match url.contains('@') {
        true => "****",
        false => url.trim_end_matches('/'),
    }
}

/// The URL of the account's blob service, without a query and without a `/` at its end.
pub(super) fn endpoint_url(account: &str, endpoint: Option<&str>) -> Result<Url, Error> {
    let thing = || format!("storage account {account}");
    if account.is_empty() || !account.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Error::invalid(
            thing(),
            "an account's name holds letters and digits only",
        ));
    }
    let Some(endpoint) = endpoint else {
        return parse_url(&public_endpoint(account)).map_err(|reason| Error::invalid(thing(), reason));
    };
    let invalid = |reason: &str| Error::invalid(thing(), format!("endpoint {}: {reason}", shown(endpoint)));
    let mut url = parse_url(endpoint).map_err(|reason| invalid(&reason))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("has a query; a SAS token is given as a credential of its own"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("holds a user name"));
    }
    if url.path() == "/" && names_a_machine(&url) {
        url.set_path(account);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn parse_url(url: &str) -> Result<Url, String> {
    const WANTED: &str = "must be a URL such as https://NAME.blob.core.windows.net";
    let url = Url::parse(url).map_err(|error| format!("{WANTED} ({error})"))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        _ => Err(WANTED.to_owned()),
    }
}

/// Hosts whose name cannot hold the account's, so that it is the beginning of the path.
fn names_a_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("");
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// The URL of a container: the endpoint's with the name as one more part of its path.
pub(super) fn container_url(mut endpoint: Url, container: &str) -> Result<Url, Error> {
    let thing = format!("container {container}");
    if container.is_empty() || container.contains('/') {
        return Err(Error::invalid(thing, "not a container's name"));
    }
    match endpoint.path_segments_mut() {
        Ok(mut parts) => drop(parts.pop_if_empty().push(container)),
        Err(()) => return Err(Error::invalid(thing, "the endpoint's URL can hold no path")),
    }
    Ok(endpoint)
}

/// A SAS token as a URL's query. Tokens are often pasted with the `+` of their base64 as it is, which a query would
/// read as a space; a real space never occurs in one.
pub(super) fn sas_query(token: &Secret) -> Option<String> {
    let token = token.expose().trim().trim_start_matches('?');
    let signed = token.split('&').any(|pair| pair.starts_with("sig="));
    signed.then(|| token.replace('+', "%2B"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_become_container_urls() {
        let table = [
            ("acme", None, Some("https://acme.blob.core.windows.net/logs")),
            (
                "acme",
                Some("https://acme.blob.core.chinacloudapi.cn/"),
                Some("https://acme.blob.core.chinacloudapi.cn/logs"),
            ),
            (
                "dev",
                Some("http://127.0.0.1:10000/dev"),
                Some("http://127.0.0.1:10000/dev/logs"),
            ),
            (
                "dev",
                Some("http://127.0.0.1:10000/dev/"),
                Some("http://127.0.0.1:10000/dev/logs"),
            ),
            (
                "dev",
                Some("http://127.0.0.1:10000"),
                Some("http://127.0.0.1:10000/dev/logs"),
            ),
            (
                "dev",
                Some("http://localhost:10000/"),
                Some("http://localhost:10000/dev/logs"),
            ),
            ("dev", Some("http://[::1]:10000/"), Some("http://[::1]:10000/dev/logs")),
            (
                "dev",
                Some("http://azurite:10000/dev"),
                Some("http://azurite:10000/dev/logs"),
            ),
            ("acme", Some("acme.blob.core.windows.net"), None),
            ("acme", Some("ftp://acme.blob.core.windows.net"), None),
            ("acme", Some("https://user:hunter2@acme.example"), None),
            ("acme", Some("https://acme.example/?sv=1&sig=hunter2"), None),
            ("", None, None),
            ("acme.evil.example/", None, None),
        ];
        for (account, endpoint, expected) in table {
            let url = endpoint_url(account, endpoint).and_then(|url| container_url(url, "logs"));
            match (url, expected) {
                (Ok(url), Some(expected)) => assert_eq!(url.as_str(), expected),
                (Err(error), None) => assert!(!error.to_string().contains("hunter2"), "{error}"),
                (url, _) => panic!("{account} {endpoint:?}: {url:?}"),
            }
        }
    }

    #[test]
    fn a_container_is_one_part_of_the_path() {
        let url = || endpoint_url("acme", None).unwrap();
        assert!(container_url(url(), "").is_err());
        assert!(container_url(url(), "a/b").is_err());
        assert_eq!(container_url(url(), "a?b").unwrap().path(), "/a%3Fb");
    }

    #[test]
    fn descriptions_show_no_secret() {
        let azure = |endpoint: Option<&str>| Location::Azure {
            account: "acme".to_owned(),
            endpoint: endpoint.map(str::to_owned),
            container: "logs".to_owned(),
            credential: Credential::SharedKey(Secret::new("hunter2hunter2hunter2")),
        };
        let table = [
            (
                None,
                "container logs of account acme at https://acme.blob.core.windows.net",
            ),
            (
                Some("http://h:1/acme/"),
                "container logs of account acme at http://h:1/acme",
            ),
            (
                Some("http://h/?sig=hunter2"),
                "container logs of account acme at http://h",
            ),
            (Some("http://u:hunter2@h/"), "container logs of account acme at ****"),
        ];
        for (endpoint, expected) in table {
            assert_eq!(azure(endpoint).describe(), expected);
            assert!(!format!("{:?}", azure(endpoint)).contains("hunter2"));
        }
        let directory = Location::Directory {
            path: "/srv/logs".into(),
        };
        assert_eq!(directory.describe(), "directory /srv/logs");
    }

    #[test]
    fn sas_tokens_become_queries() {
        let table = [
            ("?sv=2022-11-02&sig=a%2Bb%3D", Some("sv=2022-11-02&sig=a%2Bb%3D")),
            (" sv=2022-11-02&sig=a+b= \n", Some("sv=2022-11-02&sig=a%2Bb=")),
            ("sv=2022-11-02&se=2030-01-01", None),
            ("", None),
        ];
        for (token, expected) in table {
            assert_eq!(sas_query(&Secret::new(token)).as_deref(), expected, "{token}");
        }
    }
}
