//! What a group's coordinator knows a member by: rdkafka's safe interface keeps it to itself.
#![expect(
    unsafe_code,
    reason = "librdkafka has functions for it, rdkafka has none; each call here reads one value of a copy that this file owns"
)]

use std::ffi::{CStr, c_char};

use rdkafka::{
    bindings::{
        rd_kafka_consumer_group_metadata, rd_kafka_consumer_group_metadata_destroy,
        rd_kafka_consumer_group_metadata_generation_id, rd_kafka_consumer_group_metadata_group_id,
        rd_kafka_consumer_group_metadata_group_instance_id, rd_kafka_consumer_group_metadata_member_id,
    },
    consumer::{BaseConsumer, Consumer, ConsumerContext},
};

/// A member in a generation of its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub group: String,
    pub generation: i32,
    pub member: String,
    /// Of a static member.
    pub instance: Option<String>,
}

impl Standing {
    /// As the consumer knows it now; `None` while it is no member: offsets without a generation and a member's id would be
    /// taken from anybody.
    pub fn of<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> Option<Self> {
        let client = consumer.client().native_ptr();
        // SAFETY: the client is alive as long as `consumer`. What is given is a copy, or null where there is no group; it
        // is destroyed below, after the last look at its strings, which are copied.
        let standing = unsafe {
            let metadata = rd_kafka_consumer_group_metadata(client);
            if metadata.is_null() {
                return None;
            }
            let standing = Self {
                group: text(rd_kafka_consumer_group_metadata_group_id(metadata)).unwrap_or_default(),
                generation: rd_kafka_consumer_group_metadata_generation_id(metadata),
                member: text(rd_kafka_consumer_group_metadata_member_id(metadata)).unwrap_or_default(),
                instance: text(rd_kafka_consumer_group_metadata_group_instance_id(metadata)),
            };
            rd_kafka_consumer_group_metadata_destroy(metadata);
            standing
        };
        let is_member = standing.generation >= 0 && !standing.member.is_empty() && !standing.group.is_empty();
        is_member.then_some(standing)
    }
}

/// # Safety
/// `text` is null, or a string that ends with a zero and stays as it is during the call.
unsafe fn text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_string_lossy().into_owned())
}
