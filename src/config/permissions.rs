//! Who may read a file with credentials: its owner, as with ssh's keys.

use std::path::Path;

use serde_yaml::Value;

use super::{
    accounts::{CLIENT_SECRET, CREDENTIAL_KEYS, ENTRA, is_placeholder},
    document::Document,
    layers::accounts_in,
    path::KeyPath,
    problem::{Place, Problem},
    properties::{self, PROPERTY_SECTIONS},
};

/// Whether a document holds a credential, and not only the place for one.
pub fn holds_credentials(document: &Value) -> bool {
    // A section in the place of a text names an entry of the keyring.
    let is_real = |value: &Value| super::document::scalar_text(value).is_some_and(|text| !is_placeholder(&text));
    let in_account = accounts_in(document).into_iter().any(|account| {
        let keys = CREDENTIAL_KEYS.into_iter().filter(|key| !key.ends_with("_file"));
        keys.map(|key| account.key(key))
            .chain([account.key(ENTRA).key(CLIENT_SECRET)])
            .any(|path| path.find(document).is_some_and(is_real))
    });
    let in_kafka = PROPERTY_SECTIONS.into_iter().any(|section| {
        let section = KeyPath::of(["kafka", section]);
        let section = section.find(document).and_then(Value::as_mapping);
        let mut properties = section.into_iter().flatten();
        properties.any(|(name, value)| name.as_str().is_some_and(properties::is_secret) && is_real(value))
    });
    in_account || in_kafka
}

/// The error of a file with credentials that others than its owner may read.
pub fn exposed(document: &Document) -> Option<Problem> {
    let mode = mode(&document.path)?;
    if mode & 0o077 == 0 || !holds_credentials(&document.value) {
        return None;
    }
    let message = format!("it holds credentials and others than its owner may read it (mode {mode:04o})");
    let quoted = quoted(&document.path);
    Some(Problem::new(Place::File(document.path.clone()), message).hint(format!("chmod 600 {quoted}")))
}

/// The path as a shell reads it.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '~' | '+');
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    // What can be read but not looked at is a pipe, which nobody else reads.
    let metadata = std::fs::metadata(path).ok()?;
    Some(metadata.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_path: &Path) -> Option<u32> {
    None
}
