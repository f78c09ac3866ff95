//! A group's offsets: as they go into a transaction, and as the group's coordinator has them afterwards.

use kafka_protocol::messages::{
    GroupId, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse, ProducerId, TopicName,
    TransactionalId, TxnOffsetCommitRequest, TxnOffsetCommitResponse,
    offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
    offset_fetch_request::OffsetFetchRequestTopic,
    txn_offset_commit_request::{TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic},
};

use super::{batch::Identity, wire};
use crate::kafka::standing::Standing;

/// Where a group is to stand, and who says so.
#[derive(Clone, Debug)]
pub struct GroupOffsets {
    pub standing: Standing,
    pub topic: String,
    /// By partition, the offset of the next record.
    pub offsets: Vec<(i32, i64)>,
}

impl GroupOffsets {
    pub fn group(&self) -> GroupId {
        GroupId(wire::text(&self.standing.group))
    }

    fn topic(&self) -> TopicName {
        TopicName::from(wire::text(&self.topic))
    }

    /// The request that takes them into a transaction.
    pub fn to_commit(&self, id: TransactionalId, identity: Identity) -> TxnOffsetCommitRequest {
        let partitions = self.offsets.iter().map(|(partition, offset)| {
            TxnOffsetCommitRequestPartition::default()
                .with_partition_index(*partition)
                .with_committed_offset(*offset)
                .with_committed_leader_epoch(-1)
        });
        let topic = TxnOffsetCommitRequestTopic::default()
            .with_name(self.topic())
            .with_partitions(partitions.collect());
        let standing = &self.standing;
        TxnOffsetCommitRequest::default()
            .with_transactional_id(id)
            .with_group_id(self.group())
            .with_producer_id(ProducerId(identity.producer_id))
            .with_producer_epoch(identity.epoch)
            .with_generation_id(standing.generation)
            .with_member_id(wire::text(&standing.member))
            .with_group_instance_id(standing.instance.as_deref().map(wire::text))
            .with_topics(vec![topic])
    }

    /// The request that says them once more, when the transaction in which they were is final.
    pub fn to_repeat(&self) -> OffsetCommitRequest {
        let partitions = self.offsets.iter().map(|(partition, offset)| {
            OffsetCommitRequestPartition::default()
                .with_partition_index(*partition)
                .with_committed_offset(*offset)
                .with_committed_leader_epoch(-1)
        });
        let topic = OffsetCommitRequestTopic::default()
            .with_name(self.topic())
            .with_partitions(partitions.collect());
        let standing = &self.standing;
        OffsetCommitRequest::default()
            .with_group_id(self.group())
            .with_generation_id_or_member_epoch(standing.generation)
            .with_member_id(wire::text(&standing.member))
            .with_group_instance_id(standing.instance.as_deref().map(wire::text))
            .with_topics(vec![topic])
    }

    /// The request for what the group's coordinator has, once no transaction changes it.
    pub fn to_fetch(&self) -> OffsetFetchRequest {
        let partitions = self.offsets.iter().map(|(partition, _)| *partition);
        let topic = OffsetFetchRequestTopic::default()
            .with_name(self.topic())
            .with_partition_indexes(partitions.collect());
        OffsetFetchRequest::default()
            .with_group_id(self.group())
            .with_topics(Some(vec![topic]))
            .with_require_stable(true)
    }

    /// Whether the group has come as far as these in each partition.
    pub fn are_reached(&self, answer: &OffsetFetchResponse) -> bool {
        let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
        self.offsets.iter().all(|(partition, offset)| {
            let mut known = partitions.clone().filter(|known| known.partition_index == *partition);
            known.any(|known| known.committed_offset >= *offset)
        })
    }
}

/// The code of an answer, 0 if all is well.
pub fn code_of_commit(answer: &TxnOffsetCommitResponse) -> i16 {
    let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
    wire::worst(partitions.map(|partition| partition.error_code))
}

/// The code of an answer, 0 if all is well.
pub fn code_of_repetition(answer: &OffsetCommitResponse) -> i16 {
    let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
    wire::worst(partitions.map(|partition| partition.error_code))
}

/// The code of an answer, 0 if all is well.
pub fn code_of_fetch(answer: &OffsetFetchResponse) -> i16 {
    let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
    let partitions = partitions.map(|partition| partition.error_code);
    wire::worst([answer.error_code].into_iter().chain(partitions))
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::offset_fetch_response::{OffsetFetchResponsePartition, OffsetFetchResponseTopic};

    use super::*;

    fn answer(known: &[(i32, i64)]) -> OffsetFetchResponse {
        let partitions = known.iter().map(|(partition, offset)| {
            OffsetFetchResponsePartition::default()
                .with_partition_index(*partition)
                .with_committed_offset(*offset)
        });
        let topic = OffsetFetchResponseTopic::default().with_partitions(partitions.collect());
        OffsetFetchResponse::default().with_topics(vec![topic])
    }

    #[test]
    fn a_group_is_there_when_each_partition_is() {
        let offsets = GroupOffsets {
            standing: Standing {
                group: "g".to_owned(),
                generation: 1,
                member: "m".to_owned(),
                instance: None,
            },
            topic: "t".to_owned(),
            offsets: vec![(0, 10), (3, 5)],
        };
        for (known, expected) in [
            (&[(0, 10), (3, 5)][..], true),
            (&[(0, 11), (3, 5), (4, 0)], true),
            (&[(0, 10), (3, 4)], false),
            (&[(0, -1), (3, 5)], false),
            (&[(0, 10)], false),
            (&[], false),
        ] {
            assert_eq!(offsets.are_reached(&answer(known)), expected, "{known:?}");
        }
    }
}
