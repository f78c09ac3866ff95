//! Questions to a configuration: which environments there are, and how to reach one's storage.

use std::{path::PathBuf, time::Duration};

use super::{
    Config, Error,
    access::{AccountAccess, access, connection_string_part},
    accounts::{Account, is_placeholder},
    keyring::Keyring,
};
use crate::domain::{EnvironmentId, Selector, Selectors};

/// Everything that is needed to read the blobs of one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageAccount {
    pub environment: EnvironmentId,
    /// Empty where `directory` is set, or where a connection string names only an endpoint.
    pub account_name: String,
    pub container: String,
    /// The blob service's address where it is not Azure's usual one.
    pub endpoint: Option<String>,
    /// Blobs are files below this directory, and Azure is not asked.
    pub directory: Option<PathBuf>,
    pub access: AccountAccess,
}

/// One environment that the monitor scans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorTarget {
    pub environment: EnvironmentId,
    pub polling_interval: Duration,
    pub selectors: Vec<Selector>,
}

impl Config {
    /// All environments that have a storage account, by subscription and name.
    pub fn environments(&self) -> Vec<EnvironmentId> {
        let of = |(subscription, section): (&String, &super::Subscription)| {
            let names: Vec<String> = section.environments.keys().cloned().collect();
            let subscription = subscription.clone();
            names
                .into_iter()
                .map(move |name| EnvironmentId::new(subscription.clone(), name))
        };
        self.subscriptions.iter().flat_map(of).collect()
    }

    /// The account's section in the configuration.
    pub fn account(&self, id: &EnvironmentId) -> Option<&Account> {
        let environments = &self.subscriptions.get(&id.subscription)?.environments;
        Some(&environments.get(&id.environment)?.storage_account)
    }

    /// What `--env` (`E` or `S/E`) and `--subscription` mean together.
    ///
    /// # Errors
    /// An environment that is in no subscription, or in several; both list what there is.
    pub fn find_environment(&self, environment: &str, subscription: Option<&str>) -> Result<EnvironmentId, Error> {
        let (subscription, name) = match (environment.split_once('/'), subscription) {
            (Some((named, _)), Some(other)) if named != other => {
                return Err(Error::Contradiction {
                    wanted: environment.to_owned(),
                    subscription: other.to_owned(),
                });
            }
            (Some((named, name)), _) => (Some(named), name),
            (None, subscription) => (subscription, environment),
        };
        if let Some(subscription) = subscription {
            let id = EnvironmentId::new(subscription, name);
            self.known_or_azure(&id)?;
            return Ok(id);
        }
        let known = self.environments();
        let mut found: Vec<EnvironmentId> = known.iter().filter(|id| id.environment == name).cloned().collect();
        match (found.pop(), found.is_empty()) {
            (Some(id), true) => Ok(id),
            (Some(last), false) => {
                found.push(last);
                Err(Error::AmbiguousEnvironment {
                    wanted: name.to_owned(),
                    found,
                })
            }
            (None, _) => Err(unknown_environment(name.to_owned(), known)),
        }
    }

    /// How the blobs of an environment are read. Credentials are read now where they are in files or in the keyring.
    ///
    /// ```
    /// # let file = tempfile::NamedTempFile::new().unwrap();
    /// # std::fs::write(file.path(), "subscriptions: {cp2: {environments: {P1: {storage_account:
    /// #     {account_name: prodlogs, access_key: Zm9vYmFyYmF6cXV4Zm9v}}}}}").unwrap();
    /// # let overrides = clp::config::Overrides { config_path: Some(file.path().into()), ..Default::default() };
    /// # let config = clp::config::Config::load_with(&overrides, &Default::default()).unwrap().config;
    /// // let config = clp::config::Config::load()?;
    /// let account = config.storage_account("cp2", "P1")?;
    /// assert_eq!(account.account_name, "prodlogs");
    /// assert_eq!(account.container, "commerce-logs-separated");
    /// # Ok::<(), clp::config::Error>(())
    /// ```
    ///
    /// # Errors
    /// An environment that the configuration does not know, with what it does know; an account without a usable
    /// credential.
    pub fn storage_account(&self, subscription: &str, environment: &str) -> Result<StorageAccount, Error> {
        self.storage_account_by(&Keyring::System, subscription, environment)
    }

