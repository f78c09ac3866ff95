//! The environments with their sums.

use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::Style,
    text::{Line, Span, Text},
    widgets::{Cell, Row, Table},
};

use super::pane;
use crate::{
    cli::{human_size, printable},
    commands::status::watch::{
        gather::Source,
        text::{byte_rate, count, fit, left, line_rate, sparkline},
        theme::Theme,
        view::{Focus, View},
    },
    pipeline::status::{History, Summary},
};

/// Of the trend, a column each.
const TREND_COLUMNS: usize = 10;

/// A column: heading, columns, and whether figures are aligned right.
type Column = (&'static str, u16, bool);

const NARROW: [Column; 6] = [
    ("BLOBS", 6, true),
    ("OPEN", 5, true),
    ("FAILED", 6, true),
    ("LAG", 10, true),
    ("RATE", 12, true),
    ("LEFT", 5, true),
];
const SIZE: Column = ("SIZE", 10, true);
const LINES: Column = ("LINES", 8, true);
const TREND: Column = ("LAG TREND", TREND_COLUMNS as u16, false);

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, view: &mut View, theme: Theme) {
    if area.is_empty() {
        return;
    }
    let is_focused = view.focus == Focus::Environments;
    let inner = pane(
        frame,
        area,
        Line::from(Span::styled(" environments ", theme.heading())),
        is_focused,
        theme,
    );
    let Some(look) = view.look().cloned() else {
        let line = Line::from(Span::styled("reading the states…", theme.faint()));
        frame.render_widget(line, inner);
        return;
    };
    let columns = columns(inner.width);
    let count = look.environments.len();
    let has_sum = count > 1;
    let room = usize::from(inner.height).saturating_sub(1 + usize::from(has_sum));
    view.environments.fit(room, count);
    let seen = view.environments.seen(count);
    let name_room = name_room(inner.width, &columns);
    let mut rows: Vec<Row<'_>> = look
        .environments
        .iter()
        .enumerate()
        .skip(seen.start)
        .take(seen.len())
        .map(|(index, (id, summary))| {
            let source = view.report.storage.get(id);
            let name = fit(&printable(&id.to_string()), name_room);
            let is_chosen = view.choice.environment.as_ref() == Some(id);
            let style = match (is_focused && index == view.environments.selected, is_chosen) {
                (true, _) => theme.selected(true),
                (false, true) => theme.heading(),
                (false, false) => theme.plain(),
            };
            let history = look.history.environments.get(id);
            line(name, name_style(source, theme), summary, history, &columns, theme).style(style)
        })
        .collect();
    if has_sum {
        let sum = line(
            "all".to_owned(),
            theme.heading(),
            &look.overall,
            Some(&look.history.overall),
            &columns,
            theme,
        );
        rows.push(sum);
    }
    let widths = columns.iter().map(|(_, width, _)| Constraint::Length(*width));
    let widths = std::iter::once(Constraint::Fill(1)).chain(widths);
    let heading = columns
        .iter()
        .map(|(name, _, right)| cell((*name).to_owned(), *right, theme.faint()));
    let heading = std::iter::once(cell("ENVIRONMENT".to_owned(), false, theme.faint())).chain(heading);
    frame.render_widget(Table::new(rows, widths).header(Row::new(heading)), inner);
}

/// What fits, the name having at least a few columns.
fn columns(room: u16) -> Vec<Column> {
    const NAME: u16 = 12;
    let mut columns = NARROW.to_vec();
    // In the order in which they are worth their room, each with the place where it goes.
    for (column, at) in [(TREND, 6), (SIZE, 3), (LINES, 6)] {
        let used: u16 = columns.iter().map(|(_, width, _)| width + 1).sum();
        if used + column.1 + 1 + NAME <= room {
            columns.insert(at, column);
        }
    }
    columns
}

fn name_room(room: u16, columns: &[Column]) -> usize {
    let used: u16 = columns.iter().map(|(_, width, _)| width + 1).sum();
    room.saturating_sub(used).into()
}

fn name_style(source: Option<&Source>, theme: Theme) -> Style {
    match source {
        Some(Source { error: Some(_), .. }) => theme.bad(),
        Some(_) | None => theme.plain(),
    }
}

fn line(
    name: String,
    name_style: Style,
    summary: &Summary,
    history: Option<&History>,
    columns: &[Column],
    theme: Theme,
) -> Row<'static> {
    let total = &summary.total;
    let cells = columns.iter().map(|(column, _, right)| {
        let (text, style) = match *column {
            "BLOBS" => (count(total.blobs), theme.plain()),
            "OPEN" => (count(total.open), theme.plain()),
            "FAILED" if total.with_errors > 0 => (count(total.with_errors), theme.bad()),
            "FAILED" => ("0".to_owned(), theme.faint()),
            "SIZE" => (human_size(total.bytes), theme.plain()),
            "LAG" if total.lag_bytes == 0 => ("0".to_owned(), theme.good()),
            "LAG" => (human_size(total.lag_bytes), theme.warning()),
            "RATE" => (byte_rate(summary.rate.bytes), theme.busy()),
            "LINES" => (line_rate(summary.rate.lines), theme.busy()),
            "LEFT" => (left(summary.seconds_left()), theme.plain()),
            _ => {
                let lags = history.map_or_else(Vec::new, |history| history.lags(TREND_COLUMNS));
                (sparkline(&lags), theme.busy())
            }
        };
        cell(text, *right, style)
    });
    let name = cell(name, false, name_style);
    Row::new(std::iter::once(name).chain(cells.collect::<Vec<_>>()))
}

pub(super) fn cell(text: String, right: bool, style: Style) -> Cell<'static> {
    let text = Text::from(Span::styled(text, style));
    Cell::from(if right { text.right_aligned() } else { text })
}
