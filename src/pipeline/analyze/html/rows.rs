//! Tables.

use std::fmt::Write;

use super::super::words::grouped;

/// Rows under a heading. A column's classes say how it is set: `n` numbers, `t` times, `w` takes the room, `wide` is left
/// out on a phone.
pub(super) struct Rows {
    classes: Vec<&'static str>,
    html: String,
}

impl Rows {
    pub fn new(columns: &[(&'static str, &str)]) -> Self {
        let mut html = String::from(r#"<div class="scroll"><table><thead><tr>"#);
        for (class, name) in columns {
            let _ = write!(html, r#"<th class="{class}">{name}</th>"#);
        }
        html.push_str("</tr></thead><tbody>\n");
        Self {
            classes: columns.iter().map(|(class, _)| *class).collect(),
            html,
        }
    }

    /// Cells are HTML.
    pub fn row(&mut self, cells: &[String]) {
        self.html.push_str("<tr>");
        for (class, cell) in self.classes.iter().zip(cells) {
            let _ = write!(self.html, r#"<td class="{class}">{cell}</td>"#);
        }
        self.html.push_str("</tr>\n");
    }

    pub fn finish(self) -> String {
        self.html + "</tbody></table></div>"
    }
}

/// Nothing is worth less ink.
pub(super) fn count(value: u64) -> String {
    match value {
        0 => r#"<span class="zero">0</span>"#.to_owned(),
        _ => grouped(value),
    }
}

pub(super) fn count_red(value: u64) -> String {
    match value {
        0 => count(0),
        _ => format!(r#"<span class="red">{}</span>"#, count(value)),
    }
}
