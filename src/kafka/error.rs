//! What can go wrong with Kafka, and what follows from it.

use kafka_protocol::error::ResponseError;
use rdkafka::{error::KafkaError, types::RDKafkaErrorCode};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("Kafka at {brokers} did not answer within {seconds} s: {reason}")]
    Unreachable {
        brokers: String,
        seconds: u64,
        reason: String,
    },
    #[error("property `{key}`: {reason}")]
    Property { key: String, reason: String },
    #[error("the Kafka properties do not go together: {reason}")]
    Properties { reason: String },
    #[error("missing {}: {}", if topics.len() == 1 { "topic" } else { "topics" }, topics.join(", "))]
    MissingTopics { topics: Vec<String> },
    #[error("group {group} is at work with {members} members and writes {topic} as well")]
    GroupActive {
        group: String,
        members: usize,
        topic: String,
    },
    #[error("another run with the transactional id {id} took over")]
    Fenced { id: String },
    /// Who comes back after that can not know whether another run has the id by now.
    #[error("the transaction of {id} was open for more than {seconds} s, and the brokers ended it")]
    Expired { id: String, seconds: u64 },
    #[error("the transaction was aborted: {reason}")]
    Aborted { reason: String },
    #[error("{what}: {reason}")]
    Denied { what: String, reason: String },
    /// The producer is not let in; consumers tell it as [`Error::Client`].
    #[error("Kafka at {brokers}: {reason}")]
    Unauthenticated { brokers: String, reason: String },
    #[error("{what}: {}", super::producer::words(*code))]
    Refused { what: String, code: ResponseError },
    #[error("the brokers do not understand {what}")]
    Unsupported { what: String },
    #[error("the record does not fit into topic {topic}: {reason}")]
    TooLarge { topic: String, reason: String },
    #[error("{what}: {source}")]
    Client {
        what: String,
        #[source]
        source: KafkaError,
    },
    #[error("topic {topic}, partition {partition}: its end at {end} could not be read within {seconds} s")]
    Unstable {
        topic: String,
        partition: i32,
        end: i64,
        seconds: u64,
    },
    #[error("the brokers opened no transactional producer within {seconds} s")]
    NoTransactions { seconds: u64 },
    #[error("the call was cancelled")]
    Cancelled,
}

/// What an error leaves to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The same call may succeed.
    Retriable,
    /// The transaction is lost; the producer can begin another.
    Abortable,
    /// The producer is lost, or no try will do.
    Fatal,
}

impl Error {
    pub(super) fn client(what: impl Into<String>, source: KafkaError) -> Self {
        Self::Client {
            what: what.into(),
            source,
        }
    }

    /// A client could not be made: that is for the configuration to mend.
    pub(super) fn creation(error: KafkaError) -> Self {
        match error {
            KafkaError::ClientConfig(_, reason, key, value) => Self::Property {
                key,
                // librdkafka's words may repeat the value, which may be a secret.
                reason: match value.is_empty() {
                    true => reason,
                    false => reason.replace(value.as_str(), "…"),
                },
            },
            KafkaError::ClientCreation(reason) => Self::Properties { reason },
            other => Self::client("client", other),
        }
    }

    /// What a member of a group is refused for by the brokers, if they blame one of its properties.
    pub(super) fn refused(code: RDKafkaErrorCode) -> Option<Self> {
        let (key, reason) = match code {
            RDKafkaErrorCode::InvalidSessionTimeout => (
                "session.timeout.ms",
                "the brokers take none below their group.min.session.timeout.ms or above group.max.session.timeout.ms",
            ),
            RDKafkaErrorCode::InvalidGroupId => ("group.id", "the brokers take no group of such a name"),
            RDKafkaErrorCode::FencedInstanceId => (
                "group.instance.id",
                "another member of the group has the same; each lane is a member",
            ),
            _ => return None,
        };
        Some(Self::Property {
            key: key.to_owned(),
            reason: reason.to_owned(),
        })
    }

