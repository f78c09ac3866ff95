//! All keys that there are, taken from the types themselves so that the two cannot differ.

use std::path::PathBuf;

use serde_yaml::{Mapping, Value};

use super::{
    Config,
    accounts::{Account, ConfiguredEnvironment, Subscription},
    entra::{Entra, EntraMethod},
    legacy,
    monitor::MonitoredEnvironment,
    path::{KeyPath, Step},
    problem::nearest,
    secret_source::SecretSource,
};
use crate::{domain::Selector, secret::Secret};

/// Stands for any subscription and any environment.
pub const ANY: &str = "*";

/// A document with the defaults, and an example of everything that has no default.
pub fn document() -> Value {
    let text = || Some(ANY.to_owned());
    let secret = || Some(SecretSource::Text(Secret::new(ANY)));
    let file = || Some(PathBuf::from(ANY));
    let environment = ConfiguredEnvironment {
        name: text(),
        storage_account: Account {
            account_name: text(),
            access_key: secret(),
            access_key_file: file(),
            sas_token: secret(),
            sas_token_file: file(),
            connection_string: secret(),
            connection_string_file: file(),
            entra: Some(Entra {
                method: EntraMethod::default(),
                tenant_id: text(),
                client_id: text(),
                client_secret: secret(),
                client_secret_file: file(),
                token_file: file(),
                authority_host: text(),
            }),
            endpoint: text(),
            container_name: text(),
            directory: file(),
        },
    };
    let subscription = Subscription {
        name: text(),
        environments: [(ANY.to_owned(), environment)].into(),
    };
    let mut config = Config::default();
    config.subscriptions.insert(ANY.to_owned(), subscription);
    config.date_range.specific_date = Some(crate::domain::Date::today_utc());
    config.worker.filters.min_date = config.date_range.specific_date;
    config.worker.filters.max_date = config.date_range.specific_date;
    config.environments.push(MonitoredEnvironment {
        subscription: ANY.to_owned(),
        environment: ANY.to_owned(),
        enabled: true,
        polling_interval: Some(1),
        selectors: Vec::new(),
    });
    config.selectors.push(Selector {
        name: ANY.to_owned(),
        pod_prefix: ANY.to_owned(),
        exclude_pod_prefix: text(),
        container: text(),
        namespace: text(),
        aliases: vec![ANY.to_owned()],
    });
    // Plain data with text keys: there is nothing in it that YAML could refuse.
    serde_yaml::to_value(&config).unwrap_or_default()
}

/// The schema's node for `path`: any name stands for any other where names are free.
pub fn find<'a>(schema: &'a Value, path: &KeyPath) -> Option<&'a Value> {
    path.steps().iter().try_fold(schema, |node, step| match step {
        Step::Key(key) => {
            let mapping = node.as_mapping()?;
            mapping.get(key.as_str()).or_else(|| mapping.get(ANY))
        }
        Step::Index(_) => node.as_sequence()?.first(),
    })
}

/// Every key without a section below it, lists included.
pub fn leaves(schema: &Value) -> Vec<KeyPath> {
    fn walk(node: &Value, path: KeyPath, leaves: &mut Vec<KeyPath>) {
        match node {
            Value::Mapping(mapping) if !mapping.is_empty() => {
                for (key, value) in mapping {
                    walk(value, path.key(key.as_str().unwrap_or_default()), leaves);
                }
            }
            _ => leaves.push(path),
        }
    }
    let mut found = Vec::new();
    walk(schema, KeyPath::default(), &mut found);
    found
}

/// Leaves keys out that are there but say nothing (`key:` or `key: ""`), so that their defaults count. Unknown keys
/// stay, to be told about.
pub fn drop_blanks(schema: &Value, value: &mut Value) {
    match value {
        Value::Mapping(mapping) => {
            let node_of = |key: &Value| {
                let known = schema.as_mapping()?;
                known.get(key.as_str()?).or_else(|| known.get(ANY))
            };
            mapping.retain(|key, value| node_of(key).is_none() || !is_blank(value));
            for (key, value) in mapping.iter_mut() {
                if let Some(node) = node_of(key) {
                    drop_blanks(node, value);
                }
            }
            // In the maps of free properties an empty text is a value, but nothing is none.
            if schema.as_mapping().is_some_and(Mapping::is_empty) {
                mapping.retain(|_, value| !value.is_null());
            }
        }
        Value::Sequence(items) => {
            if let Some(node) = schema.as_sequence().and_then(|items| items.first()) {
                items.iter_mut().for_each(|item| drop_blanks(node, item));
            }
        }
        _ => {}
    }
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// What an unknown key was most probably meant to be: a neighbour's name, or the full path of a key from elsewhere.
pub fn suggestion(schema: &Value, unknown: &KeyPath) -> Option<String> {
    let parent = unknown.parent()?;
    let siblings = find(schema, &parent).and_then(Value::as_mapping);
    let names = siblings.into_iter().flat_map(Mapping::keys).filter_map(Value::as_str);
    let old_names: Vec<&str> = legacy::keys_under(&parent).collect();
    let name = unknown.name();
    if let Some(near) = nearest(name, names.filter(|name| *name != ANY).chain(old_names)) {
        return Some(near.to_owned());
    }
    let elsewhere = leaves(schema).into_iter().find(|leaf| leaf.name() == name)?;
    Some(elsewhere.to_string().replace(ANY, "…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions() {
        let schema = document();
        for (unknown, wanted) in [
            ("kafka.brokrs", Some("brokers")),
            ("kafka.ap_topic", Some("app_topic")),
            ("kafak", Some("kafka")),
            (
                "subscriptions.cp2.environments.P1.storage_account.acces_key",
                Some("access_key"),
            ),
            ("timezone", Some("global.timezone")),
            (
                "access_key",
                Some("subscriptions.….environments.….storage_account.access_key"),
            ),
            ("whatever", None),
        ] {
            assert_eq!(
                suggestion(&schema, &KeyPath::dotted(unknown)).as_deref(),
                wanted,
                "{unknown}"
            );
        }
    }

    #[test]
    fn blanks_are_as_good_as_nothing() {
        let mut value = serde_yaml::from_str(
            "{kafka: , storage: {container_name: ''}, date_range: {specific_date: ''}, typo: , \
                                  worker: {lanes: 2}}",
        )
        .unwrap();
        drop_blanks(&document(), &mut value);
        let rest = serde_yaml::from_str("{storage: {}, date_range: {}, typo: , worker: {lanes: 2}}").unwrap();
        let rest: Value = rest;
        assert_eq!(value, rest);
    }
}
