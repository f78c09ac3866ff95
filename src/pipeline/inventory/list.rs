//! The storage's side.

use super::Selection;
use crate::storage::{BlobProperties, Container, Error};

/// Lists the blobs of one environment that are meant, by name within each day.
pub async fn list(container: &Container, selection: &Selection) -> Result<Vec<BlobProperties>, Error> {
    let mut blobs = Vec::new();
    for prefix in selection.prefixes() {
        let mut next = None;
        loop {
            let page = container.page(&prefix, next).await?;
            blobs.extend(page.blobs.into_iter().filter(|blob| selection.wants(&blob.name)));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(blobs)
}
