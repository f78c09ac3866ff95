//! `clp man`.

mod page;

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::Args;

use crate::cli::{App, plural};

const EXAMPLES: &str = "Examples:
  clp man ~/.local/share/man/man1     # then: man clp, man clp-tail
  clp man clp-tail | man -l -         # only look
  sudo clp man /usr/local/share/man/man1";

/// Write the manual pages
///
/// One page for each command, clp.1, clp-tail.1 and so on, into a directory, which is made if it is not there. Without a
/// directory the page of clp itself goes to standard output, and with the name of a page, that page. The pages are the
/// same at every run.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Man {
    /// Directory for the pages; `man` looks into those that are called man1
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    directory: Option<PathBuf>,
}

pub fn run(args: Man, app: &App) -> anyhow::Result<()> {
    let mut output = app.output();
    let pages = page::pages(super::command());
    let shown = match &args.directory {
        None => pages.first(),
        Some(there) if there.exists() => None,
        Some(name) => pages.iter().find(|(page, _)| page.strip_suffix(".1") == name.to_str()),
    };
    let Some(directory) = args.directory.filter(|_| shown.is_none()) else {
        if let Some((_, page)) = shown {
            output.bytes(page.as_bytes())?;
        }
        return Ok(output.flush()?);
    };
    fs::create_dir_all(&directory).with_context(|| format!("cannot make directory {}", directory.display()))?;
    for (name, page) in &pages {
        let path = directory.join(name);
        fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let pages = plural(pages.len() as u64, "page", "pages");
    output.line(format!("wrote {pages} to {}", directory.display()))?;
    Ok(output.flush()?)
}