    /// Whether the configuration is to be mended, not Kafka.
    pub fn is_of_configuration(&self) -> bool {
        matches!(self, Self::Property { .. } | Self::Properties { .. })
    }

    pub fn severity(&self) -> Severity {
        match self {
            Self::Aborted { .. } | Self::Expired { .. } => Severity::Abortable,
            Self::Client { source, .. } => severity_of(source),
            Self::Unreachable { .. } | Self::Unstable { .. } => Severity::Retriable,
            _ => Severity::Fatal,
        }
    }

    /// Whether a service has to end for it: time does not mend it, somebody has to.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Property { .. }
            | Self::Properties { .. }
            | Self::MissingTopics { .. }
            | Self::Denied { .. }
            | Self::TooLarge { .. }
            | Self::Unsupported { .. }
            | Self::NoTransactions { .. } => true,
            // The client has given itself up for good.
            Self::Client {
                source: KafkaError::MessageConsumptionFatal(_),
                ..
            } => true,
            Self::Client { source, .. } => source
                .rdkafka_error_code()
                .is_some_and(|code| is_denied(code) || code == RDKafkaErrorCode::UnsupportedFeature),
            _ => false,
        }
    }

    /// What to try.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreachable { reason, .. } => hint_of_trouble(reason).to_owned(),
            Self::Property { .. } | Self::Properties { .. } => {
                "the names are librdkafka's; see its CONFIGURATION.md".to_owned()
            }
            Self::GroupActive { .. } => {
                "stop the workers first, use another --topic, or --force if no worker has this blob".to_owned()
            }
            Self::Fenced { .. } => "let the other run finish, or stop it and start again with --resume".to_owned(),
            Self::TooLarge { topic, .. } => {
                format!(
                    "the broker's limit is below the topic's: set message.max.bytes of {topic} and of the broker alike"
                )
            }
            Self::Denied { .. } => DENIED_HINT.to_owned(),
            Self::Unauthenticated { .. } => AUTHENTICATION_HINT.to_owned(),
            Self::Unsupported { .. } => UNSUPPORTED_HINT.to_owned(),
            Self::Client { source, .. } => return hint_of(source),
            Self::Unstable { .. } => {
                "a transaction of another producer stays open; it times out by itself, try again then".to_owned()
            }
            Self::NoTransactions { .. } => {
                "brokers without transactions need `delivery: at-least-once`; just started ones need a moment"
                    .to_owned()
            }
            Self::Refused {
                code: ResponseError::UnknownTopicOrPartition,
                ..
            } => "clp init-topics".to_owned(),
            // Which command makes them depends on the configuration, which this room does not know.
            Self::MissingTopics { .. } => return None,
            Self::Aborted { .. } | Self::Expired { .. } | Self::Refused { .. } | Self::Cancelled => return None,
        };
        Some(hint)
    }
}

/// Whether a consumer may go on after it.
pub(super) fn is_retriable(error: &KafkaError) -> bool {
    severity_of(error) == Severity::Retriable
}

/// Whether it says no more than that brokers are away or out of reach, which librdkafka mends as soon as it can.
pub(super) fn is_of_connections(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    let out_of_reach = [
        RDKafkaErrorCode::Resolve,
        RDKafkaErrorCode::SSL,
        RDKafkaErrorCode::Authentication,
    ];
    is_retriable(error) || code.is_some_and(|code| out_of_reach.contains(&code))
}

const DENIED_HINT: &str = "the user of kafka.properties lacks the rights: topics Write and Describe, transactional ids `clp-*`; \
     for what is read, also Read on the topic and on the group";

const AUTHENTICATION_HINT: &str = "check sasl.mechanism, sasl.username and sasl.password in kafka.properties";
const UNSUPPORTED_HINT: &str = "the brokers offer no transactions: `delivery: at-least-once` does without them";

/// What only a change of rights can mend, however a transaction reports it.
pub(super) fn is_denied(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
    )
}

