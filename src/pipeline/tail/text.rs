//! Records for people.

use std::borrow::Cow;

use super::{Level, Place, Record, View};
use crate::domain::topic::partition_of;

/// How lines are written.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    pub color: bool,
}

/// Select Graphic Rendition (ECMA-48).
const RESET: &str = "\x1b[0m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const GREEN: &str = "\x1b[32m";
/// Of pods: none that a level has.
const POD_COLORS: [&str; 6] = ["\x1b[36m", "\x1b[35m", "\x1b[34m", "\x1b[96m", "\x1b[95m", "\x1b[94m"];

const INDENT: &str = "    ";
/// A raw line that could not be extracted is a hint of what is wrong, and may be megabytes.
const FAILED_LINE_CHARS: usize = 400;

impl Paint {
    /// `2025-06-06T12:00:00.123Z WARN  P1/api-7-x Cart: message`; what has more lines goes on below, indented.
    pub fn view(self, out: &mut Vec<u8>, view: &View<'_>) {
        self.put(out, DIM, &format!("{:.3}", view.ts));
        let level = view.level.as_deref().unwrap_or("-");
        self.put(out, level_color(level), &format!(" {:<5}", word(level)));
        let source = view.pod.as_deref().unwrap_or(&view.service);
        let environment = match view.environment.is_empty() {
            true => "-",
            false => &view.environment,
        };
        let place = format!(" {}/{}", word(environment), word(source));
        self.put(out, pod_color(source), &place);
        let logger = view.logger.as_deref().filter(|logger| !logger.is_empty());
        if let Some(logger) = logger {
            let short = logger.rsplit('.').next().unwrap_or(logger);
            self.put(out, DIM, &format!(" {}:", word(short)));
        }
        out.push(b' ');
        let text = match (&view.message, view.request()) {
            (Some(message), _) => Cow::Borrowed(message.as_str()),
            (None, request) => Cow::Owned(request.unwrap_or_default()),
        };
        lines(out, &text);
        self.below(out, view);
    }

    fn below(self, out: &mut Vec<u8>, view: &View<'_>) {
        let thrown = view.thrown();
        for line in thrown.iter().flat_map(|thrown| thrown.lines()) {
            out.extend_from_slice(INDENT.as_bytes());
            self.put(out, RED, &plain(line));
            out.push(b'\n');
        }
        if let Some(line) = view.own("raw_line") {
            out.extend_from_slice(INDENT.as_bytes());
            let mut text: String = line.chars().take(FAILED_LINE_CHARS).collect();
            if text.len() < line.len() {
                text.push('…');
            }
            self.put(out, DIM, &plain(&text).replace('\n', " "));
            out.push(b'\n');
        }
    }

    /// `topic[3]@41 2025-06-06T12:00:00.123Z key service=api … value`
    pub fn raw(self, out: &mut Vec<u8>, record: &Record<'_>) {
        let mut head = match record.place {
            Place::Topic {
                topic,
                partition,
                offset,
            } => format!("{topic}[{partition}]@{offset}"),
            Place::Blob { name, member, line } => format!("{name}@{member}+{line}"),
        };
        let timestamp = record.timestamp_ms.map(jiff::Timestamp::from_millisecond);
        if let Some(Ok(timestamp)) = timestamp {
            head.push_str(&format!(" {timestamp:.3}"));
        }
        if let Some(key) = record.key {
            head.push_str(&format!(" {}", String::from_utf8_lossy(key)));
        }
        for (name, value) in &record.headers {
            head.push_str(&format!(
                " {name}={}",
                String::from_utf8_lossy(value.unwrap_or_default())
            ));
        }
        self.put(out, DIM, &word(&head));
        out.push(b' ');
        lines(out, &String::from_utf8_lossy(record.value.unwrap_or_default()));
    }

    fn put(self, out: &mut Vec<u8>, color: &str, text: &str) {
        let color = if self.color { color } else { "" };
        out.extend_from_slice(color.as_bytes());
        out.extend_from_slice(text.as_bytes());
        if !color.is_empty() {
            out.extend_from_slice(RESET.as_bytes());
        }
    }
}

fn level_color(level: &str) -> &'static str {
    match Level::of(level) {
        Some(Level::Error | Level::Fatal) => RED,
        Some(Level::Warn) => YELLOW,
        Some(Level::Info) => GREEN,
        Some(Level::Debug | Level::Trace) => DIM,
        None => "",
    }
}

/// The same for the same pod, in every run.
fn pod_color(pod: &str) -> &'static str {
    POD_COLORS[partition_of(pod, POD_COLORS.len() as u32) as usize]
}

