//! What all lanes share.

use std::time::Duration;

use crate::{kafka::TopicLimits, pipeline::ingest::DeliveryMode};

pub struct Settings {
    /// Names the producers, together with the instance.
    pub name: String,
    /// Names this process among those of its name, the same after each of its starts.
    pub instance: String,
    /// Each has so many lanes.
    pub inputs: Vec<Input>,
    pub lanes_each: u32,
    pub errors: Output,
    pub delivery: DeliveryMode,
    /// Bytes of raw lines after which a transaction is committed.
    pub transaction_bytes: u64,
    pub transaction_time: Duration,
    /// Whether records without a level, logger, message or pod are errors.
    pub validate: bool,
    /// Whether a line that can not be extracted becomes an error's record; if not, it ends the service.
    pub keep_errors: bool,
}

/// A raw topic, and where its records go.
pub struct Input {
    pub topic: String,
    /// The consumer group of its lanes.
    pub group: String,
    pub from_proxy: bool,
    pub output: Output,
}

pub struct Output {
    pub topic: String,
    pub partitions: u32,
    /// Bytes: the largest record that it takes, all included.
    pub max_record_bytes: usize,
}

impl Settings {
    pub(super) fn lanes(&self) -> u32 {
        self.lanes_each * self.inputs.len() as u32
    }

    /// That of the lane with this number.
    pub(super) fn input(&self, lane: u32) -> &Input {
        &self.inputs[lane as usize % self.inputs.len()]
    }

    pub(super) fn limits(&self) -> TopicLimits {
        let outputs = self.inputs.iter().map(|input| &input.output);
        TopicLimits::of(outputs.chain([&self.errors]).map(|output| output.max_record_bytes))
    }
}
