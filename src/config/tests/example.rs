//! The example file says the truth.

use super::*;
use crate::config::{path::KeyPath, schema, template};

/// The commented-out keys too: lines that begin with `#` and no blank.
fn uncommented() -> String {
    let lines = template().lines().map(|line| {
        let text = line.trim_start();
        match text
            .strip_prefix('#')
            .filter(|key| key.starts_with(|c: char| c.is_ascii_lowercase()))
        {
            Some(key) => format!("{}{key}", &line[..line.len() - text.len()]),
            None => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_is_the_defaults() {
    let machine = Machine::with(template());
    let mut config = machine.config();
    assert_eq!(config.environments().len(), 1);
    let error = config.storage_account("cp2", "P1").unwrap_err();
    assert!(matches!(error, Error::Placeholder { .. }), "{error}");
    config.subscriptions.clear();
    assert_eq!(config, Config::default());
}

#[test]
fn the_example_has_every_key() {
    let example: serde_yaml::Value = serde_yaml::from_str(&uncommented()).unwrap();
    let find = |leaf: &KeyPath| {
        let text = leaf.to_string().replacen('*', "cp2", 1).replacen('*', "P1", 1);
        KeyPath::dotted(&text).find(&example).is_some()
    };
    let missing: Vec<String> = schema::leaves(&schema::document())
        .iter()
        .filter(|leaf| !find(leaf))
        .map(KeyPath::to_string)
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_key_of_list_items_is_in_the_example() {
    for key in [
        "exclude_pod_prefix",
        "pod_prefix",
        "aliases",
        "namespace",
        "enabled",
        "polling_interval",
        "selectors",
    ] {
        assert!(template().contains(&format!("#     {key}: ")), "{key}");
    }
}

#[test]
fn what_is_shown_can_be_loaded() {
    let shown = Config::default().show();
    let config = Machine::with(&shown).config();
    assert_eq!(config, Config::default());
}
