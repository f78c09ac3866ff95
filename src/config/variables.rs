//! The layer of environment variables: `CLP_…` for every key, and the names that other programs use.

use std::collections::BTreeMap;

use serde_yaml::Value;

use super::{
    azure_variables,
    environment::Environment,
    layers::Layers,
    path::{KeyPath, Step},
    problem::{Place, Problem, listed, nearest},
    schema,
};

const PREFIX: &str = "CLP_";
/// librdkafka's properties hold no underscores, so that `CLP_KAFKA_PROPERTIES_SASL_PASSWORD` can be `sasl.password`.
const PROPERTY_PREFIX: &str = "CLP_KAFKA_PROPERTIES_";

/// What is wrong with the variables, and what is odd.
#[derive(Debug, Default)]
pub struct Findings {
    pub errors: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

/// Lays the variables over the files.
pub fn apply(environment: &Environment, schema: &Value, layers: &mut Layers) -> Findings {
    if let Some(brokers) = environment.get("KAFKA_BROKERS") {
        let place = Place::Variable("KAFKA_BROKERS".to_owned());
        layers.set(&KeyPath::dotted("kafka.brokers"), brokers.into(), place);
    }
    const CONTAINER: &str = "AZURE_STORAGE_CONTAINER_NAME";
    if let Some(container) = environment.get(CONTAINER) {
        for account in layers.accounts() {
            account.key("container_name").remove(&mut layers.merged);
        }
        let place = Place::Variable(CONTAINER.to_owned());
        layers.set(&KeyPath::dotted("storage.container_name"), container.into(), place);
    }
    let findings = apply_named(environment, schema, layers);
    azure_variables::apply(environment, layers);
    findings
}

/// The variable that sets `path`.
pub fn name_of(path: &KeyPath) -> String {
    let steps = path.steps().iter().map(|step| match step {
        Step::Key(key) => key.clone(),
        Step::Index(index) => index.to_string(),
    });
    let name = steps.collect::<Vec<_>>().join("_").to_uppercase();
    format!("{PREFIX}{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "_"))
}

fn apply_named(environment: &Environment, schema: &Value, layers: &mut Layers) -> Findings {
    let mut findings = Findings::default();
    let mut paths_of: BTreeMap<String, Vec<KeyPath>> = BTreeMap::new();
    for path in settable(schema, layers) {
        paths_of.entry(name_of(&path)).or_default().push(path);
    }
    for (name, value) in environment.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
        let place = Place::Variable(name.to_owned());
        if let Some(property) = name
            .strip_prefix(PROPERTY_PREFIX)
            .filter(|property| !property.is_empty())
        {
            let property = property.to_lowercase().replace('_', ".");
            layers.set(&KeyPath::dotted("kafka.properties").key(property), value.into(), place);
            continue;
        }
        match paths_of.get(name).map(Vec::as_slice) {
            Some([path]) => layers.set(path, typed(schema::find(schema, path), value), place),
            Some(several) => {
                let message = format!("could mean any of {}", listed(several));
                findings
                    .errors
                    .push(Problem::new(place, message).hint("set them in the configuration file"));
            }
            None if is_ours(schema, layers, name) => {
                let near = nearest(name, paths_of.keys().map(String::as_str));
                let guess = near
                    .map(|near| format!(" (did you mean `{near}`?)"))
                    .unwrap_or_default();
                findings
                    .warnings
                    .push(Problem::new(place, format!("no key has this variable{guess}")));
            }
            None => {}
        }
    }
    findings
}

/// The scalar keys of the schema, those of environments once for each environment that the files name.
fn settable(schema: &Value, layers: &Layers) -> Vec<KeyPath> {
    let scalar =
        |path: &KeyPath| schema::find(schema, path).is_some_and(|node| !node.is_mapping() && !node.is_sequence());
    let leaves = schema::leaves(schema);
    let any_account = KeyPath::of([
        super::layers::SUBSCRIPTIONS,
        schema::ANY,
        "environments",
        schema::ANY,
        "storage_account",
    ]);
    let (of_accounts, general): (Vec<_>, Vec<_>) = leaves
        .into_iter()
        .filter(scalar)
        .partition(|leaf| leaf.steps().contains(&Step::Key(schema::ANY.to_owned())));
    let keys: Vec<KeyPath> = of_accounts.iter().filter_map(|leaf| leaf.below(&any_account)).collect();
    let of_accounts = layers.accounts().into_iter().flat_map(|account| {
        let keys: Vec<KeyPath> = keys.iter().map(|key| account.join(key)).collect();
        keys
    });
    general.into_iter().chain(of_accounts).collect()
}

/// Whether a name begins with the name of a section, or of an account that the files know, so that it was probably meant
/// for us. Environments that no file names may have variables all the same: the same variables serve several
/// configurations.
fn is_ours(schema: &Value, layers: &Layers, name: &str) -> bool {
    let sections = schema.as_mapping().into_iter().flat_map(serde_yaml::Mapping::keys);
    let sections = sections
        .filter_map(Value::as_str)
        .filter(|section| *section != super::layers::SUBSCRIPTIONS)
        .map(|section| KeyPath::of([section]));
    let mut starts = sections
        .chain(layers.accounts())
        .map(|path| format!("{}_", name_of(&path)));
    starts.any(|start| name.starts_with(&start))
}

/// A number or a truth value where the key has one; anything else is text. What does not read as one stays text, to be
/// refused with its name later.
fn typed(node: Option<&Value>, text: &str) -> Value {
    let read = || serde_yaml::from_str::<Value>(text.trim()).ok();
    let fitting = match node {
        Some(Value::Number(_)) => read().filter(Value::is_number),
        Some(Value::Bool(_)) => read().filter(Value::is_bool),
        _ => None,
    };
    fitting.unwrap_or_else(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_after_keys() {
        let key = KeyPath::of([
            "subscriptions",
            "cp-2",
            "environments",
            "P1",
            "storage_account",
            "access_key",
        ]);
        assert_eq!(
            name_of(&key),
            "CLP_SUBSCRIPTIONS_CP_2_ENVIRONMENTS_P1_STORAGE_ACCOUNT_ACCESS_KEY"
        );
        assert_eq!(
            name_of(&KeyPath::dotted("kafka.transaction_bytes")),
            "CLP_KAFKA_TRANSACTION_BYTES"
        );
    }
}
