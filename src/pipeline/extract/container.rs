//! What a plain line of a container tells about itself: its level, and whose it is.

use std::borrow::Cow;

use memchr::memchr;

const LEVELS: [&str; 8] = ["TRACE", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "SEVERE"];

/// The first whole word that is a level, in any letter case; colour codes are as if they were not there.
pub(super) fn level(message: &str) -> &'static str {
    let message = without_colours(message);
    let mut words = message.split(|char: char| !(char.is_alphanumeric() || char == '_'));
    let level = words.find_map(|word| LEVELS.into_iter().find(|level| word.eq_ignore_ascii_case(level)));
    level.unwrap_or("INFO")
}

/// Without the terminal's control sequences, of which colours are some: ESC, `[`, parameters, a letter (ECMA-48, 5.4).
fn without_colours(text: &str) -> Cow<'_, str> {
    const ESCAPE: u8 = 0x1b;
    if memchr(ESCAPE, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, code)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let parameters = code.bytes().take_while(|byte| matches!(byte, b' '..=b'?')).count();
        let is_ended = matches!(code.as_bytes().get(parameters), Some(b'@'..=b'~'));
        rest = &code[parameters + usize::from(is_ended)..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// A pod's name without what Kubernetes adds to that of its deployment, stateful set, daemon set or job.
pub(in crate::pipeline) fn logger(pod: &str) -> &str {
    if pod.is_empty() {
        return "container";
    }
    let without_suffix = || {
        let (name, last) = pod.rsplit_once('-')?;
        match name.rsplit_once('-') {
            Some((name, hash)) if is_hash(hash) && is_suffix(last) => Some(name),
            _ if is_ordinal(last) || is_hash(last) || is_random(last) => Some(name),
            _ => None,
        }
    };
    without_suffix().filter(|name| !name.is_empty()).unwrap_or(pod)
}

/// Of a replica set, `674b9bdb88`, or the time of a cron job. A name's word may have a digit, too, as in `apache2`, but
/// those are shorter, and it comes last.
fn is_hash(part: &str) -> bool {
    let first_digit = part.find(|char: char| char.is_ascii_digit());
    is_suffix(part)
        && match part.len() {
            8..=10 => first_digit.is_some(),
            4..=7 => first_digit.is_some_and(|index| !is_ordinal(&part[index..])),
            _ => false,
        }
}

fn is_suffix(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
}

fn is_ordinal(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// The five characters that Kubernetes ends a pod's name with are none from which words could come. The digit keeps what
/// still looks like one, such as `https`.
fn is_random(part: &str) -> bool {
    part.len() == 5
        && part.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte))
        && part.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        for (message, expected) in [
            ("", "INFO"),
            ("nothing to see", "INFO"),
            ("ERROR at start", "ERROR"),
            ("at end: error", "ERROR"),
            ("[Warn] x", "WARN"),
            ("WARNING: ERROR", "WARNING"),
            ("2025-06-06 SEVERE [main]", "SEVERE"),
            ("level=fatal msg=x", "FATAL"),
            ("a|trace|debug", "TRACE"),
            ("{\"level\":\"debug\"}", "DEBUG"),
            ("errors and information", "INFO"),
            ("ERROR_CODE terror errorless error1 1error DEBUG", "DEBUG"),
            ("éerror errorß ﬁerror", "INFO"),
            ("—ERROR—", "ERROR"),
            ("no_error here, but warn-ing", "WARN"),
            ("\u{1b}[31mERROR\u{1b}[0m boom", "ERROR"),
            ("\u{1b}[1;38;5;9mER\u{1b}[0mROR", "ERROR"),
            ("x\u{1b}[31mERROR\u{1b}[0m", "INFO"),
            ("\u{1b}[ERROR \u{1b}[31", "INFO"),
            ("\u{1b}", "INFO"),
            ("\u{1b}[é WARN", "WARN"),
        ] {
            assert_eq!(level(message), expected, "{message}");
        }
    }

    #[test]
    fn loggers() {
        for (pod, expected) in [
            ("api-674b9bdb88-vm775", "api"),
            ("apache2-igc-674b9bdb88-x1", "apache2-igc"),
            ("apache2-igc-nat-7d4f8c9b66-q8w2z", "apache2-igc-nat"),
            ("api-bdfc445566-vmwxz", "api"),
            ("api-7d4f9-x", "api"),
            ("api-674b9bdb88", "api"),
            ("zookeeper-0", "zookeeper"),
            ("solr-slave-12", "solr-slave"),
            ("node-exporter-x7k2p", "node-exporter"),
            ("cleanup-29134080-8xk2d", "cleanup"),
            ("cron-proxy", "cron-proxy"),
            ("gateway-https", "gateway-https"),
            ("my-apache2-x7k2p", "my-apache2"),
            ("apache2-igc", "apache2-igc"),
            ("solr", "solr"),
            ("0", "0"),
            ("", "container"),
            ("api-", "api-"),
            ("-0", "-0"),
            ("api-674b9bdb88-", "api-674b9bdb88-"),
            ("api-674B9BDB88-VM775", "api-674B9BDB88-VM775"),
        ] {
            assert_eq!(logger(pod), expected, "{pod}");
        }
    }
}
