//! From the merged layers to the typed configuration, with everything that is wrong in them and not only the first.

use serde_yaml::Value;

use super::{
    Config,
    accounts::{CLIENT_SECRET, CREDENTIAL_KEYS},
    document::scalar_text,
    layers::Layers,
    path::{KeyPath, Step},
    problem::Problem,
    properties::{self, PROPERTY_SECTIONS},
    schema,
    variables::Findings,
};

/// After so many errors the user has enough to do.
const MAX_ERRORS: usize = 50;

/// The configuration with the defaults in place of what is wrong, which the findings tell.
pub fn read(layers: &Layers, schema: &Value) -> (Config, Findings) {
    let mut findings = Findings::default();
    let mut value = layers.merged.clone();
    schema::drop_blanks(schema, &mut value);
    let mut unknown = Vec::new();
    let config = loop {
        let found = match deserialize(value.clone()) {
            Ok((config, ignored)) => {
                unknown.extend(ignored);
                break config;
            }
            Err(error) => error,
        };
        let path = KeyPath::from(found.path());
        findings.errors.push(wrong_value(
            layers,
            &path,
            path.find(&value),
            &found.inner().to_string(),
        ));
        // Without what is wrong, the rest can be looked at.
        let removed = path.entry().remove(&mut value);
        if removed.is_none() || findings.errors.len() >= MAX_ERRORS {
            break Config::default();
        }
    };
    for path in unknown {
        let guess = schema::suggestion(schema, &path).map(|near| format!(" (did you mean `{near}`?)"));
        let message = format!("unknown key `{path}`{}", guess.unwrap_or_default());
        findings.warnings.push(Problem::new(layers.place(&path), message));
    }
    (config, findings)
}

type ReadError = serde_path_to_error::Error<serde_yaml::Error>;

fn deserialize(value: Value) -> Result<(Config, Vec<KeyPath>), ReadError> {
    let mut track = serde_path_to_error::Track::new();
    let mut ignored = Vec::new();
    let tracked = serde_path_to_error::Deserializer::new(value, &mut track);
    match serde_ignored::deserialize(tracked, |path| ignored.push(KeyPath::from(&path))) {
        Ok(config) => Ok((config, ignored)),
        Err(error) => Err(ReadError::new(track.path(), error)),
    }
}

fn wrong_value(layers: &Layers, path: &KeyPath, found: Option<&Value>, reason: &str) -> Problem {
    let key = layers.written(path);
    let message = match (missing_field(reason), found) {
        (Some(field), _) => format!("`{key}` has no `{field}`"),
        (None, Some(found)) if !is_secret(path) => {
            let found = described(found);
            match reason.strip_prefix(&found) {
                Some(rest) => format!("`{key}` is {found},{}", rest.trim_start_matches(" is")),
                None => format!("`{key}` is {found}{}", in_words(reason, false)),
            }
        }
        _ => format!("`{key}` is wrong{}", in_words(reason, true)),
    };
    Problem::new(layers.place(path), message)
}

fn missing_field(reason: &str) -> Option<&str> {
    reason.strip_prefix("missing field `")?.split('`').next()
}

/// Whether a value must not be repeated in a message; also a text where a section belongs that would hold credentials.
fn is_secret(path: &KeyPath) -> bool {
    let of_kafka = match path.steps() {
        [Step::Key(kafka), Step::Key(section)] if kafka == "kafka" => PROPERTY_SECTIONS.contains(&section.as_str()),
        [Step::Key(kafka), _, ..] if kafka == "kafka" => properties::is_secret(path.name()),
        _ => false,
    };
    of_kafka || CREDENTIAL_KEYS.contains(&path.name()) || [CLIENT_SECRET, "storage_account"].contains(&path.name())
}

fn described(value: &Value) -> String {
    const SHOWN_CHARS: usize = 60;
    match (scalar_text(value), value) {
        (Some(text), _) if text.chars().count() > SHOWN_CHARS => {
            format!("`{}…`", text.chars().take(SHOWN_CHARS).collect::<String>())
        }
        (Some(text), _) => format!("`{text}`"),
        (None, Value::Sequence(_)) => "a list".to_owned(),
        (None, Value::Mapping(_)) => "a section".to_owned(),
        (None, _) => "nothing".to_owned(),
    }
}

/// serde's reason as the end of a sentence, in the words of people who write YAML and not Rust.
fn in_words(reason: &str, secret: bool) -> String {
    let Some((what, expected)) = reason.split_once(", expected ") else {
        let whole = if secret { "it cannot be read" } else { reason };
        return format!(": {whole}");
    };
    let own = !secret
        && !["invalid type", "invalid value", "unknown variant"]
            .iter()
            .any(|start| what.starts_with(start));
    let before = if own { format!(": {what}") } else { String::new() };
    format!("{before}, expected {}", allowed(expected))
}

fn allowed(expected: &str) -> String {
    let expected = expected.trim_start_matches("one of ");
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a string" | "string" | "path string" => "text (in quotes, if it looks like a number)".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a section with keys of its own".to_owned(),
        _ if expected.starts_with("struct ") => "a section with keys of its own".to_owned(),
        _ => expected.to_owned(),
    }
}
