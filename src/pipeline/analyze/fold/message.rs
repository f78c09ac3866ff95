//! Messages without numbers, ids, quoted texts, addresses and times.

use memchr::memchr;

use super::{
    cut,
    word::{Word, fold_numbers, is_uuid},
};

/// What comes behind this tells no more what kind of message it is.
const MOST_BYTES: usize = 300;
/// A quote that is not closed within so many bytes is none.
const QUOTED_BYTES: usize = 200;
/// Shorter numbers at the end of words belong to them: `log4j`, `v2`.
const NUMBER_IN_WORD: usize = 2;

/// Writes the message's pattern: its first line, with `{n}`, `{hex}`, `{uuid}`, `{id}`, `{ip}`, `{email}`, `{time}` and
/// `"…"` in place of what varies.
pub fn message(text: &str, pattern: &mut String) {
    let text = text.trim_start();
    let line = &text[..memchr(b'\n', text.as_bytes()).unwrap_or(text.len())];
    let kept = cut(line, MOST_BYTES);
    let mut out = std::mem::take(pattern).into_bytes();
    out.clear();
    let bytes = kept.trim_end().as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        at = match bytes[at] {
            quote @ (b'"' | b'\'') => match quoted(bytes, at, quote) {
                Some(end) => {
                    out.extend([quote]);
                    out.extend("…".as_bytes());
                    out.extend([quote]);
                    end
                }
                None => literal(bytes, at, &mut out),
            },
            byte if is_of_token(byte) => {
                let end = token_end(bytes, at);
                fold_token(&bytes[at..end], &mut out);
                end
            }
            _ => literal(bytes, at, &mut out),
        };
    }
    if kept.len() < line.len() {
        out.extend("…".as_bytes());
    }
    // Cut out of UTF-8 at ASCII only, so nothing is ever lost.
    *pattern = String::from_utf8(out).unwrap_or_default();
}

fn literal(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let byte = match bytes[at] {
        control if control.is_ascii_control() => b' ',
        byte => byte,
    };
    out.push(byte);
    at + 1
}

/// Behind the closing quote. An apostrophe, as in `customer's`, opens nothing.
fn quoted(bytes: &[u8], at: usize, quote: u8) -> Option<usize> {
    let is_in_word = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_alphanumeric);
    if quote == b'\'' && at > 0 && is_in_word(at - 1) {
        return None;
    }
    let mut from = at + 1;
    loop {
        let end = from + memchr(quote, &bytes[from..])?;
        if end - at > QUOTED_BYTES {
            return None;
        }
        if quote != b'\'' || !is_in_word(end + 1) {
            return Some(end + 1);
        }
        from = end + 1;
    }
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'@' | b'/' | b'+') || byte >= 0x80
}

/// A sentence's punctuation is not the token's.
fn token_end(bytes: &[u8], at: usize) -> usize {
    let len = bytes[at..].iter().take_while(|byte| is_of_token(**byte)).count();
    let token = &bytes[at..at + len];
    let kept = token
        .iter()
        .rposition(|byte| !matches!(byte, b'.' | b':' | b'-'))
        .map_or(len, |last| last + 1);
    at + kept
}

