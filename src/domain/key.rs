//! Record keys: `{subscription}:{environment}:{type}:{blob name without "kubernetes/"}`.
//!
//! `BlobState`'s key is `{subscription}:{environment}:{blobName}`, with the directory. Blob names may hold colons, so
//! a key is split at its first three colons only.

use super::{EnvironmentId, blob_name::without_directory};

pub fn observed(environment: &EnvironmentId, blob: &str) -> String {
    of_blob(environment, "observed", blob)
}

pub fn closed(environment: &EnvironmentId, blob: &str) -> String {
    of_blob(environment, "closed", blob)
}

/// Key of a `BlobCompletion`; `from` is the offset at which the run began, in bytes.
pub fn completion(environment: &EnvironmentId, from: u64, blob: &str) -> String {
    of_blob(environment, &format!("offset{from}-completion"), blob)
}

/// Key of a `BlobsListed`.
pub fn listed(environment: &EnvironmentId, selector: &str, date: super::Date) -> String {
    let EnvironmentId {
        subscription,
        environment,
    } = environment;
    format!("{subscription}:{environment}:listed:{selector}-{date}")
}

/// Key of a `BlobState`. A run into another topic than the blob's own keeps a state of its own, under `key@topic`.
pub fn state(environment: &EnvironmentId, blob: &str, foreign_topic: Option<&str>) -> String {
    let EnvironmentId {
        subscription,
        environment,
    } = environment;
    match foreign_topic {
        None => format!("{subscription}:{environment}:{blob}"),
        Some(topic) => format!("{subscription}:{environment}:{blob}@{topic}"),
    }
}

fn of_blob(environment: &EnvironmentId, kind: &str, blob: &str) -> String {
    let EnvironmentId {
        subscription,
        environment,
    } = environment;
    format!("{subscription}:{environment}:{kind}:{}", without_directory(blob))
}

/// Builds the keys of one blob's lines without allocating for each.
#[derive(Clone, Debug)]
pub struct LineKey {
    buffer: Vec<u8>,
    prefix_len: usize,
    suffix: String,
}

impl LineKey {
    pub fn new(environment: &EnvironmentId, blob: &str) -> Self {
        let prefix = format!("{}:{}:line-", environment.subscription, environment.environment);
        Self {
            prefix_len: prefix.len(),
            buffer: prefix.into_bytes(),
            suffix: format!(":{}", without_directory(blob)),
        }
    }

    /// The key of the blob's line `number`, counted from 1 over the whole blob.
    pub fn line(&mut self, number: u64) -> &[u8] {
        self.buffer.truncate(self.prefix_len);
        self.buffer
            .extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        self.buffer.extend_from_slice(self.suffix.as_bytes());
        &self.buffer
    }

    /// Bytes of the longest key that can come.
    pub fn max_len(&self) -> usize {
        self.prefix_len + MAX_DIGITS + self.suffix.len()
    }
}

const MAX_DIGITS: usize = 20;

/// A record key taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordKey<'a> {
    pub subscription: &'a str,
    pub environment: &'a str,
    pub kind: &'a str,
    /// The blob's name without its directory; for `listed` `{selector}-{date}`.
    pub subject: &'a str,
}

impl<'a> RecordKey<'a> {
    pub fn parse(key: &'a str) -> Option<Self> {
        let mut parts = key.splitn(4, ':');
        Some(Self {
            subscription: parts.next()?,
            environment: parts.next()?,
            kind: parts.next()?,
            subject: parts.next()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_blob() {
        let environment = EnvironmentId::new("cp2", "P1");
        let blob = "kubernetes/20250606.api_x:y.gz";
        assert_eq!(observed(&environment, blob), "cp2:P1:observed:20250606.api_x:y.gz");
        assert_eq!(closed(&environment, blob), "cp2:P1:closed:20250606.api_x:y.gz");
        assert_eq!(
            completion(&environment, 777, blob),
            "cp2:P1:offset777-completion:20250606.api_x:y.gz"
        );
        assert_eq!(state(&environment, blob, None), "cp2:P1:kubernetes/20250606.api_x:y.gz");
        assert_eq!(
            state(&environment, blob, Some("mine")),
            "cp2:P1:kubernetes/20250606.api_x:y.gz@mine"
        );
        assert_eq!(
            listed(&environment, "api", "20250606".parse().unwrap()),
            "cp2:P1:listed:api-20250606"
        );
    }

    #[test]
    fn line_keys_count_and_split_back() {
        let mut keys = LineKey::new(&EnvironmentId::new("cp2", "P1"), "kubernetes/a:b.gz");
        assert_eq!(keys.line(1), b"cp2:P1:line-1:a:b.gz");
        assert_eq!(keys.line(200_000), b"cp2:P1:line-200000:a:b.gz");
        let text = String::from_utf8(keys.line(7).to_vec()).unwrap();
        let key = RecordKey::parse(&text).unwrap();
        assert_eq!(
            (key.subscription, key.environment, key.kind, key.subject),
            ("cp2", "P1", "line-7", "a:b.gz")
        );
        assert!(keys.line(u64::MAX).len() <= keys.max_len());
    }
}
