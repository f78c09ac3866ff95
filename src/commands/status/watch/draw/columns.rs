//! The columns of a table behind the names in its first one: which of them have room, and what stands in them.

use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::Style,
    text::{Span, Text},
    widgets::{Cell, Row, Table},
};

use crate::{
    cli::printable,
    commands::status::watch::{text::fit, theme::Theme},
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub name: &'static str,
    width: u16,
    is_right: bool,
    /// Where there is no room for all, those with the highest are left out.
    rank: u8,
}

impl Column {
    pub const fn words(name: &'static str, width: u16, rank: u8) -> Self {
        Self {
            name,
            width,
            is_right: false,
            rank,
        }
    }

    /// Aligned right.
    pub const fn figures(name: &'static str, width: u16, rank: u8) -> Self {
        Self {
            is_right: true,
            ..Self::words(name, width, rank)
        }
    }

    fn cell(&self, text: &str, style: Style) -> Cell<'static> {
        let text = Text::from(Span::styled(fit(&printable(text), self.width.into()), style));
        Cell::from(match self.is_right {
            true => text.right_aligned(),
            false => text,
        })
    }
}

/// Those that have room, in their order.
pub(super) struct Columns {
    chosen: Vec<Column>,
    /// Columns of the terminal that are left for a name.
    name_room: u16,
}

impl Columns {
    /// Of `all`, as many as leave `least_name` of `room` for the names.
    pub fn fitting(all: &[Column], least_name: u16, room: u16) -> Self {
        let mut by_rank: Vec<usize> = (0..all.len()).collect();
        by_rank.sort_by_key(|index| all[*index].rank);
        let mut used = 0;
        let mut chosen: Vec<usize> = by_rank
            .into_iter()
            .take_while(|index| {
                let wider = used + all[*index].width + 1;
                let has_room = wider + least_name <= room;
                if has_room {
                    used = wider;
                }
                has_room
            })
            .collect();
        chosen.sort_unstable();
        Self {
            chosen: chosen.into_iter().map(|index| all[index]).collect(),
            name_room: room.saturating_sub(used),
        }
    }

    /// One line: its name, and what `content` says of each column.
    pub fn row(&self, name: (&str, Style), content: impl Fn(&str) -> (String, Style)) -> Row<'static> {
        let column = Column::words("", self.name_room, 0);
        let cells = self.chosen.iter().map(|column| {
            let (text, style) = content(column.name);
            column.cell(&text, style)
        });
        Row::new(std::iter::once(column.cell(name.0, name.1)).chain(cells))
    }

    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, name: &str, rows: Vec<Row<'_>>, theme: Theme) {
        let widths = self.chosen.iter().map(|column| Constraint::Length(column.width));
        let widths = std::iter::once(Constraint::Fill(1)).chain(widths);
        let heading = self.row((name, theme.faint()), |name| (name.to_owned(), theme.faint()));
        frame.render_widget(Table::new(rows, widths).header(heading), area);
    }
}
