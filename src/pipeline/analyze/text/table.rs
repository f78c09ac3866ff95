//! Columns of text. The last one takes what room there is.

use std::borrow::Cow;

use super::super::words::one_line;

#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    heading: &'static str,
    right: bool,
}

impl Column {
    pub fn left(heading: &'static str) -> Self {
        Self { heading, right: false }
    }

    pub fn right(heading: &'static str) -> Self {
        Self { heading, right: true }
    }
}

pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

enum Row {
    Cells(Vec<String>),
    /// Under the last column of the row before.
    Below(String),
}

const GAP: usize = 2;
/// The last column never has less room than this.
const LEAST: usize = 24;

impl Table {
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter().map(|cell| one_line(&cell).into_owned());
        self.rows.push(Row::Cells(cells.collect()));
    }

    pub fn below(&mut self, text: String) {
        if !text.is_empty() {
            self.rows.push(Row::Below(text));
        }
    }

    /// Lines that are no longer than `columns`, as long as the last column has its least room. Columns that hold nothing
    /// but zeros are left out.
    pub fn render(&self, columns: Option<usize>) -> String {
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|index| index + 1 == self.columns.len() || self.says_something(*index))
            .collect();
        let widths: Vec<usize> = kept.iter().map(|index| self.width(*index)).collect();
        let Some((last, before)) = widths.split_last() else {
            return String::new();
        };
        let indent = before.iter().map(|width| width + GAP).sum::<usize>() + GAP;
        let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(indent).max(LEAST));
        let mut text = String::new();
        let headings = self.columns.iter().map(|column| column.heading.to_owned()).collect();
        for row in std::iter::once(&Row::Cells(headings)).chain(&self.rows) {
            let mut line = " ".repeat(GAP);
            match row {
                Row::Cells(cells) => {
                    for (position, index) in kept.iter().enumerate() {
                        let cell = cells.get(*index).map_or("", String::as_str);
                        let is_last = position + 1 == kept.len();
                        let width = if is_last { room.min(*last) } else { widths[position] };
                        line.push_str(&padded(&cut(cell, width), width, self.columns[*index].right));
                        line.push_str(if is_last { "" } else { "  " });
                    }
                }
                Row::Below(below) => {
                    line = " ".repeat(indent);
                    line.push_str(&cut(below, room));
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn says_something(&self, index: usize) -> bool {
        self.rows.iter().any(|row| match row {
            Row::Cells(cells) => cells.get(index).is_some_and(|cell| !cell.is_empty() && cell != "0"),
            Row::Below(_) => false,
        })
    }

    fn width(&self, index: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => cells.get(index).map(|cell| cell.chars().count()),
            Row::Below(_) => None,
        });
        cells
            .chain([self.columns[index].heading.len()])
            .max()
            .unwrap_or_default()
    }
}

fn padded(cell: &str, width: usize, right: bool) -> String {
    match right {
        true => format!("{cell:>width$}"),
        false => format!("{cell:width$}"),
    }
}

/// No longer than `width` characters, with a sign where something is missing.
pub(super) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.chars().count() <= width {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    Cow::Owned(kept + "…")
}

/// Lines of no more than `width` characters, broken at spaces where there are any.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(LEAST);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + word.len() > width {
            lines.push(String::new());
            used = 0;
        }
        while word.len() > width {
            let rest = word.split_off(width);
            lines.push(String::new());
            let at = lines.len() - 2;
            lines[at].extend(word);
            word = rest;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            used += word.len();
            line.extend(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_is_cut_and_empty_ones_are_left_out() {
        let mut table = Table::new([Column::right("N"), Column::right("ZERO"), Column::left("NAME")]);
        table.row(["10".into(), "0".into(), "a name that is longer than the room\n".into()]);
        table.row(["7".into(), "0".into(), "b".into()]);
        table.below("under it, also longer than the room".into());
        assert_eq!(
            table.render(Some(30)),
            "   N  NAME\n  10  a name that is longer t…\n   7  b\n      under it, also longer t…\n"
        );
        assert!(
            table.render(None).contains("longer than the room⏎\n") || table.render(None).contains("than the room\n")
        );
    }

    #[test]
    fn lines_are_broken_at_spaces() {
        let text = "aaaa bbbb cccc dddd eeee ffff gggg";
        assert_eq!(wrapped(text, 24), ["aaaa bbbb cccc dddd eeee", "ffff gggg"]);
        assert_eq!(wrapped(&"x".repeat(30), 24), ["x".repeat(24), "x".repeat(6)]);
        assert_eq!(wrapped("", 24), [""]);
    }
}
