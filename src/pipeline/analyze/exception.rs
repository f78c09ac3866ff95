//! Which exceptions a record tells of.

use std::borrow::Cow;

use serde::Deserialize;

use super::fold;

/// An exception with the one that caused it in the end, if another did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exception<'a> {
    pub class: Cow<'a, str>,
    pub root_cause: Option<Cow<'a, str>>,
    /// What it says itself.
    pub message: Cow<'a, str>,
}

/// As log4j writes it: more keys than these, among them the stack.
#[derive(Deserialize)]
struct Thrown<'a> {
    #[serde(borrow, alias = "className", alias = "class")]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "localizedMessage")]
    localized: Option<Cow<'a, str>>,
    #[serde(borrow)]
    cause: Option<Box<Thrown<'a>>>,
}

const CAUSED_BY: &str = "Caused by: ";
const UNKNOWN_CLASS: &str = "(unknown)";
const CLASS_BYTES: usize = 200;
/// So much of a message that only may begin with an exception is looked at.
const HEAD_BYTES: usize = 300;

/// From a record's `thrown`: a stack trace, or the JSON of an object.
pub(super) fn of_thrown(thrown: &str) -> Exception<'_> {
    if thrown.starts_with('{')
        && let Ok(thrown) = serde_json::from_str::<Thrown<'_>>(thrown)
        && thrown.name.is_some()
    {
        return of_object(thrown);
    }
    let (class, message) = class_and_message(thrown).unwrap_or((UNKNOWN_CLASS, first_line(thrown)));
    let causes = thrown.rsplit_once(CAUSED_BY).map(|(_, last)| last);
    let root_cause = causes.and_then(class_and_message).map(|(class, _)| class);
    Exception {
        class: class.into(),
        root_cause: root_cause.filter(|root| *root != class).map(Into::into),
        message: message.into(),
    }
}

fn of_object(thrown: Thrown<'_>) -> Exception<'_> {
    let class = thrown.name.unwrap_or_default();
    let mut root_cause = None;
    let mut next = thrown.cause;
    while let Some(cause) = next {
        root_cause = cause.name.or(root_cause);
        next = cause.cause;
    }
    Exception {
        root_cause: root_cause.filter(|root| *root != class),
        class,
        message: thrown.message.or(thrown.localized).unwrap_or_default(),
    }
}

/// From a message that begins with an exception, as those of containers do that write plain text.
pub(super) fn of_message(message: &str) -> Option<Exception<'_>> {
    let head = fold::cut(message, HEAD_BYTES);
    // Most messages have no such word: nothing else is looked at then.
    if !["Exception", "Error", "Throwable"]
        .iter()
        .any(|word| head.contains(word))
    {
        return None;
    }
    let text = match message.strip_prefix("Exception in thread \"") {
        Some(rest) => rest.split_once("\" ")?.1,
        None => message,
    };
    let (class, _) = class_and_message(text)?;
    let is_throwable = ["Exception", "Error", "Throwable"]
        .iter()
        .any(|ending| class.ends_with(ending));
    is_throwable.then(|| of_thrown(text))
}

/// Of a text such as `java.lang.IllegalStateException: no cart`.
fn class_and_message(text: &str) -> Option<(&str, &str)> {
    let line = first_line(text).trim_start();
    let end = line
        .find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '$')))
        .unwrap_or(line.len());
    let (class, rest) = line.split_at(end);
    let message = match rest.strip_prefix(':') {
        Some(message) => message.trim_start(),
        None if rest.is_empty() || rest.starts_with(' ') => rest.trim_start(),
        None => return None,
    };
    is_class(class).then_some((class, message))
}

/// A package and a class, as Java names them.
fn is_class(name: &str) -> bool {
    let is_identifier = |part: &str| part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= CLASS_BYTES
        && name.contains('.')
        && name.split('.').all(is_identifier)
        && last.starts_with(|first: char| first.is_ascii_uppercase())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A class without its package: `NullPointerException`.
pub(super) fn simple_name(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(exception: &Exception<'_>) -> String {
        let root = exception.root_cause.as_deref().unwrap_or("-");
        format!("{} | {root} | {}", exception.class, exception.message)
    }

    #[test]
    fn of_what_was_thrown() {
        for (thrown, expected) in [
            ("a.b.Bad: why\n\tat a.C.d(C.java:7)", "a.b.Bad | - | why"),
            ("a.b.Bad", "a.b.Bad | - | "),
            (
                "a.Bad: x\n\tat a.C.d\nCaused by: b.Worse: y\n\tat b\nCaused by: c.Root\n\t... 3 more",
                "a.Bad | c.Root | x",
            ),
            ("a.Bad\nCaused by: a.Bad: again", "a.Bad | - | "),
            ("no class at all: 7", "(unknown) | - | no class at all: 7"),
            ("", "(unknown) | - | "),
            (
                r#"{"name":"a.Bad","message":"why","extendedStackTrace":[{"class":"x"}]}"#,
                "a.Bad | - | why",
            ),
            (
                r#"{"localizedMessage":"l","name":"a.Bad","cause":{"name":"b.Worse","cause":{"name":"c.Root","cause":null}}}"#,
                "a.Bad | c.Root | l",
            ),
            (r#"{"className":"a.Bad","message":"\"q\""}"#, "a.Bad | - | \"q\""),
            ("{broken", "(unknown) | - | {broken"),
        ] {
            assert_eq!(told(&of_thrown(thrown)), expected, "{thrown}");
        }
    }

    #[test]
    fn of_messages_that_begin_with_one() {
        for (message, expected) in [
            (
                "java.lang.IllegalStateException: no cart",
                Some("java.lang.IllegalStateException | - | no cart"),
            ),
            (
                "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space",
                Some("java.lang.OutOfMemoryError | - | Java heap space"),
            ),
            ("a.b.Outer$InnerException x", Some("a.b.Outer$InnerException | - | x")),
            ("Cart failed with java.lang.Error", None),
            ("com.example.Cart: ErrorHandling is on", None),
            ("Exception: x", None),
            ("Caused by: java.lang.Error: x", None),
            ("nothing", None),
        ] {
            assert_eq!(of_message(message).as_ref().map(told).as_deref(), expected, "{message}");
        }
        assert_eq!(simple_name("a.b.Outer$InnerException"), "Outer$InnerException");
        assert_eq!(simple_name("Bad"), "Bad");
    }
}
