//! The bytes of an answer, held against what was asked for.

use std::io;
use std::ops::Range;

use azure_core::http::headers::HeaderName;
use azure_storage_blobs::models::BlobClientDownloadResult;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;

const CONTENT_RANGE: HeaderName = HeaderName::from_static("content-range");

/// The answer's body, as far as it was asked for. A body shorter than the server announced is an error, so that it is
/// asked for again as a whole.
pub(super) async fn collect(answer: BlobClientDownloadResult, range: &Range<u64>) -> azure_core::Result<Bytes> {
    let broken = |reason: &'static str| azure_core::Error::from(io::Error::other(reason));
    let announced = answer.headers.get_optional_str(&CONTENT_RANGE).map(parse_content_range);
    let wanted = match announced {
        Some(Some(part)) if part.start == range.start && part.end <= range.end => part.end - part.start,
        // The whole blob comes when an empty one grew while it was asked for; take what was asked for of it.
        None if range.start == 0 => {
            let size = answer.properties.content_length.unwrap_or(range.end);
            size.min(range.end)
        }
        _ => return Err(broken("the server sent another range than it was asked for")),
    };
    let wanted = usize::try_from(wanted).map_err(|_| broken("the answer is too long"))?;
    let mut collected = BytesMut::with_capacity(wanted);
    let mut body = answer.body;
    while collected.len() < wanted {
        let Some(chunk) = body.try_next().await? else {
            return Err(broken("the answer ended early"));
        };
        collected.extend_from_slice(&chunk[..chunk.len().min(wanted - collected.len())]);
    }
    Ok(collected.freeze())
}

/// `bytes FIRST-LAST/SIZE`, the last byte included, as a range. Azurite gives a range that begins at the blob's end in
/// this form too, with the last byte before the first one; Azure refuses it with 416.
fn parse_content_range(value: &str) -> Option<Range<u64>> {
    let (first, last) = value.strip_prefix("bytes ")?.split_once('/')?.0.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let end = last.checked_add(1)?;
    (first <= end).then_some(first..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        let table = [
            ("bytes 0-9/10", Some(0..10)),
            ("bytes 5-5/*", Some(5..6)),
            ("bytes 84-83/84", Some(84..84)),
            ("bytes */10", None),
            ("bytes 9-3/10", None),
            ("items 0-9/10", None),
        ];
        for (value, expected) in table {
            assert_eq!(parse_content_range(value), expected, "{value}");
        }
    }
}
