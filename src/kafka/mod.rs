//! Kafka: connections, transactions, topics, last values of compacted topics, and the embedded broker.
//!
//! librdkafka blocks in many calls; [`blocking`] is the one way by which async code makes them.

mod admin;
mod blocking;
mod committed;
mod connection;
mod context;
mod dispose;
mod embedded;
mod error;
mod group_reader;
mod latest;
mod member;
mod outage;
mod partitions;
mod producer;
mod seek;
mod standing;
mod version;

pub use admin::{Cluster, GroupActivity, NewTopic, TopicInfo, TopicOutcome};
pub use blocking::blocking;
pub(crate) use blocking::pause;
pub use committed::{CommittedReader, CommittedRecord};
pub use connection::{Connection, EMBEDDED};
pub use dispose::wait_for_clients;
pub use embedded::EmbeddedBroker;
pub use error::{Error, Severity};
pub use group_reader::GroupReader;
pub use latest::LatestValues;
pub use member::{Consumed, Member, News, Offsets};
pub use outage::Outage;
pub use partitions::{Fetched, Partitions, Polled, Position};

pub use producer::{Delivery, Producer, Record, RecordHeaders, TopicLimits};
pub use version::BrokerVersion;
