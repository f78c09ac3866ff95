//! The other members of a worker's group. For the group an event is done with once one member's filters hold it back, so
//! all of them should have the same; each shows by its client id which it has.

use twox_hash::XxHash3_128;

use crate::{
    config::Filters,
    kafka::{self, Cluster},
};

const WORKER: &str = "clp-worker";

/// The same for the same filters.
pub fn client_id(filters: &Filters) -> String {
    if *filters == Filters::default() {
        return WORKER.to_owned();
    }
    let text = serde_json::to_string(filters).unwrap_or_default();
    let hash = XxHash3_128::oneshot(text.as_bytes()) as u32;
    format!("{WORKER}-filtered-{hash:08x}")
}

/// Warns if workers of the group have other filters.
pub fn compare_filters(cluster: &Cluster, group: &str, own: &str) -> Result<(), kafka::Error> {
    let members = cluster.group(group)?.members;
    let other = members.iter().filter(|id| id.starts_with(WORKER) && *id != own).count();
    if other > 0 {
        tracing::warn!(
            group,
            other,
            "members of the group have other filters than this worker; an event that one member's filters hold back is \
             done with for all of them, and its blob may be read by none: give all the same filters, or stop the others"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_told_apart() {
        let id = |yaml: &str| client_id(&serde_yaml::from_str(yaml).unwrap());
        assert_eq!(id("{}"), WORKER);
        assert_eq!(id("{environments: [P1]}"), id("environments:\n- P1"));
        let all = [
            "{}",
            "{environments: [P1]}",
            "{environments: [P2]}",
            "{selectors: [P1]}",
            "{min_date: 2025-06-01}",
        ];
        let ids: std::collections::BTreeSet<String> = all.iter().map(|yaml| id(yaml)).collect();
        assert_eq!(ids.len(), all.len(), "{ids:?}");
    }
}
