//! What may stand behind a flag, by the configuration: values, each with a word for people.

use std::collections::BTreeSet;

use crate::{
    config::Config,
    domain::{Date, EnvironmentId},
};

/// One value, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) value: String,
    pub(super) help: Option<String>,
}

impl Candidate {
    pub(super) fn new(value: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            help: Some(help.into()).filter(|help: &String| !help.is_empty()),
        }
    }
}

/// Environments by their names; as `SUBSCRIPTION/NAME` where several have one name, and where `typed` is of that form.
pub(super) fn environments(config: &Config, subscription: Option<&str>, typed: &str) -> Vec<Candidate> {
    let ids: Vec<EnvironmentId> = config
        .environments()
        .into_iter()
        .filter(|id| subscription.is_none_or(|wanted| id.subscription == wanted))
        .collect();
    let is_unique = |name: &str| ids.iter().filter(|id| id.environment == name).count() == 1;
    let candidate = |id: &EnvironmentId| {
        let value = match !typed.contains('/') && is_unique(&id.environment) {
            true => id.environment.clone(),
            false => id.to_string(),
        };
        Candidate::new(value, described(config, id))
    };
    ids.iter().map(candidate).collect()
}

/// The name for people, or the account, or the directory of an environment.
fn described(config: &Config, id: &EnvironmentId) -> String {
    let environments = config
        .subscriptions
        .get(&id.subscription)
        .map(|subscription| &subscription.environments);
    let Some(environment) = environments.and_then(|environments| environments.get(&id.environment)) else {
        return String::new();
    };
    let account = &environment.storage_account;
    let directory = account
        .directory
        .as_ref()
        .map(|directory| format!("directory {}", directory.display()));
    let account = account.account_name.as_ref().map(|name| format!("account {name}"));
    let name = environment.name.clone();
    name.or(directory).or(account).unwrap_or_default()
}

pub(super) fn subscriptions(config: &Config) -> Vec<Candidate> {
    let of = |(id, subscription): (&String, &crate::config::Subscription)| {
        let environments: Vec<&str> = subscription.environments.keys().map(String::as_str).collect();
        let help = subscription.name.clone().unwrap_or_else(|| environments.join(", "));
        Candidate::new(id, help)
    };
    config.subscriptions.iter().map(of).collect()
}

/// The names of services, then their aliases.
pub(super) fn services(config: &Config) -> Vec<Candidate> {
    let selectors = config.selectors();
    let names = selectors.iter().map(|selector| {
        let container = selector
            .container
            .as_deref()
            .map(|container| format!(", container {container}"));
        let help = format!("pods {}…{}", selector.pod_prefix, container.unwrap_or_default());
        Candidate::new(&selector.name, help)
    });
    let aliases = selectors.iter().flat_map(|selector| {
        let aliases = selector.aliases.iter();
        aliases.map(|alias| Candidate::new(alias, format!("the same as {}", selector.name)))
    });
    names.chain(aliases).collect()
}

/// Days before today that are offered.
const DAYS: u32 = 7;

/// The words for days, then the last days, newest first; with dashes if those were typed.
pub(super) fn dates(today: Date, typed: &str) -> Vec<Candidate> {
    let text = |date: Date| match typed.contains('-') {
        true => date.civil().to_string(),
        false => date.to_string(),
    };
    let words = [("today", 0), ("yesterday", 1)];
    let words = words.map(|(word, ago)| Candidate::new(word, text(today.days_before(ago))));
    let days = (0..DAYS).map(|ago| {
        let date = today.days_before(ago);
        Candidate::new(text(date), date.civil().strftime("%A").to_string())
    });
    words.into_iter().chain(days).collect()
}

/// Points in time, as `--since` takes them.
pub(super) fn times(today: Date, typed: &str) -> Vec<Candidate> {
    let ago = [
        ("5m", "five minutes ago"),
        ("15m", "a quarter of an hour ago"),
        ("1h", "an hour ago"),
        ("6h", "six hours ago"),
        ("1d", "24 hours ago"),
    ];
    let ago = ago.map(|(value, help)| Candidate::new(value, help));
    ago.into_iter().chain(dates(today, typed)).collect()
}

/// The names of all topics, then their keys in the configuration.
pub(super) fn topics(config: &Config) -> Vec<Candidate> {
    let topics = config.kafka.topics.all();
    let names = topics.map(|(key, name)| Candidate::new(name, format!("kafka.topics.{key}")));
    let keys = topics.map(|(key, name)| Candidate::new(key, name));
    names.into_iter().chain(keys).collect()
}

