//! Services: which pods' blobs belong to which of them.

use super::{BlobName, topic};

/// One service: the pods whose names start with `pod_prefix`, and of those the container named here.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Selector {
    pub name: String,
    /// Pods' names start with this; the storage is asked for no other.
    pub pod_prefix: String,
    /// Pods' names that start with this are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude_pod_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

impl Selector {
    pub fn matches(&self, blob: &BlobName<'_>) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        self.starts(blob.pod) && is(&self.container, blob.container) && is(&self.namespace, blob.namespace)
    }

    /// Whether the pod's name starts as the service's do.
    pub fn starts(&self, pod: &str) -> bool {
        let is_excluded = |prefix: &String| pod.starts_with(prefix);
        pod.starts_with(&self.pod_prefix) && !self.exclude_pod_prefix.as_ref().is_some_and(is_excluded)
    }

    /// Whether it is but the start of pods' names, and no service that is known.
    pub fn is_ad_hoc(&self) -> bool {
        self.container.is_none() && self.pod_prefix == self.name
    }

    /// Whether the service's raw lines go to the proxy topic.
    pub fn is_proxy(&self) -> bool {
        topic::is_proxy(&self.name)
    }

    fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }
}

/// The services that are known: the built-in ones, replaced or added to by the configuration.
#[derive(Clone, Debug)]
pub struct Selectors(Vec<Selector>);

impl Default for Selectors {
    fn default() -> Self {
        let built_in = |name: &str, pod_prefix: &str, container: &str, alias: Option<&str>| Selector {
            name: name.to_owned(),
            pod_prefix: pod_prefix.to_owned(),
            exclude_pod_prefix: None,
            container: Some(container.to_owned()),
            namespace: None,
            aliases: alias.into_iter().map(str::to_owned).collect(),
        };
        Self(vec![
            Selector {
                exclude_pod_prefix: Some("apache2-igc-nat-".to_owned()),
                namespace: Some("default".to_owned()),
                ..built_in("apache-proxy", "apache2-igc-", "proxy", None)
            },
            built_in("api", "api-", "platform", Some("api-service")),
            built_in("backoffice", "backoffice", "platform", Some("admin-interface")),
            built_in(
                "background-processing",
                "backgroundprocessing",
                "platform",
                Some("backgroundprocessing"),
            ),
            built_in("jsapps", "jsapps", "jsapps", Some("web-apps")),
            built_in("imageprocessing", "imageprocessing", "imageprocessing", None),
            built_in("zookeeper", "zookeeper", "zookeeper", None),
        ])
    }
}

impl Selectors {
    /// The built-in services with `configured` added; one of the same name replaces the built-in.
    pub fn with(configured: impl IntoIterator<Item = Selector>) -> Self {
        let mut selectors = Self::default();
        for selector in configured {
            match selectors.0.iter_mut().find(|known| known.name == selector.name) {
                Some(known) => *known = selector,
                None => selectors.0.push(selector),
            }
        }
        selectors
    }

    pub fn iter(&self) -> impl Iterator<Item = &Selector> {
        self.0.iter()
    }

    /// The service called `name`: a selector's name or an alias of one.
    pub fn named(&self, name: &str) -> Option<&Selector> {
        self.0.iter().find(|selector| selector.answers_to(name))
    }

    /// What `--service NAME` means: a selector's name, an alias, or else the start of pods' names.
    pub fn resolve(&self, name: &str) -> Selector {
        self.named(name).cloned().unwrap_or_else(|| Selector {
            name: name.to_owned(),
            pod_prefix: name.to_owned(),
            exclude_pod_prefix: None,
            container: None,
            namespace: None,
            aliases: Vec::new(),
        })
    }

    /// The service that the blob called `name` belongs to.
    pub fn of_blob(&self, name: &str) -> Option<&Selector> {
        let parsed = BlobName::parse(name)?;
        self.0.iter().find(|selector| selector.matches(&parsed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service_of(pod: &str, namespace: &str, container: &str) -> Option<String> {
        let name = format!(
            "kubernetes/20250606.{pod}_{namespace}_{container}-{}.gz",
            "0a".repeat(32)
        );
        Selectors::default()
            .of_blob(&name)
            .map(|selector| selector.name.clone())
    }

    #[test]
    fn built_in_services() {
        for (pod, namespace, container, service) in [
            ("apache2-igc-674b9bdb88-vm775", "default", "proxy", Some("apache-proxy")),
            ("apache2-igc-nat-674b9bdb88-vm775", "default", "proxy", None),
            ("apache2-igc-674b9bdb88-vm775", "other", "proxy", None),
            ("apache2-igc-674b9bdb88-vm775", "default", "cache-cleaner", None),
            ("api-674b9bdb88-vm775", "any", "platform", Some("api")),
            ("api-674b9bdb88-vm775", "any", "sidecar", None),
            ("backoffice-0", "default", "platform", Some("backoffice")),
            (
                "backgroundprocessing-1",
                "default",
                "platform",
                Some("background-processing"),
            ),
            ("jsapps-1", "default", "jsapps", Some("jsapps")),
            (
                "imageprocessing-1",
                "default",
                "imageprocessing",
                Some("imageprocessing"),
            ),
            ("zookeeper-0", "default", "zookeeper", Some("zookeeper")),
            ("solr-0", "default", "solr", None),
        ] {
            assert_eq!(
                service_of(pod, namespace, container).as_deref(),
                service,
                "{pod} {container}"
            );
        }
    }

    #[test]
    fn names_aliases_and_pod_prefixes_resolve() {
        let selectors = Selectors::default();
        assert_eq!(selectors.resolve("api-service").name, "api");
        assert_eq!(selectors.resolve("backgroundprocessing").name, "background-processing");
        assert_eq!(selectors.resolve("solr").pod_prefix, "solr");
    }

    #[test]
    fn configuration_replaces_and_adds() {
        let solr = Selectors::default().resolve("solr");
        let api = Selector {
            container: Some("tomcat".to_owned()),
            ..Selectors::default().resolve("api")
        };
        let selectors = Selectors::with([solr, api]);
        assert_eq!(selectors.iter().count(), Selectors::default().iter().count() + 1);
        assert_eq!(selectors.resolve("api").container.as_deref(), Some("tomcat"));
    }
}
