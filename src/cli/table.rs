//! Tables for people.

use std::borrow::Cow;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use console::measure_text_width;

use super::Output;

/// Characters between two columns.
const GAP: usize = 2;
/// A column that can be shortened or wrapped keeps at least so many characters, as long as others can be left out.
const LEAST: usize = 32;
/// A name is not shortened to less than this, however narrow the terminal.
const SHORTEST: usize = 16;

/// A column, and what becomes of it where the terminal is too narrow for the whole table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    heading: &'static str,
    fit: Fit,
    alignment: CellAlignment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Whole,
    /// The least of these goes first.
    LeftOut(u8),
    Shortened,
    Wrapped,
}

impl Column {
    const fn new(heading: &'static str, fit: Fit) -> Self {
        Self {
            heading,
            fit,
            alignment: CellAlignment::Left,
        }
    }

    /// Stays as it is.
    pub const fn whole(heading: &'static str) -> Self {
        Self::new(heading, Fit::Whole)
    }

    /// Is left out, the one of the least `rank` first.
    pub const fn left_out(heading: &'static str, rank: u8) -> Self {
        Self::new(heading, Fit::LeftOut(rank))
    }

    /// Loses the middle of its longest texts. For names whose start and end tell most.
    pub const fn shortened(heading: &'static str) -> Self {
        Self::new(heading, Fit::Shortened)
    }

    /// Takes several lines. For sentences.
    pub const fn wrapped(heading: &'static str) -> Self {
        Self::new(heading, Fit::Wrapped)
    }

    /// With its numbers to the right.
    pub const fn right(self) -> Self {
        Self {
            alignment: CellAlignment::Right,
            ..self
        }
    }
}

/// The rows under the columns' headings; each cell on one line of its own, unless its column can be wrapped and the
/// terminal is too narrow. Off a terminal everything is there, nothing is cut or wrapped.
pub fn table(output: &Output, columns: &[Column], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let width = output.is_terminal.then(|| output.terminal_columns().into());
    table_within(width, columns, rows)
}

