//! What a failure of Entra ID means.

use azure_core::error::ErrorKind;
use azure_core::http::{RawResponse, StatusCode};
use serde::Deserialize;

use super::causes::{innermost, one_line, root_causes};
use crate::storage::error::Kind;
use crate::storage::identity::Identity;

/// Why there is no token.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct TokenFailure {
    pub kind: Kind,
    pub reason: String,
    pub hint: &'static str,
}

/// The body of a refusal of Entra ID.
#[derive(Deserialize)]
struct Refusal {
    error_description: String,
}

impl TokenFailure {
    pub(super) fn of(error: &azure_core::Error, identity: &Identity) -> Self {
        let cause = innermost(error);
        let (kind, reason) = match cause.kind() {
            ErrorKind::HttpResponse {
                status, raw_response, ..
            } => refused(*status, raw_response.as_deref(), identity),
            ErrorKind::Connection => (Kind::Unreachable, format!("cannot connect: {}", root_causes(cause))),
            ErrorKind::Io => (Kind::Unavailable, format!("no answer: {}", root_causes(cause))),
            ErrorKind::Credential => (Kind::Unauthorized, telling_line(&cause.to_string())),
            // The library's words may repeat the answer, and so the token.
            _ => (Kind::Rejected, "the answer holds no token".to_owned()),
        };
        Self {
            kind,
            reason: format!(
                "no token for {}: {}",
                identity.describe(),
                without_secret(reason, identity)
            ),
            hint: hint(identity),
        }
    }
}

/// What an answer of the token endpoint means.
fn refused(status: StatusCode, response: Option<&RawResponse>, identity: &Identity) -> (Kind, String) {
    let kind = match u16::from(status) {
        429 => Kind::Throttled,
        408 | 500.. => Kind::Unavailable,
        _ => Kind::Unauthorized,
    };
    let refusal = response.and_then(|response| serde_json::from_slice::<Refusal>(response.body()).ok());
    let refusal = refusal.filter(|refusal| !refusal.error_description.is_empty());
    let reason = match (refusal, identity) {
        (Some(refusal), _) => one_line(&refusal.error_description),
        (None, Identity::Managed { .. }) if status == StatusCode::BadRequest => {
            "this machine does not have it".to_owned()
        }
        (None, _) => format!("{} {}", u16::from(status), status.canonical_reason()),
    };
    (kind, reason)
}

/// The line of a program's output that says what is wrong: `az` writes warnings before it.
fn telling_line(text: &str) -> String {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("ERROR: "));
    one_line(line.unwrap_or(text.trim()))
}

/// Nobody is known to repeat the secret that it was sent; should somebody, it goes no further.
fn without_secret(reason: String, identity: &Identity) -> String {
    match identity {
        Identity::ClientSecret { secret, .. } if !secret.is_empty() => reason.replace(secret.expose(), "…"),
        _ => reason,
    }
}

pub(super) fn hint(identity: &Identity) -> &'static str {
    match identity {
        Identity::ClientSecret { .. } => {
            "check tenant_id, client_id and client_secret: the value of the secret and not its id, and not expired (App \
             registrations, Certificates & secrets)"
        }
        Identity::Workload { .. } => {
            "check tenant_id and client_id, that the identity has a federated credential for this pod's service account, \
             and that token_file is the one that Kubernetes renews"
        }
        Identity::Managed { .. } => {
            "managed identities are for machines in Azure, and have to be assigned to them; client_id is needed where \
             there are several"
        }
        Identity::AzureCli { .. } => {
            "run `az login` as the user that clp runs as; `az account show` tells who is logged in"
        }
    }
}

#[cfg(test)]
mod tests {
    use azure_core::http::headers::Headers;

    use super::*;
    use crate::secret::Secret;

    fn application() -> Identity {
        Identity::ClientSecret {
            tenant_id: "t".to_owned(),
            client_id: "app".to_owned(),
            secret: Secret::new("hunter2-hunter2"),
            authority: "https://login.example".to_owned(),
        }
    }

    fn answer(status: u16, body: &'static str) -> azure_core::Error {
        let status = StatusCode::from(status);
        let raw = RawResponse::from_bytes(status, Headers::new(), body.as_bytes());
        let kind = ErrorKind::HttpResponse {
            status,
            error_code: None,
            raw_response: Some(Box::new(raw)),
        };
        let inner = azure_core::Error::with_message(kind, body);
        azure_core::Error::with_error(ErrorKind::Credential, inner, body)
    }

    #[test]
    fn refusals_are_told_without_the_answer() {
        let managed = Identity::Managed { client_id: None };
        let cli = Identity::AzureCli { tenant_id: None };
        let of_az = azure_core::Error::with_message(
            ErrorKind::Credential,
            "WARNING: x\nERROR: Please run 'az login' to setup account.\n",
        );
        for (error, identity, kind, reason) in [
            (
                answer(
                    401,
                    r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret hunter2-hunter2.\r\nTrace ID: 1"}"#,
                ),
                application(),
                Kind::Unauthorized,
                "no token for application app (client secret): AADSTS7000215: Invalid client secret …",
            ),
            (
                answer(503, "<html>hunter2-hunter2</html>"),
                application(),
                Kind::Unavailable,
                "no token for application app (client secret): 503 Service Unavailable",
            ),
            (
                answer(400, "x"),
                managed,
                Kind::Unauthorized,
                "no token for the system-assigned managed identity: this machine does not have it",
            ),
            (
                of_az,
                cli,
                Kind::Unauthorized,
                "no token for the login of the Azure CLI: Please run 'az login' to setup account",
            ),
            (
                azure_core::Error::with_message(ErrorKind::DataConversion, "invalid type: eyJhbGci"),
                application(),
                Kind::Rejected,
                "no token for application app (client secret): the answer holds no token",
            ),
        ] {
            let failure = TokenFailure::of(&error, &identity);
            assert_eq!((failure.kind, failure.reason.as_str()), (kind, reason));
            assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
    }
}
