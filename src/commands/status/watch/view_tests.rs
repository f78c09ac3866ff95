//! What keys do.

use std::{sync::Arc, time::Duration};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    choice::{Only, Sort},
    example::{blob, busy, look},
    gather::Report,
    view::{Asked, Focus, Overlay, View},
};
use crate::pipeline::status::Look;

fn view(look: Look) -> View {
    let mut view = View::new("localhost:9092".to_owned(), Duration::from_secs(5));
    view.take(report(look));
    view.blobs.fit(10, view.shown.len());
    view
}

fn report(look: Look) -> Report {
    Report {
        look: Some(Arc::new(look)),
        ..Report::default()
    }
}

/// Types these, `^c` being Ctrl-C and `<` the names of other keys: `<Esc>`.
fn press(view: &mut View, keys: &str) -> Asked {
    let mut asked = Asked::Nothing;
    let mut rest = keys.chars();
    while let Some(char) = rest.next() {
        let key = match char {
            '^' => KeyEvent::new(KeyCode::Char(rest.next().unwrap()), KeyModifiers::CONTROL),
            '<' => {
                let name: String = rest.by_ref().take_while(|char| *char != '>').collect();
                let code = match name.as_str() {
                    "Esc" => KeyCode::Esc,
                    "Enter" => KeyCode::Enter,
                    "Tab" => KeyCode::Tab,
                    "Down" => KeyCode::Down,
                    "Backspace" => KeyCode::Backspace,
                    other => panic!("{other}"),
                };
                KeyEvent::new(code, KeyModifiers::NONE)
            }
            char => KeyEvent::new(KeyCode::Char(char), KeyModifiers::NONE),
        };
        asked = view.press(key);
    }
    asked
}

fn selected(view: &View) -> &str {
    view.selected_blob().map_or("", |seen| seen.row.blob.as_str())
}

#[test]
fn a_filter_is_typed_and_seen_at_once() {
    let mut view = view(look(vec![
        blob("P1", "alpha", 3, 0),
        blob("P1", "beta", 2, 0),
        blob("S1", "gamma", 1, 0),
    ]));
    press(&mut view, "/al");
    assert_eq!((view.shown.len(), view.typing.as_deref()), (1, Some("")));
    // Letters that are keys otherwise.
    press(&mut view, "q<Backspace>^w");
    assert_eq!((view.choice.filter.as_str(), view.shown.len()), ("", 3));
    press(&mut view, "p1 be<Enter>");
    assert_eq!((selected(&view), view.typing.is_none()), ("beta", true));
    // Given up, it is what it was before.
    press(&mut view, "/xyz<Esc>");
    assert_eq!(view.choice.filter, "p1 be");
    press(&mut view, "<Esc>");
    assert_eq!((view.choice.filter.as_str(), view.shown.len()), ("", 3));
    press(&mut view, "/");
    view.paste("gam\nma\u{1b}");
    assert_eq!((view.choice.filter.as_str(), view.shown.len()), ("gamma", 1));
    view.paste(&"x".repeat(100_000));
    assert_eq!(view.choice.filter.chars().count(), 200);
    assert_eq!(press(&mut view, "^c"), Asked::Quit);
}

#[test]
fn the_selected_blob_stays_selected_wherever_it_moves() {
    let mut view = view(look(vec![
        blob("P1", "a", 30, 0),
        blob("P1", "b", 20, 0),
        blob("P1", "c", 10, 0),
    ]));
    assert_eq!(selected(&view), "a");
    press(&mut view, "j");
    assert_eq!(selected(&view), "b");
    view.take(report(look(vec![
        blob("P1", "a", 30, 0),
        blob("P1", "b", 20, 20),
        blob("P1", "c", 10, 0),
        blob("P1", "d", 99, 0),
    ])));
    assert_eq!((selected(&view), view.blobs.selected), ("b", 3));
    view.take(report(look(vec![blob("P1", "a", 30, 0)])));
    view.blobs.fit(10, view.shown.len());
    assert_eq!(selected(&view), "a");
    press(&mut view, "Gg<Down>k^d^u");
    assert_eq!(selected(&view), "a");
}

