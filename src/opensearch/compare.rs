//! Whether what OpenSearch has is what clp would put there.

use serde_json::Value;

/// How an object is in OpenSearch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Missing,
    Same,
    /// In what, each in words.
    Different(Vec<String>),
}

/// Characters of a value in a difference.
const MAX_SHOWN_CHARS: usize = 60;

/// How `found` differs from `wanted`, in words. OpenSearch gives back every setting as a text and adds what is empty: neither
/// is a difference. What somebody has added is one, as putting ours would remove it.
pub(super) fn differences(wanted: &Value, found: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    compare("", wanted, found, &mut differences);
    differences
}

fn compare(path: &str, wanted: &Value, found: &Value, differences: &mut Vec<String>) {
    let (Value::Object(want), Value::Object(have)) = (wanted, found) else {
        if normal(wanted) != normal(found) {
            differences.push(format!("{path} is {}, not {}", shown(found), shown(wanted)));
        }
        return;
    };
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    for (key, value) in want {
        match have.get(key) {
            Some(found) => compare(&below(key), value, found, differences),
            None => differences.push(format!("{} is missing", below(key))),
        }
    }
    for (key, value) in have {
        if !want.contains_key(key) && !is_empty(value) {
            differences.push(format!("{} is not from clp", below(key)));
        }
    }
}

/// With every scalar as a text.
fn normal(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        Value::Array(values) => values.iter().map(normal).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), normal(value))).collect())
        }
        Value::Null | Value::String(_) => value.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_told_in_words() {
        let wanted = json!({"version": 1, "on": true, "template": {"settings": {"shards": "1"}, "fields": {"a": {"type": "long"}}}});
        let cases = [
            (wanted.clone(), vec![]),
            (
                json!({"version": "1", "on": "true", "composed_of": [], "extra": {}, "none": null,
                    "template": {"settings": {"shards": 1}, "fields": {"a": {"type": "long"}}}}),
                vec![],
            ),
            (
                json!({"version": 2, "on": true, "template": {"settings": {"shards": "3"}, "fields": {"b": {"type": "long"}}}}),
                vec![
                    "template.fields.a is missing",
                    "template.fields.b is not from clp",
                    "template.settings.shards is 3, not 1",
                    "version is 2, not 1",
                ],
            ),
            (
                json!("text"),
                vec![" is text, not {\"on\":true,\"template\":{\"fields\":{\"a\":{\"type\":\"long\"}},\"setti…"],
            ),
        ];
        for (found, expected) in cases {
            let mut told = differences(&wanted, &found);
            told.sort();
            assert_eq!(told, expected, "{found}");
        }
    }
}
