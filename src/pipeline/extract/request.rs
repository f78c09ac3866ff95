//! Request lines, as access logs hold them.

use std::borrow::Cow;

/// Requests with another method are somebody's probe.
const METHODS: [&str; 9] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT",
];

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub method: &'static str,
    pub target: Cow<'a, str>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request line is not of the form `METHOD target PROTOCOL/version`")]
pub(super) struct Malformed;

impl<'a> Request<'a> {
    /// Reads `METHOD target PROTOCOL/version`. `None` for what is none to look at: `-`, protocols other than HTTP, and
    /// other methods in upper case.
    pub fn parse(line: Cow<'a, str>) -> Result<Option<Self>, Malformed> {
        if line == "-" {
            return Ok(None);
        }
        let mut parts = line.split(|char: char| char.is_ascii_whitespace());
        let (Some(method), Some(target), Some(protocol), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Malformed);
        };
        let (protocol, version) = protocol.split_once('/').ok_or(Malformed)?;
        if !is_name(method) || target.is_empty() || !is_name(protocol) || !is_version(version) {
            return Err(Malformed);
        }
        let known = METHODS.into_iter().find(|known| *known == method);
        let Some(method) = known.filter(|_| protocol == "HTTP") else {
            return Ok(None);
        };
        let target = method.len() + 1..method.len() + 1 + target.len();
        let target = match line {
            Cow::Borrowed(line) => Cow::Borrowed(&line[target]),
            Cow::Owned(line) => Cow::Owned(line[target].to_owned()),
        };
        Ok(Some(Self { method, target }))
    }
}

/// Of a method or a protocol: `GET`, `M-SEARCH`, `RTSP`, `T3`.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_uppercase())
        && bytes.all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_'))
}

fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        for (line, method, target) in [
            ("GET / HTTP/1.1", "GET", "/"),
            ("POST /a?b=c&d=%20 HTTP/2.0", "POST", "/a?b=c&d=%20"),
            ("PUT /x HTTP/2", "PUT", "/x"),
            ("DELETE /é HTTP/1.0", "DELETE", "/é"),
            ("HEAD http://host/path HTTP/1.1", "HEAD", "http://host/path"),
            ("OPTIONS * HTTP/1.1", "OPTIONS", "*"),
            ("PATCH /x HTTP/1.1", "PATCH", "/x"),
            ("TRACE / HTTP/1.1", "TRACE", "/"),
            ("CONNECT host:443 HTTP/1.1", "CONNECT", "host:443"),
        ] {
            let expected = Some(Request {
                method,
                target: target.into(),
            });
            assert_eq!(Request::parse(line.into()), Ok(expected), "{line}");
            let owned = Request::parse(Cow::Owned(line.to_owned())).unwrap().unwrap();
            assert_eq!(owned.target, target);
        }
    }

    #[test]
    fn what_is_passed_over() {
        for line in [
            "-",
            "DESCRIBE rtsp://host RTSP/1.0",
            "OPTIONS / RTSP/1.0",
            "GET / SIP/2.0",
            "PROPFIND / HTTP/1.1",
            "M-SEARCH * HTTP/1.1",
            "X / HTTP/1.1",
        ] {
            assert_eq!(Request::parse(line.into()), Ok(None), "{line}");
        }
    }

    #[test]
    fn what_is_no_request_line() {
        for line in [
            "",
            " ",
            "--",
            "GET",
            "GET /",
            "GET / HTTP",
            "GET / HTTP/",
            "GET / HTTP/x",
            "GET / http/1.1",
            "get / HTTP/1.1",
            "Get / HTTP/1.1",
            "describe / RTSP/1.0",
            "GET /a b HTTP/1.1",
            "GET /a\tb HTTP/1.1",
            "GET  HTTP/1.1",
            "GET  / HTTP/1.1",
            " GET / HTTP/1.1",
            "GET / HTTP/1.1 ",
            "\u{16}\u{3}\u{1}\u{2}\u{0}",
            "\u{16}\u{3}\u{1} \u{0} \u{1}/\u{2}",
            r"\x16\x03\x01",
        ] {
            assert_eq!(Request::parse(line.into()), Err(Malformed), "{line:?}");
        }
    }
}
