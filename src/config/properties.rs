//! Properties of librdkafka, by the names that librdkafka gives them.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};

use super::{document::scalar_text, secret_source::SecretSource};
use crate::secret::Secret;

/// Properties as they were written: any names, scalar values or `{keyring: NAME}`. What is secret among them is masked
/// when shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<String, PropertyValue>);

#[derive(Clone, PartialEq, Eq)]
pub enum PropertyValue {
    Text(String),
    /// The name of an entry of the keyring.
    Keyring(String),
}

impl Properties {
    /// The text of a property; `None` also of one whose value is in the keyring.
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            PropertyValue::Text(text) => Some(text),
            PropertyValue::Keyring(_) => None,
        }
    }

    pub fn set(&mut self, name: impl Into<String>, value: PropertyValue) {
        self.0.insert(name.into(), value);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &PropertyValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl FromIterator<(String, String)> for Properties {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(properties: I) -> Self {
        let properties = properties.into_iter();
        Self(
            properties
                .map(|(name, text)| (name, PropertyValue::Text(text)))
                .collect(),
        )
    }
}

/// The keys of `kafka` that hold properties.
pub const PROPERTY_SECTIONS: [&str; 4] = ["properties", "producer", "producer_config", "consumer"];

/// librdkafka's spelling of a name: the old files also wrote `linger_ms`, and no name of a value holds an underscore.
pub fn dotted(name: &str) -> String {
    name.replace('_', ".")
}

/// Whether a property's value must not be seen.
pub fn is_secret(name: &str) -> bool {
    let name = dotted(&name.to_ascii_lowercase());
    let holds = |part: &str| name.contains(part);
    (holds("password") || holds("passphrase") || holds("secret") || holds("token") || holds("private.key"))
        && !name.ends_with(".url")
        || name.ends_with("key.pem")
        || name.ends_with("oauthbearer.config")
        || name.ends_with("jaas.config")
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            match value {
                PropertyValue::Text(text) if is_secret(name) => map.serialize_entry(name, &Secret::new(text))?,
                PropertyValue::Text(text) => map.serialize_entry(name, text)?,
                PropertyValue::Keyring(entry) => map.serialize_entry(name, &SecretSource::Keyring(entry.clone()))?,
            }
        }
        map.end()
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.iter() {
            match value {
                PropertyValue::Text(text) if is_secret(name) => map.entry(&name, &Secret::new(text)),
                PropertyValue::Text(text) | PropertyValue::Keyring(text) => map.entry(&name, text),
            };
        }
        map.finish()
    }
}

impl<'de> Deserialize<'de> for PropertyValue {
    /// A scalar of any kind, as text: `true`, `5` and `"5"` are all written in old files.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_yaml::Value::deserialize(deserializer)?;
        if let Some(text) = scalar_text(&value) {
            return Ok(Self::Text(text));
        }
        match serde_yaml::from_value(value) {
            Ok(SecretSource::Keyring(entry)) => Ok(Self::Keyring(entry)),
            _ => Err(de::Error::custom(
                "no scalar, expected one value, or `{keyring: NAME}`, beside librdkafka's full name of the property",
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self)
    }
}

/// What librdkafka says against a property: `None` is nothing.
pub enum Objection {
    UnknownName,
    /// The reason, in librdkafka's words, without the value.
    BadValue(String),
}

pub fn objection(name: &str, value: &str) -> Option<Objection> {
    use rdkafka::{ClientConfig, error::KafkaError, types::RDKafkaConfRes};
    match ClientConfig::new().set(name, value).create_native_config() {
        Ok(_) => None,
        Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => Some(Objection::UnknownName),
        Err(KafkaError::ClientConfig(_, reason, ..)) if !is_secret(name) => Some(Objection::BadValue(reason)),
        Err(_) => Some(Objection::BadValue("librdkafka refuses it".to_owned())),
    }
}

/// Properties that people write most, for guesses at what a misspelled one means.
pub const COMMON: [&str; 16] = [
    "client.id",
    "client.rack",
    "compression.type",
    "debug",
    "fetch.min.bytes",
    "linger.ms",
    "sasl.mechanism",
    "sasl.password",
    "sasl.username",
    "security.protocol",
    "session.timeout.ms",
    "socket.timeout.ms",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.key.password",
];

/// A property that clp sets itself, because its promise hangs on it.
pub struct Owned {
    /// Values that say the same as clp does.
    pub harmless: &'static [&'static str],
    /// What to use in its place.
    pub instead: &'static str,
}

/// Whether clp sets the property called `name` itself.
pub fn owned(name: &str) -> Option<Owned> {
    let (harmless, instead): (&[&str], _) = match name {
        "bootstrap.servers" | "metadata.broker.list" => (&[], "use `kafka.brokers`"),
        "group.id" => (&[], "use `worker.consumer_group` and `processing.consumer_group`"),
        "acks" | "request.required.acks" => (&["all", "-1"], "every write is acknowledged by all replicas"),
        "enable.idempotence" => (&["true"], "every producer is idempotent"),
        "max.in.flight" | "max.in.flight.requests.per.connection" => (&["1", "2", "3", "4", "5"], "it stays at 5"),
        "transactional.id" | "transaction.timeout.ms" => (&[], "see `kafka.delivery`"),
        "isolation.level" => (&["read_committed"], "readers see committed records only"),
        "enable.auto.commit" | "enable.auto.offset.store" => (&["false"], "offsets are part of the transactions"),
        "auto.commit.interval.ms" => (&[], "offsets are part of the transactions"),
        "auto.offset.reset" => (
            &["earliest", "smallest", "beginning"],
            "a new group begins at the earliest record",
        ),
        "partitioner" => (&[], "the partition follows from the blob's name"),
        _ => return None,
    };
    Some(Owned { harmless, instead })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_the_rest() {
        for (name, secret) in [
            ("sasl.password", true),
            ("sasl_password", true),
            ("ssl.key.password", true),
            ("ssl.key.pem", true),
            ("ssl.keystore.password", true),
            ("sasl.oauthbearer.client.secret", true),
            ("sasl.oauthbearer.config", true),
            ("sasl.oauthbearer.token.endpoint.url", false),
            ("ssl.key.location", false),
            ("ssl.certificate.pem", false),
            ("sasl.username", false),
        ] {
            assert_eq!(is_secret(name), secret, "{name}");
        }
        let properties: Properties =
            serde_yaml::from_str("{sasl.password: hunter2-hunter2-hunter2, linger.ms: 5, a: true}").unwrap();
        let shown = format!("{properties:?} {}", serde_json::to_string(&properties).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(properties.get("linger.ms"), Some("5"));
        assert_eq!(properties.get("a"), Some("true"));
        let named: Properties = serde_yaml::from_str("{sasl.password: {keyring: kafka/password}}").unwrap();
        assert_eq!(named.get("sasl.password"), None);
        assert_eq!(
            serde_json::to_string(&named).unwrap(),
            r#"{"sasl.password":{"keyring":"kafka/password"}}"#
        );
    }

    #[test]
    fn librdkafka_is_asked() {
        assert!(objection("sasl.password", "x").is_none());
        assert!(objection("linger.ms", "5").is_none());
        for name in COMMON {
            assert!(!matches!(objection(name, "1"), Some(Objection::UnknownName)), "{name}");
        }
        assert!(matches!(objection("lingr.ms", "5"), Some(Objection::UnknownName)));
        let Some(Objection::BadValue(reason)) = objection("security.protocol", "tls") else {
            panic!("a wrong value is refused")
        };
        assert!(!reason.is_empty());
    }
}
