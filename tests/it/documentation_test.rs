//! The reference of topics and events names all that clp writes, and links lead somewhere.

use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;

use clp::config::Topics;
use clp::domain::event::{BlobClosed, BlobCompletion, BlobObserved, BlobState, BlobStatus, BlobsListed, to_json};

use crate::support::tools::{files, repository, text_of};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// Each event with every field that it can have.
fn events() -> [(&'static str, Value); 5] {
    let text = || "x".to_owned();
    let value = |event: Vec<u8>| serde_json::from_slice(&event).unwrap();
    let observed = BlobObserved {
        subscription: text(),
        environment: text(),
        blob_name: text(),
        observation_date: NOW,
        size_in_bytes: 1,
        last_modified_date: NOW,
        creation_date: Some(NOW),
        service_selector: text(),
    };
    let listed = BlobsListed {
        subscription: text(),
        environment: text(),
        service_selector: text(),
        date: "20250606".parse().unwrap(),
        listing_start_time: NOW,
        listing_end_time: NOW,
        blob_count: 1,
        total_bytes: 1,
    };
    let closed = BlobClosed {
        subscription: text(),
        environment: text(),
        blob_name: text(),
        service_selector: text(),
        last_modified_date: NOW,
        closed_date: NOW,
        size_in_bytes: 1,
        timeout_minutes: 5,
    };
    let completion = BlobCompletion {
        blob_name: text(),
        processed_from_offset: 1,
        processed_to_end_offset: 1,
        lines_sent: 1,
        subscription: text(),
        environment: text(),
        processed_date: NOW,
    };
    let state = BlobState {
        subscription: text(),
        environment: text(),
        blob_name: text(),
        status: BlobStatus::Open,
        last_updated: NOW,
        size_in_bytes: 1,
        last_modified_date: NOW,
        service_selector: text(),
        last_ingested_offset: 1,
        checkpoint_lines: 1,
        total_lines_ingested: 1,
        creation_date: Some(NOW),
        last_processed_date: Some(NOW),
        first_observed_date: NOW,
        last_observed_date: NOW,
        last_error: Some(text()),
        skipped_bytes: 1,
        unterminated_at: Some(1),
    };
    [
        ("BlobObserved", value(to_json(&observed))),
        ("BlobsListed", value(to_json(&listed))),
        ("BlobClosed", value(to_json(&closed))),
        ("BlobCompletion", value(to_json(&completion))),
        ("BlobState", value(to_json(&state))),
    ]
}

/// The text below the heading with this title, up to the next one of any level.
fn section<'a>(text: &'a str, title: &str) -> &'a str {
    let (_, rest) = text
        .split_once(&format!("# {title}\n"))
        .unwrap_or_else(|| panic!("no section {title}"));
    rest.split("\n#").next().unwrap()
}

#[test]
fn the_reference_names_every_field_and_no_other() {
    let reference = text_of("docs/events-and-topics.md");
    let row = Regex::new(r"(?m)^\| `([A-Za-z_]+)`").unwrap();
    for (name, event) in events() {
        let mut told: Vec<&str> = row
            .captures_iter(section(&reference, name))
            .map(|found| found.extract::<1>().1[0])
            .collect();
        let mut fields: Vec<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
        told.sort_unstable();
        fields.sort_unstable();
        assert_eq!(told, fields, "{name}");
    }
    for (_, topic) in Topics::default().all() {
        assert!(reference.contains(&format!("`{topic}`")), "{topic}");
    }
}

#[test]
fn examples_of_json_are_json() {
    for file in files("docs", ".md") {
        for block in text_of(&file).split("```json\n").skip(1) {
            let block = block.split("```").next().unwrap();
            for line in block.lines() {
                serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{file}: {e}: {line}"));
            }
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let anchor = |title: &str| -> String {
        let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
    };
    let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned);
    for file in top.into_iter().chain(files("docs", ".md")) {
        let text = text_of(&file);
        let directory = file.rsplit_once('/').map_or("", |(directory, _)| directory);
        for found in link.captures_iter(&text) {
            let target = &found[1];
            if target.contains("://") {
                continue;
            }
            let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
            let linked = match path {
                "" => repository().join(&file),
                path => repository().join(directory).join(path),
            };
            assert!(linked.exists(), "{file}: {target}");
            if !fragment.is_empty() {
                let there = std::fs::read_to_string(&linked).unwrap();
                let titles = there.lines().filter(|line| line.starts_with('#'));
                let mut anchors = titles.map(|line| anchor(line.trim_start_matches('#')));
                assert!(anchors.any(|anchor| anchor == fragment), "{file}: {target}");
            }
        }
    }
}
