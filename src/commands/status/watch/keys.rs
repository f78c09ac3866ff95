//! Keys that move.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::list::Step;

/// Where a key goes, if it moves.
pub(super) fn step(key: KeyEvent) -> Option<Step> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    let step = match key.code {
        KeyCode::Up => Step::Up,
        KeyCode::Down => Step::Down,
        KeyCode::PageUp => Step::PageUp,
        KeyCode::PageDown => Step::PageDown,
        KeyCode::Home => Step::First,
        KeyCode::End => Step::Last,
        KeyCode::Char('b' | 'u') if is_control => Step::PageUp,
        KeyCode::Char('f' | 'd') if is_control => Step::PageDown,
        KeyCode::Char('p') if is_control => Step::Up,
        KeyCode::Char('n') if is_control => Step::Down,
        KeyCode::Char('k') if !is_control => Step::Up,
        KeyCode::Char('j') if !is_control => Step::Down,
        KeyCode::Char('g') if !is_control => Step::First,
        KeyCode::Char('G') if !is_control => Step::Last,
        _ => return None,
    };
    Some(step)
}
