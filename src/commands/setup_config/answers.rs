//! What is to be known of an environment's account, however it was asked for.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::{
    config::{Account, Entra, EntraMethod, SecretSource},
    secret::Secret,
};

/// What opens an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CredentialKind {
    /// One of the account's two keys
    #[default]
    AccessKey,
    /// A shared access signature with read and list
    SasToken,
    /// A connection string with a key or a SAS token
    ConnectionString,
    /// Entra ID: an application with a client secret
    ClientSecret,
    /// Entra ID: a pod in Kubernetes
    WorkloadIdentity,
    /// Entra ID: a machine in Azure
    ManagedIdentity,
    /// Entra ID: whoever is logged in by `az login`
    AzureCli,
    /// No credential: the container is public
    None,
    /// No account: files of a local directory
    Directory,
}

/// Where the secret is.
#[derive(Clone, Debug)]
pub(super) enum GivenSecret {
    Itself(Secret),
    /// It stays in this file.
    InFile(PathBuf),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub kind: CredentialKind,
    pub account_name: Option<String>,
    pub secret: Option<GivenSecret>,
    pub tenant_id: Option<String>,
    pub client_id: Option<String>,
    pub token_file: Option<PathBuf>,
    pub authority_host: Option<String>,
    pub endpoint: Option<String>,
    pub container: Option<String>,
    pub directory: Option<PathBuf>,
}

impl CredentialKind {
    /// What its secret is called; `None` if it has none.
    pub(super) fn secret(self) -> Option<&'static str> {
        match self {
            Self::AccessKey => Some("access key"),
            Self::SasToken => Some("SAS token"),
            Self::ConnectionString => Some("connection string"),
            Self::ClientSecret => Some("client secret"),
            Self::WorkloadIdentity | Self::ManagedIdentity | Self::AzureCli | Self::None | Self::Directory => None,
        }
    }

    /// Whether the account is named beside it.
    pub(super) fn needs_account_name(self) -> bool {
        !matches!(self, Self::ConnectionString | Self::Directory)
    }

    /// As it is asked for.
    pub(super) fn described(self) -> String {
        let value = self.to_possible_value();
        let help = value.as_ref().and_then(|value| value.get_help());
        help.map(ToString::to_string).unwrap_or_default()
    }

    fn method(self) -> Option<EntraMethod> {
        match self {
            Self::ClientSecret => Some(EntraMethod::ClientSecret),
            Self::WorkloadIdentity => Some(EntraMethod::WorkloadIdentity),
            Self::ManagedIdentity => Some(EntraMethod::ManagedIdentity),
            Self::AzureCli => Some(EntraMethod::AzureCli),
            _ => None,
        }
    }
}

impl Answers {
    /// Only with an endpoint an account may have no credential.
    fn public_endpoint(&self) -> Option<String> {
        let account = self
            .account_name
            .as_ref()
            .filter(|_| self.kind == CredentialKind::None)?;
        Some(format!("https://{account}.blob.core.windows.net"))
    }

    /// The account as it is written into the configuration.
    pub(super) fn account(&self) -> Account {
        if self.kind == CredentialKind::Directory {
            return Account {
                directory: self.directory.clone(),
                ..Account::default()
            };
        }
        let mut account = Account {
            account_name: self.account_name.clone().filter(|_| self.kind.needs_account_name()),
            endpoint: self.endpoint.clone().or_else(|| self.public_endpoint()),
            container_name: self.container.clone(),
            entra: self.kind.method().map(|method| Entra {
                method,
                tenant_id: self.tenant_id.clone(),
                client_id: self.client_id.clone(),
                token_file: self.token_file.clone(),
                authority_host: self.authority_host.clone(),
                ..Entra::default()
            }),
            ..Account::default()
        };
        let (text, file): (Option<SecretSource>, _) = match self.secret.clone() {
            Some(GivenSecret::Itself(secret)) => (Some(secret.into()), None),
            Some(GivenSecret::InFile(path)) => (None, Some(path)),
            None => (None, None),
        };
        match self.kind {
            CredentialKind::AccessKey => (account.access_key, account.access_key_file) = (text, file),
            CredentialKind::SasToken => (account.sas_token, account.sas_token_file) = (text, file),
            CredentialKind::ConnectionString => {
                (account.connection_string, account.connection_string_file) = (text, file);
            }
            _ => {
                if let Some(entra) = account.entra.as_mut() {
                    (entra.client_secret, entra.client_secret_file) = (text, file);
                }
            }
        }
        account
    }
}
