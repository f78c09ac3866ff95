//! Changes to the text of a configuration that keep what people wrote around them: order, comments, blank lines.
//!
//! Each change is first made to the values, then to the text, and then the text is read again. Only if it says what the
//! values say it counts; else the whole text is written anew from the values, and its comments are lost.

use std::path::Path;

use saphyr::{LoadableYamlNode, MarkedYaml, YamlData};
use serde_yaml::{Mapping, Value};

use super::{
    document::Document,
    path::{KeyPath, Step},
    problem::Problem,
};

/// A text that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    pub text: String,
    /// Comments that were there are no longer.
    pub comments_lost: bool,
}

/// `text` with `value` at `key`.
///
/// # Errors
/// A text that is no configuration. `file` names it in messages.
pub fn set(file: &Path, text: &str, key: &KeyPath, value: &Value) -> Result<Edited, Problem> {
    let mut wanted = Document::parse(file, text)?.value;
    key.insert(&mut wanted, value.clone());
    let says_it = |text: &String| Document::parse(file, text).is_ok_and(|document| document.value == wanted);
    if let Some(text) = edited(text, key, value, &wanted).filter(says_it) {
        let comments_lost = false;
        return Ok(Edited { text, comments_lost });
    }
    Ok(Edited {
        comments_lost: text
            .lines()
            .any(|line| line.trim_start().starts_with('#') || line.contains(" #")),
        text: rendered(&wanted),
    })
}

/// The text with the entry of `key` replaced, or put at the end of the section where it belongs; `None` where a way to
/// do that is not known.
fn edited(text: &str, key: &KeyPath, value: &Value, wanted: &Value) -> Option<String> {
    let marked = MarkedYaml::load_from_str(text).ok()?;
    let lines: Vec<&str> = text.lines().collect();
    let Some(root) = marked.first() else {
        return Some(appended(text, &entry(key, value)));
    };
    let mut found = None;
    let mut node = root;
    for (depth, step) in key.steps().iter().enumerate() {
        let Step::Key(name) = step else { return None };
        let YamlData::Mapping(entries) = &node.data else { break };
        let Some((at, below)) = entries.iter().find(|(at, _)| at.data.as_str() == Some(name)) else {
            // The section is there, the rest of the way is not.
            let rest = KeyPath::from_steps(&key.steps()[depth..]);
            let first = entries.iter().next().map(|(at, _)| at.span.start);
            return match first {
                Some(first) => inserted(&lines, first.line(), first.col(), &entry(&rest, value)),
                None if depth == 0 => Some(appended(text, &entry(&rest, value))),
                None => break,
            };
        };
        found = Some((depth, at, below));
        node = below;
    }
    let (depth, at, below) = found?;
    if depth + 1 == key.steps().len()
        && let Some(text) = scalar_replaced(&lines, below, value)
    {
        return Some(text);
    }
    // An empty section, or the entry itself: all of it is written again.
    let path = KeyPath::from_steps(&key.steps()[..=depth]);
    let last = KeyPath::from_steps(&key.steps()[depth..=depth]);
    let (line, column) = (at.span.start.line(), at.span.start.col());
    replaced(&lines, line, column, &entry(&last, path.find(wanted)?))
}

/// A scalar on one line in place of a scalar on one line; what stands behind it stays.
fn scalar_replaced(lines: &[&str], old: &MarkedYaml<'_>, value: &Value) -> Option<String> {
    let (start, end) = (old.span.start, old.span.end);
    if !matches!(old.data, YamlData::Value(_) | YamlData::Representation(..)) || start.line() != end.line() {
        return None;
    }
    let new = in_flow(value)?;
    let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let line = lines.get_mut(start.line().checked_sub(1)?)?;
    let (from, to) = (byte_of(line, start.col())?, byte_of(line, end.col())?);
    let length = scalar_length(&line[from..to])?;
    line.replace_range(from..from + length, &new);
    Some(joined(&lines))
}

/// The bytes of the scalar at the beginning of `text`: the parser takes the blanks and the comment behind it with it.
fn scalar_length(text: &str) -> Option<usize> {
    match text.chars().next()? {
        '\'' => {
            // Two of them are one in the text.
            let inner = text[1..].replace("''", "  ");
            Some(inner.find('\'')? + 2)
        }
        '"' => {
            let inner = text[1..].replace(r"\\", "  ").replace("\\\"", "  ");
            Some(inner.find('"')? + 2)
        }
        _ => {
            let plain = text.split(" #").next().unwrap_or(text);
            Some(plain.trim_end().len())
        }
    }
}

/// A text, or a section of texts, on one line. JSON is YAML.
fn in_flow(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => serde_json::to_string(text).ok(),
        Value::Mapping(section) => {
            let entries = section.iter().map(|(key, value)| {
                let text = serde_json::to_string(value.as_str()?).ok()?;
                Some(format!("{}: {text}", key.as_str()?))
            });
            Some(format!("{{{}}}", entries.collect::<Option<Vec<_>>>()?.join(", ")))
        }
        _ => None,
    }
}

fn byte_of(line: &str, column: usize) -> Option<usize> {
    let ends = line.char_indices().map(|(byte, _)| byte).chain([line.len()]);
    ends.into_iter().nth(column)
}

/// Puts `block` behind a section, of which `line` (from 1) and `column` (from 0) are those of its first key.
fn inserted(lines: &[&str], line: usize, column: usize, block: &str) -> Option<String> {
    let (_, end) = extent(lines, line, column, |indent| indent >= column)?;
    Some(with_block(lines, end, end, column, block))
}

