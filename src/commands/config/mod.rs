//! `clp config`.

mod check;

use clap::{Args, Subcommand};

use crate::{
    cli::{App, Failure},
    config::{self, Environment},
};

const EXAMPLES: &str = "Examples:
  clp config check
  clp config check --offline
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
    /// Read the configuration, test every connection that it describes, and tell what works
    ///
    /// Each environment's container and Kafka, side by side and each for some seconds at most. Exit code 3 if the
    /// configuration is wrong; 4 or 5 if the one connection, or all, do not work; 7 if some do not.
    Check(check::Check),
    /// Print the effective configuration, defaults and environment included, secrets masked
    #[command(after_help = "Examples:\n  clp config show\n  CLP_KAFKA_BROKERS=b1:9092 clp config show | grep brokers")]
    Show,
    /// Print the files that are read; with none, where they are looked for goes to standard error
    #[command(after_help = "Examples:\n  clp config path\n  $EDITOR \"$(clp config path | head -1)\"")]
    Path,
}

pub async fn run(args: ConfigCommand, app: &App) -> anyhow::Result<()> {
    let mut output = app.output();
    match args.what {
        What::Check(args) => return check::run(args, app).await,
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
