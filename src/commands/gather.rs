//! What storage and Kafka know of the selected blobs: the way of `status` and `verify` to it.

use std::collections::BTreeMap;

use anyhow::Context;
use futures::StreamExt;

use crate::{
    cli::{App, Parts},
    config::Config,
    domain::{EnvironmentId, Selector, Selectors},
    kafka::{self, Connection},
    pipeline::inventory::{self, Selection, States},
    storage::BlobProperties,
};

/// Environments that are listed side by side.
pub(super) const LISTED_AT_ONCE: usize = 8;

/// What is selected of each environment.
pub(super) type Selections = BTreeMap<EnvironmentId, Selection>;

/// The services that are meant in an environment: the one that was asked for, else those that the monitor scans there.
pub(super) fn services(config: &Config, environment: &EnvironmentId, named: Option<&str>) -> Vec<Selector> {
    let monitored = config.monitored().into_iter();
    match monitored
        .filter(|_| named.is_none())
        .find(|target| target.environment == *environment)
    {
        Some(target) => target.selectors,
        None => Selection::services_of(&config.selectors(), named),
    }
}

/// Lists the selected blobs of each environment, newest day first. An environment that can not be listed is noted, and is
/// not in the answer.
pub(super) async fn list(
    app: &App,
    selections: &Selections,
    parts: &mut Parts,
) -> anyhow::Result<BTreeMap<EnvironmentId, Vec<BlobProperties>>> {
    let listing = selections.iter().map(|(environment, selection)| async move {
        let listed = async {
            let (container, _) = app.container(environment, None)?;
            let listed = inventory::list(&container, selection).await;
            listed.with_context(|| format!("environment {environment}"))
        };
        (environment.clone(), listed.await)
    });
    let mut answers = futures::stream::iter(listing).buffered(LISTED_AT_ONCE);
    let mut listed = BTreeMap::new();
    while let Some((environment, answer)) = answers.next().await {
        if let Some(blobs) = parts.note(answer)? {
            listed.insert(environment, blobs);
        }
    }
    Ok(listed)
}

/// The last states of the selected blobs.
pub(super) async fn states(
    connection: &Connection,
    (topic, partitions): &(String, u32),
    selections: &Selections,
) -> Result<States, kafka::Error> {
    let (connection, topic, partitions) = (connection.clone(), topic.clone(), *partitions);
    let selections = selections.clone();
    kafka::blocking(move || {
        inventory::read_states(&connection, &topic, 0..partitions, |environment, state| {
            let selection = selections.get(environment);
            selection.is_some_and(|selection| selection.wants_state(state))
        })
    })
    .await
}

/// The name of the service that a blob belongs to by its own name.
pub(super) fn service_of<'a>(selectors: &'a Selectors, blob: &str) -> Option<&'a str> {
    selectors.of_blob(blob).map(|selector| selector.name.as_str())
}
