//! `clp monitor --once`: what one scan tells, and that the next one knows what was told.

use serde_json::{Value, json};

use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::gz::{self, blob_name};
use crate::support::services::{self, kafka};
use crate::support::topics::{self, Topics};
use crate::support::watched::{DAY, Directory, api, listed, monitored, story, told};

const ONCE: [&str; 2] = ["monitor", "--once"];

#[test]
fn a_blob_is_told_when_it_is_new_when_it_has_changed_and_when_it_is_closed() {
    let topics = Topics::create(kafka());
    let directory = Directory::new(kafka(), &topics);
    let (quiet, busy) = (api("quiet"), api("busy"));
    directory.write(&quiet, 10, 5);
    directory.write(&busy, 10, 0);
    let scan = || directory.clp.run(ONCE).success();
    let stories = || [&quiet, &busy].map(|blob| story(kafka(), &topics, blob));
    let output = scan();
    assert_eq!(output.text(), "");
    assert!(
        output.stderr.contains("scanned environment=cp2/P1"),
        "{}",
        output.stderr
    );
    assert_eq!(stories(), ["observed 10, closed 10", "observed 10"]);
    // Each scan is a monitor of its own, that knows what those before it told.
    scan();
    assert_eq!(stories(), ["observed 10, closed 10", "observed 10"]);
    directory.write(&quiet, 25, 0);
    directory.write(&busy, 10, 3);
    scan();
    assert_eq!(
        stories(),
        [
            "observed 10, closed 10, observed 25",
            "observed 10, observed 10, closed 10"
        ]
    );
    directory.write(&quiet, 25, 2);
    // Shrunk: another blob of the same name.
    directory.write(&busy, 3, 0);
    scan();
    assert_eq!(
        stories(),
        [
            "observed 10, closed 10, observed 25, observed 25, closed 25",
            "observed 10, observed 10, closed 10, observed 3"
        ]
    );
}

#[test]
fn events_say_what_the_contract_says() {
    let topics = Topics::create(kafka());
    let directory = Directory::new(kafka(), &topics);
    let blob = api("0");
    directory.write(&blob, 10, 5);
    directory.write(&blob_name(DAY, "api-0", "sidecar"), 99, 5);
    directory.write(&blob_name("20250605", "api-0", "platform"), 99, 5);
    directory.clp.run(ONCE).success();
    let records = kafka().read_committed(&topics.blobs);
    let event = |kind: &str| {
        let found = records.iter().find(|record| record.key_text().contains(kind));
        found.unwrap_or_else(|| panic!("no {kind}")).json()
    };
    let with = |event: &Value, keys: &[&str]| {
        let mut event = event.clone();
        for key in keys {
            let time = event[key].take();
            assert!(time.as_str().is_some_and(|time| time.ends_with('Z')), "{key}: {time}");
        }
        event
    };
    let observed = event(":observed:");
    assert_eq!(
        with(&observed, &["observationDate", "lastModifiedDate", "creationDate"]),
        json!({"subscription": "cp2", "environment": "P1", "blobName": blob, "sizeInBytes": 10, "serviceSelector": "api",
            "observationDate": null, "lastModifiedDate": null, "creationDate": null})
    );
    let closed = event(":closed:");
    assert_eq!(closed["lastModifiedDate"], observed["lastModifiedDate"]);
    assert_eq!(
        with(&closed, &["closedDate", "lastModifiedDate"]),
        json!({"subscription": "cp2", "environment": "P1", "blobName": blob, "sizeInBytes": 10, "serviceSelector": "api",
            "timeoutMinutes": 1, "closedDate": null, "lastModifiedDate": null})
    );
    assert_eq!(told(kafka(), &topics).len(), 1, "what no selector matches is not told");
    let listed = listed(kafka(), &topics);
    assert_eq!(listed.len(), 7, "one for each service");
    assert_eq!(
        with(&listed["api-20250606"], &["listingStartTime", "listingEndTime"]),
        json!({"subscription": "cp2", "environment": "P1", "serviceSelector": "api", "date": "20250606",
            "blobCount": 1, "totalBytes": 10, "listingStartTime": null, "listingEndTime": null})
    );
    assert_eq!(listed["zookeeper-20250606"]["blobCount"], 0);
}

