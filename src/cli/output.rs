//! Standard output holds data, standard error everything else. The only place that prints.

use std::io::{self, BufWriter, IsTerminal, Write};

use clap::ValueEnum;
use serde::Serialize;
use tracing::Level;

use super::{ColorChoice, captured, progress, told::Told};

/// How a command writes its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// Standard output, buffered. What is written is seen at the latest when the command ends.
pub struct Output {
    out: BufWriter<Box<dyn Write + Send>>,
    pub is_terminal: bool,
}

impl Output {
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        Self {
            out: match is_terminal {
                true => BufWriter::new(Box::new(AboveBars(stdout))),
                false => BufWriter::new(Box::new(stdout)),
            },
            is_terminal,
        }
    }

    pub fn line(&mut self, line: impl std::fmt::Display) -> io::Result<()> {
        writeln!(self.out, "{line}").map_err(of_stdout)
    }

    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value).map_err(|error| of_stdout(error.into()))?;
        self.out.write_all(b"\n").map_err(of_stdout)
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes).map_err(of_stdout)
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(of_stdout)
    }

    /// Begins a new screen. Of a terminal only.
    pub fn clear_screen(&mut self) -> io::Result<()> {
        const ERASE_AND_HOME: &[u8] = b"\x1b[2J\x1b[H";
        self.bytes(ERASE_AND_HOME)
    }

    /// Lines of the terminal.
    pub fn terminal_lines(&self) -> usize {
        usize::from(console::Term::stdout().size().0)
    }

    /// Columns of the terminal; 80 where it does not know its size.
    pub fn terminal_columns(&self) -> u16 {
        console::Term::stdout().size().1
    }

    /// A byte count: exact off a terminal, rounded for people on one.
    pub fn size(&self, bytes: u64) -> String {
        match self.is_terminal {
            true => human_size(bytes),
            false => bytes.to_string(),
        }
    }
}

/// A terminal on which bars may be drawn at the same time.
struct AboveBars<W>(W);

impl<W: Write> Write for AboveBars<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        progress::above_bars(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// For whoever writes much at a time.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(of_stdout)
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::flush(self)
    }
}

fn of_stdout(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("standard output: {error}"))
}

pub fn human_size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// `1 blob`, `2 blobs`.
pub fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A line for people on standard error, as JSON if the log is.
pub fn to_stderr(line: &str) {
    tell(&Told::Line(line));
}

pub(super) fn tell(told: &Told<'_>) {
    let level = match told {
        Told::Line(_) => Level::INFO,
        Told::Error { .. } => Level::ERROR,
    };
    captured::write(level, told.in_form().as_bytes());
}

/// Whether to colour what goes to `stream`.
pub(super) fn use_color(choice: ColorChoice, stream: &impl IsTerminal) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            !no_color && stream.is_terminal()
        }
    }
}
