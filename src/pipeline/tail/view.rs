//! What a record says: when, how grave, of whom, and what.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Kind, Level, Place, Record,
    fields::{event, fault, line_time, request, text, time},
    thrown,
};
use crate::{
    domain::{Selectors, nanos},
    pipeline::extract::{Origin, RawLine, extract},
};

/// A record as people and programs want it. Serialises as the contract has it: what all records share, then the record's
/// own fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View<'a> {
    pub ts: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<&'a str>,
    /// As it was written; of a request what its status says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Cow<'static, str>>,
    pub service: Cow<'a, str>,
    pub environment: Cow<'a, str>,
    pub subscription: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logger: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(flatten)]
    pub own: Map<String, Value>,
}

impl<'a> View<'a> {
    /// `value` is the record's, with its parts joined. `None` for a line that says nothing: a blank message, a probe.
    pub fn of(record: &Record<'a>, value: &[u8], selectors: &Selectors) -> Option<Self> {
        let kind = match record.kind {
            Kind::Unknown if record.header("record-type").is_some() => Kind::Extracted,
            Kind::Unknown => Kind::Raw { from_proxy: false },
            known => known,
        };
        let mut view = Self::frame(record);
        match kind {
            Kind::Raw { from_proxy } => view.read_line(record, value, from_proxy)?,
            Kind::Extracted | Kind::Event | Kind::Unknown => match serde_json::from_slice(value) {
                Ok(Value::Object(fields)) => view.read_fields(fields, kind, record),
                _ => view.message = Some(String::from_utf8_lossy(value).into_owned()),
            },
        }
        view.name_service(selectors);
        Some(view)
    }

    /// Of a line that says nothing: whose it is, and when it was written.
    pub fn of_nothing(record: &Record<'a>, value: &[u8], selectors: &Selectors) -> Self {
        let mut view = Self::frame(record);
        view.ts = line_time(value).unwrap_or(view.ts);
        view.name_service(selectors);
        view
    }

    /// By the pod, where nothing else tells it.
    fn name_service(&mut self, selectors: &Selectors) {
        if self.service.is_empty() {
            let pod = self.pod.as_deref().unwrap_or_default();
            let mut known = selectors.iter();
            if let Some(selector) = known.find(|selector| !pod.is_empty() && selector.starts(pod)) {
                self.service = Cow::Owned(selector.name.clone());
            }
        }
    }

    /// What is known of it without its value.
    fn frame(record: &Record<'a>) -> Self {
        let (topic, blob) = match record.place {
            Place::Topic { topic, .. } => (Some(topic), None),
            Place::Blob { name, .. } => (None, Some(name)),
        };
        let received = record.timestamp_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Self {
            ts: received.unwrap_or_else(Timestamp::now),
            topic,
            blob,
            level: None,
            service: record.header("service").unwrap_or_default().into(),
            environment: record.environment().unwrap_or_default().into(),
            subscription: record.subscription().unwrap_or_default().into(),
            pod: record.pod().map(Cow::Borrowed),
            logger: None,
            message: None,
            own: Map::new(),
        }
    }

    /// A raw line, shown as what it becomes; as it is where it becomes an error.
    fn read_line(&mut self, record: &Record<'a>, value: &[u8], from_proxy: bool) -> Option<()> {
        let raw = RawLine::new(value);
        let origin = Origin {
            service: &self.service,
            environment: &self.environment,
            subscription: &self.subscription,
            from_proxy,
            received_ns: nanos(self.ts),
        };
        let extracted = extract(&raw, origin, false)?;
        // A record holds texts and numbers, so it has a JSON form.
        if let Ok(Value::Object(mut fields)) = serde_json::to_value(&extracted) {
            if fields.remove("raw_line").is_some() {
                fields.insert("msg".to_owned(), Value::from(String::from_utf8_lossy(value)));
                fields.insert("level".to_owned(), Value::Null);
                fields.remove("raw_line_encoding");
            }
            self.read_fields(fields, Kind::Extracted, record);
        }
        Some(())
    }

