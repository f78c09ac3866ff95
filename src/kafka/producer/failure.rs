//! What brokers' errors mean to a producer: try again, here or elsewhere, or what is lost.

use kafka_protocol::error::ResponseError as Code;

use super::{connection::Unconnected, outbox::Fate};

/// Why a transaction, or a producer, can not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The producer's epoch is not the newest: another took over, or the brokers ended the transaction for its age.
    Fenced(String),
    /// The transaction is lost, and another can be begun.
    Aborted(String),
    /// The user lacks a right.
    Denied {
        what: String,
        reason: String,
    },
    /// The brokers do not believe who we are.
    Unauthenticated(String),
    TooLarge {
        topic: String,
        reason: String,
    },
    /// The brokers are away, or fell silent.
    Unreachable {
        seconds: u64,
        reason: String,
    },
    /// The brokers lack what is asked.
    Unsupported(String),
    /// Anything else that no other try mends.
    Refused {
        what: String,
        code: Code,
    },
}

/// What an error code says of a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Of(Fate),
    /// To be tried again where the partition's leader, or the coordinator, is now.
    Elsewhere,
    Lost(Failure),
}

/// Of a batch for `topic`, by its code in the answer to Produce.
pub fn of_batch(code: Code, topic: &str, message: Option<&str>) -> Verdict {
    let what = || format!("record for {topic}");
    let reason = || message.map_or_else(|| words(code), str::to_owned);
    match code {
        Code::DuplicateSequenceNumber => Verdict::Of(Fate::Written),
        Code::OutOfOrderSequenceNumber | Code::UnknownProducerId => Verdict::Of(Fate::Early),
        Code::NotLeaderOrFollower
        | Code::LeaderNotAvailable
        | Code::UnknownTopicOrPartition
        | Code::UnknownTopicId
        | Code::ReplicaNotAvailable
        | Code::FencedLeaderEpoch
        | Code::UnknownLeaderEpoch
        | Code::KafkaStorageError
        | Code::BrokerNotAvailable => Verdict::Elsewhere,
        Code::MessageTooLarge | Code::RecordListTooLarge => Verdict::Lost(Failure::TooLarge {
            topic: topic.to_owned(),
            reason: reason(),
        }),
        // The coordinator is asked by the leader, and may be on its way.
        code if is_passing(code) => Verdict::Of(Fate::Again),
        code => Verdict::Lost(of_any(code, what(), reason())),
    }
}

/// Of a request to a coordinator.
pub fn of_coordinator(code: Code, what: &str) -> Verdict {
    match code {
        Code::NotCoordinator | Code::CoordinatorNotAvailable | Code::BrokerNotAvailable => Verdict::Elsewhere,
        code if is_passing(code) => Verdict::Of(Fate::Again),
        code => Verdict::Lost(of_any(code, what.to_owned(), words(code))),
    }
}

/// What another try may mend, by itself and soon.
fn is_passing(code: Code) -> bool {
    code.is_retriable() || code == Code::ConcurrentTransactions
}

fn of_any(code: Code, what: String, reason: String) -> Failure {
    match code {
        Code::InvalidProducerEpoch | Code::ProducerFenced => Failure::Fenced(reason),
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed
        // Kafka's own topics are nobody's to write to.
        | Code::InvalidTopicException => Failure::Denied { what, reason },
        // The producer id was forgotten, or the transaction was ended; the group has another generation.
        Code::InvalidTxnState
        | Code::InvalidProducerIdMapping
        | Code::TransactionAbortable
        | Code::IllegalGeneration
        | Code::UnknownMemberId
        | Code::FencedInstanceId
        | Code::StaleMemberEpoch
        | Code::RebalanceInProgress
        | Code::UnknownServerError => Failure::Aborted(format!("{what}: {reason}")),
        Code::UnsupportedVersion | Code::UnsupportedForMessageFormat => Failure::Unsupported(what),
        code => Failure::Refused { what, code },
    }
}

/// What the protocol says about a code, in words: `TopicAuthorizationFailed` becomes "topic authorization failed".
pub fn words(code: Code) -> String {
    let name = code.to_string();
    if name.contains(' ') {
        return name;
    }
    let mut words = String::with_capacity(name.len() + 8);
    for char in name.chars() {
        if char.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(char.to_ascii_lowercase());
    }
    words
}

impl From<&Unconnected> for Option<Failure> {
    /// What no other try mends.
    fn from(error: &Unconnected) -> Self {
        match error {
            Unconnected::Lost(_) => None,
            Unconnected::Refused { .. } => Some(Failure::Unauthenticated(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batchs_errors_are_told_apart() {
        for (code, expected) in [
            (Code::DuplicateSequenceNumber, Verdict::Of(Fate::Written)),
            (Code::OutOfOrderSequenceNumber, Verdict::Of(Fate::Early)),
            (Code::NotLeaderOrFollower, Verdict::Elsewhere),
            (Code::KafkaStorageError, Verdict::Elsewhere),
            (Code::FencedLeaderEpoch, Verdict::Elsewhere),
            (Code::NotEnoughReplicas, Verdict::Of(Fate::Again)),
            (Code::NotEnoughReplicasAfterAppend, Verdict::Of(Fate::Again)),
            (Code::ConcurrentTransactions, Verdict::Of(Fate::Again)),
            (Code::RequestTimedOut, Verdict::Of(Fate::Again)),
            (Code::CorruptMessage, Verdict::Of(Fate::Again)),
        ] {
            assert_eq!(of_batch(code, "t", None), expected, "{code}");
        }
        let lost = |code| match of_batch(code, "t", None) {
            Verdict::Lost(failure) => failure,
            other => panic!("{code}: {other:?}"),
        };
        assert!(matches!(lost(Code::InvalidProducerEpoch), Failure::Fenced(_)));
        assert!(matches!(lost(Code::InvalidTxnState), Failure::Aborted(_)));
        assert!(matches!(lost(Code::MessageTooLarge), Failure::TooLarge { .. }));
        assert!(matches!(lost(Code::TopicAuthorizationFailed), Failure::Denied { .. }));
        assert!(matches!(lost(Code::InvalidRecord), Failure::Refused { .. }));
    }

    #[test]
    fn a_coordinators_errors_are_told_apart() {
        for code in [Code::NotCoordinator, Code::CoordinatorNotAvailable] {
            assert_eq!(of_coordinator(code, "x"), Verdict::Elsewhere);
        }
        for code in [Code::ConcurrentTransactions, Code::CoordinatorLoadInProgress] {
            assert_eq!(of_coordinator(code, "x"), Verdict::Of(Fate::Again));
        }
        for code in [
            Code::IllegalGeneration,
            Code::UnknownMemberId,
            Code::RebalanceInProgress,
        ] {
            let verdict = of_coordinator(code, "x");
            assert!(
                matches!(verdict, Verdict::Lost(Failure::Aborted(_))),
                "{code}: {verdict:?}"
            );
        }
    }

    #[test]
    fn codes_are_told_in_words() {
        assert_eq!(words(Code::TopicAuthorizationFailed), "topic authorization failed");
        assert_eq!(words(Code::Unknown(999)), "Unknown error code: 999");
    }
}
