//! Which Kafka a broker is, as far as a client can know: by the newest version of its Fetch request.

use std::fmt;

/// Fetch versions by the release that brought them (Kafka's message definitions, `FetchRequest.json`).
const RELEASES: [(u16, &str); 11] = [
    (18, "4.1"),
    (17, "3.9"),
    (16, "3.7"),
    (15, "3.5"),
    (14, "3.5"),
    (13, "3.1"),
    (12, "2.7"),
    (11, "2.3"),
    (10, "2.1"),
    (8, "2.0"),
    (4, "0.11"),
];

/// What a broker said of itself when a client connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrokerVersion {
    fetch: Option<u16>,
    tells_settings: bool,
}

impl BrokerVersion {
    /// Learns from a line of librdkafka's log with `debug=feature`: `  ApiKey Fetch (1) Versions 4..17`.
    pub(super) fn learn(&mut self, log: &str) {
        if let Some((_, versions)) = log.split_once("ApiKey Fetch (1) Versions ")
            && let Some((_, newest)) = versions.trim().split_once("..")
        {
            self.fetch = newest.parse().ok();
        }
        self.tells_settings |= log.contains("ApiKey DescribeConfigs (32) Versions ");
    }

    /// Whether it is known that nobody answers who asks for settings: so it is with the embedded broker.
    pub(super) fn hides_settings(&self) -> bool {
        self.fetch.is_some() && !self.tells_settings
    }
}

impl fmt::Display for BrokerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let release = self
            .fetch
            .and_then(|fetch| RELEASES.iter().find(|(version, _)| *version <= fetch));
        match release {
            Some((_, release)) => write!(f, "{release} or later"),
            None => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_fetch_version_tells_the_release() {
        for (line, release) in [
            (
                "[thrd:x]: 127.0.0.1:1/1:   ApiKey Fetch (1) Versions 4..18",
                "4.1 or later",
            ),
            (
                "[thrd:x]: 127.0.0.1:1/1:   ApiKey Fetch (1) Versions 0..12",
                "2.7 or later",
            ),
            (
                "[thrd:x]: 127.0.0.1:1/1:   ApiKey Produce (0) Versions 0..12",
                "unknown",
            ),
        ] {
            let mut version = BrokerVersion::default();
            version.learn(line);
            assert_eq!(version.to_string(), release);
        }
    }
}
