//! What several commands ask and say about topics.

use crate::{
    cli::{Exit, Failure},
    config,
    kafka::{self, Cluster},
    pipeline::raw_lines::MAX_RECORD_BYTES,
};

/// The partition counts of `topics`, in their order.
///
/// # Errors
/// All that are missing, with the command that creates them.
pub fn partitions(cluster: &Cluster, topics: &[&str], config: &config::Kafka) -> anyhow::Result<Vec<u32>> {
    cluster
        .partitions(topics)
        .map_err(|error| explain_missing(error, config))
}

/// `clp init-topics` makes the configured topics by itself; only others need to be named.
pub fn explain_missing(error: kafka::Error, config: &config::Kafka) -> anyhow::Error {
    let kafka::Error::MissingTopics { topics } = &error else {
        return error.into();
    };
    let own = config.topics.all();
    let others: Vec<&String> = topics
        .iter()
        .filter(|topic| own.iter().all(|(_, name)| name != topic))
        .collect();
    let known = || own.iter().flat_map(|(key, name)| [*name, *key]);
    let meant = others.iter().find_map(|topic| config::nearest(topic, known()));
    let create = others.iter().fold("clp init-topics".to_owned(), |hint, topic| {
        format!("{hint} --topic {topic}")
    });
    let hint = match meant {
        Some(near) => format!("did you mean `{near}`? If not, {create} creates it"),
        None => create,
    };
    Failure::new(Exit::Kafka, error.to_string()).with_hint(hint).into()
}

/// Bytes: the largest record that the topic takes, all included.
pub async fn max_record_bytes(cluster: &Cluster, topic: &str) -> usize {
    let config = cluster.topic_config(topic).await;
    config
        .get("max.message.bytes")
        .and_then(|bytes| bytes.parse().ok())
        .unwrap_or(MAX_RECORD_BYTES)
}
