//! Names of log blobs: `kubernetes/{YYYYMMDD}.{pod}_{namespace}_{container}-{container id, 64 hex}.gz`.

use super::Date;

/// The directory all log blobs lie in. Record keys leave it out, `BlobState`'s key keeps it.
pub const DIRECTORY: &str = "kubernetes/";

const CONTAINER_ID_LEN: usize = 64;

/// The parts of a log blob's name, borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobName<'a> {
    pub date: Date,
    pub pod: &'a str,
    pub namespace: &'a str,
    pub container: &'a str,
    /// 64 hexadecimal digits.
    pub container_id: &'a str,
}

impl<'a> BlobName<'a> {
    /// Splits a blob's full name. The date ends at the first `.`, the pod at the first `_`, the id begins after the
    /// last `-`, the container after the last `_` of what is left. So containers may hold `-` and namespaces `_`.
    ///
    /// `None` for a name of another form; such a blob is listed, but no selector matches it.
    pub fn parse(name: &'a str) -> Option<Self> {
        let stem = name.rsplit('/').next()?.strip_suffix(".gz")?;
        let (date, rest) = stem.split_once('.')?;
        let (pod, rest) = rest.split_once('_')?;
        let (rest, container_id) = rest.rsplit_once('-')?;
        let (namespace, container) = rest.rsplit_once('_')?;
        let hex = container_id.len() == CONTAINER_ID_LEN && container_id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex || pod.is_empty() || namespace.is_empty() || container.is_empty() {
            return None;
        }
        Some(Self {
            date: Date::from_compact(date)?,
            pod,
            namespace,
            container,
            container_id,
        })
    }
}

/// The prefix that all blobs of one day whose pods' names start with `pod_prefix` share.
pub fn listing_prefix(date: Date, pod_prefix: &str) -> String {
    format!("{DIRECTORY}{date}.{pod_prefix}")
}

/// A blob's name as record keys hold it: without the directory `kubernetes/`.
pub fn without_directory(name: &str) -> &str {
    name.strip_prefix(DIRECTORY).unwrap_or(name)
}

/// Day and pod, for people who have little room; other names as they are.
pub fn short(name: &str) -> String {
    match BlobName::parse(name) {
        Some(BlobName { date, pod, .. }) => format!("{date}.{pod}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "931d71bdaa7b0a1b8b623ff1df112725c6b1d36789518820d232868fc02ee46e";

    #[test]
    fn names_of_the_collector() {
        for (pod, namespace, container) in [
            ("apache2-igc-674b9bdb88-vm775", "default", "proxy"),
            ("api-7d4f-x", "default", "platform"),
            ("zookeeper-0", "name_space", "zookeeper"),
            ("pod", "ns", "container-with-dashes"),
            ("pod.with.dots", "ns", "c"),
        ] {
            let name = format!("kubernetes/20250606.{pod}_{namespace}_{container}-{ID}.gz");
            let parsed = BlobName::parse(&name).unwrap();
            assert_eq!(
                (parsed.pod, parsed.namespace, parsed.container, parsed.container_id),
                (pod, namespace, container, ID)
            );
            assert_eq!(parsed.date.to_string(), "20250606");
        }
    }

    #[test]
    fn other_names_do_not_parse() {
        for name in [
            String::new(),
            "kubernetes/".to_owned(),
            format!("kubernetes/20250606.pod_ns_c-{ID}"),
            format!("kubernetes/20251306.pod_ns_c-{ID}.gz"),
            format!("kubernetes/2025606.pod_ns_c-{ID}.gz"),
            format!("kubernetes/20250606.pod_c-{ID}.gz"),
            format!("kubernetes/20250606._ns_c-{ID}.gz"),
            format!("kubernetes/20250606.pod_ns_c-{}.gz", &ID[1..]),
            format!("kubernetes/20250606.pod_ns_c-{}g.gz", &ID[1..]),
        ] {
            assert_eq!(BlobName::parse(&name), None, "{name}");
        }
    }
}