#[test]
fn choices_are_told_apart_and_taken_back() {
    let mut view = view(busy());
    press(&mut view, "sS");
    assert_eq!((view.choice.sort, view.choice.reverse), (Sort::Lag, true));
    press(&mut view, "f");
    assert_eq!((view.choice.only, view.shown.len()), (Only::Failed, 1));
    let mut met = Vec::new();
    for _ in 0..4 {
        press(&mut view, "e");
        met.push(view.choice.environment.as_ref().map(|id| id.environment.clone()));
    }
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(met, [name("D1"), name("P1"), name("S1"), None]);
    press(&mut view, "<Esc>");
    assert_eq!((view.choice.only, view.shown.len()), (Only::All, 43));
    assert_eq!(view.choice.sort, Sort::Lag);
}

#[test]
fn panes_are_gone_through_and_entered() {
    let mut view = view(busy());
    view.environments.fit(5, 3);
    view.errors.fit(5, 1);
    press(&mut view, "<Enter>");
    assert_eq!(view.overlay, Some(Overlay::Details));
    // Closes what lies over the rest, and does not quit.
    assert_eq!(press(&mut view, "q"), Asked::Nothing);
    assert_eq!(view.overlay, None);
    press(&mut view, "<Tab>");
    assert_eq!(view.focus, Focus::Errors);
    press(&mut view, "<Enter>");
    assert_eq!(view.overlay, Some(Overlay::Details));
    assert!(selected(&view).contains("backoffice"));
    press(&mut view, "<Esc><Tab><Tab>");
    assert_eq!(view.focus, Focus::Environments);
    press(&mut view, "j<Enter>");
    assert_eq!(view.choice.environment.as_ref().unwrap().environment, "P1");
    assert_eq!((view.focus, view.shown.len()), (Focus::Blobs, 40));
    press(&mut view, "?");
    assert_eq!(view.overlay, Some(Overlay::Help));
    press(&mut view, "jjG");
    press(&mut view, "?");
    assert_eq!(view.overlay, None);
    assert_eq!(press(&mut view, "q"), Asked::Quit);
}

#[test]
fn a_pause_keeps_what_is_shown() {
    let mut view = view(look(vec![blob("P1", "a", 1, 0)]));
    press(&mut view, "p");
    view.take(report(look(vec![blob("P1", "b", 1, 0)])));
    assert_eq!((selected(&view), view.paused), ("a", true));
    press(&mut view, "p");
    assert_eq!((selected(&view), view.paused), ("b", false));
}

#[test]
fn the_interval_has_a_longest_and_a_shortest() {
    let mut view = view(look(Vec::new()));
    let mut all = Vec::new();
    while press(&mut view, "+") == Asked::Pace {
        all.push(view.interval.as_secs());
    }
    assert_eq!(all, [10, 15, 30, 60, 300, 900]);
    while press(&mut view, "-") == Asked::Pace {}
    assert_eq!(view.interval, Duration::from_secs(1));
    assert_eq!(press(&mut view, "r"), Asked::Look);
    assert_eq!(press(&mut view, "^z"), Asked::Suspend);
    assert_eq!(press(&mut view, "^l"), Asked::Redraw);
}

#[test]
fn no_key_harms_when_there_is_nothing() {
    let mut view = View::new(String::new(), Duration::from_secs(5));
    for keys in [
        "jkgG<Enter><Tab>jG<Enter><Tab>jG<Enter>",
        "esSfp?L<Esc>",
        "/x<Backspace><Backspace>",
        "^d^u",
    ] {
        press(&mut view, keys);
    }
    assert_eq!(selected(&view), "");
}
