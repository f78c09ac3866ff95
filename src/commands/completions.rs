//! `clp completions`.

use clap::Args;
use clap_complete::Shell;

use super::complete;
use crate::cli::App;

const EXAMPLES: &str = "Examples:
  bash: clp completions bash > ~/.local/share/bash-completion/completions/clp
  zsh:  clp completions zsh > ~/.zfunc/_clp     # a directory of fpath
  fish: clp completions fish > ~/.config/fish/completions/clp.fish
  once: source <(clp completions bash)          # for this shell only";

/// Print a shell's completion script
///
/// With it the shell asks clp at every Tab. So commands and flags are those of the clp that is installed, and environments,
/// subscriptions, services, topics and containers those of the configuration, also of one that --config names before them.
/// `--blob` offers the newest names that were listed; if that was more than a minute ago, storage is asked for a moment.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run(args: Completions, app: &App) -> anyhow::Result<()> {
    let script = complete::script(&args.shell.to_string())?;
    let mut output = app.output();
    output.bytes(&script)?;
    Ok(output.flush()?)
}
