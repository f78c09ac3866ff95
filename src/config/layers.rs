//! The layers of a configuration laid over each other: files, then the environment, then flags. Of every value it is
//! known where it came from.

use std::collections::BTreeMap;

use serde_yaml::Value;

use super::{
    accounts::CREDENTIAL_KEYS,
    document::Document,
    path::{KeyPath, Step},
    problem::Place,
};

#[derive(Debug, Default)]
pub struct Layers {
    main: Option<Document>,
    /// Where `subscriptions` comes from if the main file has none.
    accounts: Option<Document>,
    pub merged: Value,
    /// The places of what is from no file.
    set: BTreeMap<KeyPath, Place>,
}

pub const SUBSCRIPTIONS: &str = "subscriptions";

/// Steps to an account: `subscriptions.<id>.environments.<env>.storage_account`.
const ACCOUNT_STEPS: usize = 5;

impl Layers {
    pub fn new(main: Option<Document>, accounts: Option<Document>) -> Self {
        let mut merged = main.as_ref().map_or(Value::Null, |main| main.value.clone());
        if let Some(accounts) = &accounts {
            let path = KeyPath::of([SUBSCRIPTIONS]);
            if let Some(subscriptions) = path.find(&accounts.value) {
                path.insert(&mut merged, subscriptions.clone());
            }
        }
        if merged.is_null() {
            merged = Value::Mapping(serde_yaml::Mapping::new());
        }
        Self {
            main,
            accounts,
            merged,
            set: BTreeMap::new(),
        }
    }

    /// Sets one value over all that the layers below say of it.
    pub fn set(&mut self, path: &KeyPath, value: Value, place: Place) {
        if let Some((account, key)) = path.split_at(ACCOUNT_STEPS)
            && CREDENTIAL_KEYS.contains(&key)
        {
            self.forget_credentials_beside(&account, key);
        }
        self.fill(path, value, place);
    }

    /// Sets one value beside what the layers below say.
    pub fn fill(&mut self, path: &KeyPath, value: Value, place: Place) {
        path.insert(&mut self.merged, value);
        self.set.insert(path.clone(), place);
    }

    /// A credential of a higher layer replaces the account's credential, also one of another kind.
    fn forget_credentials_beside(&mut self, account: &KeyPath, kept: &str) {
        for key in CREDENTIAL_KEYS.into_iter().filter(|key| *key != kept) {
            let other = account.key(key);
            if !self.set.keys().any(|set| set.starts_with(&other)) {
                other.remove(&mut self.merged);
            }
        }
    }

    /// Where the value at `path` came from.
    pub fn place(&self, path: &KeyPath) -> Place {
        let set = self.set.get(path);
        set.cloned()
            .or_else(|| self.file_of(path).and_then(|document| document.place(path)))
            .unwrap_or(Place::Default)
    }

    /// The key as the user wrote it.
    pub fn written(&self, path: &KeyPath) -> KeyPath {
        match self.file_of(path) {
            Some(document) if !self.set.contains_key(path) => document.written(path),
            _ => path.clone(),
        }
    }

    fn file_of(&self, path: &KeyPath) -> Option<&Document> {
        let of_accounts = path.steps().first() == Some(&Step::Key(SUBSCRIPTIONS.to_owned()));
        match &self.accounts {
            Some(accounts) if of_accounts => Some(accounts),
            _ => self.main.as_ref(),
        }
    }

    /// The paths of all storage accounts.
    pub fn accounts(&self) -> Vec<KeyPath> {
        accounts_in(&self.merged)
    }
}

/// The paths `subscriptions.<id>.environments.<env>.storage_account` of all environments in a document.
pub fn accounts_in(root: &Value) -> Vec<KeyPath> {
    let keys = |path: &KeyPath| -> Vec<String> {
        let section = path.find(root).and_then(Value::as_mapping);
        let keys = section.into_iter().flat_map(serde_yaml::Mapping::keys);
        keys.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let subscriptions = KeyPath::of([SUBSCRIPTIONS]);
    let mut accounts = Vec::new();
    for subscription in keys(&subscriptions) {
        let environments = subscriptions.key(subscription).key("environments");
        for environment in keys(&environments) {
            accounts.push(environments.key(environment).key("storage_account"));
        }
    }
    accounts
}
