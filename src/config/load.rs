//! Loading: find the files, lay the layers, read the types, check, and tell all of it at once.

use std::path::{Path, PathBuf};

use serde_yaml::Value;

use super::{
    Config, Error, azure_variables,
    check::check,
    document::Document,
    environment::Environment,
    layers::{Layers, SUBSCRIPTIONS, accounts_in},
    legacy,
    path::KeyPath,
    permissions,
    problem::{Place, Problem},
    read::read,
    schema, search,
    variables::{self, Findings},
};

const BROKERS: &str = "kafka.brokers";

/// What was given on the command line; it wins over everything.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config FILE`; it must exist.
    pub config_path: Option<PathBuf>,
    /// `--brokers`.
    pub brokers: Option<String>,
    /// `-X key=value`: librdkafka's properties, for every client.
    pub properties: Vec<(String, String)>,
}

/// A configuration, and what is to be told about it.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<Problem>,
    /// The files that were read: the configuration, and that of the accounts if it is another. May be empty.
    pub files: Vec<PathBuf>,
    /// Where files were looked for, in order.
    pub searched: Vec<PathBuf>,
    /// Whether somebody named brokers: without, they are the default, which nobody may have meant.
    pub names_brokers: bool,
}

impl Config {
    /// Loads the configuration as the programs do that were given no flags: from the files of the search path and the
    /// environment. Warnings go to the log.
    ///
    /// ```no_run
    /// let config = clp::config::Config::load()?;
    /// let account = config.storage_account("cp2", "P1")?;
    /// println!("{} in {}", account.container, account.account_name);
    /// # Ok::<(), clp::config::Error>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with it, each thing with file, line and key; no file at all is no error.
    pub fn load() -> Result<Self, Error> {
        let loaded = Self::load_with(&Overrides::default(), &Environment::of_process())?;
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        Ok(loaded.config)
    }

    /// Loads the configuration with flags, in a given environment.
    ///
    /// # Errors
    /// As [`Config::load`], and a file that is named but not there.
    pub fn load_with(overrides: &Overrides, environment: &Environment) -> Result<Loaded, Error> {
        let (loaded, errors) = gather(overrides, environment)?;
        match errors.is_empty() {
            true => Ok(loaded),
            false => Err(Error::Invalid(errors.into())),
        }
    }

    /// As much of the configuration as can be read, with the defaults in the place of what is wrong: for completion,
    /// which has nobody to tell of mistakes.
    pub fn readable(overrides: &Overrides, environment: &Environment) -> Loaded {
        let loaded = gather(overrides, environment);
        loaded.map_or_else(|_| Loaded::default(), |(loaded, _)| loaded)
    }
}

/// All that there is, and all that is wrong with it.
fn gather(overrides: &Overrides, environment: &Environment) -> Result<(Loaded, Vec<Problem>), Error> {
    let mut findings = Findings::default();
    let searched = search::candidates(environment);
    let main = match search::main_file(overrides.config_path.as_deref(), environment)? {
        Some(path) => Some(open(&path, environment, &mut findings)?),
        None => None,
    };
    let accounts = accounts_file(main.as_ref(), &searched, environment, &mut findings);
    let files: Vec<PathBuf> = main
        .iter()
        .chain(&accounts)
        .map(|document| document.path.clone())
        .collect();
    if files.is_empty()
        && let Some(old) = search::oldest_file(environment)
    {
        let message = "found, but no longer read from there (`clp setup-config --migrate` takes it over)";
        findings.warnings.push(Problem::new(Place::File(old), message));
    }

    let schema = schema::document();
    let mut layers = Layers::new(main, accounts);
    findings.add(variables::apply(environment, &schema, &mut layers));
    apply_flags(overrides, &mut layers);

    let (mut config, found) = read(&layers, &schema);
    findings.add(found);
    findings.add(check(&mut config, &layers));
    findings.errors.sort_by(|a, b| a.place.cmp(&b.place));
    findings.warnings.sort_by(|a, b| a.place.cmp(&b.place));
    config.azure_account = azure_variables::account(environment);
    let loaded = Loaded {
        config,
        warnings: findings.warnings,
        files,
        searched,
        names_brokers: KeyPath::dotted(BROKERS)
            .find(&layers.merged)
            .is_some_and(|brokers| !brokers.is_null()),
    };
    Ok((loaded, findings.errors))
}

