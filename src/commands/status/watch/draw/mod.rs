//! The screen, drawn from a [`View`] and nothing else.

mod areas;
mod blobs;
mod chart;
mod columns;
mod environments;
mod heading;
mod overlay;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Block, BorderType, Paragraph},
};

use self::areas::areas;
use super::{
    theme::Theme,
    view::{Focus, Overlay, View},
};
use crate::cli::printable;

pub(super) fn draw(frame: &mut Frame<'_>, view: &mut View, theme: Theme, now: Timestamp) {
    let areas = areas(frame.area(), view.environment_ids().len(), view.troubles.len());
    heading::draw(frame, areas.heading, view, theme, now);
    environments::draw(frame, areas.environments, view, theme);
    chart::draw(frame, areas.chart, view, theme, now);
    blobs::draw(frame, areas.blobs, view, theme, now);
    draw_errors(frame, areas.errors, view, theme);
    heading::draw_footer(frame, areas.footer, view, theme);
    match view.overlay {
        Some(Overlay::Help) => overlay::help(frame, view, theme),
        Some(Overlay::Details) => overlay::details(frame, view, theme, now),
        Some(Overlay::Log) => overlay::log(frame, view, theme),
        None => {}
    }
}

/// The frame of a pane; what is within it.
fn pane(frame: &mut Frame<'_>, area: Rect, title: Line<'_>, is_focused: bool, theme: Theme) -> Rect {
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.border(is_focused))
        .title(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

fn draw_errors(frame: &mut Frame<'_>, area: Rect, view: &mut View, theme: Theme) {
    if area.is_empty() {
        return;
    }
    let is_focused = view.focus == Focus::Errors;
    let count = view.troubles.len();
    let style = match count {
        0 => theme.heading(),
        _ => theme.bad(),
    };
    let title = Line::from(Span::styled(format!(" errors {count} "), style));
    let inner = pane(frame, area, title, is_focused, theme);
    view.errors.fit(inner.height.into(), count);
    if count == 0 {
        frame.render_widget(Line::from(Span::styled("none", theme.faint())), inner);
        return;
    }
    let lines = view.errors.seen(count).map(|index| {
        let trouble = &view.troubles[index];
        let line = Line::from(vec![
            Span::styled(printable(&trouble.of).into_owned(), theme.heading()),
            Span::raw("  "),
            Span::styled(printable(&trouble.text).into_owned(), theme.plain()),
        ]);
        match is_focused && index == view.errors.selected {
            true => line.style(theme.selected(true)),
            false => line,
        }
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), inner);
}
