//! The blobs that a worker committed last, by name: of the others it keeps no names.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::domain::{BlobHash, EnvironmentId};

/// A handle; clones are of the same board. Noted on once a commit.
#[derive(Clone, Debug, Default)]
pub struct BlobBoard(Arc<Mutex<HashMap<BlobHash, CommittedBlob>>>);

/// A blob as its last commit left it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommittedBlob {
    #[serde(skip)]
    pub id: BlobHash,
    #[serde(flatten, serialize_with = "by_names")]
    pub environment: Arc<EnvironmentId>,
    #[serde(serialize_with = "as_text")]
    pub blob: Arc<str>,
    #[serde(serialize_with = "as_text")]
    pub service: Arc<str>,
    /// Bytes, as listed.
    pub size: u64,
    /// Bytes behind which nothing has been ingested.
    pub ingested: u64,
    pub lag_bytes: u64,
    pub lines: u64,
    pub status: BlobStanding,
    pub committed_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BlobStanding {
    Open,
    Closed,
    Failed,
}

/// Failed blobs stay for longer than others: so many of each are kept.
const MAX_FAILED: usize = 100;
const MAX_OTHERS: usize = 100;

impl BlobBoard {
    /// What was committed, in its order.
    pub fn note(&self, committed: impl IntoIterator<Item = CommittedBlob>) {
        let mut board = self.lock();
        for blob in committed {
            board.insert(blob.id, blob);
        }
        forget(&mut board, MAX_FAILED, |blob| blob.status == BlobStanding::Failed);
        forget(&mut board, MAX_OTHERS, |blob| blob.status != BlobStanding::Failed);
    }

    /// Those that were committed last come first.
    pub fn all(&self) -> Vec<CommittedBlob> {
        let mut all: Vec<CommittedBlob> = self.lock().values().cloned().collect();
        all.sort_by(|a, b| b.committed_at.cmp(&a.committed_at).then_with(|| a.blob.cmp(&b.blob)));
        all
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BlobHash, CommittedBlob>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of those that `is_meant` says, the oldest beyond `max` go.
fn forget(board: &mut HashMap<BlobHash, CommittedBlob>, max: usize, is_meant: impl Fn(&CommittedBlob) -> bool) {
    let meant = board.values().filter(|blob| is_meant(blob));
    let mut times: Vec<(Timestamp, BlobHash)> = meant.map(|blob| (blob.committed_at, blob.id)).collect();
    let Some(too_many) = times.len().checked_sub(max).filter(|count| *count > 0) else {
        return;
    };
    times.select_nth_unstable(too_many - 1);
    for (_, id) in &times[..too_many] {
        board.remove(id);
    }
}

fn by_names<S: Serializer>(id: &Arc<EnvironmentId>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Names<'a> {
        subscription: &'a str,
        environment: &'a str,
    }
    let names = Names {
        subscription: &id.subscription,
        environment: &id.environment,
    };
    names.serialize(serializer)
}

fn as_text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(name: &str, second: i64, status: BlobStanding) -> CommittedBlob {
        let environment = EnvironmentId::new("cp2", "P1");
        CommittedBlob {
            id: BlobHash::of(&environment, name),
            environment: Arc::new(environment),
            blob: name.into(),
            service: "api".into(),
            size: 10,
            ingested: 7,
            lag_bytes: 3,
            lines: 1,
            status,
            committed_at: Timestamp::from_second(second).unwrap(),
            last_error: None,
        }
    }

    #[test]
    fn the_last_commits_and_failures_are_kept() {
        let board = BlobBoard::default();
        board.note([blob("failed", 0, BlobStanding::Failed)]);
        board.note((1..=500).map(|second| blob(&second.to_string(), second, BlobStanding::Open)));
        let all = board.all();
        assert_eq!(all.len(), MAX_OTHERS + 1);
        assert_eq!((&*all[0].blob, &*all[MAX_OTHERS].blob), ("500", "failed"));
        assert_eq!(&*all[MAX_OTHERS - 1].blob, "401");
        // It has recovered; now it is one of many.
        board.note([blob("failed", 0, BlobStanding::Closed)]);
        assert!(board.all().iter().all(|blob| &*blob.blob != "failed"));
        board.note((0..500).map(|second| blob(&format!("f{second}"), second, BlobStanding::Failed)));
        assert_eq!(board.all().len(), MAX_OTHERS + MAX_FAILED);
    }

    #[test]
    fn it_is_told_by_plain_names() {
        let json = serde_json::to_value(blob("kubernetes/a.gz", 0, BlobStanding::Open)).unwrap();
        let expected = serde_json::json!({
            "subscription": "cp2", "environment": "P1", "blob": "kubernetes/a.gz", "service": "api", "size": 10,
            "ingested": 7, "lag_bytes": 3, "lines": 1, "status": "open", "committed_at": "1970-01-01T00:00:00Z",
        });
        assert_eq!(json, expected);
    }
}
