//! Where to serve.

use std::str::FromStr;

/// `127.0.0.1:9400`, `localhost:9400`, `[::1]:9400`, or `:9400` for every interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsAddress {
    pub(super) host: String,
    pub(super) port: u16,
}

impl FromStr for MetricsAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected HOST:PORT, such as 127.0.0.1:9400, or :9400 for every interface";
        let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
        let port = port.parse().map_err(|_| EXPECTED)?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(v6) => v6,
            None if host.contains(':') => return Err("an IPv6 address is written in brackets: [::1]:9400"),
            None if host.is_empty() => "0.0.0.0",
            None => host,
        };
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl MetricsAddress {
    /// As `HOST:PORT` for who asks the service; every interface is also this machine.
    pub fn to_ask(&self) -> String {
        match self.host.as_str() {
            "0.0.0.0" => format!("127.0.0.1:{}", self.port),
            host if host.contains(':') => format!("[{host}]:{}", self.port),
            host => format!("{host}:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, host, port) in [
            ("127.0.0.1:9400", "127.0.0.1", 9400),
            ("localhost:0", "localhost", 0),
            (":9400", "0.0.0.0", 9400),
            ("[::1]:9400", "::1", 9400),
        ] {
            let address: MetricsAddress = text.parse().unwrap();
            assert_eq!((address.host.as_str(), address.port), (host, port), "{text}");
            let asked: MetricsAddress = address.to_ask().parse().unwrap();
            assert_eq!(asked.host, host.replace("0.0.0.0", "127.0.0.1"), "{text}");
        }
        for text in [
            "",
            "9400",
            "localhost",
            "localhost:",
            "localhost:http",
            ":70000",
            "::1:9400",
        ] {
            assert!(text.parse::<MetricsAddress>().is_err(), "{text}");
        }
    }
}