impl Findings {
    fn add(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.warnings.extend(other.warnings);
    }
}

fn open(path: &Path, environment: &Environment, findings: &mut Findings) -> Result<Document, Error> {
    let mut document = Document::read(path)?;
    findings.errors.extend(permissions::exposed(&document));
    findings.warnings.extend(legacy::modernise(&mut document));
    resolve_paths(&mut document, environment);
    Ok(document)
}

/// The old monitor's and worker's files hold no accounts: those are in the file that all tools share.
fn accounts_file(
    main: Option<&Document>,
    candidates: &[PathBuf],
    environment: &Environment,
    findings: &mut Findings,
) -> Option<Document> {
    let main = main?;
    if has_accounts(main) {
        return None;
    }
    for path in candidates.iter().filter(|path| **path != main.path && path.is_file()) {
        // What else is in that file is for other programs and no problem of this one.
        let mut of_other = Findings::default();
        match open(path, environment, &mut of_other) {
            Ok(document) if has_accounts(&document) => {
                findings.errors.extend(of_other.errors);
                return Some(document);
            }
            Ok(_) => {}
            Err(error) => {
                let message = format!("looked at for storage accounts and left out: {error}");
                findings.warnings.push(Problem::new(Place::File(path.clone()), message));
            }
        }
    }
    None
}

fn has_accounts(document: &Document) -> bool {
    let section = KeyPath::of([SUBSCRIPTIONS]);
    let section = section.find(&document.value);
    section.is_some_and(|section| section.as_mapping().is_none_or(|section| !section.is_empty()) && !section.is_null())
}

/// Paths in a file are relative to that file, and `~` is the home directory.
pub fn resolve_paths(document: &mut Document, environment: &Environment) {
    let base = document.path.parent().unwrap_or(Path::new("")).to_owned();
    for account in accounts_in(&document.value) {
        for key in [
            "directory",
            "access_key_file",
            "sas_token_file",
            "connection_string_file",
            "entra.client_secret_file",
            "entra.token_file",
        ] {
            let path = account.join(&KeyPath::dotted(key));
            let Some(text) = path.find(&document.value).and_then(Value::as_str) else {
                continue;
            };
            let below_home = text.strip_prefix("~/").zip(environment.home());
            let resolved = match below_home {
                Some((rest, home)) => home.join(rest),
                None => base.join(text),
            };
            if let Some(resolved) = resolved.to_str().filter(|_| !text.is_empty()) {
                let resolved = resolved.into();
                path.insert(&mut document.value, resolved);
            }
        }
    }
}

fn apply_flags(overrides: &Overrides, layers: &mut Layers) {
    let brokers = KeyPath::dotted(BROKERS);
    for (name, value) in &overrides.properties {
        let place = Place::Flag(format!("-X {name}"));
        if matches!(name.as_str(), "bootstrap.servers" | "metadata.broker.list") {
            layers.set(&brokers, value.as_str().into(), place);
            continue;
        }
        // A flag wins over the special maps too.
        for section in ["producer", "producer_config", "consumer"] {
            for spelling in [name.clone(), name.replace('.', "_")] {
                KeyPath::of(["kafka", section]).key(spelling).remove(&mut layers.merged);
            }
        }
        layers.set(
            &KeyPath::dotted("kafka.properties").key(name),
            value.as_str().into(),
            place,
        );
    }
    if let Some(servers) = &overrides.brokers {
        layers.set(&brokers, servers.as_str().into(), Place::Flag("--brokers".to_owned()));
    }
}