/// A text whose further lines stand below it, indented.
fn lines(out: &mut Vec<u8>, text: &str) {
    let text = plain(text.trim_end());
    out.extend_from_slice(text.replace('\n', &format!("\n{INDENT}")).as_bytes());
    out.push(b'\n');
}

/// A text that stays on its line.
fn word(text: &str) -> Cow<'_, str> {
    let text = plain(text);
    match text.contains(['\n', '\t']) {
        true => Cow::Owned(text.replace(['\n', '\t'], " ")),
        false => text,
    }
}

/// Without what would do something to a terminal: logs hold what strangers sent.
fn plain(text: &str) -> Cow<'_, str> {
    let is_unsafe = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let stripped = console::strip_ansi_codes(text);
    let kept = stripped.chars().filter(|c| *c != '\r');
    Cow::Owned(kept.map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn view(level: Option<&'static str>, message: Option<&str>, own: Value) -> View<'static> {
        let Value::Object(own) = own else {
            panic!("{own}");
        };
        View {
            ts: "2025-06-06T12:00:00.1234Z".parse().unwrap(),
            topic: None,
            blob: None,
            level: level.map(Into::into),
            service: "api".into(),
            environment: "P1".into(),
            subscription: "cp2".into(),
            pod: Some("api-7-x".into()),
            logger: Some("com.example.Cart".to_owned()),
            message: message.map(str::to_owned),
            own,
        }
    }

    fn shown(color: bool, view: &View<'_>) -> String {
        let mut out = Vec::new();
        Paint { color }.view(&mut out, view);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_for_people() {
        let request = json!({"method": "GET", "path": "/a?b", "status_code": 404, "response_time_ms": 12, "client_ip": "10.0.0.1"});
        for (view, expected) in [
            (
                view(Some("WARN"), Some("empty"), json!({})),
                "2025-06-06T12:00:00.123Z WARN  P1/api-7-x Cart: empty\n",
            ),
            (
                view(
                    Some("ERROR"),
                    Some("a\nb\n"),
                    json!({"thrown": "java.X: y\n\tat z(Z.java)"}),
                ),
                "2025-06-06T12:00:00.123Z ERROR P1/api-7-x Cart: a\n    b\n    java.X: y\n    \tat z(Z.java)\n",
            ),
            (
                View {
                    logger: None,
                    ..view(Some("WARN"), None, request)
                },
                "2025-06-06T12:00:00.123Z WARN  P1/api-7-x GET /a?b → 404 (12 ms) 10.0.0.1\n",
            ),
            (
                View {
                    pod: None,
                    environment: "".into(),
                    ..view(None, Some("\x1b[31mred\x1b[0m \x07\r"), json!({}))
                },
                "2025-06-06T12:00:00.123Z -     -/api Cart: red \u{fffd}\n",
            ),
            (
                view(
                    Some("ERROR"),
                    Some("a"),
                    json!({"thrown": r#"{"name":"a.B","message":"c","extendedStackTrace":"a.B: c\n\tat \u001bx"}"#}),
                ),
                "2025-06-06T12:00:00.123Z ERROR P1/api-7-x Cart: a\n    a.B: c\n    \tat \u{fffd}x\n",
            ),
            (
                View {
                    pod: Some("api\n7\x1b[2J".into()),
                    environment: "P\x071".into(),
                    logger: Some("a.C\nart".to_owned()),
                    ..view(Some("WA\nRN"), Some("empty"), json!({}))
                },
                "2025-06-06T12:00:00.123Z WA RN P\u{fffd}1/api 7 C art: empty\n",
            ),
            (
                view(
                    Some("ERROR"),
                    Some("parse_error: no"),
                    json!({"raw_line": "x".repeat(500)}),
                ),
                &format!(
                    "2025-06-06T12:00:00.123Z ERROR P1/api-7-x Cart: parse_error: no\n    {}…\n",
                    "x".repeat(400)
                ),
            ),
        ] {
            assert_eq!(shown(false, &view), expected);
        }
    }

    #[test]
    fn colour_adds_nothing_else_and_a_pod_keeps_its_own() {
        let view = view(Some("ERROR"), Some("empty"), Value::Object(Map::new()));
        let colored = shown(true, &view);
        assert!(colored.contains("\x1b[31m ERROR\x1b[0m"), "{colored:?}");
        assert!(colored.contains(&format!("{} P1/api-7-x\x1b[0m", pod_color("api-7-x"))));
        assert_eq!(console::strip_ansi_codes(&colored), shown(false, &view));
        let colors: std::collections::BTreeSet<_> = (0..50).map(|n| pod_color(&format!("api-{n}"))).collect();
        assert_eq!(colors.len(), POD_COLORS.len());
    }
}
