//! Kafka's frames: a length, a head, and a message of which both sides know the version.

use std::collections::HashMap;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::{
    messages::{
        AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, ApiKey,
        ApiVersionsRequest, ApiVersionsResponse, EndTxnRequest, EndTxnResponse, FindCoordinatorRequest,
        FindCoordinatorResponse, InitProducerIdRequest, InitProducerIdResponse, MetadataRequest, MetadataResponse,
        OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse, ProduceRequest,
        ProduceResponse, RequestHeader, ResponseHeader, SaslAuthenticateRequest, SaslAuthenticateResponse,
        SaslHandshakeRequest, SaslHandshakeResponse, TxnOffsetCommitRequest, TxnOffsetCommitResponse,
    },
    protocol::{Decodable, Encodable, HeaderVersion, StrBytes},
};

/// The largest answer that is taken; those to a producer are small.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// A request, with the answer that belongs to it and the versions that clp speaks.
pub trait Ask: Encodable + HeaderVersion {
    const KEY: ApiKey;
    /// Oldest and newest.
    const SPOKEN: (i16, i16);
    type Answer: Decodable + HeaderVersion + Send + 'static;
}

macro_rules! asks {
    ($($request:ident => $answer:ident, $key:ident, $oldest:literal..=$newest:literal;)*) => {
        $(impl Ask for $request {
            const KEY: ApiKey = ApiKey::$key;
            const SPOKEN: (i16, i16) = ($oldest, $newest);
            type Answer = $answer;
        })*
    };
}

// The oldest are those of Kafka 2.5 and of librdkafka's mock cluster. Produce ends before 13, which names topics by ids;
// FindCoordinator before 4 and OffsetFetch before 8, which ask for several; AddPartitionsToTxn before 4, which is for brokers.
asks! {
    ApiVersionsRequest => ApiVersionsResponse, ApiVersions, 0..=3;
    MetadataRequest => MetadataResponse, Metadata, 4..=12;
    ProduceRequest => ProduceResponse, Produce, 3..=12;
    FindCoordinatorRequest => FindCoordinatorResponse, FindCoordinator, 1..=3;
    InitProducerIdRequest => InitProducerIdResponse, InitProducerId, 0..=5;
    AddPartitionsToTxnRequest => AddPartitionsToTxnResponse, AddPartitionsToTxn, 0..=3;
    AddOffsetsToTxnRequest => AddOffsetsToTxnResponse, AddOffsetsToTxn, 0..=4;
    TxnOffsetCommitRequest => TxnOffsetCommitResponse, TxnOffsetCommit, 3..=5;
    OffsetCommitRequest => OffsetCommitResponse, OffsetCommit, 7..=8;
    OffsetFetchRequest => OffsetFetchResponse, OffsetFetch, 7..=7;
    EndTxnRequest => EndTxnResponse, EndTxn, 0..=5;
    SaslHandshakeRequest => SaslHandshakeResponse, SaslHandshake, 1..=1;
    SaslAuthenticateRequest => SaslAuthenticateResponse, SaslAuthenticate, 0..=2;
}

/// The requests that a broker understands, and what its cluster has agreed on.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    understood: HashMap<i16, (i16, i16)>,
    /// The level of the feature `transaction.version`; 0 where there is none.
    pub transaction: i16,
}

impl Versions {
    pub fn of(answer: &ApiVersionsResponse) -> Self {
        let understood = answer.api_keys.iter();
        let transaction = answer
            .finalized_features
            .iter()
            .find(|feature| &*feature.name == "transaction.version");
        Self {
            understood: understood
                .map(|api| (api.api_key, (api.min_version, api.max_version)))
                .collect(),
            transaction: transaction.map_or(0, |feature| feature.max_version_level),
        }
    }

    /// The newest version of a request that both sides speak, up to `limit`.
    pub fn newest<R: Ask>(&self, limit: i16) -> Option<i16> {
        let (oldest, newest) = self.understood.get(&(R::KEY as i16))?;
        let version = R::SPOKEN.1.min(*newest).min(limit);
        (version >= R::SPOKEN.0 && version >= *oldest).then_some(version)
    }
}

/// A frame or what is in it does not follow the protocol.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the answer is none of Kafka's protocol: {0}")]
pub struct Malformed(pub String);

