//! The texts of new configuration files: a template, and what the oldest tools had.

use std::path::Path;

use super::{
    Config, Error,
    check::check,
    document::Document,
    layers::{Layers, accounts_in},
    legacy,
    problem::Problem,
    read::read,
    schema,
};
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
    let invalid = |problems: Vec<Problem>| Error::Invalid(problems.into());
    let mut document = Document::parse(old, &text).map_err(|problem| invalid(vec![problem]))?;
    if accounts_in(&document.value).is_empty() {
        return Err(Error::NothingToMigrate { path: old.to_owned() });
    }
    let mut warnings = legacy::modernise(&mut document);
    let layers = Layers::new(Some(document), None);
    let (mut config, found): (Config, _) = read(&layers, &schema::document());
    let checked = check(&mut config, &layers);
    let errors: Vec<Problem> = found.errors.into_iter().chain(checked.errors).collect();
    if !errors.is_empty() {
        return Err(invalid(errors));
    }
    warnings.extend(found.warnings.into_iter().chain(checked.warnings));
    Ok(Migrated {
        text,
        environments: config.environments(),
        warnings,
    })
}
