//! What the types cannot say: limits, and values that contradict each other.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::{
    Config,
    accounts::{CREDENTIAL_KEYS, ENTRA},
    entra::Entra,
    layers::Layers,
    path::KeyPath,
    problem::{Problem, nearest, there_is},
    properties::{self, Objection, Properties, PropertyValue, dotted, is_secret},
    variables::Findings,
};
use crate::domain::{EnvironmentId, Selectors};

/// Looks at the whole configuration, and drops the properties that clp sets itself.
pub fn check(config: &mut Config, layers: &Layers) -> Findings {
    let mut checker = Checker {
        layers,
        findings: Findings::default(),
    };
    checker.numbers(config);
    checker.topics(config);
    checker.accounts(config);
    checker.monitored(config);
    checker.filters(config);
    checker.properties(config);
    checker.findings
}

struct Checker<'a> {
    layers: &'a Layers,
    findings: Findings,
}

impl Checker<'_> {
    fn problem(&self, path: &KeyPath, message: &str) -> Problem {
        let key = self.layers.written(path);
        Problem::new(self.layers.place(path), format!("`{key}` {message}"))
    }

    fn error(&mut self, path: &KeyPath, message: &str) {
        let problem = self.problem(path, message);
        self.findings.errors.push(problem);
    }

    fn warn(&mut self, path: &KeyPath, message: &str) {
        let problem = self.problem(path, message);
        self.findings.warnings.push(problem);
    }

    fn numbers(&mut self, config: &Config) {
        const SECONDS: RangeInclusive<u64> = 1..=86_400;
        const DAYS: RangeInclusive<u64> = 0..=3_660;
        let limits: [(&str, u64, RangeInclusive<u64>); 15] = [
            ("storage.range_bytes", config.storage.range_bytes, 64 << 10..=64 << 20),
            ("storage.ranges_ahead", config.storage.ranges_ahead.into(), 1..=64),
            (
                "kafka.transaction_bytes",
                config.kafka.transaction_bytes,
                64 << 10..=1 << 30,
            ),
            // Transactions time out after 20 s; what is committed later than this is at risk.
            ("kafka.transaction_seconds", config.kafka.transaction_seconds, 1..=15),
            (
                "kafka.state_retention_days",
                config.kafka.state_retention_days.into(),
                1..=3_660,
            ),
            ("kafka.partitions", config.kafka.partitions.into(), 1..=10_000),
            ("global.polling_interval", config.global.polling_interval, SECONDS),
            (
                "global.eod_overlap_minutes",
                config.global.eod_overlap_minutes.into(),
                0..=1_440,
            ),
            (
                "global.blob_closing.timeout_minutes",
                config.global.blob_closing.timeout_minutes.into(),
                1..=10_080,
            ),
            ("date_range.days_back", config.date_range.days_back.into(), DAYS),
            (
                "monitoring.stats_report_interval",
                config.monitoring.stats_report_interval,
                SECONDS,
            ),
            (
                "error_handling.max_retry_delay",
                config.error_handling.max_retry_delay,
                0..=86_400,
            ),
            ("worker.lanes", config.worker.lanes.into(), 1..=256),
            (
                "worker.max_waiting_blobs",
                config.worker.max_waiting_blobs.into(),
                1..=1_000_000,
            ),
            (
                "processing.max_concurrency",
                config.processing.max_concurrency.into(),
                0..=1_024,
            ),
        ];
        for (key, value, allowed) in limits {
            self.limit(&KeyPath::dotted(key), value, &allowed);
        }
        for (index, item) in config.environments.iter().enumerate() {
            if let Some(seconds) = item.polling_interval {
                self.limit(
                    &KeyPath::of(["environments"]).index(index).key("polling_interval"),
                    seconds,
                    &SECONDS,
                );
            }
        }
    }

    fn limit(&mut self, path: &KeyPath, value: u64, allowed: &RangeInclusive<u64>) {
        if !allowed.contains(&value) {
            let (from, to) = (allowed.start(), allowed.end());
            self.error(path, &format!("is `{value}`, expected a number from {from} to {to}"));
        }
    }

    fn topics(&mut self, config: &Config) {
        const MAX_LEN: usize = 249;
        let section = KeyPath::dotted("kafka.topics");
        let mut key_of: BTreeMap<&str, &str> = BTreeMap::new();
        for (key, topic) in config.kafka.topics.all() {
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            if topic.len() > MAX_LEN || matches!(topic, "." | "..") || !topic.chars().all(legal) {
                let message = format!("is `{topic}`, expected letters, digits, `.`, `_` and `-`, at most {MAX_LEN}");
                self.error(&section.key(key), &message);
            }
            let Some(other) = key_of.insert(topic, key) else {
                continue;
            };
            let (path, written) = (section.key(key), self.layers.written(&section.key(other)));
            match (other, key) {
                // Records of both kinds say what they are.
                ("extracted_application", "extracted_proxy") => {}
                ("raw_application", "raw_proxy") => {
                    let message = format!("is `{topic}`, which `{written}` is too: extract takes all its lines alike");
                    self.warn(&path, &message);
                }
                _ => {
                    let message = format!("is `{topic}`, which `{written}` is too, expected a topic of its own");
                    self.error(&path, &message);
                }
            }
        }
    }

    fn accounts(&mut self, config: &Config) {
        for id in config.environments() {
            let path = account_path(&id);
            let section = path.find(&self.layers.merged).and_then(serde_yaml::Value::as_mapping);
            let given = |key: &&str| section.is_some_and(|section| section.get(*key).is_some_and(is_given));
            let given: Vec<&str> = CREDENTIAL_KEYS.into_iter().filter(given).collect();
            if let [first, second, ..] = given.as_slice() {
                self.error(
                    &path.key(*second),
                    &format!("is there beside `{first}`, expected one credential"),
                );
            }
            let account = config.account(&id);
            if let Some(entra) = account.and_then(|account| account.entra.as_ref()) {
                self.entra(&path.key(ENTRA), entra);
            }
            let endpoint = account.and_then(|account| account.endpoint.as_deref());
            let web = |endpoint: &str| endpoint.starts_with("https://") || endpoint.starts_with("http://");
            match endpoint {
                // Nothing of it is repeated: what comes behind the `?` is a credential.
                Some(endpoint) if endpoint.contains('?') => {
                    let message = "has a `?`, expected an address alone: what follows it goes into `sas_token`";
                    self.error(&path.key("endpoint"), message);
                }
                Some(endpoint) if !web(endpoint) => {
                    let message = format!("is `{endpoint}`, expected an address that begins with https:// or http://");
                    self.error(&path.key("endpoint"), &message);
                }
                _ => {}
            }
        }
    }

    fn entra(&mut self, path: &KeyPath, entra: &Entra) {
        for key in entra.idle_keys() {
            let message = format!("has no effect with the method {}", entra.method.name());
            self.warn(&path.key(key), &message);
        }
        if entra.client_secret.is_some() && entra.client_secret_file.is_some() {
            let message = "is there beside `client_secret`, expected one of the two";
            self.error(&path.key("client_secret_file"), message);
        }
        let authority = entra.authority_host.as_deref();
        if let Some(authority) = authority.filter(|authority| !authority.starts_with("https://")) {
            let message = format!("is `{authority}`, expected an address that begins with https://");
            self.error(&path.key("authority_host"), &message);
        }
    }

    fn monitored(&mut self, config: &Config) {
        let known = config.environments();
        let selectors = config.selectors();
        for (index, item) in config.environments.iter().enumerate() {
            let path = KeyPath::of(["environments"]).index(index);
            let id = EnvironmentId::new(&item.subscription, &item.environment);
            if item.enabled && !known.is_empty() && !known.contains(&id) {
                let message = format!("is {id}, which `subscriptions` has not; {}", there_is(&known));
                self.warn(&path, &message);
            }
            for (number, name) in item.selectors.iter().enumerate() {
                if let Some(near) = misspelled(name, &selectors) {
                    let message =
                        format!("is `{name}`: no service, taken as the start of pods' names (did you mean `{near}`?)");
                    self.warn(&path.key("selectors").index(number), &message);
                }
            }
        }
        let range = &config.date_range;
        if range.specific_date.is_none() && range.days_back == 0 && !range.monitor_current_day {
            self.error(
                &KeyPath::dotted("date_range.monitor_current_day"),
                "is `false` and `days_back` is 0, so no day is left to scan",
            );
        }
    }

    fn filters(&mut self, config: &Config) {
        let filters = &config.worker.filters;
        if let (Some(min), Some(max)) = (filters.min_date, filters.max_date)
            && min > max
        {
            let message = format!("is `{min}`, after `max_date` {max}: no blob passes");
            self.error(&KeyPath::dotted("worker.filters.min_date"), &message);
        }
    }

    fn properties(&mut self, config: &mut Config) {
        let kafka = &mut config.kafka;
        // Names that librdkafka does not know were harmless in the old maps, which served other clients too.
        for (section, properties, strict) in [
            ("properties", &mut kafka.properties, true),
            ("producer", &mut kafka.producer, false),
            ("producer_config", &mut kafka.producer_config, false),
            ("consumer", &mut kafka.consumer, false),
        ] {
            *properties = self.kept(&KeyPath::of(["kafka", section]), properties, strict);
        }
    }

    fn kept(&mut self, section: &KeyPath, properties: &Properties, strict: bool) -> Properties {
        let mut kept = Properties::default();
        for (written, value) in properties.iter() {
            let name = dotted(written);
            let path = section.key(written);
            // What is in the keyring is looked at when it is needed; its name must be right all the same.
            let text = match value {
                PropertyValue::Text(text) => text.as_str(),
                PropertyValue::Keyring(_) => "",
            };
            if let Some(owned) = properties::owned(&name) {
                if !owned.harmless.contains(&text) {
                    self.warn(&path, &format!("has no effect, clp sets it itself: {}", owned.instead));
                }
                continue;
            }
            match properties::objection(&name, text) {
                None => kept.set(name, value.clone()),
                Some(Objection::BadValue(_)) if matches!(value, PropertyValue::Keyring(_)) => {
                    kept.set(name, value.clone());
                }
                Some(Objection::UnknownName) if strict => {
                    let near = nearest(&name, properties::COMMON);
                    let guess = near
                        .map(|near| format!(" (did you mean `{near}`?)"))
                        .unwrap_or_default();
                    let message = format!("is unknown, expected a name from librdkafka's CONFIGURATION.md{guess}");
                    self.error(&path, &message);
                }
                Some(Objection::UnknownName) => self.warn(&path, "has no effect: librdkafka does not know it"),
                Some(Objection::BadValue(reason)) if is_secret(&name) => {
                    self.error(&path, &format!("is wrong: {reason}"))
                }
                Some(Objection::BadValue(reason)) => self.error(&path, &format!("is `{text}`: {reason}")),
            }
        }
        kept
    }
}

fn is_given(value: &serde_yaml::Value) -> bool {
    !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty())
}

/// Where an environment's account stands.
pub fn account_path(id: &EnvironmentId) -> KeyPath {
    KeyPath::of([
        "subscriptions",
        &id.subscription,
        "environments",
        &id.environment,
        "storage_account",
    ])
}

/// The service that `name`, which is none, looks like; `None` also where pods' names may well begin so.
pub fn misspelled<'a>(name: &str, selectors: &'a Selectors) -> Option<&'a str> {
    if selectors.named(name).is_some() {
        return None;
    }
    let is_prefix = selectors
        .iter()
        .any(|selector| selector.pod_prefix.starts_with(name) || name.starts_with(&selector.pod_prefix));
    let names = selectors
        .iter()
        .flat_map(|selector| std::iter::once(&selector.name).chain(&selector.aliases));
    nearest(name, names.map(String::as_str)).filter(|_| !is_prefix)
}
