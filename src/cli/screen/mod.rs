//! A full screen on a terminal, which is given back whatever happens.
//!
//! Raw mode, the alternate screen and the hidden cursor outlive the process that asked for them. They are therefore undone by
//! `leave`, which comes from the end of [`Screen`], from the panic of any thread, from an exit at a second signal, and
//! before the process stops at Ctrl-Z. Whatever is drawn afterwards goes nowhere, so that no thread can garble what was given
//! back.

mod gate;
mod keys;
mod signals;

use std::{
    io::{self, BufWriter, IsTerminal},
    sync::Once,
};

use ratatui::{
    Frame, Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor,
        event::{DisableBracketedPaste, EnableBracketedPaste},
        execute, style,
        terminal::{self, EnterAlternateScreen, LeaveAlternateScreen},
    },
};

use self::gate::Gate;
use super::captured;

pub use keys::Keys;
pub use signals::{ScreenSignal, ScreenSignals};

/// The whole terminal, drawn anew with each change. Log lines are kept back meanwhile.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Gate>>>,
}

/// Whether both ends are a terminal that can show one.
pub fn can_show() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
}

impl Screen {
    /// # Errors
    /// The terminal is gone or no terminal.
    pub fn enter(color: bool) -> io::Result<Self> {
        leave_when_panicking();
        // Colours were decided on already; crossterm looks at NO_COLOR by itself.
        style::force_color_output(color);
        // Before anything is changed, so that whatever fails from here on is undone.
        let screen = Self {
            terminal: Terminal::new(CrosstermBackend::new(BufWriter::new(Gate)))?,
        };
        captured::begin();
        enter()?;
        Ok(screen)
    }

    /// Draws what has changed since the last time.
    ///
    /// # Errors
    /// The terminal is gone, or was given back meanwhile.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if !gate::is_open() {
            return Err(io::Error::other("the screen was given back"));
        }
        self.terminal.draw(render)?;
        Ok(())
    }

    /// Gives the terminal back, stops the process as Ctrl-Z does, and takes the terminal again when it goes on.
    pub fn suspend(&mut self) -> io::Result<()> {
        leave();
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        self.resume()
    }

    /// After the process was stopped by others: takes the terminal, whose state the shell has changed, and draws it whole.
    pub fn resume(&mut self) -> io::Result<()> {
        enter()?;
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
        captured::end();
    }
}

fn enter() -> io::Result<()> {
    gate::open();
    // A shell that had the terminal meanwhile has left raw mode, which crossterm does not know.
    terminal::disable_raw_mode()?;
    terminal::enable_raw_mode()?;
    execute!(Gate, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
}

/// Gives the terminal back if a screen is up. Nobody is left to tell where that fails.
pub(super) fn leave() {
    if !gate::is_open() {
        return;
    }
    let _ = execute!(Gate, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    gate::close();
    let _ = terminal::disable_raw_mode();
}

/// Before anything is said about the panic, which would be lost with the alternate screen.
fn leave_when_panicking() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let say = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            leave();
            captured::end();
            say(panic);
        }));
    });
}
