//! How verdicts are shown.

use super::Format;
use crate::{
    cli::{Column, Output, human_size, plural, printable, table, to_stderr},
    domain::{Date, blob_name},
    pipeline::verify::{Difference, Place, Verdict},
};

const COLUMNS: [Column; 8] = [
    Column::whole("ENVIRONMENT"),
    Column::left_out("SERVICE", 1),
    Column::shortened("BLOB"),
    Column::left_out("SIZE", 2),
    Column::left_out("LAG", 3),
    Column::whole("EXPECTED"),
    Column::whole("FOUND"),
    Column::whole("OK"),
];

pub(super) struct Printer {
    output: Output,
    format: Format,
}

impl Printer {
    pub(super) fn new(output: Output, format: Format) -> Self {
        Self { output, format }
    }

    /// So many blobs have a state, and are not in storage any more.
    pub(super) fn gone(&self, blobs: usize) {
        if blobs > 0 {
            let blobs = plural(blobs as u64, "blob", "blobs");
            tracing::warn!("not looked at: {blobs} that Kafka has a state of, and storage has not");
        }
    }

    /// So many blobs of days before `oldest` have no state.
    pub(super) fn expired(&self, blobs: usize, oldest: Date) {
        if blobs > 0 {
            let blobs = plural(blobs as u64, "blob", "blobs");
            tracing::warn!("not looked at: {blobs} of days before {oldest}, for which no states are kept any more");
        }
    }

    pub(super) fn print(&mut self, verdicts: &[Verdict]) -> anyhow::Result<()> {
        match self.format {
            Format::Json => {
                for verdict in verdicts {
                    self.output.json(verdict)?;
                }
            }
            Format::Table if verdicts.is_empty() => {}
            Format::Table => {
                let rows = verdicts.iter().map(|verdict| self.row(verdict));
                let table = table(&self.output, &COLUMNS, rows);
                self.output.line(table)?;
            }
        }
        self.output.flush()?;
        verdicts.iter().filter(|verdict| !verdict.ok).for_each(explain);
        sum_up(verdicts);
        Ok(())
    }

    fn row(&self, verdict: &Verdict) -> Vec<String> {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let count = |number: Option<u64>| or_dash(number.map(|number| number.to_string()));
        let blob = verdict.blob.as_deref().map(|name| match self.output.is_terminal {
            true => blob_name::short(name),
            false => name.to_owned(),
        });
        vec![
            or_dash(environment(verdict)),
            or_dash(verdict.service.clone()),
            or_dash(blob),
            or_dash(verdict.size.map(|bytes| self.output.size(bytes))),
            self.output.size(verdict.lag_bytes),
            count(verdict.expected),
            count(verdict.found),
            if verdict.ok { "yes" } else { "NO" }.to_owned(),
        ]
    }
}

fn environment(verdict: &Verdict) -> Option<String> {
    let (subscription, environment) = (verdict.subscription.as_ref()?, verdict.environment.as_ref()?);
    Some(format!("{subscription}/{environment}"))
}

fn explain(verdict: &Verdict) {
    let what = match (environment(verdict), &verdict.blob, &verdict.topic) {
        (Some(environment), Some(blob), _) => format!("{environment} {blob}"),
        (_, _, Some(topic)) => format!("topic {topic}"),
        _ => String::new(),
    };
    let reason = verdict.reason.as_deref().unwrap_or_default();
    to_stderr(&format!("not ok: {}: {reason}", printable(&what)));
    for Difference { kind, place } in &verdict.differences {
        let kind = kind.name();
        match place {
            Place::Line { member, line } => to_stderr(&format!("  {kind}: member {member}, line {line}")),
            Place::Record {
                partition,
                offset,
                reason,
            } => to_stderr(&format!("  {kind}: record {offset} of partition {partition}: {reason}")),
        }
    }
}

fn sum_up(verdicts: &[Verdict]) {
    let blobs = verdicts.iter().filter(|verdict| verdict.blob.is_some());
    let (mut count, mut bytes, mut lag, mut lines) = (0, 0, 0, None::<u64>);
    for verdict in blobs {
        count += 1;
        bytes += verdict.size.unwrap_or(0);
        lag += verdict.lag_bytes;
        if let Some(expected) = verdict.expected {
            *lines.get_or_insert(0) += expected;
        }
    }
    let compared = lines.map_or_else(String::new, |lines| {
        format!(", {} compared", plural(lines, "line", "lines"))
    });
    to_stderr(&format!(
        "{}, {}{compared}, lag {} ({lag} bytes)",
        plural(count, "blob", "blobs"),
        human_size(bytes),
        human_size(lag),
    ));
}
