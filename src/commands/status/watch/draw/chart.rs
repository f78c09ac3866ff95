//! The lag over time, of all or of the chosen environment.

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::Rect,
    symbols::Marker,
    text::{Line, Span},
    widgets::{Axis, Chart, Dataset, GraphType},
};

use super::pane;
use crate::{
    cli::{human_size, printable},
    commands::status::watch::{text::short_time, theme::Theme, view::View},
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, view: &View, theme: Theme, now: Timestamp) {
    if area.is_empty() {
        return;
    }
    let chosen = view.choice.environment.as_ref();
    let of = chosen.map_or_else(|| "all".to_owned(), |id| printable(&id.to_string()).into_owned());
    let title = Line::from(Span::styled(format!(" lag of {of} "), theme.heading()));
    let inner = pane(frame, area, title, false, theme);
    let histories = view.look().map(|look| &look.history);
    let history = histories.and_then(|histories| match chosen {
        Some(id) => histories.environments.get(id),
        None => Some(&histories.overall),
    });
    let seconds_ago = |at: Timestamp| (at.as_millisecond() - now.as_millisecond()) as f64 / 1000.0;
    let points: Vec<(f64, f64)> = history.map_or_else(Vec::new, |history| {
        let points = history.points();
        points
            .map(|point| (seconds_ago(point.at), point.lag_bytes as f64))
            .collect()
    });
    let (Some(first), true) = (points.first(), points.len() > 1) else {
        let line = Line::from(Span::styled("drawn from the second look on", theme.faint()));
        frame.render_widget(line, inner);
        return;
    };
    let most = points.iter().fold(0.0, |most: f64, (_, lag)| most.max(*lag));
    // A lag of nothing is a line at the bottom.
    let ceiling = if most > 0.0 { most } else { 1.0 };
    let dataset = Dataset::default()
        .data(&points)
        .marker(Marker::Braille)
        .graph_type(GraphType::Line)
        .style(theme.busy());
    let back = short_time(first.0.abs() as u64);
    let label = |text: String| Span::styled(text, theme.faint());
    let chart = Chart::new(vec![dataset])
        .x_axis(
            Axis::default()
                .bounds([first.0, 0.0])
                .style(theme.faint())
                .labels([label(format!("{back} ago")), label("now".to_owned())]),
        )
        .y_axis(
            Axis::default()
                .bounds([0.0, ceiling])
                .style(theme.faint())
                .labels([label("0".to_owned()), label(human_size(most as u64))]),
        );
    frame.render_widget(chart, inner);
}
