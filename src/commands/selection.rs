//! Which environments and services a command is about: the flags that several commands share.

use clap::Args;
use jiff::Timestamp;

use crate::{
    cli::{App, Failure},
    config,
    domain::EnvironmentId,
};

/// Refuses a time window that ends before it begins.
pub fn check_window(since: Option<Timestamp>, until: Option<Timestamp>) -> Result<(), Failure> {
    match (since, until) {
        (Some(since), Some(until)) if until < since => Err(Failure::usage("--until lies before --since")),
        _ => Ok(()),
    }
}

/// Environments and what of them.
#[derive(Args, Clone, Debug, Default)]
pub struct EnvironmentSelection {
    /// Environment, as E or SUBSCRIPTION/E; can be given several times
    #[arg(
        short,
        long = "env",
        alias = "environment",
        value_name = "ENV",
        value_delimiter = ','
    )]
    pub environments: Vec<String>,

    /// Subscription; all its environments, if none is named
    #[arg(short, long, value_name = "SUBSCRIPTION")]
    pub subscription: Option<String>,
}

impl EnvironmentSelection {
    /// The environments that are meant: those named, else all of the subscription, else all there are.
    pub fn resolve(&self, app: &App) -> anyhow::Result<Vec<EnvironmentId>> {
        let config = app.config()?;
        let subscription = self.subscription.as_deref();
        if !self.environments.is_empty() {
            let mut found = Vec::new();
            for environment in &self.environments {
                let id = config.find_environment(environment, subscription)?;
                if !found.contains(&id) {
                    found.push(id);
                }
            }
            return Ok(found);
        }
        let all = config.environments();
        let found: Vec<EnvironmentId> = all
            .iter()
            .filter(|id| subscription.is_none_or(|wanted| id.subscription == wanted))
            .cloned()
            .collect();
        match (found.is_empty(), subscription) {
            (false, _) => Ok(found),
            (true, Some(wanted)) if !all.is_empty() => {
                let mut known: Vec<String> = all.into_iter().map(|id| id.subscription).collect();
                known.dedup();
                let wanted = wanted.to_owned();
                Err(config::Error::UnknownSubscription { wanted, known }.into())
            }
            _ => Err(Failure::configuration("no environment is configured")
                .with_hint(
                    "clp setup-config writes a first configuration; `clp config path` shows where it is looked for",
                )
                .into()),
        }
    }
}
