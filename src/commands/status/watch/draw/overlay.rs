//! What lies over the rest: help, details of a blob, the log.

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::{Constraint, Flex, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};

use super::pane;
use crate::{
    cli::{human_size, printable},
    commands::status::watch::{
        text::{age, byte_rate, left, line_rate, moment, width},
        theme::Theme,
        view::View,
    },
};

const HELP: [(&str, &str); 19] = [
    ("↑ ↓  k j", "one line up or down"),
    ("PgUp PgDn  g G", "a page; to the beginning, to the end"),
    ("Tab", "to the next pane: environments, blobs, errors"),
    ("Enter", "details of a blob; in environments: only this one"),
    ("/", "filter: words of names, environments, services, errors"),
    ("e", "the next environment, then all again"),
    ("f", "all blobs, only failed, only lagging, only open ones"),
    ("s  S", "the next order; the same backwards"),
    ("Esc", "one step back: closes this, takes filters away"),
    ("p", "pause: what is shown stays; and go on"),
    ("r", "look now, at Kafka and at storage"),
    ("+ -", "look less often, more often"),
    ("L", "what was logged meanwhile"),
    ("Ctrl-L", "draw everything anew"),
    ("Ctrl-Z", "stop; fg goes on"),
    ("q  Ctrl-C", "quit"),
    ("", ""),
    ("", "RATE: bytes of blobs ingested in a second, over 15 s"),
    ("", "LEFT: how long the lag takes at this rate"),
];

pub(super) fn help(frame: &mut Frame<'_>, view: &mut View, theme: Theme) {
    let lines =
        HELP.map(|(keys, what)| Line::from(vec![Span::styled(format!("{keys:16}"), theme.key()), Span::raw(what)]));
    draw(frame, view, theme, " keys ", lines.into());
}

pub(super) fn details(frame: &mut Frame<'_>, view: &mut View, theme: Theme, now: Timestamp) {
    let Some(seen) = view.selected_blob().cloned() else {
        return;
    };
    let row = &seen.row;
    let time = |time: Option<Timestamp>| {
        let told = |time| format!("{}, {} ago", moment(time), age(now, time));
        time.map_or_else(|| "never".to_owned(), told)
    };
    let bytes = |bytes: u64| format!("{} ({bytes} bytes)", human_size(bytes));
    let share = match row.size {
        0 => 100.0,
        size => row.ingested.min(size) as f64 * 100.0 / size as f64,
    };
    let mut fields = vec![
        ("blob", row.blob.clone(), theme.heading()),
        (
            "environment",
            format!("{}/{}", row.subscription, row.environment),
            theme.plain(),
        ),
        (
            "service",
            row.service.clone().unwrap_or_else(|| "none".to_owned()),
            theme.plain(),
        ),
        ("status", row.status.name().to_owned(), theme.plain()),
        ("size", bytes(row.size), theme.plain()),
        (
            "ingested",
            format!("{}, {share:.1} %", bytes(row.ingested)),
            theme.plain(),
        ),
        (
            "lag",
            bytes(row.lag_bytes),
            if row.lag_bytes > 0 {
                theme.warning()
            } else {
                theme.good()
            },
        ),
        ("lines", row.lines.to_string(), theme.plain()),
        (
            "rate",
            match seen.rate.bytes >= 0.5 {
                true => format!(
                    "{}, lines {}, {} left",
                    byte_rate(seen.rate.bytes),
                    line_rate(seen.rate.lines),
                    left(seen.seconds_left())
                ),
                false => "nothing now".to_owned(),
            },
            theme.busy(),
        ),
        ("written", time(Some(row.last_modified)), theme.plain()),
        ("processed", time(row.last_processed), theme.plain()),
        (
            "in storage",
            match row.in_storage {
                Some(true) => "yes".to_owned(),
                Some(false) => "no".to_owned(),
                None => "was not asked for".to_owned(),
            },
            theme.plain(),
        ),
    ];
    if let Some(skipped) = row.skipped_bytes {
        fields.push(("skipped", format!("{} of damage", bytes(skipped)), theme.warning()));
    }
    fields.push((
        "last error",
        row.last_error.clone().unwrap_or_else(|| "none".to_owned()),
        if row.last_error.is_some() {
            theme.bad()
        } else {
            theme.plain()
        },
    ));
    let room = usize::from(inside(frame.area()).width)
        .saturating_sub(2 + LABEL)
        .max(10);
    let lines = fields
        .iter()
        .flat_map(|(label, text, style)| field(label, text, *style, room, theme));
    let lines = lines.collect();
    draw(frame, view, theme, " blob ", lines);
}

const LABEL: usize = 13;

/// A label, and its text in as many lines as it needs.
fn field(label: &str, text: &str, style: Style, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut pieces = vec![String::new()];
    for char in printable(text).chars() {
        let is_full = pieces
            .last()
            .is_some_and(|piece| width(piece) + width(char.encode_utf8(&mut [0; 4])) > room);
        if is_full {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(char);
        }
    }
    let lines = pieces.into_iter().enumerate().map(|(number, piece)| {
        let label = if number == 0 { label } else { "" };
        Line::from(vec![
            Span::styled(format!("{label:LABEL$}"), theme.faint()),
            Span::styled(piece, style),
        ])
    });
    lines.collect()
}

pub(super) fn log(frame: &mut Frame<'_>, view: &mut View, theme: Theme) {
    let mut lines: Vec<Line<'_>> = view
        .log
        .iter()
        .map(|said| {
            let style = match said.level {
                tracing::Level::ERROR => theme.bad(),
                tracing::Level::WARN => theme.warning(),
                _ => theme.plain(),
            };
            Line::from(Span::styled(printable(&said.line).into_owned(), style))
        })
        .collect();
    if lines.is_empty() {
        lines.push(Line::from(Span::styled(
            "nothing was logged since the beginning",
            theme.faint(),
        )));
    }
    draw(frame, view, theme, " log ", lines);
}

/// All but a margin, where there is room for one.
fn inside(all: Rect) -> Rect {
    let [middle] = Layout::horizontal([Constraint::Max(110)]).flex(Flex::Center).areas(all);
    match (all.width >= 60, all.height >= 20) {
        (true, true) => Rect {
            x: middle.x + 2,
            width: middle.width - 4,
            y: middle.y + 1,
            height: middle.height - 2,
        },
        _ => middle,
    }
}

fn draw(frame: &mut Frame<'_>, view: &mut View, theme: Theme, title: &'static str, lines: Vec<Line<'_>>) {
    let mut area = inside(frame.area());
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    area.y += (area.height - height) / 2;
    area.height = height;
    frame.render_widget(Clear, area);
    let title = Line::from(Span::styled(title, theme.heading()));
    let inner = pane(frame, area, title, true, theme);
    view.over = view.over.min(lines.len().saturating_sub(inner.height.into()));
    let top = u16::try_from(view.over).unwrap_or(u16::MAX);
    frame.render_widget(Paragraph::new(lines).scroll((top, 0)), inner);
}
