//! Requests' targets without ids and queries.

use memchr::memchr;

use super::{
    cut,
    word::{Word, fold_numbers, is_uuid},
};

const ID: &str = "{id}";
const MOST_BYTES: usize = 160;
const MOST_SEGMENTS: usize = 12;
/// From this length on, a segment of upper and lower case and numerals is a token.
const TOKEN_LEN: usize = 20;
/// Shorter numbers beside other text in a segment are part of a name: `v2`, `size-64`.
const NUMBER_DIGITS: usize = 3;

/// Writes the path of a request's target, with `{id}` in place of numbers, UUIDs, tokens and addresses.
pub fn path(target: &str, folded: &mut String) {
    folded.clear();
    let path = without_host(target);
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let path = &path[..end];
    let mut out = std::mem::take(folded).into_bytes();
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            out.push(b'/');
        }
        if index > MOST_SEGMENTS || out.len() > MOST_BYTES {
            out.extend("…".as_bytes());
            break;
        }
        // `;jsessionid=…` and other parameters.
        let segment = &segment[..memchr(b';', segment.as_bytes()).unwrap_or(segment.len())];
        fold_segment(cut(segment, MOST_BYTES), &mut out);
    }
    if out.is_empty() {
        out.push(b'/');
    }
    // Cut out of UTF-8 between characters, so nothing is ever lost.
    *folded = String::from_utf8(out).unwrap_or_default();
}

fn without_host(target: &str) -> &str {
    let Some((scheme, rest)) = target.split_once("://") else {
        return target;
    };
    if scheme.contains(['/', '?']) {
        return target;
    }
    rest.find('/').map_or("/", |slash| &rest[slash..])
}

fn fold_segment(segment: &str, out: &mut Vec<u8>) {
    let bytes = segment.as_bytes();
    let has_digit = bytes.iter().any(u8::is_ascii_digit);
    let is_address = memchr(b'@', bytes).is_some() || segment.contains("%40");
    if is_address || is_id(bytes, has_digit) {
        out.extend_from_slice(ID.as_bytes());
        return;
    }
    if !has_digit {
        out.extend_from_slice(bytes);
        return;
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let word = rest.iter().take_while(|byte| is_of_word(**byte)).count();
        match Word::of(&rest[..word]) {
            Word::Hex => out.extend_from_slice(ID.as_bytes()),
            _ => fold_numbers(&rest[..word], NUMBER_DIGITS, ID, out),
        }
        rest = &rest[word..];
        let separators = rest.iter().take_while(|byte| !is_of_word(**byte)).count();
        out.extend_from_slice(&rest[..separators]);
        rest = &rest[separators..];
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

fn is_id(segment: &[u8], has_digit: bool) -> bool {
    if !has_digit {
        return false;
    }
    let is_token = || {
        segment.len() >= TOKEN_LEN
            && segment.iter().any(u8::is_ascii_uppercase)
            && segment.iter().any(u8::is_ascii_lowercase)
            && segment
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=' | b'+' | b'%'))
    };
    match Word::of(segment) {
        Word::Number | Word::Hex => true,
        _ => is_uuid(segment) || is_token(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (target, expected) in [
            ("", "/"),
            ("/", "/"),
            ("*", "*"),
            (
                "/occ/v2/electronics/products/100123?fields=DEFAULT",
                "/occ/v2/electronics/products/{id}",
            ),
            (
                "/occ/v2/users/current/carts/7/entries?lang=de",
                "/occ/v2/users/current/carts/{id}/entries",
            ),
            ("/users/anna%40example1.com/orders", "/users/{id}/orders"),
            ("/users/anna@example.com/orders", "/users/{id}/orders"),
            ("/carts/0d4ef2f5-6c0b-4a53-8a3e-3f0f2f1c9a11", "/carts/{id}"),
            ("/static/main.5f3a9c1b.js", "/static/main.{id}.js"),
            (
                "/medias/product-100123-515Wx515H.jpg?context=bWFzdGVy",
                "/medias/product-{id}-{id}Wx{id}H.jpg",
            ),
            ("/medias/sys_master-12-h64.jpg", "/medias/sys_master-12-h64.jpg"),
            ("/orders/ORD00012345", "/orders/ORD{id}"),
            ("/t/eyJhbGciOiJIUzI1NiIsInR5cCI6", "/t/{id}"),
            (
                "/backoffice/login.zul;jsessionid=1A2B.node1?x=1",
                "/backoffice/login.zul",
            ),
            ("http://host:8080/a/b?c", "/a/b"),
            ("http://host", "/"),
            ("host:443", "host:{id}"),
            ("/a#b", "/a"),
            ("/redirect?to=http://x/y", "/redirect"),
            ("/größe/é7", "/größe/é7"),
            ("//a///b", "//a///b"),
        ] {
            let mut folded = "left from before".to_owned();
            path(target, &mut folded);
            assert_eq!(folded, expected, "{target}");
        }
    }

    #[test]
    fn a_long_path_is_cut() {
        for part in ["/a", "/é", "/abcdefghijklmnopq", "é"] {
            let mut folded = String::new();
            path(&part.repeat(1000), &mut folded);
            assert!(folded.len() <= 2 * MOST_BYTES + 8, "{folded}");
        }
    }
}
