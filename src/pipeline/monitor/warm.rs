//! A warm start: what earlier monitors have told, read back from Kafka.

use jiff::{SignedDuration, Timestamp};

use super::{
    decide::Told,
    known::{told_before, told_by},
    watch::Watch,
};
use crate::{
    domain::{
        BlobName, Date, EnvironmentId,
        event::{BlobEvent, BlobState},
        key,
    },
    kafka::{self, Connection, LatestValues},
    pipeline::raw_lines::Topic,
};

/// Events of a day may be older than the day by what the clocks of two machines differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(24);

/// Fills in what was told of the blobs of the days that are due at `now`. May block.
///
/// The events say best what was told. Where they have expired, states stand in for them; without the topic of states,
/// or the right to read it, more is told a second time, which does no harm.
///
/// # Errors
/// The events can not be read.
pub fn recall(
    connection: &Connection,
    blobs: &Topic,
    states: Option<&Topic>,
    watches: &mut [Watch],
    now: Timestamp,
) -> Result<(), kafka::Error> {
    let oldest_day = |watch: &Watch| watch.schedule.due(now).last().map(|date| watch.schedule.begin(*date));
    let Some(oldest) = watches.iter().filter_map(oldest_day).min() else {
        return Ok(());
    };
    let memory = |watch| Memory::of(watch, now);
    let mut memories: Vec<Memory<'_>> = watches.iter_mut().map(memory).collect();
    match states.map(|states| recall_states(connection, states, &mut memories)) {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::warn!(%error, "the states are not read; some blobs may be told of again"),
        None => tracing::warn!("there is no topic of states; some blobs may be told of again"),
    }
    let since = oldest.saturating_sub(CLOCKS_DIFFER).unwrap_or(Timestamp::MIN);
    recall_events(connection, blobs, since, &mut memories)?;
    let blobs: usize = watches.iter().map(|watch| watch.known.count()).sum();
    tracing::info!(blobs, %since, "read back what was told before");
    Ok(())
}

/// A watch that is being filled.
struct Memory<'a> {
    watch: &'a mut Watch,
    due: Vec<Date>,
}

impl<'a> Memory<'a> {
    fn of(watch: &'a mut Watch, now: Timestamp) -> Self {
        let due = watch.schedule.due(now);
        Self { watch, due }
    }

    /// Takes note if the blob is one of those that will be scanned.
    fn note(&mut self, environment: &EnvironmentId, selector: &str, blob: &str, date: Date, told: Told) {
        let watch = &mut self.watch;
        let is_own = watch.environment == *environment
            && self.due.contains(&date)
            && watch.selectors.iter().any(|own| own.name == selector);
        if is_own {
            watch.known.set(date, selector, blob, told);
        }
    }
}

fn remember(memories: &mut [Memory<'_>], environment: &EnvironmentId, selector: &str, blob: &str, told: Told) {
    if let Some(name) = BlobName::parse(blob) {
        for memory in memories {
            memory.note(environment, selector, blob, name.date, told);
        }
    }
}

fn recall_states(
    connection: &Connection,
    (topic, partitions): &Topic,
    memories: &mut [Memory<'_>],
) -> Result<(), kafka::Error> {
    let latest = LatestValues::connect(connection, topic, 0)?;
    for partition in 0..*partitions {
        latest.read(topic, partition as i32, |key, value| {
            // Tombstones, and states of other programs' making, tell nothing.
            let Some(state) = value.and_then(|value| serde_json::from_slice::<BlobState>(value).ok()) else {
                return;
            };
            let environment = EnvironmentId::new(&state.subscription, &state.environment);
            // Runs into other topics keep states of their own, under other keys.
            if key == key::state(&environment, &state.blob_name, None).as_bytes()
                && let Some(told) = told_before(&state)
            {
                remember(memories, &environment, &state.service_selector, &state.blob_name, told);
            }
        })?;
    }
    Ok(())
}

fn recall_events(
    connection: &Connection,
    (topic, partitions): &Topic,
    since: Timestamp,
    memories: &mut [Memory<'_>],
) -> Result<(), kafka::Error> {
    let latest = LatestValues::connect(connection, topic, 0)?;
    for partition in 0..*partitions {
        latest.read_since(
            topic,
            partition as i32,
            Some(since),
            |key, value| match BlobEvent::read(key, value.unwrap_or_default()) {
                Ok(Some(event)) => {
                    let selector = match &event {
                        BlobEvent::Observed(event) => &event.service_selector,
                        BlobEvent::Closed(event) => &event.service_selector,
                    };
                    let environment = event.environment();
                    remember(memories, &environment, selector, event.blob_name(), told_by(&event));
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "passed over"),
            },
        )?;
    }
    Ok(())
}
