//! What goes wrong with storage, on which thing, why, and what to try.

use std::fmt;
use std::time::Duration;

/// A failure of storage. It never holds a credential, a signature or a URL with its query.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Error {
    kind: Kind,
    thing: String,
    reason: String,
    code: Option<String>,
    retry_after: Option<Duration>,
    tries: u32,
    hint: Option<&'static str>,
}

/// What a caller may want to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    BlobNotFound,
    ContainerNotFound,
    /// 401: storage does not know who is asking.
    Unauthorized,
    /// 403, or a file that may not be read.
    Forbidden,
    /// 429, or 503 because the account has too much to do.
    Throttled,
    /// Timeouts, 5xx and answers that broke off: storage is there, but did not answer.
    Unavailable,
    /// No connection at all: unknown host, refused, TLS that fails.
    Unreachable,
    /// 409 and 412: the blob changed under the request.
    Changed,
    /// A location, credential or blob name that cannot be right; nothing was asked of storage.
    Invalid,
    /// Any other refusal, and answers that no blob service gives.
    Rejected,
    /// The local file system failed.
    Io,
}

/// The storage service says so when a signature's time is not its own time.
pub(super) const NOT_IN_TIME_FRAME: &str = "Signature not valid in the specified time frame";

impl Error {
    pub(super) fn new(kind: Kind, thing: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            kind,
            thing: thing.into(),
            reason: reason.into(),
            code: None,
            retry_after: None,
            tries: 1,
            hint: None,
        }
    }

    pub(super) fn invalid(thing: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, thing, reason)
    }

    pub(super) fn with_code(mut self, code: Option<String>) -> Self {
        self.code = code;
        self
    }

    pub(super) fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        self.retry_after = delay;
        self
    }

    /// Says better what to try than kind and code do.
    pub(super) fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    pub(super) fn with_tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The account, container, blob or path that the failure is about.
    pub fn thing(&self) -> &str {
        &self.thing
    }

    /// The storage service's own error code, such as `AuthenticationFailed`.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The pause that the storage service asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub fn is_not_found(&self) -> bool {
        matches!(self.kind, Kind::BlobNotFound | Kind::ContainerNotFound)
    }

    /// Whether the same request may succeed later without anybody changing anything.
    pub fn is_retriable(&self) -> bool {
        matches!(
            self.kind,
            Kind::Throttled | Kind::Unavailable | Kind::Unreachable | Kind::Changed
        )
    }

    /// What to try, if something is likely to help.
    pub fn hint(&self) -> Option<String> {
        if let Some(hint) = self.hint {
            return Some(hint.to_owned());
        }
        let hint = match (self.kind, self.code()) {
            (_, Some("AuthorizationPermissionMismatch" | "AuthorizationResourceTypeMismatch")) => {
                "an identity needs the role Storage Blob Data Reader on the account or the container, a SAS token the \
                 permissions read and list for containers and objects (sp=rl, srt=co)"
            }
            (_, Some("InvalidAuthenticationInfo")) => {
                "check that tenant_id is the tenant of the account's subscription, and that this machine's clock is right"
            }
            (_, Some("PublicAccessNotPermitted" | "NoAuthenticationInformation" | "ResourceNotFound")) => {
                "the container is not public; give an access key, a SAS token or an identity"
            }
            (_, Some("AccountIsDisabled")) => "the storage account is disabled",
            (Kind::Unauthorized | Kind::Forbidden, _) if self.reason.contains(NOT_IN_TIME_FRAME) => {
                "the SAS token has expired or is not valid yet; get a new one, and check this machine's clock"
            }
            // Azure's answer to addresses that the account's firewall shuts out, and Azurite's to any wrong signature.
            (Kind::Forbidden, Some("AuthorizationFailure" | "IpAuthorizationError")) => {
                "check the access key or SAS token; if it is right, the account's firewall may not let this machine in"
            }
            (Kind::Unauthorized | Kind::Forbidden, Some(_)) => {
                "check that the access key is this account's and whole, that a SAS token has not expired, and that this \
                 machine's clock is right to within 15 minutes"
            }
            (Kind::Forbidden, None) => "check who may read it",
            (Kind::ContainerNotFound, Some(_)) => {
                "check the container's name (--container, or container_name in the configuration) and the account"
            }
            (Kind::ContainerNotFound, None) => "check `directory` in the configuration",
            (Kind::BlobNotFound, _) => "clp list-blobs shows what there is; names are whole, with their directory",
            (Kind::Throttled, _) => "start fewer readers of this account at once, or allow more retries",
            (Kind::Unreachable, _) if self.reason.contains("dns error") => {
                "check the account's name or the endpoint: there is no such host"
            }
            (Kind::Unreachable, _) => "check the endpoint, the network and the proxy",
            (Kind::Unavailable, _) => "try again later; https://status.azure.com tells of outages",
            (Kind::Rejected, None) => "check that the endpoint is the account's blob endpoint",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.thing, self.reason)?;
        if self.tries > 1 {
            write!(f, " (tried {} times)", self.tries)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_thing_reason_and_tries() {
        let error = Error::new(Kind::Unavailable, "container logs of account acme", "500 InternalError");
        assert_eq!(error.to_string(), "container logs of account acme: 500 InternalError");
        assert_eq!(
            error.with_tries(3).to_string(),
            "container logs of account acme: 500 InternalError (tried 3 times)"
        );
    }

    #[test]
    fn hints_fit_the_failure() {
        let table = [
            (Kind::Forbidden, Some("AuthenticationFailed"), "", Some("access key")),
            (Kind::Forbidden, Some("AuthorizationFailure"), "", Some("firewall")),
            (
                Kind::Forbidden,
                Some("AuthenticationFailed"),
                NOT_IN_TIME_FRAME,
                Some("expired"),
            ),
            (Kind::Forbidden, None, "permission denied", Some("who may read")),
            (
                Kind::ContainerNotFound,
                Some("ContainerNotFound"),
                "",
                Some("--container"),
            ),
            (Kind::ContainerNotFound, None, "", Some("directory")),
            (Kind::BlobNotFound, Some("BlobNotFound"), "", Some("list-blobs")),
            (
                Kind::Unreachable,
                None,
                "dns error: no such host",
                Some("account's name"),
            ),
            (Kind::Unreachable, None, "connection refused", Some("network")),
            (Kind::Rejected, Some("ResourceNotFound"), "", Some("not public")),
            (Kind::Rejected, Some("OutOfRangeInput"), "", None),
            (Kind::Invalid, None, "", None),
            (Kind::Io, None, "", None),
        ];
        for (kind, code, reason, expected) in table {
            let hint = Error::new(kind, "x", reason).with_code(code.map(str::to_owned)).hint();
            match expected {
                Some(part) => assert!(
                    hint.as_deref().unwrap_or("").contains(part),
                    "{kind:?} {code:?}: {hint:?}"
                ),
                None => assert_eq!(hint, None, "{kind:?} {code:?}"),
            }
        }
    }
}
