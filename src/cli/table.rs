//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};

use super::Output;

/// Columns under a heading. Off a terminal nothing is cut or wrapped, whatever the width.
pub fn table(output: &Output, heading: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(heading).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if output.is_terminal {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}
