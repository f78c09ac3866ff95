//! How the status of blobs is shown.

use jiff::Timestamp;

use super::Format;
use crate::{
    cli::{Output, human_size, plural, table, to_stderr},
    domain::BlobName,
    pipeline::status::{Row, Total, Totals},
};

pub(super) struct Printer {
    output: Output,
    format: Format,
    /// Each time in place of the time before.
    redraw: bool,
}

/// Lines of a terminal that a redrawn table leaves for its heading, the line about what it leaves out, and the cursor.
const LINES_BESIDES: usize = 4;

impl Printer {
    pub(super) fn new(output: Output, format: Format, watch: bool) -> Self {
        Self {
            redraw: watch && output.is_terminal && format == Format::Table,
            output,
            format,
        }
    }

    pub(super) fn print(&mut self, rows: &[Row], totals: &Totals) -> anyhow::Result<()> {
        if self.format == Format::Json {
            for row in rows {
                self.output.json(row)?;
            }
            self.output.flush()?;
            print_totals(totals);
            return Ok(());
        }
        let mut shown = rows;
        if self.redraw {
            self.output.clear_screen()?;
            let besides = totals.parts().count() + LINES_BESIDES;
            let room = self.output.terminal_lines().saturating_sub(besides).max(1);
            shown = &rows[..rows.len().min(room)];
        }
        if !rows.is_empty() {
            let table = self.table(shown);
            self.output.line(table)?;
        }
        if shown.len() < rows.len() {
            self.output
                .line(format!("… and {} older ones", rows.len() - shown.len()))?;
        }
        self.output.flush()?;
        print_totals(totals);
        Ok(())
    }

    fn table(&self, rows: &[Row]) -> String {
        let with_errors = rows.iter().any(|row| row.last_error.is_some());
        let mut heading = match self.output.is_terminal {
            true => vec![
                "ENVIRONMENT",
                "SERVICE",
                "BLOB",
                "SIZE",
                "LAG",
                "LINES",
                "STATUS",
                "PROCESSED",
            ],
            false => vec![
                "ENVIRONMENT",
                "SERVICE",
                "BLOB",
                "SIZE",
                "INGESTED",
                "LAG",
                "LINES",
                "STATUS",
                "LAST MODIFIED",
                "LAST PROCESSED",
            ],
        };
        if with_errors {
            heading.push("LAST ERROR");
        }
        let now = Timestamp::now();
        let cells = rows.iter().map(|row| {
            let mut cells = match self.output.is_terminal {
                true => short(row, now),
                false => long(row),
            };
            if with_errors {
                cells.push(row.last_error.clone().unwrap_or_default().replace('\n', " "));
            }
            cells
        });
        table(&self.output, &heading, cells).trim_fmt()
    }
}

/// For a terminal: what fits.
fn short(row: &Row, now: Timestamp) -> Vec<String> {
    let name =
        BlobName::parse(&row.blob).map_or_else(|| row.blob.clone(), |name| format!("{}.{}", name.date, name.pod));
    vec![
        format!("{}/{}", row.subscription, row.environment),
        row.service.clone().unwrap_or_else(|| "-".to_owned()),
        name,
        human_size(row.size),
        human_size(row.lag_bytes),
        row.lines.to_string(),
        row.status.name().to_owned(),
        row.last_processed.map_or_else(|| "-".to_owned(), |then| age(now, then)),
    ]
}

/// For programs: everything, as it is.
fn long(row: &Row) -> Vec<String> {
    let time = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    vec![
        format!("{}/{}", row.subscription, row.environment),
        row.service.clone().unwrap_or_else(|| "-".to_owned()),
        row.blob.clone(),
        row.size.to_string(),
        row.ingested.to_string(),
        row.lag_bytes.to_string(),
        row.lines.to_string(),
        row.status.name().to_owned(),
        time(row.last_modified),
        row.last_processed.map_or_else(|| "-".to_owned(), time),
    ]
}

fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

fn print_totals(totals: &Totals) {
    let mut parts = 0;
    for ((environment, service), total) in totals.parts() {
        to_stderr(&format!("{environment} {service}: {}", text(total)));
        parts += 1;
    }
    if parts != 1 {
        to_stderr(&format!("all: {}", text(&totals.overall())));
    }
}

fn text(total: &Total) -> String {
    let mut text = format!(
        "{}, {}, lag {} ({} bytes), {} open, {}",
        plural(total.blobs, "blob", "blobs"),
        human_size(total.bytes),
        human_size(total.lag_bytes),
        total.lag_bytes,
        total.open,
        plural(total.lines, "line", "lines"),
    );
    if total.with_errors > 0 {
        text += &format!(", {} with errors", total.with_errors);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_rounded_down() {
        let then = Timestamp::UNIX_EPOCH;
        for (seconds, text) in [
            (-5, "0 s ago"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (7199, "1 h ago"),
            (200_000, "2 d ago"),
        ] {
            assert_eq!(age(Timestamp::from_second(seconds).unwrap(), then), text);
        }
    }
}
