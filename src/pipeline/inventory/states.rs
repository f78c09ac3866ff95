//! Kafka's side: the last state of each blob.

use std::collections::{BTreeMap, HashMap};

use super::BlobId;
use crate::{
    domain::{EnvironmentId, event::BlobState, key},
    kafka::{self, Connection, LatestValues},
};

pub type States = BTreeMap<BlobId, BlobState>;

/// Reads the last states in these partitions of the topic, of blobs that `wants` keeps. Blocks.
///
/// States of runs into another topic than the blob's own, which have keys of their own, are left out. What can not be
/// read as a state counts as none, with a warning; only another program can have written it.
pub fn read_states(
    connection: &Connection,
    topic: &str,
    partitions: impl IntoIterator<Item = u32>,
    wants: impl Fn(&EnvironmentId, &BlobState) -> bool,
) -> Result<States, kafka::Error> {
    let mut partitions = partitions.into_iter().map(|partition| partition as i32).peekable();
    let Some(first) = partitions.peek() else {
        return Ok(States::new());
    };
    let latest = LatestValues::connect(connection, topic, *first)?;
    let mut found = HashMap::new();
    for partition in partitions {
        latest.read(topic, partition, |key, value| {
            match value.and_then(|value| parse(key, value)) {
                Some((environment, state)) if wants(&environment, &state) => {
                    found.insert(key.to_vec(), (environment, state));
                }
                _ => {
                    found.remove(key);
                }
            }
        })?;
    }
    let by_id = found.into_values().map(|(environment, state)| {
        let name = state.blob_name.clone();
        (BlobId { environment, name }, state)
    });
    Ok(by_id.collect())
}

/// The state under the blob's own key.
pub(super) fn parse(record_key: &[u8], value: &[u8]) -> Option<(EnvironmentId, BlobState)> {
    let state: BlobState = match serde_json::from_slice(value) {
        Ok(state) => state,
        Err(error) => {
            let key = String::from_utf8_lossy(record_key);
            tracing::warn!(%key, %error, "the record is no BlobState, it is left out");
            return None;
        }
    };
    let environment = EnvironmentId::new(&state.subscription, &state.environment);
    let own = key::state(&environment, &state.blob_name, None);
    (own.as_bytes() == record_key).then_some((environment, state))
}

/// A finished blob of the service `api`.
#[cfg(test)]
pub(in crate::pipeline) fn example(environment: &EnvironmentId, name: &str) -> BlobState {
    use crate::domain::event::BlobStatus;
    let then = jiff::Timestamp::UNIX_EPOCH;
    BlobState {
        subscription: environment.subscription.clone(),
        environment: environment.environment.clone(),
        blob_name: name.to_owned(),
        status: BlobStatus::Closed,
        last_updated: then,
        size_in_bytes: 1000,
        last_modified_date: then,
        service_selector: "api".into(),
        last_ingested_offset: 1000,
        checkpoint_lines: 0,
        total_lines_ingested: 40,
        creation_date: None,
        last_processed_date: None,
        first_observed_date: then,
        last_observed_date: then,
        last_error: None,
        skipped_bytes: 0,
        unterminated_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_states_under_the_blobs_own_key_count() {
        let environment = EnvironmentId::new("cp2", "P1");
        let state = example(&environment, "kubernetes/a.gz");
        let json = serde_json::to_vec(&state).unwrap();
        let own = key::state(&environment, "kubernetes/a.gz", None);
        assert_eq!(parse(own.as_bytes(), &json), Some((environment.clone(), state)));
        let foreign = key::state(&environment, "kubernetes/a.gz", Some("replay"));
        assert_eq!(parse(foreign.as_bytes(), &json), None);
        assert_eq!(parse(own.as_bytes(), b"{}"), None);
    }
}
