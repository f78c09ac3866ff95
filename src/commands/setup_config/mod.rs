//! `clp setup-config`.
//!
//! ```text
//! a terminal ──▶ dialogue ─┐
//! flags ───────▶ flags ────┼▶ Draft ──(--keyring: its secrets)──▶ the file, the old one kept beside it
//! --from, --migrate ───────┘
//! ```

mod answers;
mod ask;
mod dialogue;
mod flags;
mod kafka;
mod trial;

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;

use self::flags::Flags;
use crate::{
    cli::{App, Failure, Output},
    config::{self, Account, AccountAccess, Config, Draft, Environment, Keyring, Migrated, SecretSource},
    domain::EnvironmentId,
};

const EXAMPLES: &str = "Examples:
  clp setup-config
  clp setup-config --keyring
  clp setup-config --subscription cp2 --env P1 --account-name prodlogs --secret-stdin <key.txt
  clp setup-config --env cp2/D1 --account-name devlogs --credential managed-identity
  clp setup-config --brokers broker1:9094 -X security.protocol=SSL
  clp setup-config --from team-config.yaml
  clp setup-config --migrate --keyring";

/// Set up the configuration: storage accounts and Kafka, readable by you alone
///
/// On a terminal it asks, hides what is secret, and tries every connection at once. With flags it adds one environment
/// to what is there, or replaces it; so several calls add several. Off a terminal and without flags it writes a template
/// with all keys. What was there is kept: in the new file, and as it was beside it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SetupConfig {
    /// Take the configuration from this file, or from standard input (-); it must load
    #[arg(long, value_name = "FILE", conflicts_with_all = ["migrate", "template"])]
    from: Option<PathBuf>,

    /// Take over the configuration of the older tools, ~/.cch-log-sync/config.yaml
    #[arg(long, conflicts_with = "template")]
    migrate: bool,

    /// Write a template with all keys, to be filled in; no questions
    #[arg(long)]
    template: bool,

    /// Put all secrets into the keyring of the operating system, and only their names into the file
    #[arg(long, conflicts_with = "template")]
    keyring: bool,

    /// With --from, --migrate and --template: replace a file that holds credentials; the old one is kept beside it
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    flags: Flags,
}

pub async fn run(args: SetupConfig, app: &App) -> anyhow::Result<()> {
    let keyring = Keyring::System;
    if args.keyring {
        keyring.check().map_err(|error| no_keyring(&error))?;
    }
    let environment = Environment::of_process();
    let Prepared {
        mut draft,
        target,
        adds,
    } = prepare(&args, &environment, app).await?;
    let entries = match args.keyring {
        true => draft.move_secrets(&keyring)?,
        false => Vec::new(),
    };
    // What is only added to is lost to nobody.
    let backup = draft.write(adds || args.force)?;
    let mut output = app.output();
    output.line(format!("wrote {}", target.display()))?;
    for entry in &entries {
        output.line(format!("the keyring has {entry} (service {})", config::KEYRING_SERVICE))?;
    }
    if let Some(backup) = backup {
        let secrets = if entries.is_empty() {
            ""
        } else {
            "; it still holds the secrets, delete it when all works"
        };
        output.line(format!("the old file is kept as {}{secrets}", backup.display()))?;
    }
    if draft.comments_lost() {
        tracing::warn!("the comments of the old file are only in that copy of it");
    }
    summarise(&draft, &environment, &mut output)?;
    output.line(match draft.text() == config::template() {
        true => "next: fill in what is missing, then `clp config check` and `clp list-blobs`",
        false => "next: `clp config check` tests all connections, `clp list-blobs` shows what there is",
    })?;
    Ok(output.flush()?)
}

/// A draft with everything in it that is to be written.
struct Prepared {
    draft: Draft,
    target: PathBuf,
    /// Whether it holds all that was at its place before.
    adds: bool,
}

