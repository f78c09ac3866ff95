//! The answer to "list blobs", read from its XML.
//!
//! The official client's model of it drops the groups that a delimiter makes, so it is used for single blobs only.

use azure_core::time::OffsetDateTime;
use azure_storage_blobs::models::BlobItem;
use jiff::Timestamp;
use serde::Deserialize;

use crate::storage::BlobProperties;

#[derive(Deserialize)]
struct EnumerationResults {
    // Always there, also in an empty list: without it, this is some proxy's page and not the blob service's.
    #[serde(rename = "Blobs")]
    blobs: Entries,
}

#[derive(Deserialize, Default)]
struct Entries {
    // Blobs and groups come in one order of names, so they alternate.
    #[serde(rename = "$value", default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
enum Entry {
    Blob(Box<BlobItem>),
    /// Has the form of a blob with nothing but a name.
    BlobPrefix(Box<BlobItem>),
}

/// The blobs of a page; one without a name, size or time is none (directories of hierarchical accounts).
pub(super) fn blobs(xml: &[u8]) -> azure_core::Result<Vec<BlobProperties>> {
    Ok(entries(xml)?.into_iter().filter_map(blob).collect())
}

/// The names of a page that was listed with a delimiter: groups and single blobs.
pub(super) fn names(xml: &[u8]) -> azure_core::Result<Vec<String>> {
    let name = |entry| match entry {
        Entry::Blob(item) | Entry::BlobPrefix(item) => item.name,
    };
    Ok(entries(xml)?.into_iter().filter_map(name).collect())
}

fn entries(xml: &[u8]) -> azure_core::Result<Vec<Entry>> {
    let results: EnumerationResults = azure_core::xml::from_xml(xml)?;
    Ok(results.blobs.entries)
}

fn blob(entry: Entry) -> Option<BlobProperties> {
    let Entry::Blob(item) = entry else {
        return None;
    };
    let properties = item.properties?;
    Some(BlobProperties {
        name: item.name?,
        size: properties.content_length?,
        last_modified: timestamp(properties.last_modified?)?,
        created: properties.creation_time.and_then(timestamp),
    })
}

/// `None` for times that no clock shows.
pub(super) fn timestamp(time: OffsetDateTime) -> Option<Timestamp> {
    let nanosecond = i32::try_from(time.nanosecond()).ok()?;
    Timestamp::new(time.unix_timestamp(), nanosecond).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ServiceEndpoint="https://acme.blob.core.windows.net/" ContainerName="logs">
  <Prefix>kubernetes/</Prefix><MaxResults>5000</MaxResults>
  <Blobs>
    <BlobPrefix><Name>kubernetes/20250605.</Name></BlobPrefix>
    <Blob>
      <Name>kubernetes/a &amp; b</Name>
      <Properties>
        <Creation-Time>Fri, 06 Jun 2025 00:00:01 GMT</Creation-Time>
        <Last-Modified>Fri, 06 Jun 2025 10:00:00 GMT</Last-Modified>
        <Etag>0x8D</Etag><Content-Length>18123</Content-Length><Content-Encoding>gzip</Content-Encoding>
        <BlobType>AppendBlob</BlobType><LeaseStatus>unlocked</LeaseStatus><SomethingNew>1</SomethingNew>
      </Properties>
      <OrMetadata/>
    </Blob>
    <BlobPrefix><Name>kubernetes/b.</Name></BlobPrefix>
    <Blob><Name>kubernetes/directory</Name><Properties><ResourceType>directory</ResourceType></Properties></Blob>
    <Blob>
      <Name Encoded="true">kubernetes/%EF%BF%BE</Name>
      <Properties><Last-Modified>Fri, 06 Jun 2025 10:00:00 GMT</Last-Modified><Content-Length>0</Content-Length></Properties>
    </Blob>
  </Blobs>
  <NextMarker/>
</EnumerationResults>"#;

    #[test]
    fn blobs_of_a_page() {
        let found = blobs(PAGE.as_bytes()).unwrap();
        let modified: Timestamp = "2025-06-06T10:00:00Z".parse().unwrap();
        let expected = [
            BlobProperties {
                name: "kubernetes/a & b".to_owned(),
                size: 18123,
                last_modified: modified,
                created: Some("2025-06-06T00:00:01Z".parse().unwrap()),
            },
            BlobProperties {
                name: "kubernetes/\u{fffe}".to_owned(),
                size: 0,
                last_modified: modified,
                created: None,
            },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn names_of_a_page_with_groups() {
        let expected = ["20250605.", "a & b", "b.", "directory", "\u{fffe}"].map(|name| format!("kubernetes/{name}"));
        assert_eq!(names(PAGE.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn pages_without_blobs_and_other_answers() {
        for empty in [
            "<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>",
            "<EnumerationResults><Blobs></Blobs></EnumerationResults>",
        ] {
            assert_eq!(blobs(empty.as_bytes()).unwrap(), []);
        }
        for other in [
            "<html><body>Sign in</body></html>",
            "<html>Sign in<br></html>",
            "Sign in",
            "",
        ] {
            assert!(blobs(other.as_bytes()).is_err(), "{other}");
        }
    }
}
