//! Exceptions, as people read them.

use std::borrow::Cow;

use serde_json::{Map, Value};

type Object = Map<String, Value>;

/// An exception that was logged as an object (log4j's JSON layouts) as a stack trace; any other text as it is.
pub(super) fn trace(thrown: &str) -> Cow<'_, str> {
    if thrown.starts_with('{')
        && let Ok(Value::Object(object)) = serde_json::from_str(thrown)
    {
        let mut lines = Vec::new();
        put(&mut lines, "", "", &object);
        if !lines.is_empty() {
            return Cow::Owned(lines.join("\n"));
        }
    }
    Cow::Borrowed(thrown)
}

/// `name: message`, the frames, and the exceptions behind it. How deep they lie is bounded by the JSON parser.
fn put(lines: &mut Vec<String>, indent: &str, label: &str, object: &Object) {
    let head = head(object);
    if let Some(head) = &head {
        lines.push(format!("{indent}{label}{head}"));
    }
    let mut tells_causes = false;
    match object.get("extendedStackTrace").or_else(|| object.get("stackTrace")) {
        Some(Value::String(trace)) => {
            tells_causes = trace.contains("Caused by:");
            // It begins with the same, as a rule.
            let mut text = trace.lines().peekable();
            text.next_if(|first| head.as_deref() == Some(first.trim()));
            lines.extend(text.map(|line| format!("{indent}{line}")));
        }
        Some(Value::Array(frames)) => {
            let frames = frames.iter().filter_map(frame);
            lines.extend(frames.map(|frame| format!("{indent}\tat {frame}")));
        }
        _ => {}
    }
    if tells_causes {
        return;
    }
    let suppressed = object.get("suppressed").and_then(Value::as_array);
    for suppressed in suppressed.into_iter().flatten().filter_map(Value::as_object) {
        put(lines, &format!("{indent}\t"), "Suppressed: ", suppressed);
    }
    if let Some(Value::Object(cause)) = object.get("cause") {
        put(lines, indent, "Caused by: ", cause);
    }
}

fn head(object: &Object) -> Option<String> {
    let named = |name: &str| object.get(name)?.as_str().filter(|text| !text.is_empty());
    let message = named("message").or_else(|| named("localizedMessage"));
    match (named("name").or_else(|| named("class")), message) {
        (Some(name), Some(message)) => Some(format!("{name}: {message}")),
        (name, message) => name.or(message).map(str::to_owned),
    }
}

/// `com.example.Cart.add(Cart.java:7)`, as Java writes it.
fn frame(frame: &Value) -> Option<String> {
    if let Value::String(text) = frame {
        let text = text.trim();
        return Some(text.strip_prefix("at ").unwrap_or(text).to_owned());
    }
    let named = |name: &str| frame.get(name)?.as_str();
    let (class, method) = (named("class")?, named("method")?);
    // Java's mark of a method that is not Java's.
    const NATIVE: i64 = -2;
    let place = match (named("file"), frame.get("line").and_then(Value::as_i64)) {
        (_, Some(NATIVE)) => "Native Method".to_owned(),
        (Some(file), Some(line)) if line >= 0 => format!("{file}:{line}"),
        (Some(file), _) => file.to_owned(),
        (None, _) => "Unknown Source".to_owned(),
    };
    Some(format!("{class}.{method}({place})"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_stack_traces() {
        for (thrown, expected) in [
            (
                json!({"commonElementCount": 0, "localizedMessage": "why", "message": "why", "name": "com.example.Bad",
                    "extendedStackTrace": "com.example.Bad: why\n\tat com.example.Cart.add(Cart.java:7)\n"}),
                "com.example.Bad: why\n\tat com.example.Cart.add(Cart.java:7)",
            ),
            (
                json!({"name": "com.example.Bad", "message": "why", "extendedStackTrace": [
                    {"class": "com.example.Cart", "method": "add", "file": "Cart.java", "line": 7, "exact": true},
                    {"class": "a.B", "method": "c", "file": null, "line": -1},
                    {"class": "a.B", "method": "d", "line": -2},
                    "at a.B.e(B.java:1)", 7,
                ], "suppressed": [{"name": "a.S", "extendedStackTrace": ["a.S.x(S.java)"]}],
                    "cause": {"name": "a.C", "message": "that", "cause": {"message": "at last"}}}),
                "com.example.Bad: why\n\tat com.example.Cart.add(Cart.java:7)\n\tat a.B.c(Unknown Source)\n\
                 \tat a.B.d(Native Method)\n\tat a.B.e(B.java:1)\n\tSuppressed: a.S\n\t\tat a.S.x(S.java)\n\
                 Caused by: a.C: that\nCaused by: at last",
            ),
            // The text tells the causes itself.
            (
                json!({"name": "a.B", "extendedStackTrace": "a.B\n\tat x\nCaused by: a.C", "cause": {"name": "a.C"}}),
                "a.B\n\tat x\nCaused by: a.C",
            ),
        ] {
            assert_eq!(trace(&thrown.to_string()), expected);
        }
    }

    #[test]
    fn anything_else_is_left_as_it_is() {
        for thrown in ["java.X: y\n\tat z", "{no json", r#"{"other":"fields"}"#, "[1]", ""] {
            assert_eq!(trace(thrown), thrown);
        }
    }
}
