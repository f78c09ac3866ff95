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

/// What a record came to; times in nanoseconds since 1970.
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
        let ts = nanos(view.ts);
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
        let ts = match record.timestamp_ms {
            Some(ms) if !self.select.needs_view() => ms.saturating_mul(1_000_000),
            _ => {
                let Some(view) = View::of(record, record.value.unwrap_or_default(), &self.selectors) else {
                    return Looked::Passed;
                };
                if !self.select.wants(&view) {
                    return Looked::Dropped(nanos(view.ts));
                }
                nanos(view.ts)
            }
        };
        match self.form {
            Form::Text(paint) => paint.raw(out, record),
            Form::Json => json::raw(out, record),
        }
        Looked::Written(ts)
    }
}
