//! The blobs, of which only those are made that are seen.

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{
    columns::{Column, Columns},
    pane,
};
use crate::{
    cli::{human_size, plural, printable},
    commands::status::watch::{
        choice::Only,
        text::{age, byte_rate, count, fit, left, line_rate},
        theme::Theme,
        view::{Focus, View},
    },
    domain::blob_name,
    pipeline::status::{Seen, Status},
};

const COLUMNS: [Column; 9] = [
    Column::words("ENVIRONMENT", 12, 3),
    Column::words("SERVICE", 12, 7),
    Column::figures("SIZE", 11, 4),
    Column::figures("LAG", 11, 0),
    Column::figures("RATE", 13, 1),
    Column::figures("LINES", 8, 5),
    Column::figures("LEFT", 5, 8),
    Column::words("STATUS", 6, 2),
    Column::figures("WRITTEN", 7, 6),
];
/// Day and pod of most blobs.
const NAME: u16 = 30;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, view: &mut View, theme: Theme, now: Timestamp) {
    if area.is_empty() {
        return;
    }
    let is_focused = view.focus == Focus::Blobs;
    let inner = pane(frame, area, title(view, theme), is_focused, theme);
    let len = view.shown.len();
    view.blobs.fit(usize::from(inner.height).saturating_sub(1), len);
    let Some(look) = view.look().cloned() else {
        return;
    };
    if len == 0 {
        let text = match look.blobs.is_empty() {
            true => "no blobs",
            false => "no blob is left by the filter; Esc takes it away",
        };
        frame.render_widget(Line::from(Span::styled(text, theme.faint())), inner);
        return;
    }
    let columns = Columns::fitting(&COLUMNS, NAME, inner.width);
    let rows = view.blobs.seen(len).map(|at| {
        let seen = &look.blobs[view.shown[at]];
        let name_style = match seen.row.last_error {
            Some(_) => theme.bad(),
            None => theme.plain(),
        };
        let name = (&*blob_name::short(&seen.row.blob), name_style);
        let row = columns.row(name, |column| content(column, seen, theme, now));
        match at == view.blobs.selected {
            true => row.style(theme.selected(is_focused)),
            false => row,
        }
    });
    columns.draw(frame, inner, "BLOB", rows.collect(), theme);
}

fn title(view: &View, theme: Theme) -> Line<'static> {
    let (choice, len) = (&view.choice, view.shown.len());
    let all = view.look().map_or(0, |look| look.blobs.len());
    let mut title = match len == all {
        true => format!(" {}", plural(all as u64, "blob", "blobs")),
        false => format!(" {} of {}", count(len as u64), plural(all as u64, "blob", "blobs")),
    };
    title += &format!(" by {}", choice.sort.name());
    if choice.reverse {
        title += ", reversed";
    }
    if choice.only != Only::All {
        title += &format!(", only {}", choice.only.name());
    }
    if let Some(id) = &choice.environment {
        title += &format!(", of {}", printable(&id.to_string()));
    }
    if !choice.filter.is_empty() {
        title += &format!(", with “{}”", fit(&choice.filter, 30));
    }
    Line::from(Span::styled(title + " ", theme.heading()))
}

fn content(column: &str, seen: &Seen, theme: Theme, now: Timestamp) -> (String, Style) {
    let (row, rate) = (&seen.row, seen.rate);
    match column {
        "ENVIRONMENT" => (format!("{}/{}", row.subscription, row.environment), theme.plain()),
        "SERVICE" => (row.service.clone().unwrap_or_else(|| "-".to_owned()), theme.plain()),
        "SIZE" => (human_size(row.size), theme.plain()),
        "LAG" if row.lag_bytes == 0 => ("0".to_owned(), theme.good()),
        "LAG" => (human_size(row.lag_bytes), theme.warning()),
        "RATE" => (byte_rate(rate.bytes), theme.busy()),
        "LINES" => (line_rate(rate.lines), theme.busy()),
        "LEFT" => (left(seen.seconds_left()), theme.plain()),
        "STATUS" if row.last_error.is_some() => ("failed".to_owned(), theme.bad()),
        "STATUS" if row.status == Status::Open => (row.status.name().to_owned(), theme.good()),
        "STATUS" => (row.status.name().to_owned(), theme.plain()),
        _ => (age(now, row.last_modified), theme.plain()),
    }
}
