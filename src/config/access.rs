//! What opens a storage account, with its secrets read from wherever they are.

use std::{fs, path::Path, path::PathBuf};

use super::{
    Error,
    accounts::{Account, is_placeholder},
    entra::{Entra, EntraMethod},
    keyring::Keyring,
    secret_source::SecretSource,
};
use crate::{
    domain::EnvironmentId,
    secret::Secret,
    storage::{self, Identity, PUBLIC_AUTHORITY},
};

/// What opens a storage account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountAccess {
    AccessKey(Secret),
    SasToken(Secret),
    ConnectionString(Secret),
    /// An identity of Entra ID, which gets its tokens itself.
    Entra(Identity),
    /// A directory, or an `endpoint` that asks for nothing.
    Anonymous,
}

/// Reads what opens the account now, from files and from the keyring too.
pub fn access(account: &Account, id: &EnvironmentId, keyring: &Keyring) -> Result<AccountAccess, Error> {
    let secrets = Secrets { id, keyring };
    if let Some((secret, _)) = secrets.find(
        ("connection_string", &account.connection_string),
        ("connection_string_file", &account.connection_string_file),
    )? {
        return Ok(AccountAccess::ConnectionString(secret));
    }
    if let Some((secret, origin)) = secrets.find(
        ("access_key", &account.access_key),
        ("access_key_file", &account.access_key_file),
    )? {
        if !storage::is_account_key(secret.expose()) {
            let environment = id.clone();
            return Err(Error::NotBase64 { environment, origin });
        }
        return Ok(AccountAccess::AccessKey(secret));
    }
    if let Some((secret, _)) = secrets.find(
        ("sas_token", &account.sas_token),
        ("sas_token_file", &account.sas_token_file),
    )? {
        return Ok(AccountAccess::SasToken(secret));
    }
    if let Some(entra) = &account.entra {
        let identity = identity(entra, account.endpoint.as_deref(), &secrets)?;
        return Ok(AccountAccess::Entra(identity));
    }
    if account.endpoint.is_some() {
        return Ok(AccountAccess::Anonymous);
    }
    Err(Error::NoCredential {
        environment: id.clone(),
    })
}

fn identity(entra: &Entra, endpoint: Option<&str>, secrets: &Secrets<'_>) -> Result<Identity, Error> {
    let needed = |key: &'static str, variable: &'static str, value: &Option<String>| match value {
        Some(value) if !is_placeholder(value) => Ok(value.trim().to_owned()),
        _ => Err(secrets.incomplete(entra.method, key, variable)),
    };
    let tenant_id = || needed("tenant_id", "AZURE_TENANT_ID", &entra.tenant_id);
    let client_id = || needed("client_id", "AZURE_CLIENT_ID", &entra.client_id);
    let authority = || {
        let configured = entra.authority_host.as_deref();
        configured.unwrap_or_else(|| authority_of(endpoint)).to_owned()
    };
    Ok(match entra.method {
        EntraMethod::ClientSecret => {
            let secret = secrets.find(
                ("client_secret", &entra.client_secret),
                ("client_secret_file", &entra.client_secret_file),
            )?;
            let missing = || secrets.incomplete(entra.method, "client_secret", "AZURE_CLIENT_SECRET");
            Identity::ClientSecret {
                tenant_id: tenant_id()?,
                client_id: client_id()?,
                secret: secret.ok_or_else(missing)?.0,
                authority: authority(),
            }
        }
        EntraMethod::WorkloadIdentity => Identity::Workload {
            tenant_id: tenant_id()?,
            client_id: client_id()?,
            token_file: entra
                .token_file
                .clone()
                .ok_or_else(|| secrets.incomplete(entra.method, "token_file", "AZURE_FEDERATED_TOKEN_FILE"))?,
            authority: authority(),
        },
        EntraMethod::ManagedIdentity => Identity::Managed {
            client_id: entra.client_id.clone(),
        },
        EntraMethod::AzureCli => Identity::AzureCli {
            tenant_id: entra.tenant_id.clone(),
        },
    })
}

/// The sovereign clouds ask for tokens at a place of their own.
fn authority_of(endpoint: Option<&str>) -> &'static str {
    let host = endpoint.unwrap_or_default().trim_end_matches('/');
    if host.ends_with(".core.chinacloudapi.cn") {
        "https://login.chinacloudapi.cn"
    } else if host.ends_with(".core.usgovcloudapi.net") {
        "https://login.microsoftonline.us"
    } else {
        PUBLIC_AUTHORITY
    }
}

/// Reads the secrets of one account.
struct Secrets<'a> {
    id: &'a EnvironmentId,
    keyring: &'a Keyring,
}

impl Secrets<'_> {
    /// The secret, and where it came from for messages; `None` if neither key is there.
    fn find(
        &self,
        (key, source): (&'static str, &Option<SecretSource>),
        (file_key, file): (&'static str, &Option<PathBuf>),
    ) -> Result<Option<(Secret, String)>, Error> {
        let (key, secret, origin) = match (source, file) {
            (Some(source @ SecretSource::Text(_)), _) => (key, self.read(key, source)?, format!("`{key}`")),
            (Some(source @ SecretSource::Keyring(entry)), _) => {
                let origin = format!("`{key}`, entry `{entry}` of the keyring,");
                (key, self.read(key, source)?, origin)
            }
            (None, Some(path)) => {
                let origin = format!("`{file_key}` {}", path.display());
                (file_key, self.read_file(path, file_key)?, origin)
            }
            (None, None) => return Ok(None),
        };
        if is_placeholder(secret.expose()) {
            let environment = self.id.clone();
            return Err(Error::Placeholder { environment, key });
        }
        Ok(Some((secret, origin)))
    }

    fn read(&self, key: &'static str, source: &SecretSource) -> Result<Secret, Error> {
        source.read(self.keyring).map_err(|reason| Error::Keyring {
            what: format!("environment {}: `{key}`", self.id),
            reason,
        })
    }

    fn read_file(&self, path: &Path, key: &'static str) -> Result<Secret, Error> {
        let environment = || self.id.clone();
        let text = fs::read_to_string(path).map_err(|reason| Error::CredentialFile {
            environment: environment(),
            key,
            path: path.to_owned(),
            reason,
        })?;
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::EmptyCredentialFile {
                environment: environment(),
                key,
                path: path.to_owned(),
            });
        }
        Ok(Secret::new(text))
    }

    fn incomplete(&self, method: EntraMethod, key: &'static str, variable: &'static str) -> Error {
        Error::Entra {
            environment: self.id.clone(),
            method: method.name(),
            key,
            variable,
        }
    }
}

/// A part of a connection string.
pub fn connection_string_part(text: &str, wanted: &str) -> Option<String> {
    let mut parts = text.split(';').filter_map(|part| part.split_once('='));
    let (_, value) = parts.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}
