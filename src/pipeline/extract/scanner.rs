//! Goes through JSON by its grammar (RFC 8259) and builds nothing of it: values are borrowed as they stand there.

use super::{
    text::{self, Text},
    value::Value,
};

/// Reads one JSON text from its start to its end. Takes linear time, and the stack is none the deeper for a text that is.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The brackets that close what is open around here, of the value that is being passed over.
    open: Vec<u8>,
}

/// A text that is no JSON.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {at}")]
pub(super) struct Invalid {
    expected: &'static str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            open: Vec::new(),
        }
    }

    /// Reads an object, of which `member` is given each key and reads the value.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Result<(), Invalid>) -> Result<(), Invalid> {
        self.take(b'{', "an object")?;
        if self.take_if(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            member(self, &key.decoded())?;
            if !self.take_if(b',') {
                return self.take(b'}', "`,` or `}`");
            }
        }
    }

    /// As [`Scanner::object`]; a value that is no object is passed over, and the answer is `false`.
    pub fn object_if_any(
        &mut self,
        member: impl FnMut(&mut Self, &str) -> Result<(), Invalid>,
    ) -> Result<bool, Invalid> {
        match self.peek() {
            Some(b'{') => self.object(member).map(|()| true),
            _ => self.value().map(|_| false),
        }
    }

    pub fn value(&mut self) -> Result<Value<'a>, Invalid> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'{' | b'[') => {
                let start = self.at;
                self.pass_over()?;
                Ok(Value::Nested(&self.text[start..self.at]))
            }
            _ => self.scalar(),
        }
    }

    /// Nothing but blanks may follow.
    pub fn end(&mut self) -> Result<(), Invalid> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end")),
        }
    }

    /// The next byte that is no blank.
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Takes `byte` if it is the next one.
    pub fn take_if(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    pub fn string(&mut self) -> Result<Text<'a>, Invalid> {
        self.take(b'"', "a string")?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += text::plain_len(&self.text.as_bytes()[self.at..]);
            match self.text.as_bytes().get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.expected("no control character")),
                None => return Err(self.expected("the string's end")),
            }
            escaped = true;
        }
        let raw = &self.text[start..self.at];
        self.at += 1;
        Ok(Text { raw, escaped })
    }

    fn escape(&mut self) -> Result<(), Invalid> {
        let digits = match self.text.as_bytes()[self.at..] {
            [_, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 0,
            [_, b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(u8::is_ascii_hexdigit) => 4,
            _ => return Err(self.expected("an escape")),
        };
        self.at += 2 + digits;
        Ok(())
    }

    fn key(&mut self) -> Result<Text<'a>, Invalid> {
        let key = self.string()?;
        self.take(b':', "`:`")?;
        Ok(key)
    }

    /// Passes over a value of any depth, with a list of open brackets instead of recursion.
    fn pass_over(&mut self) -> Result<(), Invalid> {
        self.open.clear();
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    if !self.take_if(b'}') {
                        self.open.push(b'}');
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    if !self.take_if(b']') {
                        self.open.push(b']');
                        continue;
                    }
                }
                Some(b'"') => drop(self.string()?),
                _ => drop(self.scalar()?),
            }
            loop {
                let Some(&closing) = self.open.last() else {
                    return Ok(());
                };
                if self.take_if(b',') {
                    if closing == b'}' {
                        self.key()?;
                    }
                    break;
                }
                self.take(closing, "`,` or a closing bracket")?;
                self.open.pop();
            }
        }
    }

    fn scalar(&mut self) -> Result<Value<'a>, Invalid> {
        for (literal, value) in [
            ("null", Value::Absent),
            ("true", Value::Scalar("true")),
            ("false", Value::Scalar("false")),
        ] {
            if self.text.as_bytes()[self.at..].starts_with(literal.as_bytes()) {
                self.at += literal.len();
                return Ok(value);
            }
        }
        self.number()
    }

    fn number(&mut self) -> Result<Value<'a>, Invalid> {
        let start = self.at;
        self.advance_if(|byte| byte == b'-');
        // A leading zero stands alone.
        if !self.advance_if(|byte| byte == b'0') {
            self.digits("a value")?;
        }
        if self.advance_if(|byte| byte == b'.') {
            self.digits("a digit")?;
        }
        if self.advance_if(|byte| matches!(byte, b'e' | b'E')) {
            self.advance_if(|byte| matches!(byte, b'+' | b'-'));
            self.digits("a digit")?;
        }
        Ok(Value::Scalar(&self.text[start..self.at]))
    }

    fn digits(&mut self, expected: &'static str) -> Result<(), Invalid> {
        let start = self.at;
        while self.advance_if(|byte| byte.is_ascii_digit()) {}
        match self.at == start {
            true => Err(self.expected(expected)),
            false => Ok(()),
        }
    }

    /// Takes the very next byte, blanks not passed over, if it is such a one.
    fn advance_if(&mut self, is: impl Fn(u8) -> bool) -> bool {
        let is_next = self.text.as_bytes().get(self.at).is_some_and(|&byte| is(byte));
        self.at += usize::from(is_next);
        is_next
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), Invalid> {
        match self.take_if(byte) {
            true => Ok(()),
            false => Err(self.expected(expected)),
        }
    }

    fn expected(&self, expected: &'static str) -> Invalid {
        Invalid { expected, at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), Invalid> {
        let mut scanner = Scanner::new(text);
        scanner.value()?;
        scanner.end()
    }

    #[test]
    fn what_is_json_and_what_is_not() {
        for text in [
            "{}",
            "[]",
            "null",
            "true",
            "false",
            "0",
            "-0",
            "12",
            "-1.5e+10",
            "1E5",
            "0.5",
            r#""""#,
            r#""\u00e9\"""#,
            " { \"a\" : [ 1 , { } , [ ] ] , \"b\" : null } \r\n",
            r#"[[[],{"a":{"b":[1,2,{}]}}]]"#,
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
        }
        for text in [
            "",
            " ",
            "{",
            "}",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":1]",
            "[1}",
            "{1:2}",
            "{}{}",
            "{} x",
            "nul",
            "nulL",
            "truefalse",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "1e+",
            "NaN",
            "0x1",
            "\"",
            "\"\\",
            "\"\\\"",
            r#""\x""#,
            r#""\u12""#,
            r#""\u12g4""#,
            "\"a\tb\"",
            "\"a\0\"",
            "'a'",
            "\u{feff}{}",
            "[1,\u{a0}2]",
        ] {
            assert!(check(text).is_err(), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn values_are_as_they_stand_there() {
        let text = r#"{"a": "x\n", "b" : [1, "]"] , "c":-1.50,"d":null, "e": {"k": "}"}}"#;
        let mut found = Vec::new();
        let member = |scanner: &mut Scanner<'_>, key: &str| {
            found.push((key.to_owned(), format!("{:?}", scanner.value()?)));
            Ok(())
        };
        Scanner::new(text).object(member).unwrap();
        let expected = [
            ("a", r#"Text(Text { raw: "x\\n", escaped: true })"#),
            ("b", r#"Nested("[1, \"]\"]")"#),
            ("c", r#"Scalar("-1.50")"#),
            ("d", "Absent"),
            ("e", r#"Nested("{\"k\": \"}\"}")"#),
        ];
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn depth_costs_no_stack() {
        const DEPTH: usize = 1_000_000;
        assert_eq!(check(&("[".repeat(DEPTH) + &"]".repeat(DEPTH))), Ok(()));
        assert_eq!(check(&("{\"a\":".repeat(DEPTH) + "1" + &"}".repeat(DEPTH))), Ok(()));
        assert!(check(&"[".repeat(DEPTH)).is_err());
    }
}
