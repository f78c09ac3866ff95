//! A blob's identity in few bytes, for tables of very many blobs.

use twox_hash::XxHash3_128;

use super::{EnvironmentId, key};

/// The 128-bit hash of a blob's key in `Ingestion.BlobState`. Among a billion blobs, two are alike with a probability
/// of about 10⁻²¹.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobHash(u128);

impl BlobHash {
    pub fn of(environment: &EnvironmentId, blob: &str) -> Self {
        Self::of_key(key::state(environment, blob, None).as_bytes())
    }

    /// By the key of its state.
    pub fn of_key(key: &[u8]) -> Self {
        Self(XxHash3_128::oneshot(key))
    }
}