    fn read_fields(&mut self, mut fields: Map<String, Value>, kind: Kind, record: &Record<'a>) {
        if let Some(ts) = time(&mut fields, kind) {
            self.ts = ts;
        }
        if let Some(Value::Object(source)) = fields.remove("source") {
            self.fill(&source);
        }
        self.fill(&fields);
        for said in ["pod_name", "service", "environment", "subscription"] {
            fields.remove(said);
        }
        self.logger = text(fields.remove("logger"));
        // Other producers' records have it under the name that it has here.
        self.message = text(fields.remove("msg").or_else(|| fields.remove("message")));
        if kind == Kind::Event {
            self.message = Some(event(&fields, record));
            self.keep(fields);
            return;
        }
        let fault = match self.message.is_none() && request(&fields).is_none() {
            true => fault(&fields),
            false => None,
        };
        self.level = match (fields.remove("level"), fields.get("status_code")) {
            (Some(Value::String(level)), _) if !level.is_empty() => Some(Cow::Owned(level)),
            (None, Some(status)) => {
                let level = Level::of_status(status.as_i64().unwrap_or_default());
                Some(Cow::Borrowed(level.name()))
            }
            (None, None) => fault.is_some().then(|| Cow::Borrowed(Level::Error.name())),
            _ => None,
        };
        self.message = self.message.take().or(fault);
        self.keep(fields);
    }

    /// The rest are the record's own fields. What all records share is said once, whatever else a foreign record has under
    /// such a name.
    fn keep(&mut self, mut fields: Map<String, Value>) {
        for (name, is_said) in [
            ("ts", true),
            ("topic", self.topic.is_some()),
            ("blob", self.blob.is_some()),
            ("level", self.level.is_some()),
            ("pod", self.pod.is_some()),
            ("logger", self.logger.is_some()),
            ("message", self.message.is_some()),
        ] {
            if is_said {
                fields.remove(name);
            }
        }
        self.own = fields;
    }

    /// Whose it is, where the record's headers and its key did not tell.
    fn fill(&mut self, fields: &Map<String, Value>) {
        let named = |name: &str| fields.get(name)?.as_str().filter(|text| !text.is_empty());
        if let Some(pod) = named("pod_name") {
            self.pod = Some(Cow::Owned(pod.to_owned()));
        }
        for (place, names) in [
            (&mut self.service, ["service", "serviceSelector"]),
            (&mut self.environment, ["environment", "environment"]),
            (&mut self.subscription, ["subscription", "subscription"]),
        ] {
            if place.is_empty()
                && let Some(found) = names.into_iter().find_map(named)
            {
                *place = Cow::Owned(found.to_owned());
            }
        }
    }

    pub fn own(&self, name: &str) -> Option<&str> {
        self.own.get(name)?.as_str()
    }