    /// As [`Config::storage_account`], with the secrets of another keyring than the operating system's.
    ///
    /// # Errors
    /// As [`Config::storage_account`].
    pub fn storage_account_by(
        &self,
        keyring: &Keyring,
        subscription: &str,
        environment: &str,
    ) -> Result<StorageAccount, Error> {
        let id = EnvironmentId::new(subscription, environment);
        let account = self.known_or_azure(&id)?;
        let container = account
            .container_name
            .as_ref()
            .unwrap_or(&self.storage.container_name)
            .clone();
        if let Some(directory) = &account.directory {
            return Ok(StorageAccount {
                account_name: account.account_name.clone().unwrap_or_default(),
                container,
                endpoint: None,
                directory: Some(directory.clone()),
                access: AccountAccess::Anonymous,
                environment: id,
            });
        }
        let access = access(account, &id, keyring)?;
        let account_name = match (&account.account_name, &access) {
            (Some(name), _) if !is_placeholder(name) => name.clone(),
            (_, AccountAccess::ConnectionString(text)) => {
                let part = |name: &str| connection_string_part(text.expose(), name);
                let only_endpoint = || part("BlobEndpoint").map(|_| String::new());
                let name = part("AccountName").or_else(only_endpoint);
                name.ok_or_else(|| Error::ConnectionString {
                    environment: id.clone(),
                })?
            }
            _ => return Err(Error::NoAccountName { environment: id }),
        };
        Ok(StorageAccount {
            account_name,
            container,
            endpoint: account.endpoint.clone(),
            directory: None,
            access,
            environment: id,
        })
    }

    /// The services: the built-in ones, with those of `selectors` added or in their place.
    pub fn selectors(&self) -> Selectors {
        Selectors::with(self.selectors.iter().cloned())
    }

    /// What the monitor scans: the enabled items of `environments`, or else every environment with every service.
    pub fn monitored(&self) -> Vec<MonitorTarget> {
        if self.environments.is_empty() {
            let all = self.environments().into_iter();
            return all.map(|id| self.monitor_target(id)).collect();
        }
        let known = self.selectors();
        let enabled = self.environments.iter().filter(|item| item.enabled);
        enabled
            .map(|item| {
                let id = EnvironmentId::new(&item.subscription, &item.environment);
                let mut target = self.monitor_target(id);
                if let Some(seconds) = item.polling_interval {
                    target.polling_interval = Duration::from_secs(seconds);
                }
                if !item.selectors.is_empty() {
                    target.selectors = item.selectors.iter().map(|name| known.resolve(name)).collect();
                }
                target
            })
            .collect()
    }

    /// How the monitor scans an environment that `environments` says nothing about: every service, at the usual
    /// interval.
    pub fn monitor_target(&self, environment: EnvironmentId) -> MonitorTarget {
        MonitorTarget {
            environment,
            polling_interval: Duration::from_secs(self.global.polling_interval),
            selectors: self.selectors().iter().cloned().collect(),
        }
    }

    /// The account of an environment, or that of Azure's own variables if the files do not know the environment.
    fn known_or_azure(&self, id: &EnvironmentId) -> Result<&Account, Error> {
        if let Some(account) = self.account(id).or(self.azure_account.as_ref()) {
            return Ok(account);
        }
        if self.subscriptions.is_empty() || self.subscriptions.contains_key(&id.subscription) {
            return Err(unknown_environment(id.to_string(), self.environments()));
        }
        Err(Error::UnknownSubscription {
            wanted: id.subscription.clone(),
            known: self.subscriptions.keys().cloned().collect(),
        })
    }
}

fn unknown_environment(wanted: String, known: Vec<EnvironmentId>) -> Error {
    if known.is_empty() {
        Error::NoEnvironments { wanted }
    } else {
        Error::UnknownEnvironment { wanted, known }
    }
}
