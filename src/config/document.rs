//! One YAML file: its values, and the line of each of them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde_yaml::{Mapping, Value};

use super::{
    Error,
    path::KeyPath,
    problem::{Place, Problem},
};

/// A configuration file as it was read.
#[derive(Clone, Debug)]
pub struct Document {
    pub path: PathBuf,
    /// Its root is a mapping, the keys of all mappings are texts.
    pub value: Value,
    lines: BTreeMap<KeyPath, usize>,
    /// New key → the old key in the file that its value came from.
    moved: BTreeMap<KeyPath, KeyPath>,
}

impl Document {
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|reason| Error::Read {
            path: path.to_owned(),
            reason,
        })?;
        Self::parse(path, &text).map_err(|problem| Error::Invalid(vec![problem].into()))
    }

    /// # Errors
    /// What is no YAML, and a key that is there twice: YAML forbids it, and which of the two was meant nobody knows.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let at = |line: usize, column: usize| Place::Column(path.to_owned(), line, column);
        let marked = MarkedYaml::load_from_str(text).map_err(|error| {
            let (line, column) = tab_after(text, &error).unwrap_or((error.marker().line(), error.marker().col() + 1));
            let place = at(line, column);
            match error.info() {
                "duplicated key in mapping" => Problem::new(place, "this key is here for the second time")
                    .hint("delete one of the two, or put their contents under one key"),
                info => Problem::new(place, format!("this is not YAML: {info}")).hint(
                    "indent with spaces, and quote values that hold `: ` or ` #` or begin with a special character",
                ),
            }
        })?;
        let value = serde_yaml::from_str::<Value>(text).and_then(|mut value| {
            value.apply_merge()?;
            Ok(value)
        });
        let value = value.map_err(|error| {
            let place = error
                .location()
                .map_or(Place::File(path.to_owned()), |place| at(place.line(), place.column()));
            Problem::new(place, format!("this is not YAML: {error}"))
        })?;
        let value = match with_text_keys(value) {
            Value::Null => Value::Mapping(Mapping::new()),
            value if value.is_mapping() => value,
            _ => {
                let message = "a configuration is a mapping: lines of `key: value`";
                return Err(Problem::new(Place::File(path.to_owned()), message));
            }
        };
        let mut lines = BTreeMap::new();
        if let Some(root) = marked.first() {
            note_lines(root, &KeyPath::default(), &mut lines);
        }
        Ok(Self {
            path: path.to_owned(),
            value,
            lines,
            moved: BTreeMap::new(),
        })
    }

    /// Gives the value of an old key to the key that took its place. A new key in the file wins over the old one.
    pub fn rename(&mut self, old: &KeyPath, new: &KeyPath) {
        let Some(value) = old.remove(&mut self.value) else {
            return;
        };
        if !value.is_null() && new.find(&self.value).is_none_or(Value::is_null) {
            new.insert(&mut self.value, value);
            self.moved.insert(new.clone(), old.clone());
        }
    }

    /// The key as it is written in this file.
    pub fn written(&self, path: &KeyPath) -> KeyPath {
        self.moved.get(path).unwrap_or(path).clone()
    }

    /// Where the value, or else the nearest mapping around it, stands; `None` if the file says nothing about it.
    pub fn place(&self, path: &KeyPath) -> Option<Place> {
        let mut at = Some(self.written(path));
        while let Some(path) = at.filter(|path| !path.steps().is_empty()) {
            if let Some(line) = self.lines.get(&path) {
                return Some(Place::Line(self.path.clone(), *line));
            }
            at = path.parent();
        }
        None
    }
}

/// The parser tells of a tab where the value before it ends; people look for it where it stands.
fn tab_after(text: &str, error: &saphyr::ScanError) -> Option<(usize, usize)> {
    if !error.info().contains("tab") {
        return None;
    }
    let lines = (1..).zip(text.lines()).skip(error.marker().line().saturating_sub(1));
    let indents = lines.map(|(line, text)| (line, &text[..text.len() - text.trim_start().len()]));
    indents
        .filter_map(|(line, indent)| Some((line, indent.find('\t')? + 1)))
        .next()
}

