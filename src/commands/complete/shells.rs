//! The shells: the script of each, and the way its line comes in and candidates go out.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::Path,
};

use clap::Command;
use clap_complete::{engine, env::EnvCompleter};

use super::line::{Line, Quotes, quoted, split};

/// bash, by our own script: it gives the line as it was typed.
///
/// Readline takes words apart at `:` and `=` as well, and puts candidates in as they are. So the line is split here, what
/// stands before readline's word is cut off, and what the shell would read otherwise is quoted.
pub(super) struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(&self, _: &str, _: &str, _: &str, _: &str, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(include_bytes!("../../../completions/clp.bash"))
    }

    /// `args` are the line up to the cursor, and the word as readline sees it.
    fn write_complete(
        &self,
        command: &mut Command,
        args: Vec<OsString>,
        directory: Option<&Path>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut args = args.iter().map(|arg| arg.to_string_lossy());
        let (words, quotes) = split(&args.next().unwrap_or_default());
        let readline = args.next().unwrap_or_default();
        let readline = match quotes {
            Quotes::None => split(&readline).0.pop().unwrap_or_default(),
            // What stands in quotes comes without them.
            Quotes::Single | Quotes::Double => readline.into_owned(),
        };
        let typed = words.last().cloned().unwrap_or_default();
        let cut = typed.len()
            - if typed.ends_with(&readline) {
                readline.len()
            } else {
                typed.len()
            };
        let index = words.len() - 1;
        Line::new(words.clone()).keep();
        let words = words.into_iter().map(OsString::from).collect();
        for candidate in engine::complete(command, words, index, directory)? {
            let value = candidate.get_value().to_string_lossy();
            if let Some(value) = value.get(cut..) {
                writeln!(out, "{}", quoted(value, quotes))?;
            }
        }
        Ok(())
    }
}

/// A shell as clap_complete knows it.
pub(super) struct Shell<S> {
    pub(super) known: S,
    /// In place of clap_complete's.
    pub(super) script: Option<&'static [u8]>,
    /// Whether the last word comes as it was typed, in its quotes.
    pub(super) quotes: bool,
}

impl<S: EnvCompleter> EnvCompleter for Shell<S> {
    fn name(&self) -> &'static str {
        self.known.name()
    }

    fn is(&self, name: &str) -> bool {
        self.known.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        name: &str,
        program: &str,
        completer: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match self.script {
            Some(script) => out.write_all(script),
            None => self.known.write_registration(variable, name, program, completer, out),
        }
    }

    fn write_complete(
        &self,
        command: &mut Command,
        mut args: Vec<OsString>,
        directory: Option<&Path>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if let Some(last) = args.last_mut().filter(|_| self.quotes) {
            *last = split(&last.to_string_lossy()).0.pop().unwrap_or_default().into();
        }
        Line::new(args.iter().map(|arg| arg.to_string_lossy().into_owned())).keep();
        self.known.write_complete(command, args, directory, out)
    }
}
