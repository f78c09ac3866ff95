//! What the screen shows, and what keys make of it. No I/O.

use std::{sync::Arc, time::Duration};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    choice::Choice,
    gather::Report,
    keys::step,
    list::{List, Step},
    troubles::{Trouble, troubles},
};
use crate::{
    cli::Said,
    domain::{BlobHash, EnvironmentId},
    pipeline::status::{Look, Seen},
};

pub(super) struct View {
    /// Where all comes from, for the heading.
    pub brokers: String,
    pub interval: Duration,
    pub report: Report,
    /// The newest, while an older one is shown because of a pause.
    held_back: Option<Report>,
    pub paused: bool,
    pub choice: Choice,
    /// What the filter was before it is being typed; `None` while it is not.
    pub typing: Option<String>,
    pub focus: Focus,
    pub overlay: Option<Overlay>,
    pub blobs: List,
    pub environments: List,
    pub errors: List,
    /// The first line that is seen of what lies over the rest.
    pub over: usize,
    /// Of the look's blobs, those that are wanted, in their order.
    pub shown: Vec<usize>,
    pub troubles: Vec<Trouble>,
    /// Log lines of the last moments.
    pub log: Vec<Said>,
    selected: Option<BlobHash>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Focus {
    Environments,
    Blobs,
    Errors,
}

/// What lies over the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overlay {
    Details,
    Help,
    Log,
}

/// What a key asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    Quit,
    /// To look now.
    Look,
    /// The view's interval has changed.
    Pace,
    Suspend,
    /// To draw everything anew.
    Redraw,
}

/// What + and - go through, in seconds.
const INTERVALS: [u64; 9] = [1, 2, 5, 10, 15, 30, 60, 300, 900];
/// Lines of a page of what lies over the rest.
const PAGE: usize = 10;

impl View {
    pub fn new(brokers: String, interval: Duration) -> Self {
        Self {
            brokers,
            interval,
            report: Report::default(),
            held_back: None,
            paused: false,
            choice: Choice::default(),
            typing: None,
            focus: Focus::Blobs,
            overlay: None,
            blobs: List::default(),
            environments: List::default(),
            errors: List::default(),
            over: 0,
            shown: Vec::new(),
            troubles: Vec::new(),
            log: Vec::new(),
            selected: None,
        }
    }

    /// News, shown at once or after the pause.
    pub fn take(&mut self, report: Report) {
        if self.paused {
            self.held_back = Some(report);
            return;
        }
        self.report = report;
        self.troubles = troubles(&self.report);
        self.choose();
    }

    pub fn look(&self) -> Option<&Arc<Look>> {
        self.report.look.as_ref()
    }

    pub fn selected_blob(&self) -> Option<&Seen> {
        self.look()?.blobs.get(*self.shown.get(self.blobs.selected)?)
    }

    /// All that are configured and were asked for, in their order.
    pub fn environment_ids(&self) -> Vec<EnvironmentId> {
        self.look()
            .map_or_else(Vec::new, |look| look.environments.keys().cloned().collect())
    }

    /// Chooses anew; the selected blob stays selected wherever it moves.
    fn choose(&mut self) {
        let Some(look) = self.report.look.clone() else {
            return;
        };
        self.shown = self.choice.of(&look);
        let at = self.selected.and_then(|id| {
            let mut shown = self.shown.iter();
            shown.position(|index| look.blobs[*index].id == id)
        });
        if let Some(at) = at {
            self.blobs.selected = at;
        }
    }

    /// As [`View::choose`] after a new choice: its first blob is selected.
    pub(super) fn choose_from_top(&mut self) {
        self.selected = None;
        self.blobs.selected = 0;
        self.choose();
    }