/// Keys such as `1:` or `true:` as texts: the configuration knows no others.
fn with_text_keys(value: Value) -> Value {
    match value {
        Value::Mapping(mapping) => {
            let entries = mapping.into_iter().map(|(key, value)| {
                let key = scalar_text(&key).map_or(key, Value::String);
                (key, with_text_keys(value))
            });
            Value::Mapping(entries.collect())
        }
        Value::Sequence(items) => Value::Sequence(items.into_iter().map(with_text_keys).collect()),
        value => value,
    }
}

/// A scalar as text; `None` of a mapping, a list or nothing.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn note_lines(node: &MarkedYaml<'_>, path: &KeyPath, lines: &mut BTreeMap<KeyPath, usize>) {
    match &node.data {
        YamlData::Mapping(entries) => {
            for (key, value) in entries {
                let Some(name) = key_text(key) else { continue };
                let path = path.key(name);
                lines.insert(path.clone(), key.span.start.line());
                note_lines(value, &path, lines);
            }
        }
        YamlData::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = path.index(index);
                lines.insert(path.clone(), item.span.start.line());
                note_lines(item, &path, lines);
            }
        }
        YamlData::Tagged(_, node) => note_lines(node, path, lines),
        _ => {}
    }
}

fn key_text(key: &MarkedYaml<'_>) -> Option<String> {
    match &key.data {
        YamlData::Value(Scalar::String(text)) => Some(text.to_string()),
        YamlData::Value(Scalar::Integer(number)) => Some(number.to_string()),
        YamlData::Value(Scalar::Boolean(truth)) => Some(truth.to_string()),
        YamlData::Value(Scalar::FloatingPoint(number)) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Document, Problem> {
        Document::parse(Path::new("f.yaml"), text)
    }

    #[test]
    fn every_value_has_its_line() {
        let document = parse("a:\n  b: 1\nlist:\n  - x: 1\n    y: 2\n  - z\n17: s\n").unwrap();
        for (path, line) in [
            (KeyPath::dotted("a.b"), 2),
            (KeyPath::of(["list"]).index(0).key("y"), 5),
            (KeyPath::of(["list"]).index(1), 6),
            (KeyPath::of(["17"]), 7),
            (KeyPath::dotted("a.missing.deeper"), 1),
        ] {
            let place = Place::Line("f.yaml".into(), line);
            assert_eq!(document.place(&path), Some(place), "{path}");
        }
        assert_eq!(document.place(&KeyPath::dotted("other")), None);
    }

    #[test]
    fn broken_files_name_line_and_column() {
        for (text, message) in [
            ("a: 1\nb: [1, 2\nc: 3\n", "f.yaml:3:2: this is not YAML"),
            ("a: 1\n\tb: 2\n", "f.yaml:2:1:"),
            ("a:\n\tb: 2\n", "f.yaml:2:1:"),
            ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: this key is here for the second time"),
            (
                "k:\n  a: 1\n  a: 3\n",
                "f.yaml:3:3: this key is here for the second time",
            ),
            ("- a\n", "f.yaml: a configuration is a mapping"),
            ("a: 1\n---\nb: 2\n", "f.yaml: this is not YAML"),
        ] {
            let problem = parse(text).unwrap_err().to_string();
            assert!(problem.starts_with(message), "{text:?}: {problem}");
        }
    }

    #[test]
    fn empty_files_anchors_and_merges_are_read() {
        for text in ["", "\n# nothing\n", "---\n", "\u{feff}"] {
            assert!(parse(text).unwrap().value.as_mapping().unwrap().is_empty(), "{text:?}");
        }
        let document = parse("a: &a {x: 1}\nb:\n  <<: *a\n  y: 2\n").unwrap();
        assert_eq!(KeyPath::dotted("b.x").find(&document.value), Some(&1.into()));
    }

    #[test]
    fn a_renamed_key_keeps_its_line() {
        let mut document = parse("kafka:\n  topic: T\n").unwrap();
        let new = KeyPath::dotted("kafka.topics.blobs");
        document.rename(&KeyPath::dotted("kafka.topic"), &new);
        assert_eq!(new.find(&document.value), Some(&"T".into()));
        assert_eq!(document.place(&new), Some(Place::Line("f.yaml".into(), 2)));
        assert_eq!(document.written(&new).to_string(), "kafka.topic");
    }
}
