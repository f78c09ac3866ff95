//! How things look, with colours and without.

use ratatui::style::{Color, Modifier, Style};

/// Only the sixteen colours of the terminal itself, so that it looks as the rest of it does, light or dark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    pub color: bool,
}

impl Theme {
    fn colored(self, color: Color, otherwise: Style) -> Style {
        match self.color {
            true => Style::new().fg(color),
            false => otherwise,
        }
    }

    pub fn plain(self) -> Style {
        Style::new()
    }

    pub fn good(self) -> Style {
        self.colored(Color::Green, Style::new())
    }

    pub fn busy(self) -> Style {
        self.colored(Color::Cyan, Style::new())
    }

    pub fn warning(self) -> Style {
        self.colored(Color::Yellow, Style::new().add_modifier(Modifier::BOLD))
    }

    pub fn bad(self) -> Style {
        self.colored(Color::Red, Style::new()).add_modifier(Modifier::BOLD)
    }

    /// What is there for the sake of order.
    pub fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub fn heading(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub fn key(self) -> Style {
        self.colored(Color::Cyan, Style::new()).add_modifier(Modifier::BOLD)
    }

    /// The selected line: of the pane that keys go to, and of the others.
    pub fn selected(self, is_focused: bool) -> Style {
        match is_focused {
            true => Style::new().add_modifier(Modifier::REVERSED),
            false => Style::new().add_modifier(Modifier::UNDERLINED),
        }
    }

    pub fn border(self, is_focused: bool) -> Style {
        match is_focused {
            true => self.busy(),
            false => self.faint(),
        }
    }
}
