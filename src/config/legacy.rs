//! Keys of the predecessor's files: what they are called now, and which of them have nothing left to say.

use serde_yaml::Value;

use super::{
    document::Document,
    path::KeyPath,
    problem::{Place, Problem},
};

/// Old key → new key. All four programs wrote into `kafka`, each with names of its own.
const RENAMED: [(&str, &str); 8] = [
    ("kafka.topic", "kafka.topics.blobs"),
    ("kafka.blobs_topic", "kafka.topics.blobs"),
    ("kafka.app_topic", "kafka.topics.raw_application"),
    ("kafka.application_topic", "kafka.topics.raw_application"),
    ("kafka.proxy_topic", "kafka.topics.raw_proxy"),
    ("kafka.output_topic", "kafka.topics.extracted_application"),
    ("kafka.proxy_output_topic", "kafka.topics.extracted_proxy"),
    ("kafka.error_topic", "kafka.topics.errors"),
];

/// The extractor's groups. Their offsets say what is extracted already, so neither may get lost.
const EXTRACT_GROUPS: [(&str, &str); 2] = [
    ("kafka.consumer_group", "processing.consumer_group"),
    ("kafka.proxy_consumer_group", "processing.proxy_consumer_group"),
];

struct Retired {
    key: &'static str,
    /// What to tell, where going on in silence would change what an operator relies on.
    warning: Option<&'static str>,
}

const RETIRED: [Retired; 2] = [
    Retired {
        key: "worker.sharding",
        warning: Some(
            "no longer used: workers of one `worker.consumer_group` share the blobs out between them, on any number \
             of machines",
        ),
    },
    Retired {
        key: "worker.processing",
        warning: None,
    },
];

/// Brings a document to the names of today; gives the warnings.
pub fn modernise(document: &mut Document) -> Vec<Problem> {
    for (old, new) in RENAMED.iter().chain(&EXTRACT_GROUPS) {
        document.rename(&KeyPath::dotted(old), &KeyPath::dotted(new));
    }
    let mut warnings = Vec::new();
    for retired in &RETIRED {
        let path = KeyPath::dotted(retired.key);
        let place = document.place(&path).unwrap_or(Place::File(document.path.clone()));
        let Some(value) = path.remove(&mut document.value) else {
            continue;
        };
        if let Some(warning) = retired.warning.filter(|_| says_something(&value)) {
            warnings.push(Problem::new(place, format!("`{path}` is {warning}")));
        }
    }
    warnings
}

/// A switched-off section, such as `sharding: {enabled: false, …}`, asks for nothing.
fn says_something(value: &Value) -> bool {
    let enabled = value.as_mapping().and_then(|section| section.get("enabled"));
    !value.is_null() && enabled.and_then(Value::as_bool) != Some(false)
}

/// The old names beside `parent`, for guesses at what a misspelled key means.
pub fn keys_under(parent: &KeyPath) -> impl Iterator<Item = &'static str> + use<> {
    let parent = parent.to_string();
    let renamed = RENAMED.iter().chain(&EXTRACT_GROUPS).map(|(old, _)| *old);
    renamed
        .chain(RETIRED.iter().map(|retired| retired.key))
        .filter_map(move |key| key.rsplit_once('.').filter(|(above, _)| *above == parent))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn old_keys_get_their_new_names() {
        for (old, new) in RENAMED.iter().chain(&EXTRACT_GROUPS) {
            let mut root = Value::Null;
            KeyPath::dotted(old).insert(&mut root, "x".into());
            let text = serde_yaml::to_string(&root).unwrap();
            let mut document = Document::parse(Path::new("f"), &text).unwrap();
            assert_eq!(modernise(&mut document), vec![], "{old}");
            assert_eq!(KeyPath::dotted(new).find(&document.value), Some(&"x".into()), "{old}");
            assert_eq!(KeyPath::dotted(old).find(&document.value), None, "{old}");
        }
    }

    #[test]
    fn only_switched_on_sharding_is_worth_a_warning() {
        for (yaml, warnings) in [
            ("worker:\n  sharding: {enabled: false, shards_count: 4}", vec![]),
            (
                "worker:\n  processing: {loop_interval: 5, line_buffer_size: 10}",
                vec![],
            ),
            ("worker:\n  sharding: {enabled: true, shards_count: 4}", vec!["f:2"]),
            ("kafka:\n\n  proxy_consumer_group: g", vec![]),
        ] {
            let mut document = Document::parse(Path::new("f"), yaml).unwrap();
            let told: Vec<String> = modernise(&mut document)
                .iter()
                .map(|warning| warning.place.to_string())
                .collect();
            assert_eq!(told, warnings, "{yaml}");
        }
    }
}
