//! A configuration that is being made, in the place of the one that is there.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_yaml::{Mapping, Value};

use super::{
    Brokers, Config, Environment, Error, Properties, PropertyValue,
    accounts::{Account, CLIENT_SECRET, CREDENTIAL_KEYS, ENTRA, is_placeholder},
    check::{account_path, check},
    document::{Document, scalar_text},
    edit,
    keyring::Keyring,
    layers::{Layers, accounts_in},
    legacy, load,
    migrate::template,
    path::KeyPath,
    problem::Problem,
    properties::{self, PROPERTY_SECTIONS, dotted},
    read::read,
    schema,
    secret_source::SecretSource,
    write::write_private,
};
use crate::{domain::EnvironmentId, secret::Secret};

/// What a file that is begun here says at its top.
const HEADER: &str = "# The configuration of clp, made by `clp setup-config`. Every other key, with its default, is in config.example.yaml;\n\
                      # `clp config show` prints all that is in effect, `clp config check` tests it.\n";

/// The text of a configuration, not written yet.
#[derive(Clone, Debug)]
pub struct Draft {
    path: PathBuf,
    text: String,
    comments_lost: bool,
    is_new: bool,
}

impl Draft {
    /// What is at `path`, to be added to; an empty one if nothing is there, or the template as it is shipped.
    ///
    /// # Errors
    /// A file that cannot be read, or is no configuration.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let old = match fs::read_to_string(path) {
            Ok(text) => Some(text).filter(|text| text.trim() != template().trim() && !text.trim().is_empty()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(reason) => {
                let path = path.to_owned();
                return Err(Error::Read { path, reason });
            }
        };
        let draft = Self {
            path: path.to_owned(),
            is_new: old.is_none(),
            text: old.unwrap_or_else(|| HEADER.to_owned()),
            comments_lost: false,
        };
        draft.document()?;
        Ok(draft)
    }

    /// A text that is to be at `path`.
    pub fn of(path: &Path, text: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            text: text.into(),
            comments_lost: false,
            is_new: true,
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing is there yet that is worth keeping.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether comments of the old text are gone.
    pub fn comments_lost(&self) -> bool {
        self.comments_lost
    }

    /// What the text says, as if it stood alone, with its warnings.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(&self, environment: &Environment) -> Result<(Config, Vec<Problem>), Error> {
        let mut document = self.document()?;
        let mut warnings = legacy::modernise(&mut document);
        load::resolve_paths(&mut document, environment);
        let layers = Layers::new(Some(document), None);
        let (mut config, found) = read(&layers, &schema::document());
        let checked = check(&mut config, &layers);
        let errors: Vec<Problem> = found.errors.into_iter().chain(checked.errors).collect();
        if !errors.is_empty() {
            return Err(Error::Invalid(errors.into()));
        }
        warnings.extend(found.warnings.into_iter().chain(checked.warnings));
        Ok((config, warnings))
    }

    /// Puts an environment's account, or replaces it. Other keys of the environment stay.
    ///
    /// # Errors
    /// The text is no configuration.
    pub fn set_account(&mut self, id: &EnvironmentId, account: &Account) -> Result<(), Error> {
        self.set(&account_path(id), &section(account))
    }

    /// The name of a subscription, for people.
    ///
    /// # Errors
    /// The text is no configuration.
    pub fn set_subscription_name(&mut self, subscription: &str, name: &str) -> Result<(), Error> {
        self.set(&KeyPath::of(["subscriptions", subscription, "name"]), &name.into())
    }

    /// The brokers that the text names.
    pub fn brokers(&self) -> Option<String> {
        let document = self.document().ok()?;
        let brokers = KeyPath::of(["kafka", "brokers"]).find(&document.value).cloned()?;
        let brokers: Brokers = serde_yaml::from_value(brokers).ok()?;
        Some(brokers.to_string())
    }

    /// # Errors
    /// The text is no configuration.
    pub fn set_brokers(&mut self, brokers: &str) -> Result<(), Error> {
        self.set(&KeyPath::of(["kafka", "brokers"]), &brokers.into())
    }

    /// Sets properties for all of Kafka's clients; of those that are there, the ones that `keep` does not want go.
    ///
    /// # Errors
    /// The text is no configuration.
    pub fn set_properties(&mut self, new: &Properties, keep: impl Fn(&str) -> bool) -> Result<(), Error> {
        let key = KeyPath::of(["kafka", "properties"]);
        let old = key.find(&self.document()?.value).and_then(Value::as_mapping).cloned();
        let is_kept = |name: &Value| {
            let name = dotted(name.as_str().unwrap_or_default());
            keep(&name) && new.iter().all(|(other, _)| other != name)
        };
        let is_there = old.is_some();
        let old = old.into_iter().flatten();
        let mut section: Mapping = old.filter(|(name, _)| is_kept(name)).collect();
        for (name, value) in new.iter() {
            let value = match value {
                PropertyValue::Text(text) => text.as_str().into(),
                PropertyValue::Keyring(entry) => named(entry),
            };
            section.insert(name.into(), value);
        }
        match section.is_empty() && !is_there {
            true => Ok(()),
            false => self.set(&key, &Value::Mapping(section)),
        }
    }

    /// Moves every secret of the text into the keyring; gives the names of the entries.
    ///
    /// # Errors
    /// Those of the keyring. What was put into it before stays there.
    pub fn move_secrets(&mut self, keyring: &Keyring) -> Result<Vec<String>, Error> {
        let secrets = secrets_in(&self.document()?.value);
        let mut entries = Vec::new();
        for (key, entry, secret) in secrets {
            let failed = |reason| Error::Keyring {
                what: format!("entry `{entry}`"),
                reason,
            };
            let old = keyring.get(&entry).ok();
            if old.as_ref().is_some_and(|old| *old != secret) {
                tracing::warn!("the keyring's entry `{entry}` had another value, which is replaced");
            }
            keyring.set(&entry, &secret).map_err(failed)?;
            self.set(&key, &named(&entry))?;
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Writes the text to its place, for its owner's eyes only; gives where the old one is kept.
    ///
    /// # Errors
    /// As [`write_private`].
    pub fn write(&self, force: bool) -> Result<Option<PathBuf>, Error> {
        write_private(&self.path, &self.text, force)
    }

    fn document(&self) -> Result<Document, Error> {
        Document::parse(&self.path, &self.text).map_err(|problem| Error::Invalid(vec![problem].into()))
    }

    fn set(&mut self, key: &KeyPath, value: &Value) -> Result<(), Error> {
        let edited = edit::set(&self.path, &self.text, key, value);
        let edited = edited.map_err(|problem| Error::Invalid(vec![problem].into()))?;
        self.comments_lost |= edited.comments_lost;
        self.text = edited.text;
        Ok(())
    }
}

/// The secrets that stand in a document as text: where, what their entry in the keyring is called, and themselves.
fn secrets_in(document: &Value) -> Vec<(KeyPath, String, Secret)> {
    let real = |key: &KeyPath| {
        let text = key.find(document).and_then(scalar_text)?;
        (!is_placeholder(&text)).then(|| Secret::new(text.trim()))
    };
    let mut secrets = Vec::new();
    for account in accounts_in(document) {
        let names: Vec<&str> = account.keys().collect();
        let [_, subscription, _, environment, ..] = names.as_slice() else {
            continue;
        };
        let texts = CREDENTIAL_KEYS
            .into_iter()
            .filter(|key| !key.ends_with("_file") && *key != ENTRA);
        let keys = texts
            .map(|key| account.key(key))
            .chain([account.key(ENTRA).key(CLIENT_SECRET)]);
        for key in keys {
            if let Some(secret) = real(&key) {
                let entry = format!("{subscription}/{environment}/{}", key.name());
                secrets.push((key, entry, secret));
            }
        }
    }
    for section in PROPERTY_SECTIONS {
        let at = KeyPath::of(["kafka", section]);
        let names = at
            .find(document)
            .and_then(Value::as_mapping)
            .into_iter()
            .flat_map(Mapping::keys);
        for name in names
            .filter_map(Value::as_str)
            .filter(|name| properties::is_secret(name))
        {
            if let Some(secret) = real(&at.key(name)) {
                let of_section = if section == "properties" {
                    String::new()
                } else {
                    format!("{section}/")
                };
                secrets.push((at.key(name), format!("kafka/{of_section}{}", dotted(name)), secret));
            }
        }
    }
    secrets
}

/// `{keyring: ENTRY}`.
fn named(entry: &str) -> Value {
    Value::Mapping([("keyring".into(), entry.into())].into_iter().collect())
}

/// An account as it is written into a file: with its secrets, which serialisation masks.
fn section(account: &Account) -> Value {
    // Plain data with text keys: there is nothing in it that YAML could refuse.
    let mut section = serde_yaml::to_value(account).unwrap_or_default();
    let client_secret = account.entra.as_ref().and_then(|entra| entra.client_secret.as_ref());
    for (key, source) in [
        ("access_key", account.access_key.as_ref()),
        ("sas_token", account.sas_token.as_ref()),
        ("connection_string", account.connection_string.as_ref()),
        ("entra.client_secret", client_secret),
    ] {
        if let Some(SecretSource::Text(secret)) = source {
            KeyPath::dotted(key).insert(&mut section, secret.expose().into());
        }
    }
    if let Some(endpoint) = &account.endpoint {
        KeyPath::of(["endpoint"]).insert(&mut section, endpoint.as_str().into());
    }
    section
}

#[cfg(test)]
mod tests {
    use keyring_core::mock;

    use super::*;

    const PLAIN: &str = "# ours\nsubscriptions:\n  cp2:\n    environments:\n      P1:\n        storage_account:\n          \
                         account_name: prodlogs\n          access_key: Zm9vYmFyYmF6cXV4  # of May\nkafka:\n  properties:\n    \
                         sasl.password: hunter2\n";

    fn id() -> EnvironmentId {
        EnvironmentId::new("cp2", "P1")
    }

    fn config(draft: &Draft) -> Config {
        draft.load(&Environment::default()).unwrap().0
    }

    #[test]
    fn no_properties_make_no_section() {
        let mut draft = Draft::of(Path::new("c.yaml"), "");
        draft.set_brokers("b:1").unwrap();
        draft.set_properties(&Properties::default(), |_| true).unwrap();
        assert_eq!(draft.text(), "kafka:\n  brokers: b:1\n");
    }

    #[test]
    fn secrets_move_into_the_keyring_and_are_read_from_there() {
        let keyring = Keyring::Store(mock::Store::new().unwrap());
        let mut draft = Draft::of(Path::new("c.yaml"), PLAIN);
        let entries = draft.move_secrets(&keyring).unwrap();
        assert_eq!(entries, ["cp2/P1/access_key", "kafka/sasl.password"]);
        assert!(
            !draft.text().contains("Zm9v") && !draft.text().contains("hunter2"),
            "{}",
            draft.text()
        );
        assert!(
            draft.text().starts_with("# ours\n") && draft.text().contains("# of May"),
            "{}",
            draft.text()
        );
        let config = config(&draft);
        let account = config.storage_account_by(&keyring, "cp2", "P1").unwrap();
        assert_eq!(
            account.access,
            crate::config::AccountAccess::AccessKey(Secret::new("Zm9vYmFyYmF6cXV4"))
        );
        assert_eq!(
            config.kafka.client_properties(&keyring).unwrap()["sasl.password"],
            "hunter2"
        );
        assert_eq!(
            draft.move_secrets(&keyring).unwrap(),
            Vec::<String>::new(),
            "nothing is left to move"
        );
        let other = Keyring::Store(mock::Store::new().unwrap());
        let error = config.storage_account_by(&other, "cp2", "P1").unwrap_err();
        let told = error.to_string();
        assert!(
            told.starts_with("environment cp2/P1: `access_key`: the keyring has no entry `cp2/P1/access_key`"),
            "{told}"
        );
        assert!(
            config
                .kafka
                .client_properties(&other)
                .unwrap_err()
                .to_string()
                .contains("`sasl.password`")
        );
        assert!(config.show().contains("keyring: cp2/P1/access_key"));
    }

    #[test]
    fn environments_are_added_and_replaced() {
        let mut draft = Draft::of(Path::new("c.yaml"), PLAIN);
        let account = Account {
            account_name: Some("devlogs".to_owned()),
            sas_token: Some(Secret::new("sv=1&sig=abcdefghijklmnop").into()),
            endpoint: Some("https://h/?x".to_owned()),
            ..Account::default()
        };
        let added = EnvironmentId::new("cp2", "D1");
        draft.set_account(&added, &account).unwrap();
        draft
            .set_account(
                &id(),
                &Account {
                    endpoint: None,
                    ..account.clone()
                },
            )
            .unwrap();
        draft.set_subscription_name("cp2", "Shop").unwrap();
        draft.set_brokers("b:1").unwrap();
        let properties: Properties = [("security.protocol".to_owned(), "SSL".to_owned())]
            .into_iter()
            .collect();
        draft
            .set_properties(&properties, |name| !name.starts_with("sasl."))
            .unwrap();
        assert!(!draft.comments_lost());
        let error = draft.load(&Environment::default()).unwrap_err();
        assert!(error.to_string().contains("`?`"), "what is wrong is told: {error}");
        draft
            .set_account(
                &added,
                &Account {
                    endpoint: None,
                    ..account.clone()
                },
            )
            .unwrap();
        let config = config(&draft);
        assert_eq!(config.environments(), [added, id()]);
        assert_eq!(config.account(&id()).unwrap().sas_token, account.sas_token);
        assert_eq!(config.subscriptions["cp2"].name.as_deref(), Some("Shop"));
        assert_eq!(config.kafka.brokers.to_string(), "b:1");
        assert_eq!(config.kafka.client_properties(&Keyring::System).unwrap().len(), 1);
    }
}
