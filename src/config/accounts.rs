//! The sections `subscriptions` and `storage`: which accounts there are, and how their blobs are read.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{entra::Entra, secret_source::SecretSource};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscription {
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub environments: BTreeMap<String, ConfiguredEnvironment>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfiguredEnvironment {
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub storage_account: Account,
}

/// An account as it is configured; [`super::Config::storage_account`] makes an access of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<SecretSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sas_token: Option<SecretSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sas_token_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_string: Option<SecretSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_string_file: Option<PathBuf>,
    /// An identity of Entra ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entra: Option<Entra>,
    /// The blob service's address, for Azurite and sovereign clouds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "without_credentials")]
    pub endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// Blobs as files below this directory, in place of Azure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
}

/// The keys of an account that give access; one of them is enough, and more than one is a mistake.
pub const CREDENTIAL_KEYS: [&str; 7] = [
    "connection_string",
    "connection_string_file",
    "access_key",
    "access_key_file",
    "sas_token",
    "sas_token_file",
    "entra",
];

/// The section of an account with an identity, and the secret in it.
pub const ENTRA: &str = "entra";
pub const CLIENT_SECRET: &str = "client_secret";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Storage {
    pub container_name: String,
    /// Bytes asked for in one request.
    pub range_bytes: u64,
    /// Requests in flight ahead of what is being read, for each blob.
    pub ranges_ahead: u32,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            container_name: "commerce-logs-separated".to_owned(),
            range_bytes: 1 << 20,
            ranges_ahead: 4,
        }
    }
}

/// Nobody should put a user name and password into a URL; who does so must not see them printed.
fn without_credentials<S: serde::Serializer>(endpoint: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    match endpoint {
        Some(url) if url.contains('@') || url.contains('?') => serializer.serialize_some("****"),
        other => other.serialize(serializer),
    }
}

/// Whether a credential is a text that waits to be replaced by one.
pub fn is_placeholder(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    text.is_empty()
        || text.starts_with('<') && text.ends_with('>')
        || text.starts_with("${") && text.ends_with('}')
        || [
            "your_",
            "your-",
            "your ",
            "change_me",
            "change-me",
            "changeme",
            "replace_me",
            "replace-me",
            "todo",
        ]
        .iter()
        .any(|start| text.starts_with(start))
        || text.chars().all(|c| matches!(c, 'x' | '*' | '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_credentials() {
        for text in [
            "",
            "  ",
            "your_access_key_here",
            "YOUR-KEY",
            "<access key>",
            "CHANGE_ME",
            "changeme",
            "xxxx",
            "***",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "Zm9vYmFyYmF6cXV4",
            "?sv=2024&sig=abc",
            "AccountName=a;AccountKey=b",
            "hunter2",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
