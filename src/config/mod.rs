//! One configuration for all commands.
//!
//! ```text
//! file(s) ──▶ Document ─┐                               ┌▶ Config
//! CLP_… and old names ──┼▶ Layers ──▶ read ──▶ check ───┤
//! flags ────────────────┘ (merged, with the place of    └▶ Problems: all errors, all warnings
//!                          every value)
//! ```
//!
//! Flags win over the environment, the environment over the file, the file over the defaults. The files of the
//! predecessor load unchanged (`legacy` brings their keys to the names of today). What is wrong is told with its
//! place: `config.yaml:12: …`, or the variable's or the flag's name.

mod access;
mod accounts;
mod azure_variables;
mod check;
mod document;
mod draft;
mod edit;
mod entra;
mod environment;
mod error;
mod kafka;
mod keyring;
mod layers;
mod legacy;
mod load;
mod lookup;
mod migrate;
mod monitor;
mod path;
mod permissions;
mod problem;
mod properties;
mod read;
mod schema;
mod search;
mod secret_source;
mod services;
mod values;
mod variables;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Selector;
pub use access::AccountAccess;
pub use accounts::{Account, ConfiguredEnvironment, Storage, Subscription};
pub use check::misspelled;
pub use draft::Draft;
pub use entra::{Entra, EntraMethod};
pub use environment::Environment;
pub use error::Error;
pub use kafka::{Delivery, Kafka, Topics};
pub use keyring::{Keyring, KeyringError, SERVICE as KEYRING_SERVICE};
pub use load::{Loaded, Overrides};
pub use lookup::{MonitorTarget, StorageAccount};
pub use migrate::{Migrated, migrate, migrate_text, template};
pub use monitor::{BlobClosing, DateRange, ErrorHandling, Global, MonitoredEnvironment, Monitoring, RetryStrategy};
pub use permissions::quoted;
pub use problem::{Place, Problem, Problems, nearest};
pub use properties::{Properties, PropertyValue, is_secret as is_secret_property};
pub use search::{candidates, file_in_use, new_file, oldest_file};
pub use secret_source::SecretSource;
pub use services::{Filters, Order, Processing, Worker};
pub use values::{Brokers, LogLevel, Pattern, Timezone};
pub use write::write_private;

/// The effective configuration. `config.example.yaml` shows all of it, with the defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The storage accounts, by subscription and environment.
    pub subscriptions: BTreeMap<String, Subscription>,
    pub storage: Storage,
    pub kafka: Kafka,
    /// Services beside the built-in ones, or in their place; see [`Config::selectors`].
    pub selectors: Vec<Selector>,
    pub global: Global,
    pub date_range: DateRange,
    /// What the monitor scans; see [`Config::monitored`].
    pub environments: Vec<MonitoredEnvironment>,
    pub monitoring: Monitoring,
    pub error_handling: ErrorHandling,
    pub worker: Worker,
    pub processing: Processing,
    /// From Azure's own variables: for environments that no file knows.
    #[serde(skip)]
    azure_account: Option<Account>,
}

impl Config {
    /// The configuration as YAML, with every default, and with secrets masked.
    pub fn show(&self) -> String {
        // Plain data with text keys: there is nothing in it that YAML could refuse.
        serde_yaml::to_string(self).unwrap_or_default()
    }
}
