//! What a raw record's headers and key say about its line.

use crate::{
    domain::{key::RecordKey, record::Kind},
    kafka::{Consumed, RecordHeaders},
    pipeline::lines::Part,
};

/// Where a line comes from; empty where neither a header nor the key tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whence<'a> {
    pub service: &'a str,
    pub environment: &'a str,
    pub subscription: &'a str,
}

impl<'a> Whence<'a> {
    pub fn of(record: &'a Consumed) -> Self {
        let mut whence = Self::default();
        for (name, value) in record.headers.iter() {
            let value = value.and_then(|value| str::from_utf8(value).ok()).unwrap_or_default();
            match name {
                "service" => whence.service = value,
                "environment" => whence.environment = value,
                "subscription" => whence.subscription = value,
                _ => {}
            }
        }
        if (whence.environment.is_empty() || whence.subscription.is_empty())
            && let Some(key) = record.key.as_deref().and_then(|key| str::from_utf8(key).ok())
            && let Some(key) = RecordKey::parse(key)
            // Other producers' keys may hold colons, too.
            && key.kind.starts_with("line-")
        {
            for (place, told) in [
                (&mut whence.environment, key.environment),
                (&mut whence.subscription, key.subscription),
            ] {
                if place.is_empty() {
                    *place = told;
                }
            }
        }
        whence
    }
}

/// Which part of a line the record is.
pub fn part(record: &Consumed) -> Option<Part> {
    let (_, value) = record.headers.iter().find(|(name, _)| *name == "part")?;
    Part::parse(str::from_utf8(value?).ok()?)
}

/// Those of the raw record, and what kind of record came of it; with its number if it comes in parts.
pub fn set_headers(headers: &mut RecordHeaders, raw: &Consumed, kind: Kind, part: Option<Part>) {
    headers.clear();
    for (name, value) in raw.headers.iter() {
        if !matches!(name, "part" | "record-type") {
            headers.push(name, value);
        }
    }
    headers.push("record-type", Some(kind.name().as_bytes()));
    if let Some(part) = part {
        headers.push("part", Some(part.to_string().as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: Option<&str>, told: &[(&str, Option<&str>)]) -> Consumed {
        let mut headers = RecordHeaders::new();
        for (name, value) in told {
            headers.push(name, value.map(str::as_bytes));
        }
        Consumed {
            partition: 0,
            offset: 0,
            key: key.map(|key| key.as_bytes().to_vec()),
            timestamp: None,
            value: None,
            headers,
        }
    }

    #[test]
    fn headers_tell_and_else_the_key() {
        let all = [
            ("service", Some("api")),
            ("environment", Some("P1")),
            ("subscription", Some("cp2")),
        ];
        let key = Some("cp3:S1:line-7:20250606.api-1_default_platform-0.gz");
        for (key, headers, expected) in [
            (None, &all[..], ["api", "P1", "cp2"]),
            (key, &all[..], ["api", "P1", "cp2"]),
            (key, &all[..1], ["api", "S1", "cp3"]),
            (key, &all[..2], ["api", "P1", "cp3"]),
            (key, &all[2..], ["", "S1", "cp2"]),
            (Some("trace:7:span:of/another"), &all[..2], ["api", "P1", ""]),
            (key, &[], ["", "S1", "cp3"]),
            (Some("odd"), &[], ["", "", ""]),
            (None, &[("service", None)], ["", "", ""]),
        ] {
            let record = record(key, headers);
            let Whence {
                service,
                environment,
                subscription,
            } = Whence::of(&record);
            assert_eq!([service, environment, subscription], expected);
        }
    }

    #[test]
    fn headers_go_along() {
        let raw = record(
            None,
            &[
                ("blob-offset", Some("7")),
                ("part", Some("1/2")),
                ("record-type", Some("x")),
                ("none", None),
            ],
        );
        assert_eq!(part(&raw), Some(Part { number: 1, of: 2 }));
        let told = |raw: &Consumed, kind, part| {
            let mut headers = RecordHeaders::new();
            headers.push("of the record before", None);
            set_headers(&mut headers, raw, kind, part);
            let text = |(name, value): (&str, Option<&[u8]>)| {
                let value = value.map_or("-", |value| str::from_utf8(value).unwrap());
                format!("{name}={value}")
            };
            headers.iter().map(text).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(&raw, Kind::Http, None), "blob-offset=7 none=- record-type=http");
        assert_eq!(
            told(&record(None, &[]), Kind::Error, Some(Part { number: 2, of: 3 })),
            "record-type=error part=2/3"
        );
    }
}
