//! The environments with their sums.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Row,
};

use super::{
    columns::{Column, Columns},
    pane,
};
use crate::{
    cli::human_size,
    commands::status::watch::{
        gather::Source,
        text::{byte_rate, count, left, line_rate, sparkline},
        theme::Theme,
        view::{Focus, View},
    },
    pipeline::status::{History, Summary},
};

/// Of the trend, a column each.
const TREND_COLUMNS: usize = 10;

const COLUMNS: [Column; 9] = [
    Column::figures("BLOBS", 6, 1),
    Column::figures("OPEN", 5, 4),
    Column::figures("FAILED", 6, 2),
    Column::figures("SIZE", 11, 7),
    Column::figures("LAG", 11, 0),
    Column::figures("RATE", 13, 3),
    Column::figures("LINES", 8, 8),
    Column::figures("LEFT", 5, 5),
    Column::words("LAG TREND", TREND_COLUMNS as u16, 6),
];
const NAME: u16 = 12;

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
    let columns = Columns::fitting(&COLUMNS, NAME, inner.width);
    let count = look.environments.len();
    let has_sum = count > 1;
    let room = usize::from(inner.height).saturating_sub(1 + usize::from(has_sum));
    view.environments.fit(room, count);
    let seen = view.environments.seen(count);
    let mut rows: Vec<Row<'_>> = look
        .environments
        .iter()
        .enumerate()
        .skip(seen.start)
        .take(seen.len())
        .map(|(index, (id, summary))| {
            let source = view.report.storage.get(id);
            let is_chosen = view.choice.environment.as_ref() == Some(id);
            let style = match (is_focused && index == view.environments.selected, is_chosen) {
                (true, _) => theme.selected(true),
                (false, true) => theme.heading(),
                (false, false) => theme.plain(),
            };
            let history = look.history.environments.get(id);
            let name = (&*id.to_string(), name_style(source, theme));
            columns
                .row(name, |column| content(column, summary, history, theme))
                .style(style)
        })
        .collect();
    if has_sum {
        let history = Some(&look.history.overall);
        let sum = |column: &str| content(column, &look.overall, history, theme);
        rows.push(columns.row(("all", theme.heading()), sum));
    }
    columns.draw(frame, inner, "ENVIRONMENT", rows, theme);
}

fn name_style(source: Option<&Source>, theme: Theme) -> Style {
    match source {
        Some(Source { error: Some(_), .. }) => theme.bad(),
        Some(_) | None => theme.plain(),
    }
}

fn content(column: &str, summary: &Summary, history: Option<&History>, theme: Theme) -> (String, Style) {
    let total = &summary.total;
    match column {
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
    }
}