async fn prepare(args: &SetupConfig, environment: &Environment, app: &App) -> anyhow::Result<Prepared> {
    let by_flags = args.flags.say_something(app);
    let source = source(args, environment)?;
    if let Some(migrated) = source {
        if by_flags {
            return Err(Failure::usage(
                "--from and --migrate take a whole configuration: set up more in a second call",
            )
            .into());
        }
        for warning in migrated.warnings {
            tracing::warn!("{warning}");
        }
        let target = target(app, config::new_file(environment))?;
        let draft = Draft::of(&target, migrated.text);
        return Ok(Prepared {
            draft,
            target,
            adds: false,
        });
    }
    let asks = !by_flags && !args.template && ask::is_possible();
    if !by_flags && !asks && !args.keyring {
        let target = target(app, config::new_file(environment))?;
        let draft = Draft::of(&target, config::template());
        return Ok(Prepared {
            draft,
            target,
            adds: false,
        });
    }
    let target = target(app, config::file_in_use(environment))?;
    let mut draft = Draft::open(&target)?;
    if by_flags {
        args.flags.apply(&mut draft, args.keyring, app).await?;
    } else if asks {
        dialogue::run(&mut draft, &target, app).await?;
    } else if draft.is_new() {
        return Err(
            Failure::configuration(format!("there is no {} whose secrets could be moved", target.display()))
                .with_hint("name the environment by flags, or take a file by --from or --migrate")
                .into(),
        );
    }
    draft.load(environment)?;
    Ok(Prepared {
        draft,
        target,
        adds: true,
    })
}

fn target(app: &App, usual: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    match app.overrides().config_path.or(usual) {
        Some(path) => Ok(path),
        None => Err(Failure::configuration("there is no home directory to write to")
            .with_hint("--config FILE names the file to write")
            .into()),
    }
}

/// The configuration that `--from` or `--migrate` takes over.
fn source(args: &SetupConfig, environment: &Environment) -> anyhow::Result<Option<Migrated>> {
    if let Some(from) = &args.from {
        if from == Path::new("-") {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            return Ok(Some(config::migrate_text(Path::new("standard input"), &text)?));
        }
        return Ok(Some(config::migrate(from)?));
    }
    if !args.migrate {
        return Ok(None);
    }
    match config::oldest_file(environment) {
        Some(path) => Ok(Some(config::migrate(&path)?)),
        None => Err(
            Failure::configuration("there is no ~/.cch-log-sync/config.yaml to take over")
                .with_hint("--from FILE takes another file")
                .into(),
        ),
    }
}

fn no_keyring(error: &config::KeyringError) -> Failure {
    Failure::configuration(format!("--keyring: {error}")).with_hint(
        "nothing was written; leave --keyring out to keep secrets in the file, which only you can read, or keep them in \
         files of their own (--secret-file)",
    )
}

/// The accounts that the new file has, secrets masked.
fn summarise(draft: &Draft, environment: &Environment, output: &mut Output) -> anyhow::Result<()> {
    let (config, _) = draft.load(environment)?;
    for id in config.environments() {
        let access = match config.storage_account(&id.subscription, &id.environment) {
            Ok(account) => match account.directory {
                Some(directory) => format!("directory {}", directory.display()),
                None => format!(
                    "account {}, {}",
                    account.account_name,
                    access(&account.access, &config, &id)
                ),
            },
            Err(error) => {
                tracing::warn!("{error}");
                continue;
            }
        };
        output.line(format!("  {id}: {access}"))?;
    }
    if let Some(brokers) = draft.brokers() {
        output.line(format!("  kafka: {brokers}"))?;
    }
    Ok(())
}

fn access(access: &AccountAccess, config: &Config, id: &EnvironmentId) -> String {
    let what = match access {
        AccountAccess::AccessKey(key) => format!("access key {key}"),
        AccountAccess::SasToken(token) => format!("SAS token {token}"),
        // Its beginning names the protocol: nothing of it helps to tell one from another.
        AccountAccess::ConnectionString(_) => "connection string ****".to_owned(),
        AccountAccess::Entra(identity) => identity.describe(),
        AccountAccess::Anonymous => "no credential".to_owned(),
    };
    match config.account(id).is_some_and(is_in_keyring) {
        true => format!("{what} in the keyring"),
        false => what,
    }
}

fn is_in_keyring(account: &Account) -> bool {
    let client_secret = account.entra.as_ref().and_then(|entra| entra.client_secret.as_ref());
    let sources = [
        account.access_key.as_ref(),
        account.sas_token.as_ref(),
        account.connection_string.as_ref(),
        client_secret,
    ];
    sources
        .into_iter()
        .flatten()
        .any(|source| matches!(source, SecretSource::Keyring(_)))
}
