//! How blobs are shown.

use super::{Format, plan::Pages};
use crate::{
    cli::{Output, human_size, plural, printable, to_stderr},
    domain::{BlobName, Date, EnvironmentId, Selectors},
    storage::BlobProperties,
};

#[derive(Clone, Copy, serde::Serialize)]
struct Row<'a> {
    subscription: &'a str,
    environment: &'a str,
    container: &'a str,
    name: &'a str,
    size: u64,
    last_modified: jiff::Timestamp,
    created: Option<jiff::Timestamp>,
    service: Option<&'a str>,
    date: Option<Date>,
    pod: Option<&'a str>,
    /// Whether the name has the form of log blobs.
    parsed: bool,
}

pub(super) struct Printer<'a> {
    output: Output,
    csv: Option<csv::Writer<Vec<u8>>>,
    format: Format,
    selectors: &'a Selectors,
    headed: bool,
    environments: usize,
    blobs: u64,
    bytes: u64,
}

impl<'a> Printer<'a> {
    pub(super) fn new(output: Output, format: Format, selectors: &'a Selectors) -> Self {
        Self {
            output,
            csv: (format == Format::Csv).then(|| csv::Writer::from_writer(Vec::new())),
            format,
            selectors,
            headed: false,
            environments: 0,
            blobs: 0,
            bytes: 0,
        }
    }

    pub(super) async fn print(
        &mut self,
        environment: &EnvironmentId,
        container: &str,
        pages: &mut Pages,
    ) -> anyhow::Result<()> {
        while let Some(page) = pages.recv().await {
            for blob in page? {
                self.row(&row(environment, container, &blob, self.selectors))?;
            }
            self.output.flush()?;
        }
        self.environments += 1;
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> anyhow::Result<()> {
        self.blobs += 1;
        self.bytes += row.size;
        match self.format {
            Format::Json => self.output.json(row)?,
            Format::Name => self.output.line(printable(row.name))?,
            Format::Csv => {
                if let Some(csv) = &mut self.csv {
                    let (name, pod) = (printable(row.name), row.pod.map(printable));
                    csv.serialize(Row {
                        name: &name,
                        pod: pod.as_deref(),
                        ..*row
                    })?;
                    csv.flush()?;
                    let written = std::mem::replace(
                        csv,
                        csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new()),
                    );
                    self.output.bytes(&written.into_inner()?)?;
                }
            }
            Format::Table => self.table_row(row)?,
        }
        Ok(())
    }

    fn table_row(&mut self, row: &Row<'_>) -> std::io::Result<()> {
        if self.output.is_terminal && !self.headed {
            self.headed = true;
            self.output.line(format!(
                "{:20}  {:>10}  {:12}  {:21}  {}",
                "LAST MODIFIED", "SIZE", "ENVIRONMENT", "SERVICE", "NAME"
            ))?;
        }
        let environment = format!("{}/{}", row.subscription, row.environment);
        let size = self.output.size(row.size);
        let service = row.service.unwrap_or("-");
        let modified = row.last_modified.strftime("%Y-%m-%dT%H:%M:%SZ");
        self.output.line(format!(
            "{modified:20}  {size:>10}  {environment:12}  {service:21}  {}",
            printable(row.name)
        ))
    }

    /// Sums up, and gives the number of blobs; `None` if no environment could be listed, of which the error says why.
    pub(super) fn finish(mut self) -> anyhow::Result<Option<u64>> {
        self.output.flush()?;
        if self.environments == 0 {
            return Ok(None);
        }
        to_stderr(&format!(
            "{}, {} ({} bytes) in {}",
            plural(self.blobs, "blob", "blobs"),
            human_size(self.bytes),
            self.bytes,
            plural(self.environments as u64, "environment", "environments"),
        ));
        Ok(Some(self.blobs))
    }
}

fn row<'a>(
    environment: &'a EnvironmentId,
    container: &'a str,
    blob: &'a BlobProperties,
    selectors: &'a Selectors,
) -> Row<'a> {
    let parsed = BlobName::parse(&blob.name);
    Row {
        subscription: &environment.subscription,
        environment: &environment.environment,
        container,
        name: &blob.name,
        size: blob.size,
        last_modified: blob.last_modified,
        created: blob.created,
        service: selectors.of_blob(&blob.name).map(|selector| selector.name.as_str()),
        date: parsed.map(|name| name.date),
        pod: parsed.map(|name| name.pod),
        parsed: parsed.is_some(),
    }
}
