//! How services are shown.

use jiff::Timestamp;
use serde::Serialize;

use super::{Format, Sums};
use crate::{
    cli::{Column, Output, human_size, plural, printable, table, to_stderr},
    domain::EnvironmentId,
    pipeline::inventory::{ServiceGroup, ServiceSum},
};

/// What blobs of no service are called.
const UNKNOWN: &str = "unknown";

const COLUMNS: [Column; 9] = [
    Column::whole("ENVIRONMENT"),
    Column::whole("SERVICE"),
    Column::left_out("PODS OF", 2),
    Column::left_out("CONTAINER", 1),
    Column::left_out("PODS", 4).right(),
    Column::left_out("BLOBS", 5).right(),
    Column::whole("SIZE").right(),
    Column::whole("SHARE").right(),
    Column::left_out("LAST WRITE", 3),
];

#[derive(Serialize)]
struct Row {
    subscription: String,
    environment: String,
    service: String,
    pod_prefix: Option<String>,
    container: Option<String>,
    pods: u64,
    days: u64,
    blobs: u64,
    bytes: u64,
    /// Of the environment's bytes, from 0 to 1.
    share: f64,
    last_modified: Option<Timestamp>,
}

pub(super) struct Printer {
    output: Output,
    format: Format,
    /// Of a table, which is shown when all of it is known.
    cells: Vec<Vec<String>>,
    csv: csv::Writer<Vec<u8>>,
    environments: u64,
    blobs: u64,
    bytes: u64,
}

impl Printer {
    pub fn new(output: Output, format: Format) -> Self {
        Self {
            output,
            format,
            cells: Vec::new(),
            csv: csv::Writer::from_writer(Vec::new()),
            environments: 0,
            blobs: 0,
            bytes: 0,
        }
    }

    pub fn add(&mut self, environment: &EnvironmentId, sums: Sums) -> anyhow::Result<()> {
        self.environments += 1;
        let total: u64 = sums.iter().map(|(_, sum)| sum.bytes).sum();
        for (group, sum) in sums {
            self.blobs += sum.blobs;
            self.bytes += sum.bytes;
            let row = row(environment, group, &sum, total);
            match self.format {
                Format::Json => self.output.json(&row)?,
                Format::Csv => self.csv.serialize(Row {
                    pod_prefix: row.pod_prefix.as_deref().map(|pod| printable(pod).into_owned()),
                    container: row.container.as_deref().map(|name| printable(name).into_owned()),
                    ..row
                })?,
                Format::Table => self.cells.push(self.cells_of(&row)),
            }
        }
        Ok(self.output.flush()?)
    }

    fn cells_of(&self, row: &Row) -> Vec<String> {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let modified = row
            .last_modified
            .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        vec![
            format!("{}/{}", row.subscription, row.environment),
            row.service.clone(),
            row.pod_prefix
                .as_ref()
                .map_or_else(|| "-".to_owned(), |pod| format!("{pod}…")),
            or_none(&row.container),
            row.pods.to_string(),
            row.blobs.to_string(),
            self.output.size(row.bytes),
            format!("{:.1} %", row.share * 100.0),
            or_none(&modified),
        ]
    }

    pub fn finish(mut self) -> anyhow::Result<()> {
        if self.format == Format::Csv {
            self.csv.flush()?;
            let written = self.csv.into_inner()?;
            self.output.bytes(&written)?;
        }
        if !self.cells.is_empty() {
            let table = table(&self.output, &COLUMNS, self.cells);
            self.output.line(table)?;
        }
        self.output.flush()?;
        if self.environments > 0 {
            to_stderr(&format!(
                "{}, {} ({} bytes) in {}",
                plural(self.blobs, "blob", "blobs"),
                human_size(self.bytes),
                self.bytes,
                plural(self.environments, "environment", "environments"),
            ));
        }
        Ok(())
    }
}

fn row(environment: &EnvironmentId, group: ServiceGroup, sum: &ServiceSum, total: u64) -> Row {
    const PLACES: f64 = 1e4;
    let share = sum.bytes as f64 / total.max(1) as f64;
    Row {
        subscription: environment.subscription.clone(),
        environment: environment.environment.clone(),
        service: group.service.unwrap_or_else(|| UNKNOWN.to_owned()),
        pod_prefix: group.pod_prefix,
        container: group.container,
        pods: sum.pods(),
        days: sum.days(),
        blobs: sum.blobs,
        bytes: sum.bytes,
        share: (share * PLACES).round() / PLACES,
        last_modified: sum.last_modified,
    }
}
