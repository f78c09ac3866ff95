//! What a worker asked of the brokers in its transactions, in its order: librdkafka's own log tells.

use std::borrow::Borrow;

use regex::Regex;
use serde_json::json;

use super::kafka::Kafka;
use super::pipeline::Pipeline;

/// A request that matters to a transaction, or a batch of records in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    Lines,
    States,
    /// Any other records.
    Records,
    /// The group's offsets, into the transaction.
    Offsets,
    /// The transaction's end.
    End,
}

impl<K: Borrow<Kafka>> Pipeline<K> {
    /// A worker that is started with `-v` logs what [`Pipeline::requests`] finds.
    pub fn with_requests_logged(self) -> Self {
        self.configured("kafka.properties", json!({"debug": "protocol,msg"}))
    }

    /// The requests in what a worker of one lane said. The log goes on while the client is asked to work: of the last
    /// transaction a part may be missing. A request that was sent again counts once.
    pub fn requests(&self, said: &str) -> Vec<Request> {
        let log = Regex::new(r"(\S+) \[\d+\]: Produce MessageSet|Sent (\w+)Request").unwrap();
        let request = |found: regex::Captures| match (found.get(1), found.get(2)) {
            (Some(topic), _) if topic.as_str() == self.topics.raw_application => Some(Request::Lines),
            (Some(topic), _) if topic.as_str() == self.topics.blob_state => Some(Request::States),
            (Some(_), _) => Some(Request::Records),
            (_, Some(name)) => match name.as_str() {
                "TxnOffsetCommit" => Some(Request::Offsets),
                "EndTxn" => Some(Request::End),
                _ => None,
            },
            _ => None,
        };
        let mut requests: Vec<_> = log.captures_iter(said).filter_map(request).collect();
        requests.dedup();
        requests
    }
}
