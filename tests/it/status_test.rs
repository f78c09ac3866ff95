//! `clp status`: storage and Kafka side by side.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::gz;
use crate::support::records::Record;
use crate::support::running::Outcome;
use crate::support::scene::{Scene, api_blob};
use crate::support::services::{azurite, kafka};

const LIMIT: Duration = Duration::from_secs(30);

fn status(clp: &Clp, more: &[&str]) -> Outcome {
    let args = ["status", "--format", "json"];
    clp.run(args.into_iter().chain(more.iter().copied()))
}

fn of(rows: &[Value], blob: &str) -> Value {
    let row = rows.iter().find(|row| row["blob"] == blob);
    row.unwrap_or_else(|| panic!("{blob} is not in {rows:?}")).clone()
}

/// Writes a blob's last state again, changed.
fn change_state(scene: &Scene, blob: &str, changes: &Value) {
    let states = kafka().read_committed(&scene.topics.blob_state);
    let key = format!("cp2:P1:{blob}");
    let last: &Record = states.iter().rfind(|state| state.key_text() == key).unwrap();
    let mut state = last.json();
    for (field, value) in changes.as_object().unwrap() {
        state[field] = value.clone();
    }
    let changed = Record {
        value: Some(state.to_string().into_bytes()),
        ..last.clone()
    };
    kafka().append(&scene.topics.blob_state, &[changed]);
}

#[test]
fn each_blob_is_shown_with_what_storage_and_kafka_know() {
    let scene = Scene::new();
    let [done, grown, new, gone] = ["done", "grown", "new", "gone"].map(api_blob);
    let first = gz::blob(0..30, 10);
    for blob in [&done, &grown, &gone] {
        scene.blobs.append(blob, &first);
        scene.summary(blob, &[]);
    }
    change_state(&scene, &done, &json!({"status": "closed"}));
    let more = gz::blob(30..60, 10);
    scene.blobs.append(&grown, &more);
    scene.blobs.append(&new, &more);
    scene.blobs.delete(&gone);
    // Kept for another topic, and of no service: neither is a blob to be shown.
    scene
        .blobs
        .append(&gz::blob_name("20250606", "api-x", "sidecar"), &more);

    let outcome = status(&scene.clp, &["--date", "2025-06-06"]).success();
    let rows = outcome.json_lines();
    assert_eq!(rows.len(), 4, "{rows:?}");
    let size = first.len();
    for (blob, status, size, ingested, lines, in_storage) in [
        (&done, "closed", size, size, 30, true),
        (&grown, "open", size + more.len(), size, 30, true),
        (&new, "new", more.len(), 0, 0, true),
        (&gone, "open", size, size, 30, false),
    ] {
        let row = of(&rows, blob);
        assert_eq!(row["status"], status, "{row}");
        assert_eq!(
            (&row["size"], &row["ingested"]),
            (&json!(size), &json!(ingested)),
            "{row}"
        );
        assert_eq!(row["lag_bytes"], size - ingested, "{row}");
        assert_eq!(
            (&row["lines"], &row["in_storage"]),
            (&json!(lines), &json!(in_storage)),
            "{row}"
        );
        assert_eq!(row["service"], "api");
        assert_eq!(row["last_processed"].is_null(), status == "new", "{row}");
        assert!(row.get("last_error").is_none(), "{row}");
    }
    let lag = 2 * more.len();
    let said = format!("({lag} bytes), 3 open, 90 lines\n");
    assert!(
        outcome.stderr.starts_with("cp2/P1 api: 4 blobs, "),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains(&said), "{}", outcome.stderr);

    // By themselves states of all days count, but storage is asked for the monitor's days only.
    let rows = status(&scene.clp, &[]).success().json_lines();
    assert_eq!(rows.len(), 3);
    assert_eq!(of(&rows, &grown)["in_storage"], Value::Null);
    assert_eq!(of(&rows, &grown)["size"], size);
    assert!(status(&scene.clp, &["--service", "jsapps"]).success().text().is_empty());
    assert!(status(&scene.clp, &["--date", "20250607"]).success().text().is_empty());

    let table = scene.clp.run(["status", "--date", "20250606"]).success().text();
    let row = table.lines().find(|line| line.contains(&grown)).unwrap();
    let cells: Vec<&str> = row.split_ascii_whitespace().collect();
    assert_eq!(cells[..2], ["cp2/P1", "api"]);
    assert_eq!(cells[3], (size + more.len()).to_string());
    assert_eq!(cells[5..8], [more.len().to_string().as_str(), "30", "open"]);
}

