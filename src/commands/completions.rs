//! `clp completions`.

use clap::Args;
use clap_complete::{Shell, generate};

use crate::cli::App;

const EXAMPLES: &str = "Examples:
  bash: clp completions bash > ~/.local/share/bash-completion/completions/clp
  zsh:  clp completions zsh > \"${fpath[1]}/_clp\"
  fish: clp completions fish > ~/.config/fish/completions/clp.fish";

/// Print a shell's completion script
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run(args: Completions, app: &App) -> anyhow::Result<()> {
    let mut script = Vec::new();
    generate(args.shell, &mut super::command(), "clp", &mut script);
    let mut output = app.output();
    output.bytes(&script)?;
    Ok(output.flush()?)
}
