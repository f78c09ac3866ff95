//! An environment, or Kafka, set up by flags: for scripts.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    answers::{Answers, CredentialKind, GivenSecret},
    ask::{self, Ask},
};
use crate::{
    cli::{App, Exit, Failure},
    config::{Brokers, Draft, Properties, PropertyValue, is_secret_property},
    domain::EnvironmentId,
    secret::Secret,
};

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Without a dialogue")]
pub(super) struct Flags {
    /// Subscription to add an environment to
    #[arg(short, long, value_name = "SUBSCRIPTION")]
    subscription: Option<String>,

    /// Environment to add or to replace: its name, or SUBSCRIPTION/NAME
    #[arg(short, long = "env", value_name = "ENV")]
    environment: Option<String>,

    /// Name of its storage account
    #[arg(long, value_name = "NAME")]
    account_name: Option<String>,

    /// What opens the account [default: access-key]
    #[arg(long, value_name = "KIND", value_enum)]
    credential: Option<CredentialKind>,

    /// Read the key, token, string or client secret from standard input
    #[arg(long, conflicts_with = "secret_file")]
    secret_stdin: bool,

    /// File with the key, token, string or client secret, which stays there; with --keyring it is copied
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    /// Tenant of an identity of Entra ID; AZURE_TENANT_ID where it is left out
    #[arg(long, value_name = "ID")]
    tenant_id: Option<String>,

    /// Client id of an identity of Entra ID; AZURE_CLIENT_ID where it is left out
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    /// Token of a workload identity; AZURE_FEDERATED_TOKEN_FILE where it is left out
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Where tokens of Entra ID are asked for, in sovereign clouds
    #[arg(long, value_name = "URL")]
    authority_host: Option<String>,

    /// Address of the blob service, for Azurite and sovereign clouds
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,

    /// Container, where it is not commerce-logs-separated
    #[arg(short, long, value_name = "CONTAINER")]
    container: Option<String>,

    /// Local directory with the blobs, in place of an account
    #[arg(long, value_name = "DIR", conflicts_with_all = ["account_name", "credential", "secret_stdin", "secret_file", "endpoint", "container"])]
    directory: Option<PathBuf>,

    /// Read Kafka's sasl.password from standard input; --brokers and -X set the rest
    #[arg(long, conflicts_with = "secret_stdin")]
    kafka_password_stdin: bool,
}

impl Flags {
    /// Whether any of them, or one of the global flags for Kafka, says what to set up.
    pub(super) fn say_something(&self, app: &App) -> bool {
        let overrides = app.overrides();
        self.environment.is_some()
            || self.are_of_an_account()
            || self.kafka_password_stdin
            || overrides.brokers.is_some()
            || !overrides.properties.is_empty()
    }

    /// Whether one of them says something of an account, whichever that is.
    fn are_of_an_account(&self) -> bool {
        let texts = [
            &self.subscription,
            &self.account_name,
            &self.tenant_id,
            &self.client_id,
            &self.authority_host,
            &self.endpoint,
            &self.container,
        ];
        let paths = [&self.secret_file, &self.token_file, &self.directory];
        texts.into_iter().any(Option::is_some)
            || paths.into_iter().any(Option::is_some)
            || self.credential.is_some()
            || self.secret_stdin
    }

    /// Puts into `draft` what they say.
    pub(super) async fn apply(&self, draft: &mut Draft, copy_files: bool, app: &App) -> anyhow::Result<()> {
        if let Some(id) = self.environment()? {
            self.check()?;
            let secret = match (self.secret_stdin, &self.secret_file) {
                (true, _) => Some(GivenSecret::Itself(from_stdin("secret", app).await?)),
                (false, Some(file)) if copy_files => Some(GivenSecret::Itself(from_file(file)?)),
                (false, Some(file)) => Some(GivenSecret::InFile(absolute(file)?)),
                (false, None) => None,
            };
            draft.set_account(&id, &self.answers(secret)?.account())?;
        }
        self.apply_kafka(draft, app).await
    }