#[test]
fn a_blob_with_an_error_is_shown_with_it() {
    let scene = Scene::new();
    let [bad, shrunk] = ["bad", "shrunk"].map(api_blob);
    for blob in [&bad, &shrunk] {
        scene.blobs.append(blob, &gz::blob(0..30, 10));
        scene.summary(blob, &[]);
    }
    change_state(
        &scene,
        &bad,
        &json!({"lastError": "corrupt member at 7", "skippedBytes": 12}),
    );
    change_state(&scene, &shrunk, &json!({"lastIngestedOffset": 1_000_000}));
    let outcome = status(&scene.clp, &["--date", "20250606"]).expect_code(7);
    let row = of(&outcome.json_lines(), &bad);
    assert_eq!(
        (&row["last_error"], &row["skipped_bytes"]),
        (&json!("corrupt member at 7"), &json!(12))
    );
    let row = of(&outcome.json_lines(), &shrunk);
    assert!(
        row["last_error"].as_str().unwrap().contains("fewer than were ingested"),
        "{row}"
    );
    assert!(outcome.stderr.contains(", 2 with errors\n"), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("error: 2 blobs have errors\n"),
        "{}",
        outcome.stderr
    );
    let table = scene.clp.run(["status", "--date", "20250606"]).expect_code(7).text();
    assert!(
        table.contains("LAST ERROR") && table.contains("corrupt member at 7"),
        "{table}"
    );
}

#[test]
fn without_storage_it_shows_what_kafka_knows_and_without_kafka_nothing() {
    let scene = Scene::new();
    let blob = api_blob("known");
    scene.blobs.append(&blob, &gz::blob(0..30, 10));
    scene.summary(&blob, &[]);
    let other = Blobs::new();
    let clp = Clp::new(kafka(), &other, &scene.topics)
        .storage("no-such-container", &azurite().endpoint())
        .environment("cp2", "S1", other.container(), &azurite().endpoint());
    for (more, rows) in [(&["--env", "P1"][..], 1), (&[], 1), (&["--env", "S1"], 0)] {
        let outcome = status(&clp, more);
        let outcome = outcome.expect_code(if more.last() == Some(&"S1") { 0 } else { 7 });
        let found = outcome.json_lines();
        assert_eq!(found.len(), rows, "{more:?}");
        if rows > 0 {
            assert_eq!(
                (&found[0]["lines"], &found[0]["in_storage"]),
                (&json!(30), &Value::Null)
            );
            for said in [
                "error: environment cp2/P1: container no-such-container of account",
                "error: storage of cp2/P1 was not seen; what Kafka knows of it is shown\n",
            ] {
                assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
            }
        }
    }
    let no_kafka = status(&scene.clp, &["--brokers", "127.0.0.1:1"]).expect_code(4);
    assert!(no_kafka.text().is_empty());
    assert!(
        no_kafka.stderr.contains("127.0.0.1:1 did not answer"),
        "{}",
        no_kafka.stderr
    );
    assert!(no_kafka.took < Duration::from_secs(20), "{:?}", no_kafka.took);
}

#[test]
fn watching_shows_it_again_until_it_is_interrupted() {
    let scene = Scene::new();
    let blob = api_blob("watched");
    scene.blobs.append(&blob, &gz::blob(0..30, 10));
    let running = scene
        .clp
        .spawn(["status", "--date", "20250606", "--format", "json", "--watch", "1"]);
    running.wait_for_stdout(r#""status":"new""#, LIMIT);
    scene.summary(&blob, &[]);
    running.wait_for_stdout(r#"(?s)"status":"new".*"lines":30,"status":"open""#, LIMIT);
    running.signal("INT");
    running.wait().success();
}
