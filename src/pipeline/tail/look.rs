//! From a record to what is written of it.

use super::{Paint, Parts, Record, Select, View, json};
use crate::domain::{Selectors, nanos};

/// What is shown, and how.
#[derive(Debug)]
pub struct Look {
    select: Select,
    selectors: Selectors,
    form: Form,
    /// Records as they are, each by itself, instead of what they say.
    raw: bool,
    parts: Parts,
}

#[derive(Clone, Copy, Debug)]
pub enum Form {
    Text(Paint),
    Json,
}

/// What a record came to; times in nanoseconds since 1970, and none later than when Kafka got the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    Written(i64),
    /// Not wanted.
    Dropped(i64),
    /// Not wanted, or not whole; not looked into.
    Passed,
}

impl Look {
    pub fn new(select: Select, selectors: Selectors, form: Form, raw: bool) -> Self {
        Self {
            select,
            selectors,
            form,
            raw,
            parts: Parts::default(),
        }
    }

    /// Writes the record if it is wanted.
    pub fn line(&mut self, feed: usize, record: &Record<'_>, out: &mut Vec<u8>) -> Looked {
        if !self.select.may_want(record) {
            return Looked::Passed;
        }
        if self.raw {
            return self.raw(record, out);
        }
        let Some(value) = self.parts.join(feed, record) else {
            return Looked::Passed;
        };
        let Some(view) = View::of(record, &value, &self.selectors) else {
            return Looked::Passed;
        };
        let ts = nanos(view.ts).min(record.received_ns());
        if !self.select.wants(&view) {
            return Looked::Dropped(ts);
        }
        match self.form {
            Form::Text(paint) => paint.view(out, &view),
            Form::Json => json::view(out, &view),
        }
        Looked::Written(ts)
    }

    fn raw(&mut self, record: &Record<'_>, out: &mut Vec<u8>) -> Looked {
        let mut ts = record.received_ns();
        if record.timestamp_ms.is_none() || self.select.needs_view() {
            let value = record.value.unwrap_or_default();
            let view = View::of(record, value, &self.selectors);
            // A line that says nothing is there all the same.
            let view = view.unwrap_or_else(|| View::of_nothing(record, value, &self.selectors));
            ts = ts.min(nanos(view.ts));
            if !self.select.wants(&view) {
                return Looked::Dropped(ts);
            }
        }
        match self.form {
            Form::Text(paint) => paint.raw(out, record),
            Form::Json => json::raw(out, record),
        }
        Looked::Written(ts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::tail::{Kind, Place};

    #[test]
    fn raw_shows_what_says_nothing() {
        let api = Selectors::default().resolve("api");
        let since = Some("2025-06-06T00:00:00Z".parse().unwrap());
        let of = |services, since| Select {
            services,
            since,
            ..Select::default()
        };
        let (old, new) = (
            br#"{"@timestamp":"2025-06-05T00:00:01Z","log":" "}"#,
            br#"{"@timestamp":"2025-06-06T00:00:01Z","log":" "}"#,
        );
        let jsapps = Selectors::default().resolve("jsapps");
        for (select, value, is_shown) in [
            (of(vec![], None), &new[..], true),
            (of(vec![api.clone()], None), new, true),
            (of(vec![jsapps], None), new, false),
            (of(vec![api.clone()], since), new, true),
            (of(vec![api], since), old, false),
        ] {
            let record = Record {
                kind: Kind::Raw { from_proxy: false },
                place: Place::Blob {
                    name: "kubernetes/20250606.api-7-x_default_platform-0a.gz",
                    member: 0,
                    line: 0,
                },
                key: None,
                timestamp_ms: None,
                headers: Vec::new(),
                value: Some(value),
            };
            let mut look = Look::new(select.clone(), Selectors::default(), Form::Json, true);
            let looked = look.line(0, &record, &mut Vec::new());
            assert_eq!(matches!(looked, Looked::Written(_)), is_shown, "{select:?}");
            // What it says is nothing.
            let mut look = Look::new(select, Selectors::default(), Form::Json, false);
            assert!(!matches!(look.line(0, &record, &mut Vec::new()), Looked::Written(_)));
        }
    }
}
