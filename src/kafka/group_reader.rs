//! A member of a group that commits what it has shown, and no more.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};

use super::{
    Connection, Error,
    context::Context,
    dispose::Disposed,
    partitions::{Fetched, Polled, config, passing, queue_kbytes},
};

/// Reads topics as a member of a group. All its calls may block.
pub struct GroupReader {
    consumer: Disposed<BaseConsumer<Context>>,
    group: String,
    /// By topic and partition, the offset behind what was shown and is not stored yet.
    shown: BTreeMap<(String, i32), i64>,
}

impl GroupReader {
    /// Joins. A group that was never there before begins at the topics' beginnings or at their ends.
    pub fn join(connection: &Connection, group: &str, topics: &[&str], from_beginning: bool) -> Result<Self, Error> {
        let consumer: BaseConsumer<Context> = config(connection, queue_kbytes(1))
            .set("group.id", group)
            .set("auto.offset.reset", if from_beginning { "earliest" } else { "latest" })
            .set("enable.auto.commit", "true")
            .set("auto.commit.interval.ms", "1000")
            // What is committed is what was shown, not what was read.
            .set("enable.auto.offset.store", "false")
            .create_with_context(Context::default())
            .map_err(Error::creation)?;
        consumer
            .subscribe(topics)
            .map_err(|error| Error::client(format!("joining the group {group}"), error))?;
        Ok(Self {
            consumer: Disposed::consumer(consumer),
            group: group.to_owned(),
            shown: BTreeMap::new(),
        })
    }

    /// The next record; waits for `timeout` at most.
    ///
    /// # Errors
    /// What only a change of rights or of the configuration can mend.
    pub fn poll(&self, timeout: Duration) -> Result<Polled<'_>, Error> {
        match self.consumer.poll(timeout) {
            None => Ok(Polled::Nothing),
            Some(Ok(message)) => Ok(Polled::Record(Fetched(message))),
            Some(Err(error)) => passing(error),
        }
    }

    /// The record at this offset was taken.
    pub fn took(&mut self, topic: &str, partition: i32, offset: i64) {
        self.shown.insert((topic.to_owned(), partition), offset + 1);
    }

    /// Whether the group has let this member in, and told which partitions are its own. None may be.
    pub fn has_joined(&self) -> bool {
        self.consumer.context().has_joined()
    }

    /// The partitions that the group has given to this member, each with its topic.
    pub fn partitions(&self) -> Result<Vec<(String, i32)>, Error> {
        let assigned = self.consumer.assignment();
        let assigned = assigned.map_err(|error| Error::client(format!("group {}", self.group), error))?;
        let elements = assigned.elements();
        let places = elements
            .iter()
            .map(|element| (element.topic().to_owned(), element.partition()));
        Ok(places.collect())
    }

    /// Everything that was taken was shown. The next commit, or the end, makes that known to the group.
    pub fn store(&mut self) {
        let mut list = TopicPartitionList::with_capacity(self.shown.len());
        for ((topic, partition), offset) in std::mem::take(&mut self.shown) {
            if let Err(error) = list.add_partition_offset(&topic, partition, Offset::Offset(offset)) {
                tracing::debug!(%error, topic, partition, "the offset is not stored");
            }
        }
        // A partition that went to another member meanwhile is read again there.
        if let Err(error) = self.consumer.store_offsets(&list) {
            tracing::debug!(%error, group = self.group, "the offsets are not stored");
        }
    }
}