fn table_within(width: Option<usize>, columns: &[Column], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows = rows.into_iter().map(|cells| {
        let cells = cells.into_iter().map(|cell| printable(&cell).into_owned());
        cells.collect::<Vec<_>>()
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    let mut columns = columns.to_vec();
    if let Some(width) = width {
        let mut wanted: Vec<usize> = (0..columns.len()).map(|index| wanted(&columns, &rows, index)).collect();
        leave_out(&mut columns, &mut wanted, &mut rows, width);
        shorten(&columns, &wanted, &mut rows, width);
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(columns.iter().map(|column| column.heading))
        .add_rows(rows);
    let last = columns.len().saturating_sub(1);
    for (index, (shown, column)) in table.column_iter_mut().zip(&columns).enumerate() {
        shown.set_padding((0, if index == last { 0 } else { GAP as u16 }));
        shown.set_cell_alignment(column.alignment);
        if column.fit != Fit::Wrapped {
            shown.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    if let Some(width) = width {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(width).unwrap_or(u16::MAX));
    }
    table.trim_fmt()
}

/// Leaves columns out until the others fit, those that give way at their least. `wanted` is what each takes whole.
fn leave_out(columns: &mut Vec<Column>, wanted: &mut Vec<usize>, rows: &mut [Vec<String>], width: usize) {
    loop {
        let needed = columns.iter().zip(&*wanted).map(|(column, wanted)| match column.fit {
            Fit::Whole | Fit::LeftOut(_) => *wanted,
            Fit::Shortened | Fit::Wrapped => (*wanted).min(LEAST),
        });
        if needed.sum::<usize>() + gaps(columns) <= width {
            return;
        }
        let ranks = columns
            .iter()
            .enumerate()
            .filter_map(|(index, column)| match column.fit {
                Fit::LeftOut(rank) => Some((rank, index)),
                _ => None,
            });
        let Some((_, index)) = ranks.min() else {
            return;
        };
        columns.remove(index);
        wanted.remove(index);
        for row in &mut *rows {
            row.remove(index);
        }
    }
}

/// Shortens names to what the other columns leave.
fn shorten(columns: &[Column], wanted: &[usize], rows: &mut [Vec<String>], width: usize) {
    for index in 0..columns.len() {
        if columns[index].fit != Fit::Shortened {
            continue;
        }
        let others = wanted.iter().sum::<usize>() - wanted[index];
        let room = width.saturating_sub(others + gaps(columns)).max(SHORTEST);
        for row in &mut *rows {
            row[index] = without_middle(&row[index], room);
        }
    }
}

fn gaps(columns: &[Column]) -> usize {
    GAP * columns.len().saturating_sub(1)
}

/// Characters that a column takes whole.
fn wanted(columns: &[Column], rows: &[Vec<String>], index: usize) -> usize {
    let cells = rows.iter().map(|row| measure_text_width(&row[index]));
    let heading = measure_text_width(columns[index].heading);
    cells.max().unwrap_or(0).max(heading)
}

/// At most so many characters of a text, its middle replaced by an ellipsis.
fn without_middle(text: &str, room: usize) -> String {
    let count = text.chars().count();
    if count <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(1);
    let end = kept / 2;
    let start: String = text.chars().take(kept - end).collect();
    let end: String = text.chars().skip(count - end).collect();
    format!("{start}…{end}")
}

/// A text on one line: control characters, which a blob's name may hold, are escaped.
pub fn printable(text: &str) -> Cow<'_, str> {
    match text.contains(char::is_control) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(text.escape_debug().to_string()),
    }
}

/// Lines of at most so many characters, broken at blanks where there are any.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= columns {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_not_move_the_cursor() {
        for (name, shown) in [
            ("kubernetes/20250606.api-ü_x.gz", "kubernetes/20250606.api-ü_x.gz"),
            ("a\nb\tc", "a\\nb\\tc"),
            ("\u{1b}[2J\r", "\\u{1b}[2J\\r"),
            ("\u{7f}\u{9b}", "\\u{7f}\\u{9b}"),
        ] {
            assert_eq!(printable(name), shown);
        }
        let rows = [vec!["a\nb".to_owned()], vec!["c".to_owned()]];
        let table = table(&Output::stdout(), &[Column::whole("NAME")], rows);
        assert_eq!(table.lines().count(), 3, "{table}");
    }

    const COLUMNS: [Column; 5] = [
        Column::whole("ENV"),
        Column::left_out("SERVICE", 1),
        Column::shortened("BLOB"),
        Column::left_out("LINES", 2).right(),
        Column::whole("OK"),
    ];

    fn rows() -> [Vec<String>; 2] {
        [
            ["P1", "api", "20250606.api-674b9bdb88-vm775", "7", "yes"],
            [
                "P1",
                "background",
                "20250606.backgroundprocessing-7d4f8c9b66-q8w2z",
                "1700",
                "NO",
            ],
        ]
        .map(|cells| cells.map(str::to_owned).to_vec())
    }

    #[test]
    fn columns_give_way_as_they_can() {
        let whole = "\
ENV  SERVICE     BLOB                                            LINES  OK
P1   api         20250606.api-674b9bdb88-vm775                       7  yes
P1   background  20250606.backgroundprocessing-7d4f8c9b66-q8w2z   1700  NO";
        let cut = "\
ENV  SERVICE     BLOB                              LINES  OK
P1   api         20250606.api-674b9bdb88-vm775         7  yes
P1   background  20250606.backgro…d4f8c9b66-q8w2z   1700  NO";
        let without_service = "\
ENV  BLOB                                        LINES  OK
P1   20250606.api-674b9bdb88-vm775                   7  yes
P1   20250606.backgroundpr…ing-7d4f8c9b66-q8w2z   1700  NO";
        let least = "\
ENV  BLOB                              OK
P1   20250606.api-674b9bdb88-vm775     yes
P1   20250606.backgro…d4f8c9b66-q8w2z  NO";
        let shortest = "\
ENV  BLOB              OK
P1   20250606…8-vm775  yes
P1   20250606…6-q8w2z  NO";
        for (width, wanted) in [
            (None, whole),
            (Some(200), whole),
            (Some(75), whole),
            (Some(61), cut),
            (Some(59), without_service),
            (Some(42), least),
            (Some(20), shortest),
        ] {
            assert_eq!(table_within(width, &COLUMNS, rows()), wanted, "{width:?}");
        }
    }

    #[test]
    fn only_sentences_are_wrapped_and_at_words() {
        let columns = [Column::whole("TOPIC"), Column::wrapped("DIFFERENCES")];
        let row = [
            "Ingestion.BlobState",
            "3 partitions, not 12; replication factor 1, not 3",
        ];
        let shown = table_within(Some(50), &columns, [row.map(str::to_owned).to_vec()]);
        assert_eq!(
            shown,
            "\
TOPIC                DIFFERENCES
Ingestion.BlobState  3 partitions, not 12;
                     replication factor 1, not 3"
        );
    }
}
