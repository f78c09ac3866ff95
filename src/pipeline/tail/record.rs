//! What is read, before anything is made of it.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::{
    domain::{blob_name, key::RecordKey},
    pipeline::lines::Part,
};

/// A record of a topic, or a line of a blob with what its record would tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub kind: Kind,
    pub place: Place<'a>,
    pub key: Option<&'a [u8]>,
    /// Milliseconds since 1970: when Kafka got it. A line of a blob has none.
    pub timestamp_ms: Option<i64>,
    pub headers: Vec<(&'a str, Option<&'a [u8]>)>,
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
}

/// What a value is, by its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Raw {
        from_proxy: bool,
    },
    Extracted,
    /// Of blobs, and their states.
    Event,
    /// A topic that the configuration does not name: the headers tell.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    Topic {
        topic: &'a str,
        partition: i32,
        offset: i64,
    },
    Blob {
        name: &'a str,
        member: u64,
        line: u64,
    },
}

impl<'a> Record<'a> {
    /// The first header of this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.headers.iter().find(|(header, _)| *header == name)?;
        str::from_utf8((*value)?).ok()
    }

    /// The key taken apart, if it is one of the pipeline's.
    pub fn parsed_key(&self) -> Option<RecordKey<'a>> {
        RecordKey::parse(str::from_utf8(self.key?).ok()?)
    }

    pub fn subscription(&self) -> Option<&'a str> {
        self.header("subscription")
            .or_else(|| self.parsed_key().map(|key| key.subscription))
    }

    pub fn environment(&self) -> Option<&'a str> {
        self.header("environment")
            .or_else(|| self.parsed_key().map(|key| key.environment))
    }

    /// The pod, as far as the record's key or the blob's name tells it.
    pub fn pod(&self) -> Option<&'a str> {
        let name = match self.place {
            Place::Blob { name, .. } => name,
            Place::Topic { .. } => self.parsed_key()?.subject,
        };
        let (_, rest) = blob_name::without_directory(name).split_once('.')?;
        let (pod, _) = rest.split_once('_')?;
        Some(pod)
    }

    /// When Kafka got it, in nanoseconds since 1970; the end of time where that is not known.
    pub fn received_ns(&self) -> i64 {
        self.timestamp_ms.map_or(i64::MAX, |ms| ms.saturating_mul(1_000_000))
    }

    /// The blob that it is a line of, as a hash that is the same within one run. `None` where only its time tells its place.
    pub fn blob(&self, feed: usize) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        feed.hash(&mut hasher);
        match self.place {
            // Each feed is one.
            Place::Blob { .. } => {}
            Place::Topic { .. } => {
                let key = self.parsed_key().filter(|key| key.kind.starts_with("line-"))?;
                (key.subscription, key.environment, key.subject).hash(&mut hasher);
            }
        }
        Some(hasher.finish())
    }

    /// Which part it is of a line that came in several records.
    pub fn part(&self) -> Option<Part> {
        Part::parse(self.header("part")?).filter(|part| part.of > 1)
    }
}
