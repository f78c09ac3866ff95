//! Where configuration files are looked for.

use std::path::{Path, PathBuf};

use super::{Error, environment::Environment};

/// Both name a file; the first is the one that the predecessor read.
pub const FILE_VARIABLES: [&str; 2] = ["COMMERCE_LOGS_CONFIG", "CLP_CONFIG"];

/// Below the home directory: the place of a new configuration.
const HOME_FILE: &str = ".commerce-logs-pipeline/config.yaml";
const XDG_FILE: &str = ".config/commerce-logs-pipeline/config.yaml";
/// Where the predecessor of the predecessor had it; read by `setup-config --migrate` only.
const OLDEST_FILE: &str = ".cch-log-sync/config.yaml";
const LOCAL_FILE: &str = "config.yaml";

/// The files that are looked for without `--config`, in order.
pub fn candidates(environment: &Environment) -> Vec<PathBuf> {
    let home = environment.home();
    let below_home = |file: &str| home.as_ref().map(|home| home.join(file));
    let named = FILE_VARIABLES
        .iter()
        .filter_map(|variable| environment.get(variable))
        .map(PathBuf::from);
    named
        .chain([HOME_FILE, XDG_FILE].into_iter().filter_map(below_home))
        .chain([environment.directory().join(LOCAL_FILE)])
        .collect()
}

/// The file to load. One that is named must be there; with nothing named and nothing there, there is none.
pub fn main_file(explicit: Option<&Path>, environment: &Environment) -> Result<Option<PathBuf>, Error> {
    let variable = FILE_VARIABLES
        .iter()
        .find_map(|variable| Some((environment.get(variable)?, *variable)));
    let named = explicit
        .map(|path| (path, "--config"))
        .or(variable.map(|(path, variable)| (Path::new(path), variable)));
    match named {
        Some((path, _)) if path.exists() => Ok(Some(path.to_owned())),
        Some((path, named_by)) => Err(Error::Missing {
            path: path.to_owned(),
            named_by: named_by.to_owned(),
        }),
        None => Ok(candidates(environment).into_iter().find(|path| path.is_file())),
    }
}

/// Where `setup-config` writes a new configuration: where a variable says, or below the home directory; `None` without.
pub fn new_file(environment: &Environment) -> Option<PathBuf> {
    let named = FILE_VARIABLES.iter().find_map(|variable| environment.get(variable));
    named
        .map(PathBuf::from)
        .or_else(|| environment.home().map(|home| home.join(HOME_FILE)))
}

/// The file that is read, to be added to; that of a new configuration if there is none. Never the one of the working
/// directory: a file of that name may be another program's.
pub fn file_in_use(environment: &Environment) -> Option<PathBuf> {
    let local = environment.directory().join(LOCAL_FILE);
    let in_use = main_file(None, environment).ok().flatten();
    in_use.filter(|path| *path != local).or_else(|| new_file(environment))
}

/// The configuration of the oldest tools, if there is one.
pub fn oldest_file(environment: &Environment) -> Option<PathBuf> {
    let path = environment.home()?.join(OLDEST_FILE);
    path.is_file().then_some(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_found_in_order() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home");
        let local = root.path().join("here");
        let named = root.path().join("named.yaml");
        let write = |path: &Path| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        let environment = |variables: &[(&str, &Path)]| {
            let variables = variables.iter().map(|(name, path)| (*name, path.to_str().unwrap()));
            Environment::new(variables, &local)
        };
        let found = |environment: &Environment| main_file(None, environment).unwrap();
        let at_home = environment(&[("HOME", &home)]);
        assert_eq!(found(&at_home), None);
        for path in [local.join(LOCAL_FILE), home.join(XDG_FILE), home.join(HOME_FILE)] {
            write(&path);
            assert_eq!(found(&at_home), Some(path.clone()));
            let extended = if path.starts_with(&home) {
                path
            } else {
                home.join(HOME_FILE)
            };
            assert_eq!(file_in_use(&at_home), Some(extended));
        }
        let by_variable = environment(&[("HOME", &home), ("CLP_CONFIG", &named)]);
        let error = main_file(None, &by_variable).unwrap_err();
        assert!(error.to_string().contains("CLP_CONFIG"), "{error}");
        write(&named);
        assert_eq!(found(&by_variable), Some(named.clone()));
        assert_eq!(new_file(&by_variable), Some(named.clone()));
        let missing = main_file(Some(Path::new("/nowhere/c.yaml")), &by_variable).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/c.yaml"), "{missing}");
        assert!(missing.hint().is_some());
    }
}
