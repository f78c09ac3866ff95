//! Why there is no usable configuration. Every one of these ends a command with exit code 3.

use std::{io, path::PathBuf};

use super::{
    keyring::KeyringError,
    problem::{Problems, nearest, there_is},
};
use crate::domain::EnvironmentId;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("configuration file {} does not exist (it is named by {named_by})", .path.display())]
    Missing { path: PathBuf, named_by: String },
    #[error("cannot read configuration file {}: {reason}", .path.display())]
    Read { path: PathBuf, reason: io::Error },
    /// All that is wrong in the files, the environment and the flags.
    #[error("{0}")]
    Invalid(Problems),
    #[error("no environment `{wanted}` in the configuration\n  {}", there_is(.known))]
    UnknownEnvironment { wanted: String, known: Vec<EnvironmentId> },
    #[error("no subscription `{wanted}` in the configuration\n  {}", there_is(.known))]
    UnknownSubscription { wanted: String, known: Vec<String> },
    #[error("the configuration has no environments, so `{wanted}` is not known")]
    NoEnvironments { wanted: String },
    #[error("environment `{wanted}` is in several subscriptions\n  {}", there_is(.found))]
    AmbiguousEnvironment { wanted: String, found: Vec<EnvironmentId> },
    #[error("environment `{wanted}` and subscription `{subscription}` contradict each other")]
    Contradiction { wanted: String, subscription: String },
    #[error("environment {environment} has no credential for its storage account")]
    NoCredential { environment: EnvironmentId },
    #[error("environment {environment}: `{key}` still holds a placeholder")]
    Placeholder {
        environment: EnvironmentId,
        key: &'static str,
    },
    /// `origin` is a key of the configuration, with the path of the file that it names.
    #[error("environment {environment}: {origin} is not base64, as account keys are")]
    NotBase64 { environment: EnvironmentId, origin: String },
    #[error("environment {environment}: no `account_name` in its storage account")]
    NoAccountName { environment: EnvironmentId },
    #[error("environment {environment}: `connection_string` names neither `AccountName` nor `BlobEndpoint`")]
    ConnectionString { environment: EnvironmentId },
    #[error("environment {environment}: cannot read `{key}` {}: {reason}", .path.display())]
    CredentialFile {
        environment: EnvironmentId,
        key: &'static str,
        path: PathBuf,
        reason: io::Error,
    },
    #[error("environment {environment}: `{key}` {} is empty", .path.display())]
    EmptyCredentialFile {
        environment: EnvironmentId,
        key: &'static str,
        path: PathBuf,
    },
    /// `what` names the environment and the key, or the property of Kafka.
    #[error("{what}: {reason}")]
    Keyring { what: String, reason: KeyringError },
    #[error("environment {environment}: `entra` with the method {method} has no `{key}`")]
    Entra {
        environment: EnvironmentId,
        method: &'static str,
        key: &'static str,
        variable: &'static str,
    },
    #[error("{} holds credentials and is not overwritten", .path.display())]
    Occupied { path: PathBuf },
    #[error("cannot write {}: {reason}", .path.display())]
    Write { path: PathBuf, reason: io::Error },
    #[error("{} has no `subscriptions`: it is no configuration with storage accounts", .path.display())]
    NothingToMigrate { path: PathBuf },
}

const SET_UP: &str = "run `clp setup-config`, or set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY and name \
     the environment as SUBSCRIPTION/ENVIRONMENT";

impl Error {
    /// What to try.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { .. } => "run `clp setup-config` to make one, or name one that exists".to_owned(),
            Self::Read { reason, .. } if reason.kind() == io::ErrorKind::PermissionDenied => {
                "let the user that clp runs as own the file".to_owned()
            }
            Self::Read { .. } | Self::Write { .. } => return None,
            Self::Invalid(problems) => return problems.hint(),
            Self::UnknownEnvironment { wanted, known } => format!("did you mean `{}`?", meant(wanted, known)?),
            Self::UnknownSubscription { wanted, known } => {
                format!("did you mean `{}`?", nearest(wanted, known.iter().map(String::as_str))?)
            }
            Self::NoEnvironments { .. } => SET_UP.to_owned(),
            Self::AmbiguousEnvironment { found, .. } => {
                format!("name the subscription too, such as `{}`", found.first()?)
            }
            Self::Contradiction { wanted, .. } => format!("leave the subscription out, `{wanted}` names it"),
            Self::NoCredential { .. } => {
                "give its `storage_account` an `access_key` or `access_key_file` (or a `sas_token`, a \
                 `connection_string`, `entra`, or a `directory`), or set AZURE_STORAGE_KEY"
                    .to_owned()
            }
            Self::NotBase64 { .. } => {
                "copy the whole key from the portal, 88 characters; where no file has one it is from AZURE_STORAGE_KEY"
                    .to_owned()
            }
            Self::Placeholder { .. } => "put the real one into the configuration file".to_owned(),
            Self::NoAccountName { .. } => "set `account_name` in its `storage_account`".to_owned(),
            Self::ConnectionString { .. } => {
                "copy it whole from the portal: `DefaultEndpointsProtocol=…;AccountName=…;AccountKey=…`".to_owned()
            }
            Self::CredentialFile { .. } | Self::EmptyCredentialFile { .. } => {
                "the file holds the credential and nothing else; its path is relative to the configuration file"
                    .to_owned()
            }
            Self::Keyring { reason, .. } => reason.hint(),
            Self::Entra { key, variable, .. } => format!("set `{key}` in its `entra`, or the variable {variable}"),
            Self::Occupied { .. } => "use `--force` to replace it; a backup is kept beside it".to_owned(),
            Self::NothingToMigrate { .. } => "name the file that the old tools read".to_owned(),
        };
        Some(hint)
    }
}

/// The environment of the same name elsewhere, or one with a similar name.
fn meant(wanted: &str, known: &[EnvironmentId]) -> Option<String> {
    let name = wanted.rsplit('/').next();
    if let Some(id) = known.iter().find(|id| Some(id.environment.as_str()) == name) {
        return Some(id.to_string());
    }
    let full: Vec<String> = known.iter().map(EnvironmentId::to_string).collect();
    let short = known.iter().map(|id| id.environment.as_str());
    nearest(wanted, short.chain(full.iter().map(String::as_str))).map(str::to_owned)
}
