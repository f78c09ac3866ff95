//! Events become work.

use std::{sync::Arc, time::Instant};

use super::Lane;
use crate::{
    domain::{
        BlobHash,
        event::{BlobEvent, BlobState, BlobStatus},
        key, topic,
    },
    kafka::Consumed,
    pipeline::{
        metrics::ErrorKind,
        outgoing::Outgoing,
        worker::{
            decide::{Decision, decide, passes},
            work::Work,
        },
    },
};

impl Lane {
    /// Takes a record of `Ingestion.Blobs`.
    pub(super) fn take_event(&mut self, record: Consumed) {
        let (partition, offset) = (record.partition, record.offset);
        let Some(share) = self.shares.get_mut(&partition).filter(|share| share.is_ready()) else {
            return;
        };
        share.cursor.see(offset);
        if let Some(work) = self.work_of(record) {
            self.backlog.add(work);
        } else if let Some(share) = self.shares.get_mut(&partition) {
            share.cursor.finish(offset);
            self.uncommitted.offsets_moved = true;
        }
    }

    /// What the record asks for, if anything.
    fn work_of(&mut self, record: Consumed) -> Option<Work> {
        let key = record.key.unwrap_or_default();
        let event = match BlobEvent::read(&key, record.value.as_deref()?) {
            Ok(event) => event?,
            Err(error) => {
                tracing::warn!(partition = record.partition, offset = record.offset, %error, "passed over");
                return None;
            }
        };
        let (blobs, partitions) = &self.settings.topics.blobs;
        let home = topic::partition_of(event.blob_name(), *partitions) as i32;
        if home != record.partition {
            // Another producer's hash. Where it belongs, the blob's state is known.
            self.uncommitted.outgoing.push(Outgoing {
                topic: blobs.clone(),
                partition: home,
                key,
                payload: record.value,
                headers: record.headers,
            });
            return None;
        }
        let mut work = self.work_for(event, home);
        work.offsets.push(record.offset);
        let date = work.date();
        if !passes(
            &self.settings.filters,
            &work.environment,
            &work.service,
            &work.blob,
            date,
        ) {
            return None;
        }
        let known = self.shares.get(&home)?.known.get(&work.id);
        match decide(&work, known, self.settings.oldest_day(self.today())) {
            Decision::Nothing => None,
            Decision::TooOld => {
                tracing::warn!(
                    environment = %work.environment, blob = &*work.blob,
                    "not ingested: nothing is known of it, and it is older than states are kept ({} days); \
                     `clp ingest --blob … --resume` takes it, while no worker runs; workers with --min-date {date} take what is \
                     told from then on",
                    self.settings.retention_days,
                );
                self.watch.failed(&work.environment, ErrorKind::Data);
                None
            }
            Decision::Shrunk | Decision::Settle | Decision::Read => Some(work),
        }
    }

    fn work_for(&mut self, event: BlobEvent, partition: i32) -> Work {
        let id = event.environment();
        let (blob, service, size, last_modified, created, observed, closed) = match event {
            BlobEvent::Observed(event) => (
                event.blob_name,
                event.service_selector,
                event.size_in_bytes,
                event.last_modified_date,
                event.creation_date,
                event.observation_date,
                false,
            ),
            BlobEvent::Closed(event) => (
                event.blob_name,
                event.service_selector,
                event.size_in_bytes,
                event.last_modified_date,
                None,
                event.closed_date,
                true,
            ),
        };
        Work {
            id: BlobHash::of(&id, &blob),
            service: self.service(&service, &blob),
            environment: self.names.environment(id),
            blob: blob.into(),
            partition,
            size,
            last_modified,
            created,
            observed,
            closed,
            offsets: Vec::new(),
            begun: None,
            failures: 0,
            told: None,
        }
    }

    /// The selector's own name, where the event names it by an alias or not at all.
    fn service(&mut self, named: &str, blob: &str) -> Arc<str> {
        let selectors = &self.settings.selectors;
        let selector = match named {
            "" => selectors.of_blob(blob),
            named => selectors.named(named),
        };
        let name = selector.map_or(named, |selector| selector.name.as_str());
        self.names.service(name)
    }

    /// Takes a blob up again whose last attempt failed before this lane had it.
    pub(super) fn take_up(&mut self, state: &BlobState, at: Instant) {
        let id = crate::domain::EnvironmentId::new(&state.subscription, &state.environment);
        let (_, partitions) = self.settings.topics.blobs;
        let work = Work {
            id: BlobHash::of(&id, &state.blob_name),
            service: self.service(&state.service_selector, &state.blob_name),
            environment: self.names.environment(id),
            partition: topic::partition_of(&state.blob_name, partitions) as i32,
            blob: state.blob_name.as_str().into(),
            size: state.size_in_bytes,
            last_modified: state.last_modified_date,
            created: state.creation_date,
            observed: state.last_observed_date,
            closed: state.status == BlobStatus::Closed,
            offsets: Vec::new(),
            begun: None,
            failures: 0,
            told: None,
        };
        if passes(
            &self.settings.filters,
            &work.environment,
            &work.service,
            &work.blob,
            work.date(),
        ) {
            self.backlog.retry(at, work);
        }
    }

    /// Lets Kafka forget the state of a blob that was finished long ago.
    pub(super) fn expire(&mut self, state: &BlobState) {
        let id = crate::domain::EnvironmentId::new(&state.subscription, &state.environment);
        let (_, partitions) = self.settings.topics.blobs;
        let home = topic::partition_of(&state.blob_name, partitions) as i32;
        let Some(share) = self.shares.get_mut(&home).filter(|share| share.is_ready()) else {
            return;
        };
        share.known.remove(&BlobHash::of(&id, &state.blob_name));
        let key = key::state(&id, &state.blob_name, None);
        let tombstone = Outgoing::tombstone(&self.settings.topics.blob_state, &state.blob_name, key);
        self.uncommitted.outgoing.push(tombstone);
    }
}
