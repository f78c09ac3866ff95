//! The first line: what is watched, and whether it answers. The last: keys, or the filter while it is typed.

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use crate::{
    cli::printable,
    commands::status::watch::{
        choice::Only,
        text::{age, fit, short_time, width},
        theme::Theme,
        view::View,
    },
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, view: &View, theme: Theme, now: Timestamp) {
    let health = health(view, theme, now);
    let [left, right] = Layout::horizontal([Constraint::Min(0), Constraint::Length(health.width() as u16)]).areas(area);
    let name = Span::styled(" clp status ", theme.heading());
    let every = Span::styled(
        format!("every {}  ", short_time(view.interval.as_secs())),
        theme.faint(),
    );
    let time = Span::styled(now.strftime("%H:%M:%S UTC ").to_string(), theme.faint());
    let room = usize::from(left.width).saturating_sub(name.width() + every.width() + time.width() + 2);
    let brokers = match room > 10 {
        true => fit(&printable(&view.brokers), room) + "  ",
        false => String::new(),
    };
    let mut line = Line::default();
    for span in [name, Span::raw(brokers), every, time] {
        // Nothing is shown in part.
        if line.width() + span.width() <= usize::from(left.width) {
            line.push_span(span);
        }
    }
    frame.render_widget(line, left);
    frame.render_widget(health, right);
}

/// One look at this is to be enough.
fn health(view: &View, theme: Theme, now: Timestamp) -> Line<'static> {
    let report = &view.report;
    let kafka_age = report.kafka.seen_at.map(|seen| age(now, seen));
    let mut spans = Vec::new();
    if view.paused {
        spans.push(Span::styled("PAUSED ", theme.warning()));
    }
    let silent: Vec<&str> = report
        .storage
        .iter()
        .filter(|(_, source)| source.error.is_some())
        .map(|(id, _)| id.environment.as_str())
        .collect();
    let (style, text) = match (&report.kafka.error, kafka_age, silent.as_slice()) {
        (None, None, _) => (theme.faint(), "looking… ".to_owned()),
        (Some(_), None, _) => (theme.bad(), "✖ Kafka does not answer ".to_owned()),
        (Some(_), Some(age), _) => (theme.bad(), format!("✖ Kafka does not answer, as of {age} ago ")),
        (None, Some(_), []) => {
            let asked = report
                .storage
                .values()
                .filter(|source| source.seen_at.is_some())
                .count();
            match asked < report.storage.len() {
                true => (
                    theme.faint(),
                    format!("listing storage, {asked} of {} ", report.storage.len()),
                ),
                false => (theme.good(), "● up to date ".to_owned()),
            }
        }
        (None, Some(_), [one]) => (theme.warning(), format!("▲ storage of {one} does not answer ")),
        (None, Some(_), many) => (theme.warning(), format!("▲ {} storages do not answer ", many.len())),
    };
    spans.push(Span::styled(text, style));
    Line::from(spans)
}

pub(super) fn draw_footer(frame: &mut Frame<'_>, area: Rect, view: &View, theme: Theme) {
    if view.typing.is_some() {
        let room = usize::from(area.width).saturating_sub(3);
        let line = Line::from(vec![
            Span::styled("/", theme.key()),
            Span::raw(fit(&view.choice.filter, room)),
            Span::styled("█", theme.key()),
        ]);
        frame.render_widget(line, area);
        return;
    }
    let choice = &view.choice;
    let only = match choice.only {
        Only::All => "all blobs",
        other => other.name(),
    };
    let environment = choice.environment.as_ref().map_or("all", |id| id.environment.as_str());
    let grave = view
        .log
        .iter()
        .filter(|said| said.level <= tracing::Level::WARN)
        .count();
    let log = match grave {
        0 => "log".to_owned(),
        count => format!("log {count}!"),
    };
    let keys = [
        ("?", "help".to_owned()),
        ("q", "quit".to_owned()),
        ("/", "filter".to_owned()),
        ("s", format!("sort {}", choice.sort.name())),
        ("f", only.to_owned()),
        ("e", format!("env {}", printable(environment))),
        ("↵", "details".to_owned()),
        (
            "p",
            if view.paused {
                "go on".to_owned()
            } else {
                "pause".to_owned()
            },
        ),
        ("r", "now".to_owned()),
        ("+-", "interval".to_owned()),
        ("L", log),
    ];
    let mut line = Line::default();
    for (key, what) in keys {
        let piece = format!(" {what}  ");
        // No key is shown in part.
        if line.width() + width(key) + width(&piece) > usize::from(area.width) {
            break;
        }
        line.push_span(Span::styled(key, theme.key()));
        line.push_span(Span::styled(piece, theme.faint()));
    }
    frame.render_widget(line, area);
}
