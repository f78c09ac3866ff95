//! The section `kafka`: how to reach it, which topics, and how strictly lines are delivered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Error,
    keyring::Keyring,
    properties::{Properties, PropertyValue, dotted},
    values::Brokers,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kafka {
    pub brokers: Brokers,
    /// For every client: TLS, SASL and what else librdkafka knows.
    pub properties: Properties,
    /// For producers only.
    pub producer: Properties,
    /// For producers only; what the monitor's old file called `producer`.
    pub producer_config: Properties,
    /// For consumers only.
    pub consumer: Properties,
    pub delivery: Delivery,
    /// Days after which the state of a finished blob is forgotten.
    pub state_retention_days: u32,
    /// Partitions of the topics that `init-topics` creates; what exists stays as it is.
    pub partitions: u32,
    pub topics: Topics,
    /// A transaction is committed after this many bytes of raw lines.
    pub transaction_bytes: u64,
    /// A transaction is committed after this many seconds.
    pub transaction_seconds: u64,
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            brokers: Brokers::default(),
            properties: Properties::default(),
            producer: Properties::default(),
            producer_config: Properties::default(),
            consumer: Properties::default(),
            delivery: Delivery::ExactlyOnce,
            state_retention_days: 90,
            partitions: 12,
            topics: Topics::default(),
            transaction_bytes: 64 << 20,
            transaction_seconds: 5,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Lines, state and offsets in one transaction.
    #[default]
    ExactlyOnce,
    /// For brokers without transactions: after a crash some lines come twice.
    AtLeastOnce,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Topics {
    pub blobs: String,
    pub blob_state: String,
    pub raw_application: String,
    pub raw_proxy: String,
    pub extracted_application: String,
    pub extracted_proxy: String,
    pub errors: String,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            blobs: "Ingestion.Blobs".to_owned(),
            blob_state: "Ingestion.BlobState".to_owned(),
            raw_application: "Raw.ApplicationLogs".to_owned(),
            raw_proxy: "Raw.ProxyLogs".to_owned(),
            extracted_application: "Extracted.Application".to_owned(),
            extracted_proxy: "Extracted.Proxy".to_owned(),
            errors: "Extraction.Errors".to_owned(),
        }
    }
}

impl Topics {
    /// Key in the configuration and name of each, in the order in which data flows.
    pub fn all(&self) -> [(&'static str, &str); 7] {
        [
            ("blobs", &self.blobs),
            ("blob_state", &self.blob_state),
            ("raw_application", &self.raw_application),
            ("raw_proxy", &self.raw_proxy),
            ("extracted_application", &self.extracted_application),
            ("extracted_proxy", &self.extracted_proxy),
            ("errors", &self.errors),
        ]
    }

    /// The topic of the raw lines of the service called `selector`.
    pub fn raw_of(&self, selector: &str) -> &str {
        if crate::domain::topic::is_proxy(selector) {
            &self.raw_proxy
        } else {
            &self.raw_application
        }
    }
}

impl Kafka {
    /// librdkafka's properties of any client, without the brokers.
    ///
    /// # Errors
    /// A value that is in the keyring cannot be read from there.
    pub fn client_properties(&self, keyring: &Keyring) -> Result<BTreeMap<String, String>, Error> {
        merged([&self.properties], keyring)
    }

    /// Those of a producer: the general ones, then the more special.
    ///
    /// # Errors
    /// As [`Kafka::client_properties`].
    pub fn producer_properties(&self, keyring: &Keyring) -> Result<BTreeMap<String, String>, Error> {
        merged([&self.properties, &self.producer_config, &self.producer], keyring)
    }

    /// Those of a consumer: the general ones, then the more special.
    ///
    /// # Errors
    /// As [`Kafka::client_properties`].
    pub fn consumer_properties(&self, keyring: &Keyring) -> Result<BTreeMap<String, String>, Error> {
        merged([&self.properties, &self.consumer], keyring)
    }
}

fn merged<const N: usize>(layers: [&Properties; N], keyring: &Keyring) -> Result<BTreeMap<String, String>, Error> {
    let entries = layers.into_iter().flat_map(Properties::iter);
    let merged: BTreeMap<String, &PropertyValue> = entries.map(|(name, value)| (dotted(name), value)).collect();
    let read = merged.into_iter().map(|(name, value)| match value {
        PropertyValue::Text(text) => Ok((name, text.clone())),
        PropertyValue::Keyring(entry) => match keyring.get(entry) {
            Ok(secret) => Ok((name, secret.expose().to_owned())),
            Err(reason) => Err(Error::Keyring {
                what: format!("Kafka's property `{name}`"),
                reason,
            }),
        },
    });
    read.collect()
}
