use std::{sync::Arc, time::Duration};

use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
    style::Color,
};

use super::*;
use crate::{
    cli::Said,
    commands::status::watch::{
        example::{busy, now},
        gather::{Report, Source},
    },
    domain::EnvironmentId,
};

fn report() -> Report {
    let seen = Source {
        seen_at: Some(now()),
        error: None,
    };
    let storage = ["P1", "S1", "D1"].map(|name| (EnvironmentId::new("cp2", name), seen.clone()));
    Report {
        look: Some(Arc::new(busy())),
        kafka: seen,
        storage: storage.into(),
    }
}

fn view(report: Report) -> View {
    let mut view = View::new("broker1:9092,broker2:9092".to_owned(), Duration::from_secs(5));
    view.take(report);
    view
}

fn shown(view: &mut View, color: bool, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| draw(frame, view, Theme { color }, now()))
        .unwrap();
    terminal
}

fn text(view: &mut View, width: u16, height: u16) -> String {
    shown(view, false, width, height).backend().to_string()
}

fn press(view: &mut View, code: KeyCode) {
    view.press(KeyEvent::new(code, KeyModifiers::NONE));
}

#[test]
fn on_a_common_terminal() {
    insta::assert_snapshot!(text(&mut view(report()), 80, 24));
}

#[test]
fn on_a_large_terminal() {
    insta::assert_snapshot!(text(&mut view(report()), 120, 40));
}

#[test]
fn on_a_tall_and_narrow_terminal() {
    insta::assert_snapshot!(text(&mut view(report()), 80, 50));
}

#[test]
fn on_a_small_terminal_the_blobs_are_left() {
    insta::assert_snapshot!(text(&mut view(report()), 40, 10));
}

#[test]
fn the_details_of_a_blob() {
    let mut view = view(report());
    press(&mut view, KeyCode::Char('f'));
    press(&mut view, KeyCode::Enter);
    insta::assert_snapshot!(text(&mut view, 80, 24));
}

#[test]
fn the_help() {
    let mut view = view(report());
    press(&mut view, KeyCode::Char('?'));
    insta::assert_snapshot!(text(&mut view, 80, 24));
}

#[test]
fn an_outage_shows_what_was_known_and_since_when() {
    let mut report = report();
    report.kafka = Source {
        seen_at: Some(now() - jiff::SignedDuration::from_mins(3)),
        error: Some("Kafka at broker1:9092 did not answer within 5 s".to_owned()),
    };
    let text = text(&mut view(report), 100, 24);
    assert!(text.contains("Kafka does not answer, as of 3m ago"), "{text}");
    assert!(
        text.contains("Kafka  Kafka at broker1:9092 did not answer within 5 s"),
        "{text}"
    );
    assert!(text.contains("api-674b9bdb88-00039"), "{text}");
}

#[test]
fn before_the_first_look_and_before_storage_has_answered() {
    let found = text(&mut view(Report::default()), 80, 24);
    assert!(
        found.contains("looking…") && found.contains("reading the states…"),
        "{found}"
    );
    let mut report = report();
    report.storage.values_mut().for_each(|source| source.seen_at = None);
    let found = text(&mut view(report), 80, 24);
    assert!(found.contains("listing storage, 0 of 3"), "{found}");
}

#[test]
fn no_name_moves_the_cursor() {
    let mut view = view(report());
    for _ in 0..2 {
        for height in [24, 50] {
            let terminal = shown(&mut view, false, 200, height);
            let buffer = terminal.backend().buffer();
            let has_control = |symbol: &str| symbol.contains(char::is_control);
            assert!(buffer.content.iter().all(|cell| !has_control(cell.symbol())));
        }
        view.log = vec![Said {
            level: tracing::Level::WARN,
            line: "\u{1b}[2Jcleared\u{7}".to_owned(),
        }];
        press(&mut view, KeyCode::Char('L'));
    }
    press(&mut view, KeyCode::Char('L'));
    assert!(text(&mut view, 80, 24).contains("\\u{1b}[2Jcleared"));
}

#[test]
fn without_colour_nothing_is_coloured() {
    for color in [false, true] {
        let mut colors = 0;
        for key in ['x', '?', 'L'] {
            let mut view = view(report());
            press(&mut view, KeyCode::Char(key));
            let terminal = shown(&mut view, color, 120, 40);
            let cells = &terminal.backend().buffer().content;
            colors += cells
                .iter()
                .filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
                .count();
        }
        assert_eq!(colors > 0, color);
    }
}

#[test]
fn any_size_is_drawn_in_any_state() {
    for width in [0, 1, 2, 3, 20, 40, 80, 109, 110] {
        for height in [0, 1, 2, 3, 5, 10, 16, 30] {
            let mut view = view(report());
            // Each over the one before.
            for key in [
                "",
                "/",
                "ab\u{1F600}",
                "\n",
                "\t",
                "\t",
                "\t",
                "?",
                "L",
                "\n",
                "\n",
                "G",
                "f",
                "\n",
            ] {
                for char in key.chars() {
                    let code = match char {
                        '\n' => KeyCode::Enter,
                        '\t' => KeyCode::Tab,
                        char => KeyCode::Char(char),
                    };
                    press(&mut view, code);
                }
                shown(&mut view, true, width, height);
            }
        }
    }
}
