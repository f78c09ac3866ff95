//! Sums over rows.

use std::collections::BTreeMap;

use super::{Row, Status};

/// Sums per environment and service.
#[derive(Debug, Default)]
pub struct Totals(BTreeMap<(String, String), Total>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub blobs: u64,
    /// Blobs that are not known to be closed.
    pub open: u64,
    pub with_errors: u64,
    pub bytes: u64,
    pub lag_bytes: u64,
    pub lines: u64,
}

impl Total {
    pub fn add_row(&mut self, row: &Row) {
        self.add(Self {
            blobs: 1,
            open: u64::from(row.status != Status::Closed),
            with_errors: u64::from(row.last_error.is_some()),
            bytes: row.size,
            lag_bytes: row.lag_bytes,
            lines: row.lines,
        });
    }

    fn add(&mut self, other: Self) {
        self.blobs += other.blobs;
        self.open += other.open;
        self.with_errors += other.with_errors;
        self.bytes += other.bytes;
        self.lag_bytes += other.lag_bytes;
        self.lines += other.lines;
    }
}

impl Totals {
    pub fn add(&mut self, row: &Row) {
        let environment = format!("{}/{}", row.subscription, row.environment);
        let service = row.service.clone().unwrap_or_else(|| "-".to_owned());
        self.0.entry((environment, service)).or_default().add_row(row);
    }

    /// `(environment, service)` with its sums, in their order.
    pub fn parts(&self) -> impl Iterator<Item = (&(String, String), &Total)> {
        self.0.iter()
    }

    pub fn overall(&self) -> Total {
        let mut overall = Total::default();
        self.0.values().for_each(|total| overall.add(*total));
        overall
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::status::example_row;

    fn row(environment: &str, service: Option<&str>, status: Status, last_error: Option<&str>) -> Row {
        Row {
            service: service.map(str::to_owned),
            size: 10,
            ingested: 7,
            lag_bytes: 3,
            lines: 100,
            status,
            last_error: last_error.map(str::to_owned),
            ..example_row(environment, "kubernetes/a.gz")
        }
    }

    #[test]
    fn sums_per_environment_and_service() {
        let mut totals = Totals::default();
        for row in [
            row("P1", Some("api"), Status::Open, None),
            row("P1", Some("api"), Status::Closed, Some("corrupt")),
            row("P1", None, Status::New, None),
            row("S1", Some("api"), Status::Closed, None),
        ] {
            totals.add(&row);
        }
        let parts: Vec<_> = totals
            .parts()
            .map(|((environment, service), total)| (environment.as_str(), service.as_str(), total.blobs, total.open))
            .collect();
        assert_eq!(
            parts,
            [("cp2/P1", "-", 1, 1), ("cp2/P1", "api", 2, 1), ("cp2/S1", "api", 1, 0)]
        );
        let overall = Total {
            blobs: 4,
            open: 2,
            with_errors: 1,
            bytes: 40,
            lag_bytes: 12,
            lines: 400,
        };
        assert_eq!(totals.overall(), overall);
    }
}
