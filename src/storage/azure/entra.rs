//! Tokens of Entra ID: the official library gets and renews them; what its failures mean is said here.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{AccessToken, Secret as AzureSecret, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{ClientOptions, HttpClient, RawResponse, RetryOptions, StatusCode, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use serde::Deserialize;
use tokio::net::TcpStream;

use super::failure::{one_line, root_causes};
use super::token_client::TokenClient;
use crate::storage::error::{Error, Kind};
use crate::storage::identity::Identity;

/// What the tokens are for; the same in all clouds.
const SCOPE: &str = "https://storage.azure.com/.default";

/// Puts a token of `identity` on every try of a request. All containers that one identity opens share its token.
///
/// # Errors
/// [`Kind::Invalid`] for what no token can be asked for with.
pub(super) fn policy(identity: &Identity, http: Arc<dyn HttpClient>, thing: &str) -> Result<Arc<dyn Policy>, Error> {
    static POLICIES: Mutex<Vec<(Identity, Arc<dyn Policy>)>> = Mutex::new(Vec::new());
    let mut policies = POLICIES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, policy)) = policies.iter().find(|(known, _)| known == identity) {
        return Ok(policy.clone());
    }
    let inner = credential(identity, Transport::new(Arc::new(TokenClient(http)))).map_err(|error| {
        let reason = one_line(&innermost(&error).to_string());
        Error::invalid(thing, format!("{}: {reason}", identity.describe())).with_hint(hint(identity))
    })?;
    let named = NamedCredential {
        identity: identity.clone(),
        inner,
    };
    let policy: Arc<dyn Policy> = Arc::new(BearerTokenAuthorizationPolicy::new(Arc::new(named), [SCOPE]));
    policies.push((identity.clone(), policy.clone()));
    Ok(policy)
}

fn credential(identity: &Identity, transport: Transport) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let options = |authority: Option<&str>| ClientOptions {
        cloud: authority.map(|authority| {
            let mut cloud = CustomConfiguration::default();
            cloud.authority_host = authority.to_owned();
            Arc::new(cloud.into())
        }),
        // As everywhere, `RetryPolicy::run` tries again.
        retry: RetryOptions::none(),
        transport: Some(transport.clone()),
        ..ClientOptions::default()
    };
    Ok(match identity {
        Identity::ClientSecret {
            tenant_id,
            client_id,
            secret,
            authority,
        } => ClientSecretCredential::new(
            tenant_id,
            client_id.clone(),
            AzureSecret::new(secret.expose().to_owned()),
            Some(ClientSecretCredentialOptions {
                client_options: options(Some(authority)),
            }),
        )?,
        Identity::Workload {
            tenant_id,
            client_id,
            token_file,
            authority,
        } => WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions {
                client_options: options(Some(authority)),
            },
            client_id: Some(client_id.clone()),
            tenant_id: Some(tenant_id.clone()),
            token_file_path: Some(token_file.clone()),
        }))?,
        Identity::Managed { client_id } => ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
            user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
            client_options: options(None),
        }))?,
        Identity::AzureCli { tenant_id } => AzureCliCredential::new(Some(AzureCliCredentialOptions {
            tenant_id: tenant_id.clone(),
            ..AzureCliCredentialOptions::default()
        }))?,
    })
}

/// A credential whose failures say whose token it was, and hold neither an answer nor a secret.
struct NamedCredential {
    identity: Identity,
    inner: Arc<dyn TokenCredential>,
}

impl fmt::Debug for NamedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NamedCredential").field(&self.identity).finish()
    }
}

#[async_trait]
impl TokenCredential for NamedCredential {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        if let Some(failure) = self.no_endpoint().await {
            return Err(azure_core::Error::with_error(
                ErrorKind::Credential,
                failure,
                "no token",
            ));
        }
        let token = self.inner.get_token(scopes, options).await;
        token.map_err(|error| {
            let failure = TokenFailure::of(&error, &self.identity);
            azure_core::Error::with_error(ErrorKind::Credential, failure, "no token")
        })
    }
}

/// Where a virtual machine in Azure, and no other, is told who it is; App Service names another place in a variable.
const INSTANCE_METADATA: (&str, u16) = ("169.254.169.254", 80);
const OTHER_METADATA: [&str; 2] = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"];
/// It is on the same host.
const METADATA_WITHIN: Duration = Duration::from_secs(3);

impl NamedCredential {
    /// On a machine that is not in Azure the library would try for more than a minute.
    async fn no_endpoint(&self) -> Option<TokenFailure> {
        let elsewhere = OTHER_METADATA
            .iter()
            .any(|variable| std::env::var_os(variable).is_some());
        if !matches!(self.identity, Identity::Managed { .. }) || elsewhere {
            return None;
        }
        let connecting = tokio::time::timeout(METADATA_WITHIN, TcpStream::connect(INSTANCE_METADATA)).await;
        match connecting {
            Ok(Ok(_)) => None,
            Ok(Err(_)) | Err(_) => Some(TokenFailure {
                kind: Kind::Unauthorized,
                reason: format!(
                    "no token for {}: nobody gives identities here",
                    self.identity.describe()
                ),
                hint: hint(&self.identity),
            }),
        }
    }
}

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
    fn of(error: &azure_core::Error, identity: &Identity) -> Self {
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

/// The library wraps its own errors; the innermost one knows what happened.
fn innermost(error: &azure_core::Error) -> &azure_core::Error {
    let below = error
        .source()
        .and_then(|source| source.downcast_ref::<azure_core::Error>());
    below.map_or(error, innermost)
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

fn hint(identity: &Identity) -> &'static str {
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
