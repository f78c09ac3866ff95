//! Values that are checked while they are read, so that nothing behind the configuration meets a bad one.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A time zone by its IANA name, such as `UTC` or `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timezone(jiff::tz::TimeZone);

impl Timezone {
    pub fn zone(&self) -> &jiff::tz::TimeZone {
        &self.0
    }
}

impl Default for Timezone {
    fn default() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }
}

impl FromStr for Timezone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::default());
        }
        let zone = jiff::tz::TimeZone::get(name)
            .map_err(|_| "unknown time zone, expected an IANA name such as UTC or Europe/Berlin".to_owned())?;
        Ok(Self(zone))
    }
}

impl fmt::Display for Timezone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// A regular expression; it matches where it finds something.
#[derive(Clone)]
pub struct Pattern(regex::Regex);

impl Pattern {
    pub fn regex(&self) -> &regex::Regex {
        &self.0
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let regex = regex::Regex::new(text).map_err(|error| {
            // The crate draws the expression over several lines; its last line is the reason.
            let drawn = error.to_string();
            let reason = drawn.lines().last().unwrap_or_default();
            let reason = reason.trim().trim_start_matches("error: ");
            format!("{reason}, expected a regular expression")
        })?;
        Ok(Self(regex))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.as_str(), f)
    }
}

/// How much is logged; `RUST_LOG` style filters are the command line's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "error" | "fatal" => Ok(Self::Error),
            "warn" | "warning" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err("unknown level, expected `error`, `warn`, `info`, `debug` or `trace`".to_owned()),
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        })
    }
}

/// The brokers that the first connection is made to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brokers {
    /// `host:port`, at least one.
    Servers(Vec<String>),
    /// `embedded`: the broker inside this process, for trying things out.
    Embedded,
}

impl Default for Brokers {
    fn default() -> Self {
        Self::Servers(vec!["localhost:9092".to_owned()])
    }
}

impl FromStr for Brokers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "embedded" {
            return Ok(Self::Embedded);
        }
        let servers: Vec<String> = text
            .split(',')
            .map(|server| server.trim().to_owned())
            .filter(|server| !server.is_empty())
            .collect();
        if servers.is_empty() || !servers.iter().all(|server| is_server(server)) {
            return Err(
                "no list of brokers, expected `host:port`, several with commas between, or `embedded`".to_owned(),
            );
        }
        Ok(Self::Servers(servers))
    }
}

/// `host`, `host:port`, `[::1]:port`, each also with librdkafka's `PROTOCOL://` in front.
fn is_server(server: &str) -> bool {
    let server = server.split_once("://").map_or(server, |(_, server)| server);
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (server, None),
    };
    !host.is_empty()
        && !host.contains(|c: char| c.is_whitespace() || c == '/')
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

impl fmt::Display for Brokers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Servers(servers) => f.write_str(&servers.join(",")),
            Self::Embedded => f.write_str("embedded"),
        }
    }
}

impl<'de> Deserialize<'de> for Brokers {
    /// One text with commas, or a list of texts.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Brokers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`host:port`, several with commas between or as a list, or `embedded`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Brokers, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Brokers, A::Error> {
                let mut servers = Vec::new();
                while let Some(server) = items.next_element::<String>()? {
                    servers.push(server);
                }
                self.visit_str(&servers.join(","))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Types that are texts in YAML.
macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
    ($($type:ty),* ; and read) => {
        as_text!($($type),*);
        $(impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        })*
    };
}

as_text!(Timezone, Pattern, LogLevel; and read);
as_text!(Brokers);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers() {
        for (text, read) in [
            ("localhost:9092", Some("localhost:9092")),
            ("\"a:1, b:2,\"", Some("a:1,b:2")),
            ("[a:1, b]", Some("a:1,b")),
            ("SASL_SSL://a:1", Some("SASL_SSL://a:1")),
            ("\"[::1]:9092\"", Some("[::1]:9092")),
            ("embedded", Some("embedded")),
            ("\"\"", None),
            ("[]", None),
            ("a:port", None),
            ("a:70000", None),
            ("\"a b:1\"", None),
            ("\":9092\"", None),
            ("17", None),
        ] {
            let brokers = serde_yaml::from_str::<Brokers>(text).ok();
            assert_eq!(brokers.map(|brokers| brokers.to_string()).as_deref(), read, "{text}");
        }
    }

    #[test]
    fn zones_patterns_and_levels() {
        assert_eq!(
            "Europe/Berlin".parse::<Timezone>().unwrap().to_string(),
            "Europe/Berlin"
        );
        assert_eq!("utc".parse::<Timezone>().unwrap(), Timezone::default());
        assert!("Europe/Bern1".parse::<Timezone>().is_err());
        assert!("^api".parse::<Pattern>().unwrap().is_match("api-service"));
        let reason = "a(b".parse::<Pattern>().unwrap_err();
        assert_eq!(reason, "unclosed group, expected a regular expression");
        assert_eq!("WARNING".parse::<LogLevel>(), Ok(LogLevel::Warn));
    }
}