#[test]
fn states_stand_in_for_events_that_have_expired() {
    let topics = Topics::create(kafka());
    let directory = Directory::new(kafka(), &topics);
    let (whole, other) = (api("whole"), api("other"));
    directory.write_content(&whole, &gz::blob(0..10, 5), 0);
    directory.write_content(&other, &gz::blob(0..10, 5), 0);
    // Of this blob there is a state, and no event that a monitor told.
    directory.clp.run(["ingest", "--blob", &whole]).success();
    directory.clp.run(ONCE).success();
    assert_eq!(story(kafka(), &topics, &whole), "");
    assert!(story(kafka(), &topics, &other).starts_with("observed"));
    // Without the states, more is told, and nothing else goes wrong.
    topics::delete(kafka(), &topics.blob_state);
    let stderr = directory.clp.run(ONCE).success().stderr;
    assert!(
        stderr.contains("WARN") && stderr.contains("no topic of states"),
        "{stderr}"
    );
    assert!(story(kafka(), &topics, &whole).starts_with("observed"));
    assert_eq!(story(kafka(), &topics, &other).matches("observed").count(), 1);
}

#[test]
fn a_dry_run_prints_the_events_and_needs_no_kafka() {
    let nowhere = Topics::names(kafka());
    let directory = Directory::new(kafka(), &nowhere);
    let clp = directory
        .clp
        .args(ONCE.into_iter().chain(["--dry-run", "--brokers", "127.0.0.1:1"]));
    let blob = api("0");
    directory.write(&blob, 10, 5);
    let events = clp.run().success().json_lines();
    let kinds = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    assert_eq!(
        [
            kinds("BlobObserved"),
            kinds("BlobClosed"),
            kinds("BlobsListed"),
            events.len()
        ],
        [1, 1, 7, 9]
    );
    let of_blob: Vec<&Value> = events.iter().filter(|event| event["blobName"] == *blob).collect();
    assert_eq!(
        (&of_blob[0]["event"], &of_blob[1]["event"]),
        (&json!("BlobObserved"), &json!("BlobClosed"))
    );
}

#[test]
fn days_and_environments_can_be_named() {
    let (topics, blobs) = (Topics::names(kafka()), Blobs::new());
    let today = Clp::new(kafka(), &blobs, &topics)
        .environment("cp2", "D1", blobs.container(), &services::azurite().endpoint())
        .set("global.timezone", "UTC");
    let scanned = |args: &[&str]| {
        let all = ["monitor", "--once", "--dry-run"]
            .into_iter()
            .chain(args.iter().copied());
        let events = today.run(all).success().json_lines();
        let mut of_api: Vec<String> = events
            .iter()
            .filter(|event| event["serviceSelector"] == "api")
            .map(|event| {
                format!(
                    "{} {}",
                    event["environment"].as_str().unwrap(),
                    event["date"].as_str().unwrap()
                )
            })
            .collect();
        of_api.sort();
        of_api.join(", ")
    };
    assert_eq!(scanned(&["--date", "2025-06-01"]), "D1 20250601, P1 20250601");
    assert_eq!(scanned(&["--date", "20250601", "--env", "D1"]), "D1 20250601");
    assert_eq!(
        scanned(&["--date", "20250601", "--env", "cp2/D1", "--env", "P1"]),
        "D1 20250601, P1 20250601"
    );
    // Today and three days before; within an hour after midnight they are no more.
    assert_eq!(scanned(&["--days-back", "3", "-e", "P1"]).matches("P1").count(), 4);
}

#[test]
fn storage_is_asked_for_the_pods_of_the_day_only() {
    let (topics, blobs) = (Topics::names(kafka()), Blobs::new());
    let clp = monitored(Clp::new(kafka(), &blobs, &topics)).set(
        "environments",
        json!([{"subscription": "cp2", "environment": "P1", "selectors": ["api-service", "solr", "api"]}]),
    );
    for pod in ["api-0", "apache2-igc-0", "solr-0"] {
        blobs.append(&blob_name(DAY, pod, "platform"), b"x");
    }
    let events = clp.run(["monitor", "--once", "--dry-run"]).success().json_lines();
    let selectors: Vec<&Value> = events
        .iter()
        .filter(|event| event["event"] == "BlobObserved")
        .map(|event| &event["serviceSelector"])
        .collect();
    assert_eq!(selectors, ["api", "solr"]);
    let requests = services::azurite().requests(&format!("{}?", blobs.container()));
    let lists: Vec<&String> = requests.iter().filter(|line| line.contains("comp=list")).collect();
    assert_eq!(lists.len(), 2, "{lists:?}");
    for (list, prefix) in lists.iter().zip(["20250606.api-", "20250606.solr"]) {
        let prefix = format!("prefix=kubernetes%2F{prefix}");
        assert!(
            list.contains(&format!("{prefix}&")) || list.contains(&format!("{prefix} ")),
            "{list}"
        );
    }
}