    /// The exception as a stack trace.
    pub fn thrown(&self) -> Option<Cow<'_, str>> {
        self.own("thrown").map(thrown::trace)
    }

    /// The request in one line, if it is one.
    pub fn request(&self) -> Option<String> {
        request(&self.own)
    }

    /// Everything that is shown of it, for patterns to look at.
    pub fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let own = ["error", "raw_line"].into_iter().filter_map(|name| self.own(name));
        let texts = [self.message.as_deref(), self.logger.as_deref()].into_iter().flatten();
        let borrowed = texts.chain(own).map(Cow::Borrowed);
        borrowed.chain(self.thrown()).chain(self.request().map(Cow::Owned))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HEADERS: [(&str, &str); 3] = [("service", "api"), ("environment", "P1"), ("subscription", "cp2")];

    fn record<'a>(kind: Kind, key: &'a str, headers: &[(&'static str, &'static str)]) -> Record<'a> {
        Record {
            kind,
            place: Place::Topic {
                topic: "T",
                partition: 0,
                offset: 0,
            },
            key: Some(key.as_bytes()),
            timestamp_ms: Some(1_749_168_000_000),
            headers: headers
                .iter()
                .map(|(name, value)| (*name, Some(value.as_bytes())))
                .collect(),
            value: None,
        }
    }

    fn shown(record: &Record<'_>, value: &[u8]) -> Option<Value> {
        let view = View::of(record, value, &Selectors::default())?;
        let mut json = serde_json::to_value(&view).unwrap();
        for common in ["topic", "environment", "subscription"] {
            json.as_object_mut().unwrap().remove(common).unwrap();
        }
        Some(json)
    }

    #[test]
    fn records_of_every_kind() {
        const KEY: &str = "cp2:P1:line-7:20250606.api-7-x_default_platform-0a.gz";
        let raw = Kind::Raw { from_proxy: false };
        let time = "2025-06-06T00:00:00Z";
        let pod = "api-7-x";
        let line = br#"{"@timestamp":"2025-06-06T00:00:01Z","logs":{"level":"warn","loggerName":"l","message":"m"},"kubernetes":{"pod_name":"api-8-y"}}"#;
        let blank = br#"{"@timestamp":"2025-06-06T00:00:01Z","log":" "}"#;
        let request =
            br#"{"ts_ns":1749168001000000000,"method":"GET","path":"/","status_code":500,"pod_name":"api-7-x"}"#;
        let error = br#"{"raw_line":"x","error":"no","error_type":"parse_error","timestamp":1749168001000000000,"source":{"service":"jsapps","environment":"S1","subscription":"cp3"}}"#;
        let damage = br#"{"blob":"b.gz","from":7,"to":9,"reason":"bad"}"#;
        let observed = br#"{"subscription":"cp2","environment":"P1","observationDate":"2025-06-06T00:00:01Z","sizeInBytes":7,"serviceSelector":"api"}"#;
        let foreign = br#"{"ts_ns":1749168001000000000,"ts":"x","topic":"x","pod":"x","msg":"m","message":"x","level":"WARN","logger":"l","service":"x","environment":"x","subscription":"x","blob":"b"}"#;
        let later = "2025-06-06T00:00:01Z";
        #[rustfmt::skip]
        let table = [
            (record(raw, KEY, &HEADERS), &line[..], Some(json!({"ts": later, "level": "warn", "service": "api", "pod": "api-8-y", "logger": "l", "message": "m", "thread": ""}))),
            (record(raw, KEY, &HEADERS), blank, None),
            (record(raw, KEY, &HEADERS), b"plain \xff", Some(json!({"ts": time, "service": "api", "pod": pod, "message": "plain \u{fffd}", "error": "not a JSON object: expected an object at byte 0", "error_type": "parse_error"}))),
            // Without headers the key and the fields tell.
            (record(Kind::Extracted, KEY, &[]), request, Some(json!({"ts": later, "level": "ERROR", "service": "api", "pod": pod, "method": "GET", "path": "/", "status_code": 500}))),
            (record(Kind::Extracted, "k", &[]), error, Some(json!({"ts": later, "level": "ERROR", "service": "jsapps", "message": "parse_error: no", "raw_line": "x", "error": "no", "error_type": "parse_error"}))),
            (record(Kind::Extracted, KEY, &HEADERS), damage, Some(json!({"ts": time, "level": "ERROR", "service": "api", "pod": pod, "message": "b.gz: bytes 7 to 9 passed over: bad", "blob": "b.gz", "from": 7, "to": 9, "reason": "bad"}))),
            (record(Kind::Extracted, KEY, &HEADERS), b"[]", Some(json!({"ts": time, "service": "api", "pod": pod, "message": "[]"}))),
            (record(Kind::Event, "cp2:P1:observed:20250606.api-7-x_default_platform-0a.gz", &[]), observed, Some(json!({"ts": later, "service": "api", "pod": pod, "message": "observed 20250606.api-7-x_default_platform-0a.gz, 7 bytes", "observationDate": later, "sizeInBytes": 7, "serviceSelector": "api"}))),
            // Another producer's record, with fields that all records have.
            (record(Kind::Extracted, KEY, &HEADERS), foreign, Some(json!({"ts": later, "level": "WARN", "service": "api", "pod": pod, "message": "m", "logger": "l", "blob": "b"}))),
            // A topic of one's own: the headers tell what is in it.
            (record(Kind::Unknown, KEY, &HEADERS), line, Some(json!({"ts": later, "level": "warn", "service": "api", "pod": "api-8-y", "logger": "l", "message": "m", "thread": ""}))),
            (record(Kind::Unknown, KEY, &[("record-type", "http")]), request, Some(json!({"ts": later, "level": "ERROR", "service": "api", "pod": pod, "method": "GET", "path": "/", "status_code": 500}))),
        ];
        for (record, value, expected) in table {
            assert_eq!(shown(&record, value), expected, "{}", String::from_utf8_lossy(value));
            if let Some(view) = View::of(&record, value, &Selectors::default()) {
                let text = serde_json::to_string(&view).unwrap();
                for common in [
                    "ts",
                    "topic",
                    "blob",
                    "level",
                    "service",
                    "environment",
                    "subscription",
                    "pod",
                    "message",
                ] {
                    assert!(
                        text.matches(&format!("\"{common}\":")).count() <= 1,
                        "{common} in {text}"
                    );
                }
            }
        }
    }
}
