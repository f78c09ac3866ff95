//! `clp setup-config`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    cli::{App, Failure},
    config::{self, Config, Environment, Migrated},
};

const EXAMPLES: &str = "Examples:
  clp setup-config
  clp setup-config --from team-config.yaml
  clp setup-config --migrate";

/// Write a first configuration, readable by you alone
///
/// Without flags a template with all keys is written, to be filled in. Credentials that are there already are never
/// overwritten without --force, and what was there is kept beside the new file.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SetupConfig {
    /// Take the configuration from this file; it must load
    #[arg(long, value_name = "FILE", conflicts_with = "migrate")]
    from: Option<PathBuf>,

    /// Take over the configuration of the older tools, ~/.cch-log-sync/config.yaml
    #[arg(long)]
    migrate: bool,

    /// Overwrite a file that holds credentials; the old one is kept beside it
    #[arg(long)]
    force: bool,
}

pub async fn run(args: SetupConfig, app: &App) -> anyhow::Result<()> {
    let environment = Environment::of_process();
    let target = target(app, &environment)?;
    let text = match source(&args, &environment)? {
        None => config::template().to_owned(),
        Some(source) => {
            let Migrated { text, warnings, .. } = config::migrate(&source)?;
            for warning in warnings {
                tracing::warn!("{warning}");
            }
            text
        }
    };
    let backup = config::write_private(&target, &text, args.force)?;
    let mut output = app.output();
    output.line(format!("wrote {}", target.display()))?;
    if let Some(backup) = backup {
        output.line(format!("the old file is kept as {}", backup.display()))?;
    }
    summarise(&target, &mut output)?;
    output.line("next: fill in what is missing, then `clp config check` and `clp list-blobs`")?;
    Ok(output.flush()?)
}

fn target(app: &App, environment: &Environment) -> anyhow::Result<PathBuf> {
    match app.overrides().config_path.or_else(|| config::new_file(environment)) {
        Some(path) => Ok(path),
        None => Err(Failure::configuration("there is no home directory to write to")
            .with_hint("--config FILE names the file to write")
            .into()),
    }
}

fn source(args: &SetupConfig, environment: &Environment) -> anyhow::Result<Option<PathBuf>> {
    if args.from.is_some() {
        return Ok(args.from.clone());
    }
    if !args.migrate {
        return Ok(None);
    }
    match config::oldest_file(environment) {
        Some(path) => Ok(Some(path)),
        None => Err(
            Failure::configuration("there is no ~/.cch-log-sync/config.yaml to take over")
                .with_hint("--from FILE takes another file")
                .into(),
        ),
    }
}

/// The accounts that the new file has, secrets masked.
fn summarise(path: &Path, output: &mut crate::cli::Output) -> anyhow::Result<()> {
    let overrides = config::Overrides {
        config_path: Some(path.to_owned()),
        ..Default::default()
    };
    let config = Config::load_with(&overrides, &Environment::default())?.config;
    for id in config.environments() {
        let access = match config.storage_account(&id.subscription, &id.environment) {
            Ok(account) => match account.directory {
                Some(directory) => format!("directory {}", directory.display()),
                None => format!("account {}, {}", account.account_name, access(&account.access)),
            },
            Err(error) => error.to_string(),
        };
        output.line(format!("  {id}: {access}"))?;
    }
    Ok(())
}

fn access(access: &config::AccountAccess) -> String {
    match access {
        config::AccountAccess::AccessKey(key) => format!("access key {key}"),
        config::AccountAccess::SasToken(token) => format!("SAS token {token}"),
        // Its beginning names the protocol: nothing of it helps to tell one from another.
        config::AccountAccess::ConnectionString(_) => "connection string ****".to_owned(),
        config::AccountAccess::Entra(identity) => identity.describe(),
        config::AccountAccess::Anonymous => "no credential".to_owned(),
    }
}
