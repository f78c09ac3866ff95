//! The Shared Key signature, which the official client leaves to its users.
//!
//! What is signed and in which order:
//! <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::Secret as AzureSecret;
use azure_core::hmac::hmac_sha256;
use azure_core::http::headers::{AUTHORIZATION, HeaderName, Headers, MS_DATE};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Method, Request, Url};
use azure_core::time::{OffsetDateTime, to_rfc7231};

/// The headers whose values are signed without their names, in the order in which they are signed. `Date` is always
/// empty here: `x-ms-date` takes its place.
const SIGNED_HEADERS: [HeaderName; 11] = [
    HeaderName::from_static("content-encoding"),
    HeaderName::from_static("content-language"),
    HeaderName::from_static("content-length"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("content-type"),
    HeaderName::from_static("date"),
    HeaderName::from_static("if-modified-since"),
    HeaderName::from_static("if-match"),
    HeaderName::from_static("if-none-match"),
    HeaderName::from_static("if-unmodified-since"),
    HeaderName::from_static("range"),
];

/// Whether it can be an account's key at all.
pub fn is_account_key(text: &str) -> bool {
    !text.is_empty() && azure_core::base64::decode(text).is_ok()
}

/// Signs every try of a request with the account's key, each with its own time: the service refuses a signature that
/// is older than 15 minutes.
#[derive(Debug)]
pub(super) struct SharedKeyPolicy {
    account: String,
    key: AzureSecret,
}

impl SharedKeyPolicy {
    /// `key` is base64.
    pub(super) fn new(account: impl Into<String>, key: AzureSecret) -> Self {
        Self {
            account: account.into(),
            key,
        }
    }

    fn sign(&self, request: &mut Request, now: OffsetDateTime) -> azure_core::Result<()> {
        // The client writes a space in a query as `+`, which is a plus sign to some readers of URLs. `%20` is a space
        // to all of them, so that both sides sign the same text.
        if let Some(query) = request.url().query().filter(|query| query.contains('+')) {
            let query = query.replace('+', "%20");
            request.url_mut().set_query(Some(&query));
        }
        request.insert_header(MS_DATE, to_rfc7231(&now));
        let text = string_to_sign(request.method(), request.url(), request.headers(), &self.account);
        let signature = hmac_sha256(&text, &self.key)?;
        request.insert_header(AUTHORIZATION, format!("SharedKey {}:{signature}", self.account));
        Ok(())
    }
}

#[async_trait]
impl Policy for SharedKeyPolicy {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        self.sign(request, OffsetDateTime::now_utc())?;
        next[0].send(context, request, &next[1..]).await
    }
}

fn string_to_sign(method: Method, url: &Url, headers: &Headers, account: &str) -> String {
    let mut text = format!("{method}\n");
    for name in &SIGNED_HEADERS {
        let value = headers.get_optional_str(name).unwrap_or("");
        // An empty body is signed as no length at all.
        let value = if name == &"content-length" && value == "0" {
            ""
        } else {
            value
        };
        text.push_str(value);
        text.push('\n');
    }
    text + &canonical_headers(headers) + &canonical_resource(url, account)
}

/// The `x-ms-…` headers, one a line, sorted by name.
fn canonical_headers(headers: &Headers) -> String {
    let sorted: BTreeMap<String, &str> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_ascii_lowercase(), value.as_str().trim()))
        .filter(|(name, _)| name.starts_with("x-ms-"))
        .collect();
    sorted.iter().map(|(name, value)| format!("{name}:{value}\n")).collect()
}

/// `/account`, the path as it is sent, and the decoded query sorted by lower-case name, one parameter a line. Where the
/// account is part of the path, as with Azurite, it stands there twice.
fn canonical_resource(url: &Url, account: &str) -> String {
    let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        query.entry(name.to_lowercase()).or_default().push(value.into_owned());
    }
    let mut resource = format!("/{account}{}", url.path());
    for (name, mut values) in query {
        values.sort();
        resource += &format!("\n{name}:{}", values.join(","));
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(method: Method, url: &str, headers: &[(&'static str, &'static str)]) -> String {
        let mut all = Headers::new();
        for (name, value) in headers {
            all.insert(*name, *value);
        }
        string_to_sign(method, &url.parse().unwrap(), &all, "acme")
    }

    #[test]
    fn resources_are_canonical() {
        let table = [
            (
                "https://acme.blob.core.windows.net/logs/a%2Fb.gz",
                "/acme/logs/a%2Fb.gz",
            ),
            ("http://127.0.0.1:10000/acme/logs/a.gz", "/acme/acme/logs/a.gz"),
            (
                "https://h/logs?restype=container&comp=list",
                "/acme/logs\ncomp:list\nrestype:container",
            ),
            (
                "https://h/logs?Prefix=a%2Fb%20c&b=2&b=1",
                "/acme/logs\nb:1,2\nprefix:a/b c",
            ),
            ("https://h/logs?prefix=a+b&marker=", "/acme/logs\nmarker:\nprefix:a b"),
        ];
        for (url, expected) in table {
            assert_eq!(canonical_resource(&url.parse().unwrap(), "acme"), expected, "{url}");
        }
    }

    #[test]
    fn a_ranged_read_is_signed_line_by_line() {
        let headers = [
            ("x-ms-version", "2021-12-02"),
            ("x-ms-date", "Fri, 06 Jun 2025 10:00:00 GMT"),
            ("range", "bytes=0-9"),
            ("accept", "application/octet-stream"),
            ("content-length", "0"),
        ];
        assert_eq!(
            text(Method::Get, "https://h/logs/a.gz", &headers),
            "GET\n\n\n\n\n\n\n\n\n\n\nbytes=0-9\nx-ms-date:Fri, 06 Jun 2025 10:00:00 GMT\n\
             x-ms-version:2021-12-02\n/acme/logs/a.gz"
        );
    }

    #[test]
    fn each_try_is_signed_with_its_own_time() {
        let policy = SharedKeyPolicy::new("acme", AzureSecret::new("c2VjcmV0"));
        let mut request = Request::new("https://h/logs?prefix=a+b".parse().unwrap(), Method::Get);
        let mut authorization = |now| {
            policy.sign(&mut request, now).unwrap();
            let date = request.headers().get_str(&MS_DATE).unwrap().to_owned();
            (date, request.headers().get_str(&AUTHORIZATION).unwrap().to_owned())
        };
        let (first_date, first) = authorization(OffsetDateTime::UNIX_EPOCH);
        let (second_date, second) = authorization(OffsetDateTime::UNIX_EPOCH + time::Duration::minutes(1));
        assert_eq!(first_date, "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(second_date, "Thu, 01 Jan 1970 00:01:00 GMT");
        assert!(first.starts_with("SharedKey acme:") && first != second);
        assert_eq!(request.url().query(), Some("prefix=a%20b"));
        assert!(!format!("{policy:?}").contains("c2VjcmV0"));
    }
}
