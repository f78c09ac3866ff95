//! Tables for people.

use std::borrow::Cow;

use comfy_table::{ContentArrangement, Table, presets};

use super::Output;

/// Columns under a heading, each cell on one line of its own unless it is too long for a terminal. Off a terminal nothing
/// is cut or wrapped, whatever the width.
pub fn table(output: &Output, heading: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    let rows = rows.into_iter().map(|cells| {
        let cells = cells.into_iter().map(|cell| printable(&cell).into_owned());
        cells.collect::<Vec<_>>()
    });
    table.load_style(presets::NOTHING).set_header(heading).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if output.is_terminal {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(output.terminal_columns());
    }
    table
}

/// A text on one line: control characters, which a blob's name may hold, are escaped.
pub fn printable(text: &str) -> Cow<'_, str> {
    match text.contains(char::is_control) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(text.escape_debug().to_string()),
    }
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
        let table = table(&Output::stdout(), &["NAME"], rows).trim_fmt();
        assert_eq!(table.lines().count(), 3, "{table}");
    }

    #[test]
    fn a_terminal_without_a_size_has_eighty_columns() {
        let mut output = Output::stdout();
        output.is_terminal = true;
        let table = table(&output, &["NAME"], []);
        assert_eq!(table.width(), Some(output.terminal_columns()));
        assert!(output.terminal_columns() > 0);
    }
}
