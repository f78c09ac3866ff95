//! Extracted records: what a raw line becomes, with the fields, and in the order, that their consumers read.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// A record, borrowed from its raw line where that is possible. Serialises as the record alone, without its kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Record<'a> {
    Application(Application<'a>),
    Http(Http<'a>),
    Proxy(Proxy<'a>),
    Error(Failed<'a>),
}

/// What the header `record-type` tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Application,
    Http,
    Proxy,
    Error,
}

/// A message of an application or of a container.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Application<'a> {
    /// Nanoseconds since 1970.
    pub ts_ns: i64,
    pub level: Cow<'a, str>,
    pub logger: Cow<'a, str>,
    pub thread: Cow<'a, str>,
    pub msg: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub thrown: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub client_ip: Cow<'a, str>,
    pub pod_name: Cow<'a, str>,
}

/// A request, as Tomcat or Apache logged it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Http<'a> {
    /// Nanoseconds since 1970.
    pub ts_ns: i64,
    pub method: &'static str,
    /// The request's target as it was sent, with its query.
    pub path: Cow<'a, str>,
    pub status_code: Integer,
    /// As logged; clp converts no unit.
    pub response_time_ms: Integer,
    pub bytes_sent: Integer,
    pub client_ip: Cow<'a, str>,
    pub pod_name: Cow<'a, str>,
}

/// A request, as the proxy in front logged it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proxy<'a> {
    #[serde(flatten)]
    pub http: Http<'a>,
    pub local_server_name: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub remote_user: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub referer: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub user_agent: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub cache_status: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub pod_ip: Cow<'a, str>,
}

/// A line that could not be extracted, whole, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failed<'a> {
    pub raw_line: Cow<'a, str>,
    /// `base64` where the line is no UTF-8; else the line is as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_line_encoding: Option<&'static str>,
    pub error: String,
    pub error_type: ErrorType,
    /// Nanoseconds since 1970: the line's own time if it has one, else when it was received.
    pub timestamp: i64,
    pub source: Source<'a>,
}

/// Where a line that failed came from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Source<'a> {
    pub service: &'a str,
    pub environment: &'a str,
    pub subscription: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub pod_name: Cow<'a, str>,
}

/// What was wrong with a line, and on which raw topic it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    ParseError,
    ValidationError,
    ProxyParseError,
    ProxyValidationError,
}

/// An integer of up to 64 bits, signed or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Integer(i128);

/// Appends a record, or what holds one, as JSON.
pub fn write_json(record: &impl Serialize, to: &mut Vec<u8>) {
    #[expect(clippy::expect_used, reason = "memory takes every byte, and all keys are texts")]
    serde_json::to_writer(to, record).expect("JSON in memory");
}

impl Record<'_> {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Application(_) => Kind::Application,
            Self::Http(_) => Kind::Http,
            Self::Proxy(_) => Kind::Proxy,
            Self::Error(_) => Kind::Error,
        }
    }

    /// Nanoseconds since 1970.
    pub fn ts_ns(&self) -> i64 {
        match self {
            Self::Application(record) => record.ts_ns,
            Self::Http(record) => record.ts_ns,
            Self::Proxy(record) => record.http.ts_ns,
            Self::Error(record) => record.timestamp,
        }
    }
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Http => "http",
            Self::Proxy => "proxy",
            Self::Error => "error",
        }
    }
}

impl ErrorType {
    /// As it stands in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::ParseError => "parse_error",
            Self::ValidationError => "validation_error",
            Self::ProxyParseError => "proxy_parse_error",
            Self::ProxyValidationError => "proxy_validation_error",
        }
    }
}

impl Integer {
    /// `None` where it takes more than 64 bits.
    pub fn new(value: i128) -> Option<Self> {
        let range = i128::from(i64::MIN)..=i128::from(u64::MAX);
        range.contains(&value).then_some(Self(value))
    }

    pub fn get(self) -> i128 {
        self.0
    }
}

impl Serialize for Integer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Not as 128 bits, which `flatten` does not pass on.
        match (i64::try_from(self.0), u64::try_from(self.0)) {
            (Ok(signed), _) => serializer.serialize_i64(signed),
            (_, Ok(unsigned)) => serializer.serialize_u64(unsigned),
            // Not made by `new`.
            _ => serializer.serialize_i128(self.0),
        }
    }
}
