//! What services there are in storage: sums over blobs.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{BuildHasher, RandomState},
};

use jiff::Timestamp;

use crate::{
    domain::{BlobName, Date, Selectors},
    pipeline::extract::workload,
    storage::BlobProperties,
};

/// What blobs are summed up by. Those of no service are told apart by their workload and container, so that one sees what
/// they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceGroup {
    /// The name of a service.
    pub service: Option<String>,
    /// How the names of its pods begin; what `--service` takes, too. `None` for names that are not those of log blobs.
    pub pod_prefix: Option<String>,
    /// `None` where it may be any.
    pub container: Option<String>,
}

/// The blobs of a group.
#[derive(Clone, Debug, Default)]
pub struct ServiceSum {
    /// Hashes of their names: 8 bytes each, however many there are.
    pods: HashSet<u64>,
    days: BTreeSet<Date>,
    pub blobs: u64,
    pub bytes: u64,
    pub last_modified: Option<Timestamp>,
}

impl ServiceSum {
    pub fn pods(&self) -> u64 {
        self.pods.len() as u64
    }

    /// Days that have a blob.
    pub fn days(&self) -> u64 {
        self.days.len() as u64
    }
}

/// Sums of one environment.
#[derive(Debug)]
pub struct ServiceSums<'a> {
    selectors: &'a Selectors,
    hasher: RandomState,
    groups: BTreeMap<ServiceGroup, ServiceSum>,
}

impl<'a> ServiceSums<'a> {
    pub fn new(selectors: &'a Selectors) -> Self {
        Self {
            selectors,
            hasher: RandomState::new(),
            groups: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, blob: &BlobProperties) {
        let parsed = BlobName::parse(&blob.name);
        let sum = self
            .groups
            .entry(group_of(parsed.as_ref(), self.selectors))
            .or_default();
        sum.blobs += 1;
        sum.bytes += blob.size;
        sum.last_modified = sum.last_modified.max(Some(blob.last_modified));
        if let Some(name) = parsed {
            sum.pods.insert(self.hasher.hash_one(name.pod));
            sum.days.insert(name.date);
        }
    }

    /// Known services first, the largest of them first; then what belongs to none.
    pub fn into_rows(self) -> Vec<(ServiceGroup, ServiceSum)> {
        let mut rows: Vec<_> = self.groups.into_iter().collect();
        rows.sort_by_key(|(group, sum)| (group.service.is_none(), std::cmp::Reverse(sum.bytes)));
        rows
    }
}

fn group_of(name: Option<&BlobName<'_>>, selectors: &Selectors) -> ServiceGroup {
    let selector = name.and_then(|name| selectors.iter().find(|selector| selector.matches(name)));
    if let Some(selector) = selector {
        return ServiceGroup {
            service: Some(selector.name.clone()),
            pod_prefix: Some(selector.pod_prefix.clone()),
            container: selector.container.clone(),
        };
    }
    ServiceGroup {
        service: None,
        pod_prefix: name.map(|name| workload(name.pod).to_owned()),
        container: name.map(|name| name.container.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(name: &str, size: u64, second: i64) -> BlobProperties {
        BlobProperties {
            name: name.to_owned(),
            size,
            last_modified: Timestamp::from_second(second).unwrap(),
            created: None,
        }
    }

    fn log(date: &str, pod: &str, container: &str) -> String {
        format!("kubernetes/{date}.{pod}_default_{container}-{}.gz", "0a".repeat(32))
    }

    #[test]
    fn blobs_by_service_and_what_belongs_to_none_by_what_it_is() {
        let selectors = Selectors::default();
        let mut sums = ServiceSums::new(&selectors);
        for blob in [
            blob(&log("20250605", "api-674b9bdb88-vm775", "platform"), 10, 5),
            blob(&log("20250606", "api-674b9bdb88-vm775", "platform"), 20, 9),
            blob(&log("20250606", "api-674b9bdb88-x2w5p", "platform"), 30, 7),
            blob(&log("20250606", "api-674b9bdb88-x2w5p", "sidecar"), 1000, 1),
            blob(&log("20250606", "solr-slave-0", "solr"), 1, 1),
            blob(&log("20250606", "solr-slave-1", "solr"), 2, 2),
            blob(&log("20250606", "zookeeper-0", "zookeeper"), 500, 3),
            blob("kubernetes/readme", 7, 4),
        ] {
            sums.add(&blob);
        }
        let told: Vec<String> = sums
            .into_rows()
            .into_iter()
            .map(|(group, sum)| {
                let or = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
                format!(
                    "{} {} {}: {} pods {} days {} blobs {} bytes at {}",
                    or(group.service),
                    or(group.pod_prefix),
                    or(group.container),
                    sum.pods(),
                    sum.days(),
                    sum.blobs,
                    sum.bytes,
                    sum.last_modified.unwrap().as_second()
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "zookeeper zookeeper zookeeper: 1 pods 1 days 1 blobs 500 bytes at 3",
                "api api- platform: 2 pods 2 days 3 blobs 60 bytes at 9",
                "- api sidecar: 1 pods 1 days 1 blobs 1000 bytes at 1",
                "- - -: 0 pods 0 days 1 blobs 7 bytes at 4",
                "- solr-slave solr: 2 pods 1 days 2 blobs 3 bytes at 2",
            ]
        );
    }
}
