//! A value of a raw line, read as what is wanted of it.

use std::borrow::Cow;

use super::{scanner::Scanner, text::Text};
use crate::domain::record::Integer;

/// As it stands in the line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Value<'a> {
    /// Not there, or `null`.
    #[default]
    Absent,
    Text(Text<'a>),
    /// A number, `true` or `false`.
    Scalar(&'a str),
    /// An object or an array, whole.
    Nested(&'a str),
}

impl<'a> Value<'a> {
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// What it says. An object or an array says its JSON text; nothing says nothing.
    pub fn text(&self) -> Cow<'a, str> {
        match *self {
            Self::Absent => Cow::Borrowed(""),
            Self::Text(text) => text.decoded(),
            Self::Scalar(scalar) => Cow::Borrowed(scalar),
            Self::Nested(nested) => Cow::Owned(compact(nested)),
        }
    }

    /// A number, or a string that holds one; a fraction is cut off.
    pub fn integer(&self) -> Option<Integer> {
        match *self {
            Self::Absent | Self::Nested(_) => None,
            Self::Text(text) => integer(&text.decoded()),
            Self::Scalar(scalar) => integer(scalar),
        }
    }
}

/// Integers are read exactly, those with an exponent as far as 64-bit floating point goes.
fn integer(text: &str) -> Option<Integer> {
    let text = text.trim();
    if let Ok(integer) = text.parse() {
        return Integer::new(integer);
    }
    let float: f64 = text.parse().ok()?;
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            Integer::new(whole.parse().ok()?)
        }
        _ if float.is_finite() => Integer::new(float as i128),
        _ => None,
    }
}

/// JSON text without blanks between its parts, and with no escapes in its strings but those that JSON needs.
fn compact(nested: &str) -> String {
    let mut compact = String::with_capacity(nested.len());
    let mut scanner = Scanner::new(nested);
    while let Some(byte) = scanner.peek() {
        match scanner.string() {
            // The scanner has been over it before, so all that is no string is brackets, colons, commas and scalars.
            Err(_) => {
                scanner.take_if(byte);
                compact.push(char::from(byte));
            }
            Ok(Text { raw, escaped: false }) => {
                compact.push('"');
                compact.push_str(raw);
                compact.push('"');
            }
            // Text and nothing else: JSON takes all of it.
            Ok(text) => compact.push_str(&serde_json::to_string(&text.decoded()).unwrap_or_default()),
        }
    }
    compact
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value<'_> {
        Scanner::new(json).value().unwrap()
    }

    #[test]
    fn integers() {
        for (json, expected) in [
            ("200", 200),
            ("\"200\"", 200),
            ("200.0", 200),
            ("\"200.0\"", 200),
            ("\" 200 \"", 200),
            ("-7", -7),
            ("12.9", 12),
            ("-0.5", 0),
            ("2e2", 200),
            ("\"1.5E3\"", 1500),
            ("9007199254740993", 9_007_199_254_740_993),
            ("9007199254740993.0", 9_007_199_254_740_993),
            ("\"9223372036854775807\"", i128::from(i64::MAX)),
            ("-9223372036854775808", i128::from(i64::MIN)),
            ("18446744073709551615", i128::from(u64::MAX)),
        ] {
            assert_eq!(value(json).integer().map(Integer::get), Some(expected), "{json}");
        }
        for json in [
            "null",
            "true",
            "\"\"",
            "\"-\"",
            "\"12ms\"",
            "\"0x10\"",
            "\"1_000\"",
            "\"NaN\"",
            "\"inf\"",
            "\"infinity\"",
            "\"1.2.3\"",
            "\"٣\"",
            "1e400",
            "-1e30",
            "18446744073709551616",
            "100000000000000000000000000000000000000000000000000000000000",
            "{}",
            "[200]",
        ] {
            assert_eq!(value(json).integer(), None, "{json}");
        }
    }

    #[test]
    fn texts() {
        for (json, expected) in [
            ("\"as it is\"", "as it is"),
            ("\"with\\n\"", "with\n"),
            ("null", ""),
            ("5.0", "5.0"),
            ("true", "true"),
            (r#"{"b": 1, "a" :[ 2.50 , null,"x"]}"#, r#"{"b":1,"a":[2.50,null,"x"]}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#),
            (
                r#"["\u003cb\u003e\u00e9 \/ \ud83d\ude00 \ud83d"]"#,
                "[\"<b>é / 😀 \u{fffd}\"]",
            ),
            (r#"["\"\\\n\u0001"]"#, r#"["\"\\\n\u0001"]"#),
            (r#"{ "  a b " : " [ ] " }"#, r#"{"  a b ":" [ ] "}"#),
            ("[]", "[]"),
        ] {
            assert_eq!(value(json).text(), expected, "{json}");
        }
    }
}
