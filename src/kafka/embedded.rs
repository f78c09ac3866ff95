//! The broker that clp brings along: librdkafka's own mock cluster, in this process.
//!
//! It is enough to see the main job without any server. It keeps everything in memory, shows aborted records and forgets
//! groups' transactional offsets, so it proves nothing about exactly-once; tests use a real Kafka.

use rdkafka::{mocking::MockCluster, producer::DefaultProducerContext};

use super::Error;

/// A broker that lives as long as this value.
pub struct EmbeddedBroker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl EmbeddedBroker {
    /// Starts it with these topics, as (name, partitions). Each partition takes about 5 MB.
    pub fn start<'a>(topics: impl IntoIterator<Item = (&'a str, i32)>) -> Result<Self, Error> {
        let cluster = MockCluster::new(1).map_err(|error| Error::client("embedded broker", error))?;
        for (topic, partitions) in topics {
            cluster
                .create_topic(topic, partitions, 1)
                .map_err(|error| Error::client(format!("embedded broker: topic {topic}"), error))?;
        }
        Ok(Self { cluster })
    }

    /// Its address, `host:port`.
    pub fn brokers(&self) -> String {
        self.cluster.bootstrap_servers()
    }
}
