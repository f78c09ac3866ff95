//! How the status of blobs is shown.

use jiff::Timestamp;

use super::Format;
use crate::{
    cli::{Column, Output, human_size, plural, printable, table, to_stderr, wrapped},
    domain::blob_name,
    pipeline::status::{Row, Total, Totals},
};

pub(super) struct Printer {
    output: Output,
    format: Format,
    /// Each time in place of the time before.
    redraw: bool,
}

const SHORT: [Column; 8] = [
    Column::whole("ENVIRONMENT"),
    Column::left_out("SERVICE", 1),
    Column::shortened("BLOB"),
    Column::whole("SIZE"),
    Column::whole("LAG"),
    Column::left_out("LINES", 2),
    Column::whole("STATUS"),
    Column::left_out("PROCESSED", 3),
];
const LONG: [Column; 10] = [
    Column::whole("ENVIRONMENT"),
    Column::whole("SERVICE"),
    Column::whole("BLOB"),
    Column::whole("SIZE"),
    Column::whole("INGESTED"),
    Column::whole("LAG"),
    Column::whole("LINES"),
    Column::whole("STATUS"),
    Column::whole("LAST MODIFIED"),
    Column::whole("LAST PROCESSED"),
];
/// Before an error, under its blob.
const INDENT: &str = "    ";

/// Lines of a terminal that a redrawn table leaves, besides the sums of the parts, for the sum of all, for the line about
/// what it leaves out, and for the cursor.
const LINES_BESIDES: usize = 3;

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
        let besides = totals.parts().count() + LINES_BESIDES;
        let room = match self.redraw {
            true => self.output.terminal_lines().saturating_sub(besides).max(1),
            false => usize::MAX,
        };
        if self.redraw {
            self.output.clear_screen()?;
        }
        if !rows.is_empty() {
            let table = self.table(&rows[..rows.len().min(room)]);
            // A row may take several lines.
            for line in table.lines().take(room) {
                self.output.line(line)?;
            }
            if rows.len() > room || table.lines().count() > room {
                self.output
                    .line(format!("… of {}", plural(rows.len() as u64, "blob", "blobs")))?;
            }
        }
        self.output.flush()?;
        print_totals(totals);
        Ok(())
    }

    fn table(&self, rows: &[Row]) -> String {
        if self.output.is_terminal {
            return self.short_table(rows);
        }
        let with_errors = rows.iter().any(|row| row.last_error.is_some());
        let mut columns = LONG.to_vec();
        if with_errors {
            columns.push(Column::whole("LAST ERROR"));
        }
        let cells = rows.iter().map(|row| {
            let mut cells = long(row);
            if with_errors {
                cells.push(error_of(row).unwrap_or_default());
            }
            cells
        });
        table(&self.output, &columns, cells)
    }

    /// For a terminal: what fits, and errors below their blobs.
    fn short_table(&self, rows: &[Row]) -> String {
        let now = Timestamp::now();
        let room = usize::from(self.output.terminal_columns()).saturating_sub(INDENT.len());
        let cells = rows.iter().map(|row| short(row, now));
        let table = table(&self.output, &SHORT, cells);
        let mut shown = table.lines();
        let mut lines: Vec<String> = shown.next().map(str::to_owned).into_iter().collect();
        for (line, row) in shown.zip(rows) {
            lines.push(line.to_owned());
            if let Some(error) = error_of(row) {
                let error = wrapped(&printable(&error), room).into_iter();
                lines.extend(error.map(|line| format!("{INDENT}{line}")));
            }
        }
        lines.join("\n")
    }
}

fn error_of(row: &Row) -> Option<String> {
    row.last_error.as_ref().map(|error| error.replace('\n', " "))
}

/// For a terminal: what people ask for first.
fn short(row: &Row, now: Timestamp) -> Vec<String> {
    vec![
        format!("{}/{}", row.subscription, row.environment),
        row.service.clone().unwrap_or_else(|| "-".to_owned()),
        blob_name::short(&row.blob),
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