impl From<anyhow::Error> for Malformed {
    fn from(error: anyhow::Error) -> Self {
        Self(error.to_string())
    }
}

/// The first code that is none of success, else 0.
pub fn worst(codes: impl Iterator<Item = i16>) -> i16 {
    let mut failed = codes.filter(|code| *code != 0);
    failed.next().unwrap_or_default()
}

/// The whole frame of a request.
pub fn encode<R: Ask>(request: &R, version: i16, correlation: i32, client_id: &StrBytes) -> Result<Bytes, Malformed> {
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY as i16)
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(client_id.clone()));
    let header_version = R::header_version(version);
    let size = header.compute_size(header_version)? + request.compute_size(version)?;
    let mut frame = BytesMut::with_capacity(4 + size);
    frame.put_u32(size as u32);
    header.encode(&mut frame, header_version)?;
    request.encode(&mut frame, version)?;
    if frame.len() == 4 + size {
        Ok(frame.freeze())
    } else {
        Err(Malformed(format!(
            "{:?} {version} took another size than computed",
            R::KEY
        )))
    }
}

/// The length that stands before a frame.
pub fn length(prefix: [u8; 4]) -> Result<usize, Malformed> {
    let length = i32::from_be_bytes(prefix);
    match usize::try_from(length) {
        Ok(length) if (4..=MAX_ANSWER_BYTES).contains(&length) => Ok(length),
        _ => Err(Malformed(format!(
            "a frame of {length} bytes; a broker that wants TLS answers so, as does what is no Kafka"
        ))),
    }
}

/// The correlation id with which a frame begins.
pub fn correlation(frame: &Bytes) -> i32 {
    frame.clone().get_i32()
}

/// What a frame, without its length, answers to a request of this version.
pub fn decode<R: Ask>(mut frame: Bytes, version: i16) -> Result<R::Answer, Malformed> {
    let header_version = if R::KEY == ApiKey::ApiVersions {
        // Always 0, so that a client can read it that does not know yet what is spoken (KIP-511).
        0
    } else {
        R::Answer::header_version(version)
    };
    ResponseHeader::decode(&mut frame, header_version)?;
    Ok(R::Answer::decode(&mut frame, version)?)
}

/// The protocol's own text.
pub fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey};

    use super::*;

    fn versions(newest: i16) -> Versions {
        let api = ApiVersion::default()
            .with_api_key(ApiKey::EndTxn as i16)
            .with_min_version(2)
            .with_max_version(newest);
        Versions::of(&ApiVersionsResponse::default().with_api_keys(vec![api]))
    }

    #[test]
    fn the_newest_version_is_one_that_both_speak() {
        for (newest, limit, expected) in [
            (1, i16::MAX, None),
            (3, i16::MAX, Some(3)),
            (9, i16::MAX, Some(5)),
            (9, 4, Some(4)),
            (9, 1, None),
        ] {
            assert_eq!(
                versions(newest).newest::<EndTxnRequest>(limit),
                expected,
                "{newest} {limit}"
            );
        }
        assert_eq!(versions(5).newest::<ProduceRequest>(i16::MAX), None);
    }

    #[test]
    fn the_cluster_tells_its_version_of_transactions() {
        let feature = FinalizedFeatureKey::default()
            .with_name(text("transaction.version"))
            .with_max_version_level(2);
        let answer = ApiVersionsResponse::default().with_finalized_features(vec![feature]);
        assert_eq!(Versions::of(&answer).transaction, 2);
        assert_eq!(versions(5).transaction, 0);
    }

    #[test]
    fn a_frame_is_as_long_as_it_says() {
        let request = EndTxnRequest::default()
            .with_transactional_id(text("id").into())
            .with_committed(true);
        let frame = encode(&request, 5, 7, &text("clp")).unwrap();
        assert_eq!(length(frame[..4].try_into().unwrap()).unwrap(), frame.len() - 4);
        // Key, version and correlation id, each in big endian.
        assert_eq!(frame[4..12], [0, 26, 0, 5, 0, 0, 0, 7]);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for prefix in [[0; 4], [0, 0, 0, 3], [0x15, 3, 3, 0], [255; 4]] {
            assert!(length(prefix).is_err(), "{prefix:?}");
        }
        assert!(decode::<EndTxnRequest>(Bytes::from_static(&[0, 0, 0, 1]), 5).is_err());
    }
}