    pub fn press(&mut self, key: KeyEvent) -> Asked {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            match key.code {
                KeyCode::Char('c') => return Asked::Quit,
                KeyCode::Char('z') => return Asked::Suspend,
                KeyCode::Char('l') => return Asked::Redraw,
                _ => {}
            }
        }
        if self.typing.is_some() {
            self.type_filter(key);
            return Asked::Nothing;
        }
        if let Some(step) = step(key) {
            self.go(step);
            return Asked::Nothing;
        }
        if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            return Asked::Nothing;
        }
        match key.code {
            KeyCode::Char('q') if self.overlay.is_some() => self.overlay = None,
            KeyCode::Char('q') => return Asked::Quit,
            KeyCode::Esc => self.back(),
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.toggle(Overlay::Help),
            KeyCode::Char('L') => self.toggle(Overlay::Log),
            KeyCode::Enter => self.enter(),
            KeyCode::Char('r') | KeyCode::F(5) => return Asked::Look,
            KeyCode::Char('+') | KeyCode::Char('=') => return self.change_interval(true),
            KeyCode::Char('-') => return self.change_interval(false),
            KeyCode::Char('p' | ' ') => self.pause(),
            // What is chosen is not seen under what lies over it.
            _ if self.overlay.is_some() => {}
            KeyCode::Tab => self.focus = self.focus.next(),
            KeyCode::BackTab => self.focus = self.focus.next().next(),
            KeyCode::Char('/') => self.typing = Some(self.choice.filter.clone()),
            _ => self.change_choice(key.code),
        }
        Asked::Nothing
    }

    fn change_choice(&mut self, code: KeyCode) {
        let choice = &mut self.choice;
        match code {
            KeyCode::Char('s') => {
                choice.sort = choice.sort.next();
                choice.reverse = false;
            }
            KeyCode::Char('S') => choice.reverse = !choice.reverse,
            KeyCode::Char('f') => choice.only = choice.only.next(),
            KeyCode::Char('e') => self.choice.environment = self.next_environment(),
            _ => return,
        }
        self.choose_from_top();
    }

    fn next_environment(&self) -> Option<EnvironmentId> {
        let ids = self.environment_ids();
        match &self.choice.environment {
            None => ids.into_iter().next(),
            Some(now) => ids.into_iter().skip_while(|id| id != now).nth(1),
        }
    }

    fn go(&mut self, step: Step) {
        if self.overlay.is_some() {
            // Its end is known where it is drawn.
            self.over = match step {
                Step::Up => self.over.saturating_sub(1),
                Step::Down => self.over.saturating_add(1),
                Step::PageUp => self.over.saturating_sub(PAGE),
                Step::PageDown => self.over.saturating_add(PAGE),
                Step::First => 0,
                Step::Last => usize::MAX,
            };
            return;
        }
        match self.focus {
            Focus::Environments => self.environments.go(step, self.environment_ids().len()),
            Focus::Errors => self.errors.go(step, self.troubles.len()),
            Focus::Blobs => {
                self.blobs.go(step, self.shown.len());
                self.selected = self.selected_blob().map(|seen| seen.id);
            }
        }
    }

    /// One step back: from what lies over the rest, then from what was chosen.
    fn back(&mut self) {
        if self.overlay.take().is_some() {
            return;
        }
        self.focus = Focus::Blobs;
        self.choice = Choice {
            sort: self.choice.sort,
            reverse: self.choice.reverse,
            ..Choice::default()
        };
        self.choose();
    }

    fn enter(&mut self) {
        if self.overlay.take().is_some() {
            return;
        }
        match self.focus {
            Focus::Environments => {
                let id = self.environment_ids().into_iter().nth(self.environments.selected);
                self.choice.environment = id.filter(|id| self.choice.environment.as_ref() != Some(id));
                self.focus = Focus::Blobs;
                self.choose_from_top();
            }
            Focus::Blobs if self.selected_blob().is_some() => self.toggle(Overlay::Details),
            Focus::Blobs => {}
            Focus::Errors => {
                let blob = self.troubles.get(self.errors.selected).and_then(|trouble| trouble.blob);
                if let Some(id) = blob {
                    // It may be one that the choice leaves out.
                    self.back();
                    self.selected = Some(id);
                    self.choose();
                    self.toggle(Overlay::Details);
                }
            }
        }
    }

    fn toggle(&mut self, overlay: Overlay) {
        self.over = match overlay {
            Overlay::Log => usize::MAX,
            Overlay::Details | Overlay::Help => 0,
        };
        self.overlay = match self.overlay == Some(overlay) {
            true => None,
            false => Some(overlay),
        };
        if overlay == Overlay::Details {
            self.selected = self.selected_blob().map(|seen| seen.id);
        }
    }

    fn pause(&mut self) {
        self.paused = !self.paused;
        if let Some(report) = self.held_back.take() {
            self.take(report);
        }
    }

    fn change_interval(&mut self, longer: bool) -> Asked {
        let now = self.interval.as_secs();
        let next = match longer {
            true => INTERVALS.into_iter().find(|seconds| *seconds > now),
            false => INTERVALS.into_iter().rev().find(|seconds| *seconds < now),
        };
        match next {
            Some(seconds) => {
                self.interval = Duration::from_secs(seconds);
                Asked::Pace
            }
            None => Asked::Nothing,
        }
    }
}

impl Focus {
    fn next(self) -> Self {
        match self {
            Self::Environments => Self::Blobs,
            Self::Blobs => Self::Errors,
            Self::Errors => Self::Environments,
        }
    }
}