fn fold_token(token: &[u8], out: &mut Vec<u8>) {
    if let Some(at) = memchr(b'@', token)
        && at > 0
        && memchr(b'.', &token[at..]).is_some()
    {
        return placeholder("{email}", out);
    }
    if !token.iter().any(u8::is_ascii_digit) {
        out.extend_from_slice(token);
        return;
    }
    if let Some(whole) = whole(token) {
        return placeholder(whole, out);
    }
    let mut rest = token;
    while !rest.is_empty() {
        let word = rest.iter().take_while(|byte| is_of_word(**byte)).count();
        fold_word(&rest[..word], out);
        let separators = rest[word..].iter().take_while(|byte| !is_of_word(**byte)).count();
        out.extend_from_slice(&rest[word..word + separators]);
        rest = &rest[word + separators..];
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn fold_word(word: &[u8], out: &mut Vec<u8>) {
    match Word::of(word) {
        Word::Plain => out.extend_from_slice(word),
        Word::Number => placeholder("{n}", out),
        Word::Hex => placeholder("{hex}", out),
        Word::Random => placeholder("{id}", out),
        // A quantity with its unit, or a word that has a number.
        Word::Numbered => {
            let digits = if word[0].is_ascii_digit() { 1 } else { NUMBER_IN_WORD };
            fold_numbers(word, digits, "{n}", out);
        }
    }
}

/// What a token with digits is as a whole.
fn whole(token: &[u8]) -> Option<&'static str> {
    if is_uuid(token) {
        return Some("{uuid}");
    }
    let count = |wanted: u8| token.iter().filter(|byte| **byte == wanted).count();
    let (dots, colons, hyphens) = (count(b'.'), count(b':'), count(b'-'));
    if dots + colons + hyphens == 0 {
        return None;
    }
    let without_port = token.rsplit(|byte| *byte == b':').next_back().unwrap_or(token);
    if is_ipv4(without_port) {
        return Some("{ip}");
    }
    let of_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-');
    if colons == 0 && dots <= 1 && hyphens == usize::from(token[0] == b'-') && token.iter().all(of_number) {
        return Some("{n}");
    }
    let of_time = |byte: &u8| of_number(byte) || matches!(byte, b':' | b'T' | b'Z' | b'/');
    if (colons >= 1 || hyphens == 2) && token[0].is_ascii_digit() && token.iter().all(of_time) {
        return Some("{time}");
    }
    let of_ipv6 = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b':';
    (colons >= 2 && token.iter().all(of_ipv6)).then_some("{ip}")
}

fn is_ipv4(token: &[u8]) -> bool {
    let mut parts = 0;
    let are_bytes = token.split(|byte| *byte == b'.').all(|part| {
        parts += 1;
        (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit)
    });
    are_bytes && parts == 4
}

/// A list of the same kind of thing counts as one of them: how many there are varies as well.
fn placeholder(what: &str, out: &mut Vec<u8>) {
    for separator in [", ", ","] {
        let before = out.strip_suffix(separator.as_bytes());
        let is_list = before.is_some_and(|before| {
            let before = before.strip_suffix("…".as_bytes()).unwrap_or(before);
            before.ends_with(what.as_bytes())
        });
        if is_list {
            out.truncate(out.len() - separator.len());
            if !out.ends_with("…".as_bytes()) {
                out.extend("…".as_bytes());
            }
            return;
        }
    }
    out.extend_from_slice(what.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (text, expected) in [
            ("", ""),
            ("Cart recalculated", "Cart recalculated"),
            ("Cart 17 has 3.5 entries, -2 left", "Cart {n} has {n} entries, {n} left"),
            ("took 120ms, 7s of 20%", "took {n}ms, {n}s of {n}%"),
            ("order ORD00012345 of CUST-778", "order ORD{n} of CUST-{n}"),
            ("hybrisHTTP27 uses log4j in v2", "hybrisHTTP{n} uses log4j in v2"),
            ("session 0d4ef2f5-6c0b-4a53-8a3e-3f0f2f1c9a11.", "session {uuid}."),
            ("trace 9f86d081884c7d65, 0xff", "trace {hex}…"),
            ("token a8Zk29bQ!", "token {id}!"),
            ("from 10.1.7.33:8080 and 10.0.0.1", "from {ip} and {ip}"),
            ("from fe80::1ff:fe23:4567:890a", "from {ip}"),
            ("mail to anna.b@example.com failed", "mail to {email} failed"),
            ("at 2025-06-06T12:00:00.123Z, 12:00:01, 2025-06-06", "at {time}…"),
            ("at 12:00:01 on 2025-06-06", "at {time} on {time}"),
            ("no row for 'ABC 1' in \"x\"", "no row for '…' in \"…\""),
            ("the customer's 'a's b' list", "the customer's '…' list"),
            ("isn't it", "isn't it"),
            ("ids [1, 2, 3] or 4,5,6", "ids [{n}…] or {n}…"),
            ("GET /occ/v2/users/99/carts", "GET /occ/v2/users/{n}/carts"),
            ("first line 1\n\tat second", "first line {n}"),
            ("  \tkey=12;other=ab", "key={n};other=ab"),
            ("pod api-674b9bdb88-vm775", "pod api-{hex}-vm{n}"),
            ("größe 12µs, ü7", "größe {n}µs, ü7"),
            ("a\tb\u{7}c", "a b c"),
            ("\"open quote 5", "\"open quote {n}"),
        ] {
            let mut pattern = "left from before".to_owned();
            message(text, &mut pattern);
            assert_eq!(pattern, expected, "{text}");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        for filler in ["é", "x", "1 ", "'", "@", "…"] {
            for shift in 0..4 {
                let text = ["x".repeat(shift), filler.repeat(1000)].concat();
                let mut pattern = String::new();
                message(&text, &mut pattern);
                assert!(pattern.ends_with('…') && pattern.len() < 1000, "{pattern}");
            }
        }
    }
}
