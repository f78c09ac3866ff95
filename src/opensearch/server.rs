//! Where OpenSearch is, and who asks.

use std::{fmt, str::FromStr};

use reqwest::Url;

use super::Error;
use crate::secret::Secret;

/// The address of a server, without credentials: it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server(Url);

#[derive(Clone, Debug)]
pub struct Login {
    pub user: String,
    pub password: Secret,
}

impl FromStr for Server {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |reason: &str| Error::Address {
            url: masked(text),
            reason: reason.to_owned(),
        };
        let mut url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("it begins with neither http:// nor https://"));
        }
        // The command line is seen by everybody on the machine, and addresses end up in logs.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it holds credentials"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("it has a query or a fragment"));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self(url))
    }
}

impl Server {
    /// The URL of a path of the API; behind a proxy the server's own path comes first.
    pub(super) fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path()));
        url
    }

    /// Whether what is sent can be read on its way: no TLS, and not to this machine itself.
    pub fn is_overheard(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let is_here = host == "localhost" || host == "[::1]" || host.starts_with("127.");
        self.0.scheme() == "http" && !is_here
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// An address that may be none, without what could be a credential: all before an `@`, and all behind a `?` or `#`.
fn masked(text: &str) -> String {
    let (shown, query) = match text.find(['?', '#']) {
        Some(at) => (&text[..at], "?****"),
        None => (text, ""),
    };
    let (scheme, rest) = shown.split_once("://").unwrap_or(("", shown));
    let separator = if scheme.is_empty() { "" } else { "://" };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}{separator}****@{host}{query}"),
        None => format!("{shown}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, shown, pipeline) in [
            (
                "http://localhost:9200",
                "http://localhost:9200",
                "http://localhost:9200/_x/y",
            ),
            (
                "https://search.example.com/",
                "https://search.example.com",
                "https://search.example.com/_x/y",
            ),
            (
                "https://proxy/search",
                "https://proxy/search",
                "https://proxy/search/_x/y",
            ),
        ] {
            let server: Server = text.parse().unwrap();
            assert_eq!(
                (server.to_string().as_str(), server.at("_x/y").as_str()),
                (shown, pipeline)
            );
        }
    }

    #[test]
    fn what_is_no_address_is_told_without_its_secrets() {
        for (text, shown) in [
            ("localhost:9200", "localhost:9200"),
            ("", ""),
            ("ftp://host", "ftp://host"),
            ("https://admin:hunter2@host:9200", "https://****@host:9200"),
            ("https://admin@host", "https://****@host"),
            ("admin:hunter2@host:9200", "****@host:9200"),
            ("https://host/?token=hunter2", "https://host/?****"),
            ("https://a:hunter2@b:hunter2@host#hunter2", "https://****@host?****"),
        ] {
            let error = text.parse::<Server>().unwrap_err();
            assert!(error.is_of_configuration());
            let message = format!("{error} {error:?}");
            assert!(message.contains(&format!("`{shown}`")), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn who_may_listen() {
        for (text, overheard) in [
            ("http://localhost:9200", false),
            ("http://127.0.0.1:9200", false),
            ("http://[::1]:9200", false),
            ("https://search.example.com", false),
            ("http://search.example.com", true),
        ] {
            assert_eq!(text.parse::<Server>().unwrap().is_overheard(), overheard, "{text}");
        }
    }
}
