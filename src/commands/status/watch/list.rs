//! A list of which one line is selected, and of which as many are seen as there is room for.

/// Lines are counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    pub selected: usize,
    /// The first line that is seen.
    pub top: usize,
    /// Lines that there is room for.
    room: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

impl List {
    pub fn go(&mut self, step: Step, len: usize) {
        let page = self.room.max(1);
        self.selected = match step {
            Step::Up => self.selected.saturating_sub(1),
            Step::Down => self.selected.saturating_add(1),
            Step::PageUp => self.selected.saturating_sub(page),
            Step::PageDown => self.selected.saturating_add(page),
            Step::First => 0,
            Step::Last => usize::MAX,
        };
        self.fit(self.room, len);
    }

    /// Brings the selected line into sight, of `len` lines in a window of `room`.
    pub fn fit(&mut self, room: usize, len: usize) {
        self.room = room;
        self.selected = self.selected.min(len.saturating_sub(1));
        if self.selected < self.top {
            self.top = self.selected;
        }
        if room > 0 && self.selected >= self.top + room {
            self.top = self.selected + 1 - room;
        }
        self.top = self.top.min(len.saturating_sub(room.max(1)));
    }

    /// The lines that are seen.
    pub fn seen(&self, len: usize) -> std::ops::Range<usize> {
        let end = (self.top + self.room).min(len);
        self.top.min(end)..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_line_stays_in_sight() {
        let mut list = List::default();
        list.fit(3, 10);
        for (step, selected, seen) in [
            (Step::Up, 0, 0..3),
            (Step::Down, 1, 0..3),
            (Step::PageDown, 4, 2..5),
            (Step::Last, 9, 7..10),
            (Step::Down, 9, 7..10),
            (Step::Up, 8, 7..10),
            (Step::PageUp, 5, 5..8),
            (Step::First, 0, 0..3),
        ] {
            list.go(step, 10);
            assert_eq!((list.selected, list.seen(10)), (selected, seen), "{step:?}");
        }
    }

    #[test]
    fn a_list_may_shrink_and_a_window_vanish() {
        let mut list = List::default();
        list.fit(5, 100);
        list.go(Step::Last, 100);
        for (room, len, seen) in [(5, 3, 0..3), (0, 3, 0..0), (5, 0, 0..0), (0, 0, 0..0), (2, 9, 0..2)] {
            list.fit(room, len);
            assert_eq!(list.seen(len), seen, "{room} of {len}");
            list.go(Step::PageDown, len);
            list.go(Step::First, len);
            list.go(Step::Last, len);
        }
    }
}
