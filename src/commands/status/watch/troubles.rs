//! What is wrong, the most general first: sources that do not answer, then blobs.

use std::cmp::Reverse;

use super::gather::Report;
use crate::domain::{BlobHash, blob_name};

/// One line of the errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What it is about.
    pub of: String,
    pub text: String,
    pub blob: Option<BlobHash>,
}

/// More are not listed one by one; how many there are is seen in the sums.
const MAX_TROUBLES: usize = 500;

pub(super) fn troubles(report: &Report) -> Vec<Trouble> {
    let of_kafka = report.kafka.error.iter().map(|error| ("Kafka".to_owned(), error));
    let of_storage = report.storage.iter().filter_map(|(id, source)| {
        let error = source.error.as_ref()?;
        Some((format!("storage of {id}"), error))
    });
    let mut troubles: Vec<Trouble> = of_kafka
        .chain(of_storage)
        .map(|(of, error)| Trouble {
            of,
            text: error.clone(),
            blob: None,
        })
        .collect();
    let Some(look) = &report.look else {
        return troubles;
    };
    let mut failed: Vec<_> = look.blobs.iter().filter(|seen| seen.row.last_error.is_some()).collect();
    failed.sort_by_key(|seen| Reverse(seen.row.last_processed));
    let of_blobs = failed.into_iter().take(MAX_TROUBLES).map(|seen| Trouble {
        of: format!("{}/{}", seen.row.environment, blob_name::short(&seen.row.blob)),
        text: seen.row.last_error.clone().unwrap_or_default(),
        blob: Some(seen.id),
    });
    troubles.extend(of_blobs);
    troubles
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        commands::status::watch::{
            example::{blob, look},
            gather::Source,
        },
        domain::EnvironmentId,
    };

    #[test]
    fn sources_come_first_then_blobs_by_the_time_of_their_failure() {
        let failed = |name: &str, second: i64| {
            let mut seen = blob("P1", name, 10, 0);
            seen.row.last_error = Some(format!("{name} is gone"));
            seen.row.last_processed = jiff::Timestamp::from_second(second).ok();
            seen
        };
        let broken = |error: &str| Source {
            error: Some(error.to_owned()),
            ..Source::default()
        };
        let report = Report {
            look: Some(Arc::new(look(vec![
                failed("old", 1),
                blob("P1", "good", 1, 1),
                failed("new", 9),
            ]))),
            kafka: broken("no answer"),
            storage: [("P1", broken("403")), ("S1", Source::default())]
                .map(|(name, source)| (EnvironmentId::new("cp2", name), source))
                .into(),
        };
        let lines: Vec<String> = troubles(&report)
            .iter()
            .map(|trouble| format!("{}: {}", trouble.of, trouble.text))
            .collect();
        assert_eq!(
            lines,
            [
                "Kafka: no answer",
                "storage of cp2/P1: 403",
                "P1/new: new is gone",
                "P1/old: old is gone"
            ]
        );
    }
}
