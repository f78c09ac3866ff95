//! A secret as the configuration gives it: itself, or the name under which the keyring has it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};

use super::keyring::{Keyring, KeyringError};
use crate::secret::Secret;

/// `"…"` or `{keyring: NAME}`. What is shown of it is what is shown of a [`Secret`], or the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    Text(Secret),
    /// The name of an entry of the keyring.
    Keyring(String),
}

const KEYRING: &str = "keyring";

impl SecretSource {
    /// The secret itself, without blanks around it; read from the keyring now if it is there.
    ///
    /// # Errors
    /// Those of the keyring.
    pub fn read(&self, keyring: &Keyring) -> Result<Secret, KeyringError> {
        match self {
            Self::Text(secret) => Ok(Secret::new(secret.expose().trim())),
            Self::Keyring(entry) => keyring.get(entry).map(|secret| Secret::new(secret.expose().trim())),
        }
    }
}

impl From<Secret> for SecretSource {
    fn from(secret: Secret) -> Self {
        Self::Text(secret)
    }
}

impl Serialize for SecretSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(secret) => secret.serialize(serializer),
            Self::Keyring(entry) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(KEYRING, entry)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = SecretSource;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text (in quotes, if it looks like a number) or `{keyring: NAME}`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretSource, E> {
                Ok(SecretSource::Text(Secret::new(text)))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<SecretSource, A::Error> {
                let wrong = || de::Error::custom("wrong section, expected `{keyring: NAME}` and nothing else");
                let entry = match map.next_key::<String>()? {
                    Some(key) if key == KEYRING => map.next_value::<String>()?,
                    _ => return Err(wrong()),
                };
                if entry.trim().is_empty() || map.next_key::<String>()?.is_some() {
                    return Err(wrong());
                }
                Ok(SecretSource::Keyring(entry))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_neither_shows_a_secret() {
        for (yaml, read, shown) in [
            (
                "hunter2-hunter2-hunter2",
                Some(SecretSource::Text(Secret::new("hunter2-hunter2-hunter2"))),
                "hunt****\n",
            ),
            (
                "{keyring: a/b}",
                Some(SecretSource::Keyring("a/b".to_owned())),
                "keyring: a/b\n",
            ),
            ("{keyrng: a/b}", None, ""),
            ("{keyring: ''}", None, ""),
            ("{keyring: a, file: b}", None, ""),
            ("{}", None, ""),
            ("[a]", None, ""),
            ("17", None, ""),
        ] {
            let source = serde_yaml::from_str::<SecretSource>(yaml).ok();
            assert_eq!(source, read, "{yaml}");
            if let Some(source) = source {
                assert_eq!(serde_yaml::to_string(&source).unwrap(), shown);
                assert!(!format!("{source:?}").contains("hunter2"));
            }
        }
    }
}
