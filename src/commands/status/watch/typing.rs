//! Keys that are letters, because a filter is typed.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::view::View;

/// Nobody looks for more; a paste of something else ends here.
const MAX_FILTER_CHARS: usize = 200;

impl View {
    /// What is pasted is taken for typed.
    pub fn paste(&mut self, text: &str) {
        if self.typing.is_some() {
            let printable = text.chars().filter(|char| !char.is_control());
            self.choice.filter.extend(printable);
            self.cut_filter();
        }
    }

    fn cut_filter(&mut self) {
        if let Some((at, _)) = self.choice.filter.char_indices().nth(MAX_FILTER_CHARS) {
            self.choice.filter.truncate(at);
        }
        self.choose_from_top();
    }

    pub(super) fn type_filter(&mut self, key: KeyEvent) {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter | KeyCode::Down => self.typing = None,
            KeyCode::Esc => {
                self.choice.filter = self.typing.take().unwrap_or_default();
                self.choose_from_top();
            }
            KeyCode::Char('u') if is_control => {
                self.choice.filter.clear();
                self.choose_from_top();
            }
            KeyCode::Char('w') if is_control => {
                let kept = self.choice.filter.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.choice.filter.truncate(kept);
                self.choose_from_top();
            }
            KeyCode::Backspace if self.choice.filter.is_empty() => self.typing = None,
            KeyCode::Backspace => {
                self.choice.filter.pop();
                self.choose_from_top();
            }
            KeyCode::Char(char) if !is_control && !char.is_control() => {
                self.choice.filter.push(char);
                self.cut_filter();
            }
            _ => {}
        }
    }
}
