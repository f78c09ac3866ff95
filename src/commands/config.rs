//! `clp config`.

use clap::{Args, Subcommand};

use crate::{
    cli::{App, Exit, Failure, Parts},
    config::{self, Environment},
};

const EXAMPLES: &str = "Examples:
  clp config check
  clp config show --config worker.yaml
  clp config path";

/// Check, show and find the configuration
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ConfigCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read the configuration and tell all that is wrong with it; exit code 3 if there is anything
    #[command(after_help = "Examples:\n  clp config check\n  clp config check --config worker.yaml -q")]
    Check,
    /// Print the effective configuration, defaults and environment included, secrets masked
    #[command(after_help = "Examples:\n  clp config show\n  CLP_KAFKA_BROKERS=b1:9092 clp config show | grep brokers")]
    Show,
    /// Print the files that are read; with none, where they are looked for goes to standard error
    #[command(after_help = "Examples:\n  clp config path\n  $EDITOR \"$(clp config path | head -1)\"")]
    Path,
}

pub fn run(args: ConfigCommand, app: &App) -> anyhow::Result<()> {
    let mut output = app.output();
    match args.what {
        What::Check => {
            let loaded = app.loaded()?;
            let environments = loaded.config.environments();
            let mut parts = Parts::of(environments.len(), "environments");
            for environment in &environments {
                parts.note(app.container(environment, None))?;
            }
            parts.into_result_or(Exit::Configuration)?;
            let files: Vec<String> = loaded.files.iter().map(|file| file.display().to_string()).collect();
            let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
            output.line(format!(
                "ok: {}; {}, {}",
                match files.is_empty() {
                    true => "no file, defaults only".to_owned(),
                    false => files.join(", "),
                },
                count(loaded.config.environments().len(), "environment"),
                count(loaded.warnings.len(), "warning"),
            ))?;
        }
        What::Show => output.bytes(app.config()?.show().as_bytes())?,
        What::Path => {
            let searched = config::candidates(&Environment::of_process());
            let loaded = app.loaded()?;
            for file in &loaded.files {
                output.line(file.display())?;
            }
            if loaded.files.is_empty() {
                let looked: Vec<String> = searched.iter().map(|path| path.display().to_string()).collect();
                return Err(Failure::configuration("there is no configuration file")
                    .with_hint(format!("looked for {}; clp setup-config writes one", looked.join(", ")))
                    .into());
            }
        }
    }
    Ok(output.flush()?)
}
