//! A range of a blob as a stream of smaller ranges, several of them in flight.
//!
//! ```text
//! [start … end) ──▶ range ─ request ─┐
//!                   range ─ request ─┼─▶ in order ──▶ channel ──▶ whoever inflates
//!                   range ─ request ─┘
//! ```
//! A place in the channel is taken before a request is made, so requests in flight and answers that nobody has taken
//! yet are never more than `ranges_ahead` together: that many ranges are all the memory there is.

use std::ops::Range;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use tokio::sync::mpsc::{self, OwnedPermit, Receiver, Sender};

use super::{Container, Error};

/// How a blob is read ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Bytes of one request, at least 1.
    pub range_bytes: u64,
    /// Requests in flight and answers not yet taken, together; at least 1.
    pub ranges_ahead: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            range_bytes: 1 << 20,
            ranges_ahead: 4,
        }
    }
}

/// Reads `range` of a blob ahead, in order. Must be called within tokio; dropping the receiver ends all requests.
///
/// The stream ends after `range.end`, after the first error, or where the blob ends if that is earlier: it has no
/// gaps, but whoever needs all bytes must count them.
pub fn prefetch(
    container: Container,
    name: String,
    range: Range<u64>,
    options: ReadOptions,
) -> Receiver<Result<Bytes, Error>> {
    let (tx, rx) = mpsc::channel(options.ranges_ahead.max(1));
    tokio::spawn(fetch(container, name, split(range, options.range_bytes), tx));
    rx
}

/// The parts of a range: all of `bytes` bytes but for the last.
fn split(range: Range<u64>, bytes: u64) -> impl Iterator<Item = Range<u64>> + Send {
    let bytes = bytes.max(1);
    let mut start = range.start;
    std::iter::from_fn(move || {
        let part = start..range.end.min(start.saturating_add(bytes));
        start = part.end;
        (!part.is_empty()).then_some(part)
    })
}

async fn fetch(
    container: Container,
    name: String,
    parts: impl Iterator<Item = Range<u64>>,
    tx: Sender<Result<Bytes, Error>>,
) {
    let mut parts = parts.peekable();
    let mut in_flight = FuturesOrdered::new();
    loop {
        let more = parts.peek().is_some();
        if !more && in_flight.is_empty() {
            return;
        }
        tokio::select! {
            () = tx.closed() => return,
            place = tx.clone().reserve_owned(), if more => {
                let (Ok(place), Some(part)) = (place, parts.next()) else {
                    return;
                };
                in_flight.push_back(read(&container, &name, part, place));
            }
            Some((place, answer, short)) = in_flight.next() => {
                // Behind a short answer the blob ended. It may have grown since, so that the ranges behind it hold
                // something: to hand that out would leave a gap.
                let last = short || answer.is_err();
                place.send(answer);
                if last {
                    return;
                }
            }
        }
    }
}

/// How a thread that may block opens a blob: each call gives the bytes from an offset up to `end`. The ranges are fetched
/// ahead by async tasks, so calls must be made inside tokio's runtime, and the pieces be taken on such a thread.
pub fn open_at(container: &Container, name: &str, end: u64, options: ReadOptions) -> impl FnMut(u64) -> Pieces + use<> {
    let (container, name) = (container.clone(), name.to_owned());
    move |offset| Pieces(prefetch(container.clone(), name.clone(), offset.min(end)..end, options))
}

/// Consecutive pieces of a blob, for a thread that may block.
pub struct Pieces(Receiver<Result<Bytes, Error>>);

impl Iterator for Pieces {
    type Item = Result<Bytes, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.blocking_recv()
    }
}

type Place = OwnedPermit<Result<Bytes, Error>>;

async fn read(
    container: &Container,
    name: &str,
    part: Range<u64>,
    place: Place,
) -> (Place, Result<Bytes, Error>, bool) {
    let wanted = part.end - part.start;
    let answer = container.read(name, part).await;
    let short = answer.as_ref().is_ok_and(|bytes| (bytes.len() as u64) < wanted);
    (place, answer, short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{Kind, Location, RetryPolicy};

    #[test]
    fn ranges_are_split() {
        const MAX: u64 = u64::MAX;
        let table = [
            (0..10, 4, "0..4 4..8 8..10".to_owned()),
            (5..13, 4, "5..9 9..13".to_owned()),
            (5..6, 4, "5..6".to_owned()),
            (5..5, 4, String::new()),
            (0..2, 0, "0..1 1..2".to_owned()),
            (MAX - 3..MAX, 2, format!("{:?} {:?}", MAX - 3..MAX - 1, MAX - 1..MAX)),
        ];
        for (range, bytes, expected) in table {
            let parts: Vec<String> = split(range.clone(), bytes).map(|part| format!("{part:?}")).collect();
            assert_eq!(parts.join(" "), expected, "{range:?} by {bytes}");
        }
    }

    fn directory(content: &[u8]) -> (tempfile::TempDir, Container) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("blob"), content).unwrap();
        let location = Location::Directory {
            path: dir.path().to_owned(),
        };
        (dir, Container::open(&location, RetryPolicy::default()).unwrap())
    }

    async fn all(mut rx: Receiver<Result<Bytes, Error>>) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(part) = rx.recv().await {
            all.extend_from_slice(&part?);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn bytes_come_in_order_whatever_the_sizes() {
        let content: Vec<u8> = (0..1000u32).map(|n| n as u8).collect();
        let (_dir, container) = directory(&content);
        let table = [
            (0..1000, 7, 3),
            (0..1000, 5000, 4),
            (3..999, 1, 8),
            (10..10, 7, 3),
            (990..5000, 4, 2),
        ];
        for (range, range_bytes, ranges_ahead) in table {
            let options = ReadOptions {
                range_bytes,
                ranges_ahead,
            };
            let read = all(prefetch(container.clone(), "blob".to_owned(), range.clone(), options))
                .await
                .unwrap();
            let end = content.len().min(range.end as usize);
            assert_eq!(read, content[range.start as usize..end], "{range:?} {options:?}");
        }
    }

    #[tokio::test]
    async fn an_endless_range_ends_with_the_blob() {
        let (_dir, container) = directory(b"0123456789");
        let options = ReadOptions {
            range_bytes: 5,
            ranges_ahead: 2,
        };
        let read = all(prefetch(container, "blob".to_owned(), 0..u64::MAX, options))
            .await
            .unwrap();
        assert_eq!(read, b"0123456789");
    }

    #[tokio::test]
    async fn an_error_ends_the_stream() {
        let (_dir, container) = directory(b"");
        let mut rx = prefetch(container, "other".to_owned(), 0..10, ReadOptions::default());
        assert_eq!(rx.recv().await.unwrap().unwrap_err().kind(), Kind::BlobNotFound);
        assert!(rx.recv().await.is_none());
    }
}
