//! The texts of new configuration files: a template, and what the oldest tools had.

use std::path::Path;

use super::{Draft, Environment, Error, problem::Problem};
use crate::domain::EnvironmentId;

/// A configuration with every key, its default and a comment; its credentials are placeholders.
pub fn template() -> &'static str {
    include_str!("../../config.example.yaml")
}

/// An old file, ready to be written to the new place.
#[derive(Clone, Debug)]
pub struct Migrated {
    /// The old text as it was, comments included: its layout is still valid.
    pub text: String,
    pub environments: Vec<EnvironmentId>,
    pub warnings: Vec<Problem>,
}

/// Reads the file of older tools (`~/.cch-log-sync/config.yaml`), whoever may read it: that is what taking it over
/// mends.
///
/// # Errors
/// A file that holds no accounts, or that would not load at its new place.
pub fn migrate(old: &Path) -> Result<Migrated, Error> {
    let text = std::fs::read_to_string(old).map_err(|reason| Error::Read {
        path: old.to_owned(),
        reason,
    })?;
    migrate_text(old, &text)
}

/// As [`migrate`], of a text that `old` names in messages.
///
/// # Errors
/// As [`migrate`].
pub fn migrate_text(old: &Path, text: &str) -> Result<Migrated, Error> {
    let draft = Draft::of(old, text);
    let (config, warnings) = draft.load(&Environment::default())?;
    if config.environments().is_empty() {
        return Err(Error::NothingToMigrate { path: old.to_owned() });
    }
    Ok(Migrated {
        text: draft.text().to_owned(),
        environments: config.environments(),
        warnings,
    })
}
