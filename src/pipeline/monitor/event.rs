//! What the monitor tells, and the way it goes to whoever passes it on.

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::domain::{
    EnvironmentId,
    event::{BlobClosed, BlobObserved, BlobsListed, to_json},
    key, topic,
};

/// One event of the monitor. As JSON it says in `event` which one it is; records do so by their keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event")]
pub enum Event {
    BlobObserved(BlobObserved),
    BlobsListed(BlobsListed),
    BlobClosed(BlobClosed),
}

impl Event {
    pub fn key(&self) -> String {
        match self {
            Self::BlobObserved(event) => key::observed(&id(&event.subscription, &event.environment), &event.blob_name),
            Self::BlobClosed(event) => key::closed(&id(&event.subscription, &event.environment), &event.blob_name),
            Self::BlobsListed(event) => key::listed(
                &id(&event.subscription, &event.environment),
                &event.service_selector,
                event.date,
            ),
        }
    }

    /// The blob's partition. An event about no single blob goes by its key.
    pub fn partition(&self, partitions: u32) -> u32 {
        match self {
            Self::BlobObserved(event) => topic::partition_of(&event.blob_name, partitions),
            Self::BlobClosed(event) => topic::partition_of(&event.blob_name, partitions),
            Self::BlobsListed(_) => topic::partition_of(&self.key(), partitions),
        }
    }

    /// The record's value.
    pub fn payload(&self) -> Vec<u8> {
        match self {
            Self::BlobObserved(event) => to_json(event),
            Self::BlobsListed(event) => to_json(event),
            Self::BlobClosed(event) => to_json(event),
        }
    }
}

fn id(subscription: &str, environment: &str) -> EnvironmentId {
    EnvironmentId::new(subscription, environment)
}

/// Events to be passed on in their order.
#[derive(Debug)]
pub struct Batch {
    pub events: Vec<Event>,
    /// To be sent once all of them have arrived. Until then the monitor does not count them as told.
    pub arrived: oneshot::Sender<()>,
}

/// Batches that may wait; beyond that, scans do.
const BATCHES_AHEAD: usize = 16;

/// The monitor's end of the way.
#[derive(Clone, Debug)]
pub struct Events(mpsc::Sender<Batch>);

/// The other end of the way is gone.
#[derive(Debug, thiserror::Error)]
#[error("nobody takes the events any more")]
pub struct Gone;

/// A way for events, and its other end.
pub fn events() -> (Events, mpsc::Receiver<Batch>) {
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    (Events(sender), receiver)
}

impl Events {
    /// Waits until the events have arrived.
    ///
    /// # Errors
    /// [`Gone`], and then some of them may have arrived.
    pub async fn tell(&self, events: Vec<Event>) -> Result<(), Gone> {
        if events.is_empty() {
            return Ok(());
        }
        let (arrived, waiting) = oneshot::channel();
        self.0.send(Batch { events, arrived }).await.map_err(|_| Gone)?;
        waiting.await.map_err(|_| Gone)
    }
}