    fn environment(&self) -> anyhow::Result<Option<EnvironmentId>> {
        let Some(environment) = self.environment.as_deref() else {
            return match self.are_of_an_account() {
                true => Err(Failure::usage("--env is needed, which names the environment to set up")
                    .with_hint("clp setup-config --subscription cp2 --env P1 --account-name … --secret-stdin")
                    .into()),
                false => Ok(None),
            };
        };
        let (subscription, name) = match environment.split_once('/') {
            Some((subscription, name)) => (Some(subscription), name),
            None => (self.subscription.as_deref(), environment),
        };
        match subscription.filter(|subscription| !subscription.is_empty()) {
            Some(subscription) if !name.is_empty() => Ok(Some(EnvironmentId::new(subscription, name))),
            _ => Err(
                Failure::usage(format!("--subscription is needed for the environment `{environment}`"))
                    .with_hint("any name of your own for the subscription, such as cp2")
                    .into(),
            ),
        }
    }

    fn kind(&self) -> CredentialKind {
        match self.directory {
            Some(_) => CredentialKind::Directory,
            None => self.credential.unwrap_or_default(),
        }
    }

    /// Whether all is there that the kind of credential needs.
    fn check(&self) -> anyhow::Result<()> {
        let kind = self.kind();
        if kind == CredentialKind::Directory && self.directory.is_none() {
            return Err(Failure::usage("--directory DIR is needed").into());
        }
        if kind.needs_account_name() && self.account_name.is_none() {
            return Err(Failure::usage("--account-name is needed: the name of the storage account").into());
        }
        match (kind.secret(), self.secret_stdin || self.secret_file.is_some()) {
            (Some(what), false) => {
                let message = format!("the {what} is needed: --secret-stdin or --secret-file FILE");
                Err(Failure::usage(message)
                    .with_hint("secrets are no flags, because everybody can see a process's arguments")
                    .into())
            }
            (None, true) => Err(Failure::usage("there is a secret, and the kind of credential has none").into()),
            _ => Ok(()),
        }
    }

    fn answers(&self, secret: Option<GivenSecret>) -> anyhow::Result<Answers> {
        let directory = self.directory.as_deref().map(absolute).transpose()?;
        let token_file = self.token_file.as_deref().map(absolute).transpose()?;
        Ok(Answers {
            kind: self.kind(),
            account_name: self.account_name.clone(),
            secret,
            tenant_id: self.tenant_id.clone(),
            client_id: self.client_id.clone(),
            token_file,
            authority_host: self.authority_host.clone(),
            endpoint: self.endpoint.clone(),
            container: self.container.clone(),
            directory,
        })
    }

    async fn apply_kafka(&self, draft: &mut Draft, app: &App) -> anyhow::Result<()> {
        let overrides = app.overrides();
        if let Some(brokers) = &overrides.brokers {
            let brokers: Brokers = brokers
                .parse()
                .map_err(|reason| Failure::usage(format!("--brokers: {reason}")))?;
            draft.set_brokers(&brokers.to_string())?;
        }
        if let Some((name, _)) = overrides.properties.iter().find(|(name, _)| is_secret_property(name)) {
            let message = format!("-X {name}: secrets are no flags, because everybody can see a process's arguments");
            let hint = "--kafka-password-stdin takes sasl.password; others go into the file with an editor";
            return Err(Failure::usage(message).with_hint(hint).into());
        }
        let mut properties: Properties = overrides.properties.into_iter().collect();
        if self.kafka_password_stdin {
            let password = from_stdin("Kafka password", app).await?;
            properties.set("sasl.password", PropertyValue::Text(password.expose().to_owned()));
        }
        if properties.iter().next().is_some() {
            draft.set_properties(&properties, |_| true)?;
        }
        Ok(())
    }
}

/// Standard input as a secret; asked for without showing it where it is a terminal.
async fn from_stdin(what: &str, app: &App) -> anyhow::Result<Secret> {
    if ask::is_possible() {
        return Ask::begin(app.use_color_on_stderr())?.secret(what).await;
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    match text.trim() {
        "" => Err(Failure::usage(format!("there is no {what} on standard input")).into()),
        secret => Ok(Secret::new(secret)),
    }
}

fn from_file(path: &Path) -> anyhow::Result<Secret> {
    let text = fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read --secret-file {}: {error}", path.display());
        Failure::new(Exit::Configuration, message)
    })?;
    Ok(Secret::new(text.trim()))
}

/// The configuration is elsewhere, so a path in it must not hang on where clp was run.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    Ok(std::path::absolute(path)?)
}
