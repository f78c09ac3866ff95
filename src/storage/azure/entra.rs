//! Tokens of Entra ID: the official library gets and renews them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{AccessToken, Secret as AzureSecret, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{ClientOptions, HttpClient, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use tokio::net::TcpStream;

use super::causes::{innermost, one_line};
use super::token_client::TokenClient;
use super::token_failure::{TokenFailure, hint};
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
