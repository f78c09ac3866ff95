//! `clp status --watch` on a terminal: the whole screen.
//!
//! ```text
//!  gather ── Report, the last one ──▶ View ──▶ draw ──▶ the terminal
//!                                      ▲
//!  keys ───────────────────────────────┘
//! ```
//!
//! What is shown is decided in [`view`], [`choice`] and [`list`], drawn in [`draw`], both without I/O; what is known is gathered
//! on the side, in [`gather`]. This loop only brings them together.

mod choice;
mod draw;
#[cfg(test)]
mod example;
mod gather;
mod keys;
mod list;
mod text;
mod theme;
mod troubles;
mod typing;
mod view;
#[cfg(test)]
mod view_tests;

use std::time::Duration;

use anyhow::anyhow;
use jiff::Timestamp;
use ratatui::crossterm::event::{Event, KeyEventKind};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(super) use self::gather::{Plan, in_a_line};
use self::{
    gather::{Pace, Report},
    theme::Theme,
    view::{Asked, View},
};
use crate::cli::{
    recently_said,
    screen::{Keys, Screen, ScreenSignal, ScreenSignals},
};

/// So often ages are shown anew.
const REDRAW_EVERY: Duration = Duration::from_secs(1);

/// Shows everything until `cancel` or until somebody quits.
///
/// # Errors
/// Of the terminal. What is wrong with Kafka or storage is shown.
pub(super) async fn run(plan: Plan, interval: Duration, color: bool, cancel: CancellationToken) -> anyhow::Result<()> {
    let mut signals = ScreenSignals::catch()?;
    let (pace, _) = watch::channel(Pace { interval });
    let mut view = View::new(plan.connection.brokers.clone(), interval);
    let theme = Theme { color };
    let mut screen = Screen::enter(color)?;
    let mut keys = Keys::read();
    let (mut reports, mut tasks) = gather::start(plan, &pace);
    let mut redraw = tokio::time::interval(REDRAW_EVERY);
    loop {
        screen.draw(|frame| draw::draw(frame, &mut view, theme, Timestamp::now()))?;
        let asked = tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            signal = signals.next() => match signal {
                ScreenSignal::End => return Ok(()),
                ScreenSignal::Suspend => Asked::Suspend,
                ScreenSignal::Continue => {
                    screen.resume()?;
                    Asked::Nothing
                }
            },
            event = keys.next() => match event {
                Some(event) => take(&mut view, event),
                None => return Ok(()),
            },
            _ = redraw.tick() => Asked::Nothing,
            () = news(&mut reports, &mut view) => Asked::Nothing,
            Some(ended) = tasks.join_next() => match ended {
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                _ => return Err(anyhow!("what is shown is no longer gathered")),
            },
        };
        view.log = recently_said();
        let mut asked = asked;
        loop {
            match asked {
                Asked::Nothing => {}
                Asked::Quit => return Ok(()),
                Asked::Look | Asked::Pace => pace.send_modify(|pace| pace.interval = view.interval),
                Asked::Suspend => screen.suspend()?,
                Asked::Redraw => screen.resume()?,
            }
            // What was typed ahead is done with before it is drawn.
            match keys.waiting() {
                Some(event) => asked = take(&mut view, event),
                None => break,
            }
        }
    }
}

fn take(view: &mut View, event: Event) -> Asked {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => view.press(key),
        Event::Paste(text) => {
            view.paste(&text);
            Asked::Nothing
        }
        // A new size is seen when it is drawn.
        _ => Asked::Nothing,
    }
}

async fn news(reports: &mut watch::Receiver<Report>, view: &mut View) {
    match reports.changed().await {
        Ok(()) => view.take(reports.borrow_and_update().clone()),
        // The task that told them has ended, which is seen elsewhere.
        Err(_) => std::future::pending().await,
    }
}
