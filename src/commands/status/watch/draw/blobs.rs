//! The blobs, of which only those are made that are seen.

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    text::{Line, Span},
    widgets::{Row, Table},
};

use super::{environments::cell, pane};
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

type Column = (&'static str, u16, bool);

/// All of them, in their order from left to right, with the rank in which they are worth their room.
const COLUMNS: [(Column, u8); 9] = [
    (("ENVIRONMENT", 12, false), 3),
    (("SERVICE", 12, false), 7),
    (("SIZE", 10, true), 4),
    (("LAG", 10, true), 0),
    (("RATE", 12, true), 1),
    (("LINES", 8, true), 5),
    (("LEFT", 5, true), 8),
    (("STATUS", 6, false), 2),
    (("WRITTEN", 7, true), 6),
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
    let columns = columns(inner.width);
    let used: u16 = columns.iter().map(|(_, width, _)| width + 1).sum();
    let name_room = usize::from(inner.width.saturating_sub(used));
    let rows = view.blobs.seen(len).map(|at| {
        let seen = &look.blobs[view.shown[at]];
        let row = line(seen, name_room, &columns, theme, now);
        match at == view.blobs.selected {
            true => row.style(theme.selected(is_focused)),
            false => row,
        }
    });
    let widths = columns.iter().map(|(_, width, _)| Constraint::Length(*width));
    let widths = std::iter::once(Constraint::Fill(1)).chain(widths);
    let heading = columns
        .iter()
        .map(|(name, _, right)| cell((*name).to_owned(), *right, theme.faint()));
    let heading = std::iter::once(cell("BLOB".to_owned(), false, theme.faint())).chain(heading);
    let table = Table::new(rows.collect::<Vec<_>>(), widths).header(Row::new(heading));
    frame.render_widget(table, inner);
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

fn columns(room: u16) -> Vec<Column> {
    let mut wanted: Vec<usize> = (0..COLUMNS.len()).collect();
    wanted.sort_by_key(|index| COLUMNS[*index].1);
    let mut used = NAME;
    let mut chosen: Vec<usize> = wanted
        .into_iter()
        .take_while(|index| {
            used += COLUMNS[*index].0.1 + 1;
            used <= room
        })
        .collect();
    chosen.sort_unstable();
    chosen.into_iter().map(|index| COLUMNS[index].0).collect()
}

fn line(seen: &Seen, name_room: usize, columns: &[Column], theme: Theme, now: Timestamp) -> Row<'static> {
    let (row, rate) = (&seen.row, seen.rate);
    let is_failed = row.last_error.is_some();
    let cells = columns.iter().map(|(column, width, right)| {
        let (text, style) = match *column {
            "ENVIRONMENT" => (format!("{}/{}", row.subscription, row.environment), theme.plain()),
            "SERVICE" => (row.service.clone().unwrap_or_else(|| "-".to_owned()), theme.plain()),
            "SIZE" => (human_size(row.size), theme.plain()),
            "LAG" if row.lag_bytes == 0 => ("0".to_owned(), theme.good()),
            "LAG" => (human_size(row.lag_bytes), theme.warning()),
            "RATE" => (byte_rate(rate.bytes), theme.busy()),
            "LINES" => (line_rate(rate.lines), theme.busy()),
            "LEFT" => (left(seen.seconds_left()), theme.plain()),
            "STATUS" if is_failed => ("failed".to_owned(), theme.bad()),
            "STATUS" if row.status == Status::Open => (row.status.name().to_owned(), theme.good()),
            "STATUS" => (row.status.name().to_owned(), theme.plain()),
            _ => (age(now, row.last_modified), theme.plain()),
        };
        cell(fit(&printable(&text), (*width).into()), *right, style)
    });
    let name = fit(&printable(&blob_name::short(&row.blob)), name_room);
    let style = if is_failed { theme.bad() } else { theme.plain() };
    Row::new(std::iter::once(cell(name, false, style)).chain(cells.collect::<Vec<_>>()))
}