/// The topics to which raw lines may go.
pub(super) fn raw_topics(config: &Config) -> Vec<Candidate> {
    let topics = &config.kafka.topics;
    vec![
        Candidate::new(&topics.raw_application, "raw lines of applications"),
        Candidate::new(&topics.raw_proxy, "raw lines of proxies"),
    ]
}

/// The containers that the configuration names.
pub(super) fn containers(config: &Config) -> Vec<Candidate> {
    let accounts = config.environments().into_iter().filter_map(|id| {
        let container = config.account(&id)?.container_name.clone();
        Some((container?, format!("of {id}")))
    });
    let mut seen = BTreeSet::new();
    let all = [(
        config.storage.container_name.clone(),
        "storage.container_name".to_owned(),
    )];
    let all = all.into_iter().chain(accounts);
    all.filter(|(name, _)| seen.insert(name.clone()))
        .map(|(name, help)| Candidate::new(name, help))
        .collect()
}

pub(super) fn brokers(config: &Config) -> Vec<Candidate> {
    vec![
        Candidate::new(config.kafka.brokers.to_string(), "kafka.brokers"),
        Candidate::new(crate::kafka::EMBEDDED, "the broker of the demo, in this process"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        serde_yaml::from_str(
            "subscriptions:
  cp2:
    name: Shop
    environments:
      P1: {name: Production, storage_account: {account_name: prodlogs}}
      D1: {storage_account: {account_name: devlogs, container_name: commerce-logging}}
  cp3:
    environments:
      P1: {storage_account: {directory: /srv/logs}}
selectors: [{name: solr, pod_prefix: solr-, aliases: [search]}]",
        )
        .unwrap()
    }

    fn values(candidates: &[Candidate]) -> Vec<&str> {
        candidates.iter().map(|candidate| candidate.value.as_str()).collect()
    }

    #[test]
    fn environments_are_short_where_that_is_enough() {
        let config = config();
        let all = environments(&config, None, "");
        let told: Vec<(&str, &str)> = all
            .iter()
            .map(|candidate| (candidate.value.as_str(), candidate.help.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(
            told,
            [
                ("D1", "account devlogs"),
                ("cp2/P1", "Production"),
                ("cp3/P1", "directory /srv/logs")
            ]
        );
        assert_eq!(values(&environments(&config, Some("cp3"), "")), ["P1"]);
        assert_eq!(
            values(&environments(&config, None, "cp2/")),
            ["cp2/D1", "cp2/P1", "cp3/P1"]
        );
        assert_eq!(values(&environments(&config, Some("cp9"), "")), Vec::<&str>::new());
    }

    #[test]
    fn what_the_configuration_adds_is_offered() {
        let config = config();
        let all = services(&config);
        let found = |name: &str| all.iter().find(|candidate| candidate.value == name).cloned();
        assert_eq!(found("solr"), Some(Candidate::new("solr", "pods solr-…")));
        assert_eq!(found("search"), Some(Candidate::new("search", "the same as solr")));
        assert_eq!(
            found("api"),
            Some(Candidate::new("api", "pods api-…, container platform"))
        );
        assert_eq!(
            subscriptions(&config),
            [Candidate::new("cp2", "Shop"), Candidate::new("cp3", "P1")]
        );
        assert_eq!(
            values(&containers(&config)),
            ["commerce-logs-separated", "commerce-logging"]
        );
        assert_eq!(
            values(&topics(&config))[..2],
            ["Ingestion.Blobs", "Ingestion.BlobState"]
        );
        assert!(values(&topics(&config)).contains(&"raw_proxy"));
    }

    #[test]
    fn days_are_newest_first_in_the_form_that_is_typed() {
        let today: Date = "20250302".parse().unwrap();
        let plain = dates(today, "");
        assert_eq!(
            values(&plain),
            [
                "today",
                "yesterday",
                "20250302",
                "20250301",
                "20250228",
                "20250227",
                "20250226",
                "20250225",
                "20250224"
            ]
        );
        assert_eq!(plain[1], Candidate::new("yesterday", "20250301"));
        assert_eq!(plain[2], Candidate::new("20250302", "Sunday"));
        assert_eq!(values(&dates(today, "2025-"))[2..4], ["2025-03-02", "2025-03-01"]);
        assert_eq!(values(&times(today, ""))[..2], ["5m", "15m"]);
    }
}
