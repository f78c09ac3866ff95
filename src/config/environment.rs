//! The environment of a process.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

/// What a process is started with: its variables and its working directory. A parameter, so that nothing below depends
/// on the real ones.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    directory: PathBuf,
}

impl Environment {
    /// That of this process. Variables that are no UTF-8 are left out.
    pub fn of_process() -> Self {
        let variables =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self {
            variables: variables.collect(),
            directory: PathBuf::from("."),
        }
    }

    pub fn new<K: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
        directory: impl Into<PathBuf>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self {
            variables: variables.collect(),
            directory: directory.into(),
        }
    }

    /// The variable's value; one that is empty counts as unset.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from)
    }

    /// The working directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Those that are set.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let set = self.variables.iter().filter(|(_, value)| !value.is_empty());
        set.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
