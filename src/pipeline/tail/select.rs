//! Which records are wanted.

use jiff::Timestamp;
use regex::Regex;

use super::{Level, Record, View};
use crate::domain::Selector;

/// Everything has to fit; what is empty takes all.
#[derive(Clone, Debug, Default)]
pub struct Select {
    pub subscription: Option<String>,
    /// `E` or `SUBSCRIPTION/E`; one of them.
    pub environments: Vec<String>,
    /// One of them.
    pub services: Vec<Selector>,
    /// This one or a graver one; a line that names no level has none of them.
    pub level: Option<Level>,
    /// Each finds something in what is shown.
    pub patterns: Vec<Regex>,
    /// None of these does.
    pub excluded: Vec<Regex>,
    /// By the time of the line itself; both ends count.
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl Select {
    /// Whether the record may be wanted, as far as it tells without a look into its value.
    pub fn may_want(&self, record: &Record<'_>) -> bool {
        if self.is_by_source() {
            let may = |found: Option<&str>, wants: &dyn Fn(&str) -> bool| found.is_none_or(wants);
            let subscription = record.subscription();
            return may(subscription, &|found| self.wants_subscription(found))
                && may(record.environment(), &|found| {
                    self.wants_environment(subscription, found)
                })
                && may(record.header("service"), &|found| {
                    self.wants_service(found, record.pod())
                });
        }
        true
    }

    /// Whether the values have to be looked into to know what is wanted.
    pub fn needs_view(&self) -> bool {
        self.is_by_source()
            || self.level.is_some()
            || self.since.is_some()
            || self.until.is_some()
            || !self.patterns.is_empty()
            || !self.excluded.is_empty()
    }

    pub fn wants(&self, view: &View<'_>) -> bool {
        self.wants_time(view.ts)
            && self.wants_subscription(&view.subscription)
            && self.wants_environment(Some(&view.subscription), &view.environment)
            && self.wants_service(&view.service, view.pod.as_deref())
            && self.wants_level(view.level.as_deref())
            && self.wants_text(view)
    }

    fn is_by_source(&self) -> bool {
        self.subscription.is_some() || !self.environments.is_empty() || !self.services.is_empty()
    }

    fn wants_time(&self, ts: Timestamp) -> bool {
        self.since.is_none_or(|since| ts >= since) && self.until.is_none_or(|until| ts <= until)
    }

    fn wants_subscription(&self, subscription: &str) -> bool {
        self.subscription.as_deref().is_none_or(|wanted| wanted == subscription)
    }

    /// One that does not tell its subscription (yet) may be of any.
    fn wants_environment(&self, subscription: Option<&str>, environment: &str) -> bool {
        let is = |wanted: &String| match wanted.split_once('/') {
            Some((of, wanted)) => subscription.is_none_or(|found| found == of) && wanted == environment,
            None => wanted == environment,
        };
        self.environments.is_empty() || self.environments.iter().any(is)
    }

    fn wants_service(&self, service: &str, pod: Option<&str>) -> bool {
        let is = |wanted: &Selector| match service.is_empty() || wanted.is_ad_hoc() {
            true => pod.is_some_and(|pod| wanted.starts(pod)),
            false => wanted.name == service,
        };
        self.services.is_empty() || self.services.iter().any(is)
    }

    fn wants_level(&self, level: Option<&str>) -> bool {
        let is = |wanted| level.and_then(Level::of).is_some_and(|level| level >= wanted);
        self.level.is_none_or(is)
    }

    fn wants_text(&self, view: &View<'_>) -> bool {
        let finds = |pattern: &Regex| view.texts().any(|text| pattern.is_match(&text));
        self.patterns.iter().all(finds) && !self.excluded.iter().any(finds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Selectors;

    fn view() -> View<'static> {
        View {
            ts: "2025-06-06T12:00:00Z".parse().unwrap(),
            topic: None,
            blob: None,
            level: Some("WARN".into()),
            service: "api".into(),
            environment: "P1".into(),
            subscription: "cp2".into(),
            pod: Some("api-7-x".into()),
            logger: Some("com.example.Cart".to_owned()),
            message: Some("cart 7 is empty".to_owned()),
            own: serde_json::Map::new(),
        }
    }

    #[test]
    fn everything_has_to_fit() {
        let none = Select::default;
        let services = |names: &[&str]| names.iter().map(|name| Selectors::default().resolve(name)).collect();
        let patterns = |texts: &[&str]| texts.iter().map(|text| Regex::new(text).unwrap()).collect();
        let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let at = |time: &str| Some(time.parse().unwrap());
        #[rustfmt::skip]
        let table = [
            (none(), true),
            (Select { subscription: Some("cp2".to_owned()), ..none() }, true),
            (Select { subscription: Some("cp3".to_owned()), ..none() }, false),
            (Select { environments: strings(&["S1", "P1"]), ..none() }, true),
            (Select { environments: strings(&["cp2/P1"]), ..none() }, true),
            (Select { environments: strings(&["cp3/P1"]), ..none() }, false),
            (Select { services: services(&["jsapps", "api-service"]), ..none() }, true),
            (Select { services: services(&["api-7"]), ..none() }, true),
            (Select { services: services(&["api-8", "backoffice"]), ..none() }, false),
            (Select { level: Some(Level::Warn), ..none() }, true),
            (Select { level: Some(Level::Error), ..none() }, false),
            (Select { patterns: patterns(&["cart [0-9]", "Cart$"]), ..none() }, true),
            (Select { patterns: patterns(&["cart [0-9]", "price"]), ..none() }, false),
            (Select { excluded: patterns(&["price"]), ..none() }, true),
            (Select { excluded: patterns(&["price", "(?i)CART"]), ..none() }, false),
            (Select { since: at("2025-06-06T12:00:00Z"), until: at("2025-06-06T12:00:00Z"), ..none() }, true),
            (Select { since: at("2025-06-06T12:00:00.001Z"), ..none() }, false),
            (Select { until: at("2025-06-06T11:59:59.999Z"), ..none() }, false),
        ];
        for (select, wanted) in table {
            assert_eq!(select.wants(&view()), wanted, "{select:?}");
        }
    }

    #[test]
    fn what_a_record_does_not_tell_its_value_may() {
        use crate::pipeline::tail::{Kind, Place};
        let select = Select {
            environments: vec!["cp2/P1".to_owned()],
            ..Select::default()
        };
        let header = |name: &'static str, value: &'static str| (name, Some(value.as_bytes()));
        for (headers, may) in [
            (vec![], true),
            (vec![header("environment", "P1")], true),
            (vec![header("environment", "S1")], false),
            (vec![header("environment", "P1"), header("subscription", "cp3")], false),
            (vec![header("environment", "P1"), header("subscription", "cp2")], true),
        ] {
            let record = Record {
                kind: Kind::Extracted,
                place: Place::Topic {
                    topic: "T",
                    partition: 0,
                    offset: 0,
                },
                key: None,
                timestamp_ms: None,
                headers,
                value: None,
            };
            assert_eq!(select.may_want(&record), may, "{record:?}");
        }
    }

    #[test]
    fn what_names_no_level_has_none() {
        let level_of = |level: Option<&'static str>| View {
            level: level.map(Into::into),
            ..view()
        };
        let select = Select {
            level: Some(Level::Trace),
            ..Select::default()
        };
        assert!(!select.wants(&level_of(None)));
        assert!(!select.wants(&level_of(Some("NOTICE"))));
        assert!(select.wants(&level_of(Some("trace"))));
    }
}
