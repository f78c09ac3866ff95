//! The keyring of the operating system: secrets that stand in no file.
//!
//! Which one that is the `keyring` crate knows: the Secret Service of the desktop on Linux, the Keychain on macOS, the
//! Credential Manager on Windows. Nothing is asked of it before the first secret is wanted, so that commands which need
//! none run where there is no keyring.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use keyring_core::{CredentialStore, Entry};

use crate::secret::Secret;

/// All entries of clp are of this service; their names are the keyring's "users".
pub const SERVICE: &str = "clp";

/// How long an answer may take: whoever has to unlock the keyring types a password meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where secrets are kept that the configuration only names.
#[derive(Clone, Debug, Default)]
pub enum Keyring {
    /// That of the operating system, for whoever runs clp.
    #[default]
    System,
    /// Another one, such as the mock of the `keyring-core` crate.
    Store(Arc<CredentialStore>),
}

/// Why the keyring gave or took nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error("no keyring service runs here ({reason})")]
    Unavailable { reason: String },
    #[error("the keyring is locked, or nobody let clp in ({reason})")]
    Locked { reason: String },
    #[error("the keyring has no entry `{entry}` for the service `{SERVICE}`")]
    NoEntry { entry: String },
    #[error("the keyring has several entries `{entry}` for the service `{SERVICE}`")]
    Ambiguous { entry: String },
    #[error("the keyring gave no answer within {seconds} s")]
    Silent { seconds: u64 },
    #[error("the keyring failed: {reason}")]
    Failed { reason: String },
}

impl KeyringError {
    /// What to try.
    pub fn hint(&self) -> String {
        match self {
            Self::Unavailable { .. } => {
                "log in to a desktop session with a keyring, or start one under `dbus-run-session`; without one, put the \
                 secret into a file and name it by the key that ends in `_file`, or into the configuration"
                    .to_owned()
            }
            Self::Locked { .. } | Self::Silent { .. } => {
                "unlock the keyring of the user that clp runs as; a service that nobody logs in for takes the secret from \
                 a file better"
                    .to_owned()
            }
            Self::NoEntry { entry } => format!(
                "`clp setup-config --keyring` makes it; by hand: secret-tool store --label '{SERVICE} {entry}' service \
                 {SERVICE} username {entry}"
            ),
            Self::Ambiguous { entry } => format!("delete the others: secret-tool clear service {SERVICE} username {entry}"),
            Self::Failed { .. } => "look at the keyring with its own tool, such as seahorse or secret-tool".to_owned(),
        }
    }
}

impl Keyring {
    /// The secret called `entry`.
    ///
    /// # Errors
    /// No keyring, a locked one, no such entry.
    pub fn get(&self, entry: &str) -> Result<Secret, KeyringError> {
        self.with(entry, |entry| entry.get_password()).map(Secret::new)
    }

    /// Puts a secret under the name `entry`, in the place of what was there.
    ///
    /// # Errors
    /// No keyring, or a locked one.
    pub fn set(&self, entry: &str, secret: &Secret) -> Result<(), KeyringError> {
        let secret = secret.clone();
        self.with(entry, move |entry| entry.set_password(secret.expose()))
    }

    /// Whether there is a keyring that answers.
    ///
    /// # Errors
    /// If not, why.
    pub fn check(&self) -> Result<(), KeyringError> {
        const PROBE: &str = "is-there-a-keyring";
        match self.get(PROBE) {
            Ok(_) | Err(KeyringError::NoEntry { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Calls the keyring on a thread of its own. The calls block, those of the Secret Service until somebody has typed
    /// a password; so the caller, which may be one of tokio's threads, waits for a bounded time only.
    fn with<T: Send + 'static>(
        &self,
        entry: &str,
        call: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let (keyring, name) = (self.clone(), entry.to_owned());
        let (answer, answered) = mpsc::sync_channel(1);
        thread::spawn(move || {
            let result = keyring.store().and_then(|store| {
                Entry::new_in_store(&store, SERVICE, &name)
                    .and_then(|entry| call(&entry))
                    .map_err(|error| explained(&error, &name))
            });
            // Nobody waits any more for an answer that took too long.
            let _ = answer.send(result);
        });
        let silent = KeyringError::Silent {
            seconds: PATIENCE.as_secs(),
        };
        answered.recv_timeout(PATIENCE).unwrap_or(Err(silent))
    }

    fn store(&self) -> Result<Arc<CredentialStore>, KeyringError> {
        match self {
            Self::Store(store) => Ok(store.clone()),
            Self::System => {
                let unavailable = |reason: String| KeyringError::Unavailable { reason };
                let started = keyring::Entry::store_status();
                started.as_ref().map_err(|error| unavailable(reason(error)))?;
                keyring_core::get_default_store().ok_or_else(|| unavailable("it was given back".to_owned()))
            }
        }
    }
}

fn explained(error: &keyring_core::Error, entry: &str) -> KeyringError {
    let entry = entry.to_owned();
    match error {
        keyring_core::Error::NoEntry => KeyringError::NoEntry { entry },
        keyring_core::Error::Ambiguous(_) => KeyringError::Ambiguous { entry },
        keyring_core::Error::NoStorageAccess(_) => KeyringError::Locked { reason: reason(error) },
        // What is in them may be the secret.
        keyring_core::Error::BadEncoding(_) | keyring_core::Error::BadDataFormat(..) => KeyringError::Failed {
            reason: format!("entry `{entry}` is no text"),
        },
        _ => KeyringError::Failed { reason: reason(error) },
    }
}

/// The reason of the layer below, which the crate's own words only go before.
fn reason(error: &keyring_core::Error) -> String {
    let below = std::error::Error::source(error).map(ToString::to_string);
    below.unwrap_or_else(|| error.to_string())
}

#[cfg(test)]
mod tests {
    use keyring_core::mock;

    use super::*;

    #[test]
    fn secrets_come_back_by_name() {
        let keyring = Keyring::Store(mock::Store::new().unwrap());
        assert_eq!(keyring.check(), Ok(()));
        let missing = keyring.get("cp2/P1/access_key").unwrap_err();
        assert!(missing.to_string().contains("`cp2/P1/access_key`"), "{missing}");
        assert!(missing.hint().contains("setup-config --keyring"), "{}", missing.hint());
        for secret in ["first", "second"] {
            keyring.set("cp2/P1/access_key", &Secret::new(secret)).unwrap();
            assert_eq!(keyring.get("cp2/P1/access_key"), Ok(Secret::new(secret)));
        }
    }

    #[test]
    fn failures_are_told_apart_and_hold_no_secret() {
        let below = || -> keyring_core::error::PlatformError { "the reason".into() };
        for (error, told) in [
            (keyring_core::Error::NoEntry, "no entry `e`"),
            (keyring_core::Error::Ambiguous(Vec::new()), "several entries `e`"),
            (keyring_core::Error::NoStorageAccess(below()), "locked"),
            (keyring_core::Error::PlatformFailure(below()), "failed: the reason"),
            (
                keyring_core::Error::BadEncoding(b"hunter2\xff".to_vec()),
                "entry `e` is no text",
            ),
        ] {
            let explained = explained(&error, "e");
            assert!(explained.to_string().contains(told), "{explained}");
            assert!(!format!("{explained:?}").contains("hunter2"));
        }
    }
}