fn severity_of(error: &KafkaError) -> Severity {
    if error.rdkafka_error_code().is_some_and(is_denied) {
        return Severity::Fatal;
    }
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::RequestTimedOut
            | RDKafkaErrorCode::NotCoordinator
            | RDKafkaErrorCode::CoordinatorLoadInProgress
            | RDKafkaErrorCode::CoordinatorNotAvailable
            | RDKafkaErrorCode::LeaderNotAvailable
            | RDKafkaErrorCode::NotLeaderForPartition
            // Of a leader that has just changed, whose disk fails, or that waits for its followers.
            | RDKafkaErrorCode::OffsetNotAvailable
            | RDKafkaErrorCode::FencedLeaderEpoch
            | RDKafkaErrorCode::UnknownLeaderEpoch
            | RDKafkaErrorCode::ReplicaNotAvailable
            | RDKafkaErrorCode::KafkaStorageError
            | RDKafkaErrorCode::NotEnoughReplicas
            | RDKafkaErrorCode::NotEnoughReplicasAfterAppend
            // librdkafka's own, of a partition whose leader is not known at the moment; of one that is not there, brokers say
            // `UnknownTopicOrPartition`.
            | RDKafkaErrorCode::UnknownPartition,
        ) => Severity::Retriable,
        _ => Severity::Fatal,
    }
}

/// What to try where brokers are there and refuse the client, as far as the reason tells.
fn hint_of_trouble(reason: &str) -> &'static str {
    let reason = reason.to_ascii_lowercase();
    let says = |words: &str| reason.contains(words);
    if says("security.protocol") || says("plaintext broker listener") || says("current sasl state") {
        "set security.protocol in kafka.properties to what the brokers' listener takes: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    } else if says("authentication") {
        AUTHENTICATION_HINT
    } else if says("certificate verify failed") || says("certificate is not believed") {
        "check ssl.ca.location in kafka.properties, and that the brokers' certificate has the name by which kafka.brokers calls them"
    } else if says("ssl/tls alert") || says("tlsv13 alert") {
        "the brokers want a client's certificate that they trust: ssl.certificate.location and ssl.key.location in kafka.properties"
    } else {
        "check that the brokers run, and their address: --brokers, KAFKA_BROKERS, or kafka.brokers in the configuration"
    }
}

fn hint_of(error: &KafkaError) -> Option<String> {
    let hint = match error.rdkafka_error_code()? {
        code if is_denied(code) => DENIED_HINT,
        RDKafkaErrorCode::SaslAuthenticationFailed | RDKafkaErrorCode::Authentication => AUTHENTICATION_HINT,
        RDKafkaErrorCode::SSL => "check security.protocol and ssl.ca.location in kafka.properties",
        RDKafkaErrorCode::UnknownTopicOrPartition => "clp init-topics",
        RDKafkaErrorCode::UnsupportedFeature => UNSUPPORTED_HINT,
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_change_of_leaders_brings_is_tried_again_and_what_it_does_not_is_not() {
        use RDKafkaErrorCode as Code;
        for (code, expected) in [
            (Code::NotLeaderForPartition, Severity::Retriable),
            (Code::LeaderNotAvailable, Severity::Retriable),
            (Code::OffsetNotAvailable, Severity::Retriable),
            (Code::FencedLeaderEpoch, Severity::Retriable),
            (Code::UnknownLeaderEpoch, Severity::Retriable),
            (Code::ReplicaNotAvailable, Severity::Retriable),
            (Code::KafkaStorageError, Severity::Retriable),
            (Code::NotEnoughReplicas, Severity::Retriable),
            (Code::NotEnoughReplicasAfterAppend, Severity::Retriable),
            (Code::UnknownPartition, Severity::Retriable),
            (Code::TopicAuthorizationFailed, Severity::Fatal),
            (Code::UnknownTopicOrPartition, Severity::Fatal),
        ] {
            for error in [
                KafkaError::MessageConsumption(code),
                KafkaError::MetadataFetch(code),
                KafkaError::OffsetFetch(code),
            ] {
                assert_eq!(severity_of(&error), expected, "{error}");
            }
        }
    }
}
