//! Questions on a terminal, which is as it was when they are over, also after Ctrl-C.

use std::io::{self, IsTerminal};

use dialoguer::{
    Confirm, Input, Password, Select,
    theme::{ColorfulTheme, SimpleTheme, Theme},
};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::{
    cli::{self, CaughtSignals, Failure},
    secret::Secret,
};

/// Asks on standard error and reads from standard input.
pub(super) struct Ask {
    before: Termios,
    signals: CaughtSignals,
    has_color: bool,
}

/// Whether there is somebody to ask.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

impl Ask {
    pub(super) fn begin(has_color: bool) -> anyhow::Result<Self> {
        Ok(Self {
            before: tcgetattr(io::stdin())?,
            signals: cli::catch_signals(),
            has_color,
        })
    }

    /// A text without blanks around it; never an empty one.
    pub(super) async fn text(&mut self, prompt: &str, default: Option<String>) -> anyhow::Result<String> {
        self.checked(prompt, default, |text| match text.trim().is_empty() {
            true => Err("type something, or press Ctrl-C".to_owned()),
            false => Ok(()),
        })
        .await
    }

    /// A text that may be left empty.
    pub(super) async fn optional(&mut self, prompt: &str, default: Option<String>) -> anyhow::Result<Option<String>> {
        let text = self.checked(prompt, default, |_| Ok(())).await?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// A text that `check` lets through; it is asked for again with the reason until then.
    pub(super) async fn checked(
        &mut self,
        prompt: &str,
        default: Option<String>,
        check: impl Fn(&str) -> Result<(), String> + Send + 'static,
    ) -> anyhow::Result<String> {
        let prompt = prompt.to_owned();
        let text = self.ask(move |theme| {
            let input = Input::<String>::with_theme(theme).with_prompt(prompt).allow_empty(true);
            let input = input.validate_with(move |text: &String| check(text.trim()));
            match default {
                Some(default) => input.default(default).interact_text(),
                None => input.interact_text(),
            }
        });
        Ok(text.await?.trim().to_owned())
    }

    /// A secret, of which nothing is shown.
    pub(super) async fn secret(&mut self, prompt: &str) -> anyhow::Result<Secret> {
        loop {
            let prompt = format!("{prompt} (not shown)");
            let typed = self.ask(move |theme| {
                let input = Password::with_theme(theme).with_prompt(prompt).report(false);
                input.allow_empty_password(true).interact()
            });
            let secret = typed.await?;
            if !secret.trim().is_empty() {
                cli::to_stderr(&format!("  {} characters", secret.trim().chars().count()));
                return Ok(Secret::new(secret.trim()));
            }
            cli::to_stderr("  nothing was typed; paste it and press Enter, or press Ctrl-C");
        }
    }

    /// The number of the item that is chosen.
    pub(super) async fn choose(&mut self, prompt: &str, items: Vec<String>) -> anyhow::Result<usize> {
        let prompt = prompt.to_owned();
        self.ask(move |theme| {
            let select = Select::with_theme(theme).with_prompt(prompt).items(&items);
            select.default(0).interact()
        })
        .await
    }

    pub(super) async fn confirm(&mut self, prompt: &str, default: bool) -> anyhow::Result<bool> {
        let prompt = prompt.to_owned();
        self.ask(move |theme| {
            Confirm::with_theme(theme)
                .with_prompt(prompt)
                .default(default)
                .interact()
        })
        .await
    }

    /// Waits for something else; Ctrl-C ends it as it ends a question.
    pub(super) async fn wait<T>(&mut self, work: impl Future<Output = T>) -> anyhow::Result<T> {
        tokio::select! {
            () = self.signals.next() => Err(interrupted()),
            result = work => Ok(result),
        }
    }

    /// Runs a question on a thread that may block. Nobody waits for that thread after Ctrl-C: it reads until the
    /// process ends.
    async fn ask<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&dyn Theme) -> dialoguer::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let has_color = self.has_color;
        let asked = tokio::task::spawn_blocking(move || match has_color {
            true => question(&ColorfulTheme::default()),
            false => question(&SimpleTheme),
        });
        match self.wait(asked).await?? {
            Ok(answer) => Ok(answer),
            Err(dialoguer::Error::IO(error)) if error.kind() == io::ErrorKind::Interrupted => Err(interrupted()),
            Err(dialoguer::Error::IO(error)) => Err(error.into()),
        }
    }
}

impl Drop for Ask {
    /// A question that was interrupted leaves the echo off and the cursor hidden. If that cannot be mended, the terminal
    /// is gone.
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        let _ = console::Term::stderr().show_cursor();
    }
}

/// The cursor still stands behind the question.
fn interrupted() -> anyhow::Error {
    cli::to_stderr("");
    Failure::interrupted("interrupted; nothing was written").into()
}
