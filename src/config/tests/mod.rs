//! The whole way from files, variables and flags to a configuration, in directories of the tests' own.

mod accounts;
mod example;
mod layers;
mod layouts;
mod messages;

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Config, Environment, Error, Loaded, Overrides};

/// A machine of its own: a home directory, a working directory, variables.
struct Machine {
    root: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home").to_str().unwrap().to_owned();
        Self {
            root,
            variables: vec![("HOME".to_owned(), home)],
        }
    }

    fn with(yaml: &str) -> Self {
        let machine = Self::new();
        machine.write("home/.commerce-logs-pipeline/config.yaml", yaml);
        machine
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a file that only its owner may read.
    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        make_private(&path);
        path
    }

    fn environment(&self) -> Environment {
        Environment::new(self.variables.clone(), self.root.path().join("here"))
    }

    fn load(&self) -> Result<Loaded, Error> {
        Config::load_with(&Overrides::default(), &self.environment())
    }

    fn load_file(&self, path: &Path) -> Result<Loaded, Error> {
        let overrides = Overrides {
            config_path: Some(path.to_owned()),
            ..Overrides::default()
        };
        Config::load_with(&overrides, &self.environment())
    }

    /// The configuration, which must be without errors and warnings.
    fn config(&self) -> Config {
        let loaded = self.load().unwrap();
        assert_eq!(loaded.warnings, vec![]);
        loaded.config
    }

    /// All errors or, if there are none, all warnings, without the directories of the files.
    fn told(&self) -> Vec<String> {
        let problems: Vec<_> = match self.load() {
            Ok(loaded) => loaded.warnings,
            Err(Error::Invalid(problems)) => problems.iter().cloned().collect(),
            Err(other) => return vec![self.short(&other.to_string())],
        };
        problems
            .iter()
            .map(|problem| self.short(&problem.to_string()))
            .collect()
    }

    fn short(&self, text: &str) -> String {
        let root = format!("{}/", self.root.path().display());
        text.replace("home/.commerce-logs-pipeline/", "").replace(&root, "")
    }
}

#[cfg(unix)]
fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn make_private(_path: &Path) {}

const KEY: &str = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4";

const ACCOUNTS: &str = "
subscriptions:
  cp2:
    name: Commerce Cloud
    environments:
      P1:
        name: Production
        storage_account:
          account_name: prodlogs
          access_key: Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4
      D1:
        storage_account: {account_name: devlogs, access_key: Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4}
";
