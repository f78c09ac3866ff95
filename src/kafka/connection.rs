//! How to reach a cluster.

use std::{collections::BTreeMap, fmt, time::Duration};

use rdkafka::{ClientConfig, config::RDKafkaLogLevel};

/// Written in place of brokers' addresses: the broker that clp brings along, for the demo.
pub const EMBEDDED: &str = "embedded";

/// A cluster's address and the properties to talk to it. `Debug` shows property names only: values may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// `host:port`, comma separated.
    pub brokers: String,
    /// librdkafka properties for all clients: TLS, SASL and whatever the operator asks for.
    pub properties: BTreeMap<String, String>,
    /// librdkafka properties for producers only.
    pub producer: BTreeMap<String, String>,
    /// librdkafka properties for members of a group only.
    pub consumer: BTreeMap<String, String>,
}

impl Connection {
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            properties: BTreeMap::new(),
            producer: BTreeMap::new(),
            consumer: BTreeMap::new(),
        }
    }

    /// The properties of any client. What the operator sets wins over what is set here.
    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        // What is shown of it is for our own log to decide.
        config.set_log_level(RDKafkaLogLevel::Debug);
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "clp")
            // Nobody reads these metrics, and closing a client would wait until they are sent.
            .set("enable.metrics.push", "false")
            .set("reconnect.backoff.max.ms", "2000")
            .set("socket.keepalive.enable", "true");
        for (key, value) in &self.properties {
            config.set(key, value);
        }
        config
    }

    /// Those of a client that reads, a member of a group included. What the operator sets wins here as well.
    pub(super) fn reader(&self) -> ClientConfig {
        let mut config = self.client();
        let hung = HUNG_AFTER.as_millis().to_string();
        for (key, value) in [
            ("socket.timeout.ms", hung.as_str()),
            ("socket.connection.setup.timeout.ms", &hung),
            // librdkafka connects to one broker after another, and rests between two for half of it; a restarted one is found soon.
            ("reconnect.backoff.ms", "20"),
            // Of a partition whose leader changes.
            ("fetch.error.backoff.ms", "100"),
        ] {
            if !self.properties.contains_key(key) {
                config.set(key, value);
            }
        }
        config
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("brokers", &self.brokers)
            .field("properties", &self.properties.keys())
            .field("producer", &self.producer.keys())
            .field("consumer", &self.consumer.keys())
            .finish()
    }
}

/// How long a first answer of a cluster may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A broker that keeps a reader's connection open and answers nothing for so long is taken for hung: the connection is given up,
/// and what was asked is asked again. librdkafka's own patience is a minute.
const HUNG_AFTER: Duration = Duration::from_secs(10);
/// How long any later question may take: one that was lost with a connection can be asked a second time.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