/// Puts `block` in the place of the entry whose key is at `line` (from 1) and `column` (from 0).
fn replaced(lines: &[&str], line: usize, column: usize, block: &str) -> Option<String> {
    let (start, end) = extent(lines, line, column, |indent| indent > column)?;
    Some(with_block(lines, start, end, column, block))
}

/// The lines, from 0 and without the last, that begin at `line` (from 1) and go on while the indentation `belongs`.
/// Blank lines and comments belong to what comes behind them, where something does.
fn extent(lines: &[&str], line: usize, column: usize, belongs: impl Fn(usize) -> bool) -> Option<(usize, usize)> {
    let start = line.checked_sub(1)?;
    // In a section between braces there are no lines of its own.
    if indent(lines.get(start)?) != column {
        return None;
    }
    let mut end = start + 1;
    for (number, line) in lines.iter().enumerate().skip(end) {
        let text = line.trim_start();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if !belongs(indent(line)) {
            break;
        }
        end = number + 1;
    }
    Some((start, end))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn with_block(lines: &[&str], start: usize, end: usize, column: usize, block: &str) -> String {
    let indented = block.lines().map(|line| format!("{}{line}", " ".repeat(column)));
    let before = lines[..start].iter().map(|line| (*line).to_owned());
    let after = lines[end..].iter().map(|line| (*line).to_owned());
    joined(&before.chain(indented).chain(after).collect::<Vec<_>>())
}

fn appended(text: &str, block: &str) -> String {
    let gap = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{gap}{block}")
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// `value` at `path`, as YAML.
fn entry(path: &KeyPath, value: &Value) -> String {
    let mut root = Value::Mapping(Mapping::new());
    path.insert(&mut root, value.clone());
    rendered(&root)
}

fn rendered(value: &Value) -> String {
    // Plain data with text keys: there is nothing in it that YAML could refuse.
    serde_yaml::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, key: &str, value: &str) -> Edited {
        let value: Value = serde_yaml::from_str(value).unwrap();
        let key = KeyPath::dotted(key);
        let edited = set(Path::new("f.yaml"), text, &key, &value).unwrap();
        let read = Document::parse(Path::new("f.yaml"), &edited.text).unwrap();
        assert_eq!(key.find(&read.value), Some(&value), "{}", edited.text);
        edited
    }

    const TEXT: &str = "# mine\nsubscriptions:\n  cp2:\n    environments:   # all of them\n      P1:\n        key: \"a#b\"  # the \
                        first\n\n  # about cp3\n  cp3: {environments: {}}\nkafka:\n  brokers: a:1\n";

    #[test]
    fn changes_keep_what_is_around_them() {
        for (key, value, expected) in [
            (
                "subscriptions.cp2.environments.P1.key",
                "{keyring: cp2/P1}",
                TEXT.replace("\"a#b\"", "{keyring: \"cp2/P1\"}"),
            ),
            (
                "subscriptions.cp2.environments.P1.key",
                "plain",
                TEXT.replace("\"a#b\"", "\"plain\""),
            ),
            ("kafka.brokers", "b:2", TEXT.replace("a:1", "\"b:2\"")),
            (
                "subscriptions.cp2.environments.D1",
                "{key: d}",
                TEXT.replace("the first\n", "the first\n      D1:\n        key: d\n"),
            ),
            (
                "subscriptions.cp2.environments.P1",
                "{key: d, more: e}",
                TEXT.replace("key: \"a#b\"  # the first", "key: d\n        more: e"),
            ),
            (
                "subscriptions.cp4.name",
                "n",
                TEXT.replace("kafka:", "  cp4:\n    name: n\nkafka:"),
            ),
            ("kafka.properties.x", "y", format!("{TEXT}  properties:\n    x: y\n")),
            ("worker.lanes", "2", format!("{TEXT}worker:\n  lanes: 2\n")),
        ] {
            let edited = changed(TEXT, key, value);
            assert_eq!((edited.text, edited.comments_lost), (expected, false), "{key}");
        }
    }

    #[test]
    fn scalars_end_before_what_is_behind_them() {
        for (text, scalar) in [
            ("plain  # x", "plain"),
            ("pl#ain ", "pl#ain"),
            (r#""a\"b # c" # x"#, r#""a\"b # c""#),
            (r#""a\\" # "x""#, r#""a\\""#),
            ("'it''s' # 'x'", "'it''s'"),
        ] {
            assert_eq!(scalar_length(text), Some(scalar.len()), "{text}");
        }
    }

    #[test]
    fn texts_of_other_shapes_are_written_anew() {
        for (text, key, value, lost) in [
            ("", "a.b", "c", false),
            ("# nothing yet\n", "a.b", "c", false),
            ("a:\n", "a.b", "c", false),
            ("a: {}\n", "a.b", "{c: d}", false),
            ("a: {b: {c: d}} # x\n", "a.b.e", "f", true),
            ("a: {b: {c: d}}\n", "a.b.e", "f", false),
            ("a: {b: {c: d}} # x\n", "a.b.c", "f", false),
            ("a: |\n  long\n  text\nb: 1\n", "a", "short", false),
            ("x: &x {y: 1}\nz:\n  <<: *x\n", "z.w", "2", false),
        ] {
            assert_eq!(changed(text, key, value).comments_lost, lost, "{text:?}");
        }
        assert!(set(Path::new("f"), "a: [", &KeyPath::dotted("a"), &Value::Null).is_err());
    }
}
