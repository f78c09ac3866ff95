//! What a worker does about blobs that cannot be read, or not wholly: it says so in their state, tries again where that
//! may help, and goes on with all others.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::azurite::ACCESS_KEY;
use crate::support::blobs::{Blobs, Listed};
use crate::support::faults::Direction;
use crate::support::gz;
use crate::support::pipeline::{Event, LIMIT, Pipeline, closed, observed};
use crate::support::process::wait_for;
use crate::support::scene::{api_blob, bytes_of, expect_log_lines};
use crate::support::services::azurite;

/// Well below the half minute after which a blob is tried again that failed for itself.
const AT_ONCE: Duration = Duration::from_secs(20);

fn error_of(state: &Value) -> &str {
    state["lastError"].as_str().unwrap_or_default()
}

/// Lines in the application topic by environment and blob.
fn counts(run: &Pipeline) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for record in run.kafka.read_committed(&run.topics.raw_application) {
        let environment = record.header("environment").unwrap().to_owned();
        let blob = record.key_text().splitn(4, ':').nth(3).unwrap().to_owned();
        *counts.entry((environment, format!("kubernetes/{blob}"))).or_default() += 1;
    }
    counts
}

/// Deletes the blob and writes it anew, so that its last write is later than before, in storage's whole seconds.
fn replace(run: &Pipeline, blob: &str, bytes: &[u8]) {
    let before = run.listed(blob).last_modified;
    wait_for("a later write", Duration::from_secs(5), || {
        run.blobs.delete(blob);
        run.blobs.append(blob, bytes);
        (run.listed(blob).last_modified != before).then_some(())
    });
}

#[test]
fn a_vanished_blob_is_recorded_and_taken_once_it_is_back() {
    let run = Pipeline::new();
    let (gone, good) = (api_blob("gone"), api_blob("good"));
    for blob in [&gone, &good] {
        run.blobs.append(blob, &gz::blob(0..30, 10));
        run.observe(blob);
    }
    run.blobs.delete(&gone);
    run.work(&[]);
    let state = run.state(&gone);
    assert!(error_of(&state).contains(&gone), "{state}");
    assert_eq!(
        (&state["status"], &state["lastIngestedOffset"]),
        (&json!("open"), &json!(0))
    );
    run.assert_done_with(&gone);
    expect_log_lines(&run.lines()[&good], 0..30);

    run.blobs.append(&gone, &gz::blob(0..40, 10));
    run.observe(&gone);
    run.work(&[]);
    expect_log_lines(&run.lines()[&gone], 0..40);
    assert_eq!(error_of(&run.state(&gone)), "");
}

#[test]
fn an_environment_with_a_wrong_key_holds_up_no_other_and_catches_up_once_the_key_is_right() {
    const KEY: &str = "subscriptions.cp2.environments.S1.storage_account.access_key";
    let mut run = Pipeline::new();
    let other = Blobs::new();
    run.clp = run
        .clp
        .environment("cp2", "S1", other.container(), &azurite().endpoint());
    run = run.configured(KEY, "d3Jvbmc=");
    let names: Vec<String> = (0..12).map(|n| api_blob(&format!("both-{n}"))).collect();
    let bytes = gz::blob(0..30, 10);
    run.blobs.fill(&names, &bytes);
    other.fill(&names, &bytes);
    let events = |environment| {
        let event = |name: &String| closed(&run.listed(name)).of("cp2", environment);
        names.iter().map(event).collect::<Vec<Event>>()
    };
    run.tell(&events("S1"));
    run.tell(&events("P1"));
    // It is tried every second. That keeps nobody at work, and nothing is written that is known.
    let outcome = run.worker(&["--until-idle", "4"]).wait().success();
    let written = run.kafka.read_committed(&run.topics.blob_state);
    let keys = written
        .iter()
        .map(|record| record.key_text())
        .filter(|key| key.contains(":S1:"));
    let (count, keys) = (keys.clone().count(), keys.collect::<BTreeSet<_>>());
    assert_eq!(count, keys.len());
    let expected = |environment: &str| {
        let count = |name: &String| ((environment.to_owned(), name.clone()), 30);
        names.iter().map(count).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(counts(&run), expected("P1"));
    let failed: Vec<Value> = states_of(&run, "S1");
    assert!(!failed.is_empty());
    for state in &failed {
        assert!(
            error_of(state).contains("AuthenticationFailed") || error_of(state).contains("403"),
            "{state}"
        );
    }
    assert!(!outcome.stderr.contains("d3Jvbmc="), "{}", outcome.stderr);

    let run = run.configured(KEY, ACCESS_KEY);
    run.work(&[]);
    let mut both = expected("P1");
    both.extend(expected("S1"));
    assert_eq!(counts(&run), both);
    let states = states_of(&run, "S1");
    assert_eq!(states.len(), names.len());
    for state in states {
        assert_eq!((error_of(&state), &state["status"]), ("", &json!("closed")), "{state}");
    }
}

/// The last states of an environment's blobs.
fn states_of(run: &Pipeline, environment: &str) -> Vec<Value> {
    let mut last = BTreeMap::new();
    for record in run.kafka.read_committed(&run.topics.blob_state) {
        last.insert(record.key_text().to_owned(), record.json());
    }
    let is_wanted = |state: &Value| state["environment"] == environment;
    last.into_values().filter(is_wanted).collect()
}

#[test]
fn storage_that_was_away_is_taken_up_at_once() {
    let run = Pipeline::new().configured("storage.range_bytes", 64 << 10);
    let names: Vec<String> = (0..12).map(|n| api_blob(&format!("away-{n}"))).collect();
    run.blobs.fill(&names, &gz::blob(0..300, 50));
    run.storage.refuse();
    run.tell(&names.iter().map(|name| closed(&run.listed(name))).collect::<Vec<_>>());
    let worker = run.worker(&[]);
    worker.wait_for_stderr("the blob can not be read now", LIMIT);
    wait_for("a state with the error", LIMIT, || {
        (!run.states().is_empty()).then_some(())
    });
    run.storage.accept();
    let all_there = || {
        let states = run.states();
        let is_done = |state: &Option<Value>| {
            state
                .as_ref()
                .is_some_and(|state| state["status"] == "closed" && error_of(state).is_empty())
        };
        (states.len() == names.len() && states.values().all(is_done)).then_some(())
    };
    wait_for("all blobs", AT_ONCE, all_there);

    // And once more, in the middle of a blob.
    let large = api_blob("broken-off");
    run.blobs.append(&large, &gz::blob(0..3_000, 20));
    let cuts = run.storage.cuts();
    run.storage.cut_after(Direction::Down, 100_000);
    run.close(&large);
    wait_for("all of the large blob", AT_ONCE, || {
        let state = run.states().remove(&large)??;
        (state["status"] == "closed" && error_of(&state).is_empty()).then_some(())
    });
    assert!(run.storage.cuts() > cuts);
    worker.signal("TERM");
    worker.wait().success();
    let lines = run.lines();
    expect_log_lines(&lines[&large], 0..3_000);
    for name in &names {
        expect_log_lines(&lines[name], 0..300);
    }
}

#[test]
fn a_corrupt_member_is_passed_over_and_told() {
    let run = Pipeline::new();
    let blob = api_blob("corrupt");
    let first = gz::blob(0..30, 10);
    let mut damaged = gz::blob(30..40, 10);
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8].fill(0xff);
    run.blobs
        .append(&blob, &[&first[..], &damaged, &gz::blob(40..60, 10)].concat());
    run.observe(&blob);
    run.work(&[]);
    let (from, to) = (first.len(), first.len() + damaged.len());
    let expected: Vec<String> = (0..30).chain(40..60).map(gz::log_line).collect();
    let expected: Vec<&[u8]> = expected.iter().map(String::as_bytes).collect();
    assert!(bytes_of(&run.lines()[&blob]) == expected);

    let errors = run.kafka.read_committed(&run.topics.errors);
    let [error] = errors.as_slice() else {
        panic!("{} records of errors", errors.len());
    };
    assert_eq!(error.key_text(), format!("cp2:P1:{blob}"));
    let told = error.json();
    assert_eq!(
        (&told["blob"], &told["from"], &told["to"]),
        (&json!(blob), &json!(from), &json!(to))
    );
    assert!(!told["reason"].as_str().unwrap().is_empty(), "{told}");
    for (name, value) in [("service", "api"), ("environment", "P1"), ("subscription", "cp2")] {
        assert_eq!(error.header(name), Some(value));
    }
    let is_told = |state: &Value| {
        assert_eq!(state["skippedBytes"], damaged.len(), "{state}");
        assert!(error_of(state).contains("corrupt"), "{state}");
    };
    is_told(&run.state(&blob));

    // It stays so when all is well behind it, and nothing is told twice.
    run.blobs.append(&blob, &gz::blob(60..70, 10));
    run.close(&blob);
    run.work(&[]);
    assert_eq!(run.lines()[&blob].len(), 60);
    let state = run.state(&blob);
    is_told(&state);
    assert_eq!(
        (&state["status"], &state["lastIngestedOffset"]),
        (&json!("closed"), &state["sizeInBytes"])
    );
    assert_eq!(run.kafka.read_committed(&run.topics.errors).len(), 1);
    let status = run.clp.run(["status", "--date", "20250606"]).expect_code(7);
    assert!(status.text().contains("corrupt"), "{}", status.text());
}

#[test]
fn a_torn_tail_waits_while_the_blob_is_open_and_is_an_error_once_it_is_closed() {
    let run = Pipeline::new();
    let (open, shut) = (api_blob("torn-open"), api_blob("torn-closed"));
    let (whole, torn) = (gz::blob(0..30, 10), gz::blob(30..40, 10));
    let (head, rest) = torn.split_at(torn.len() / 2);
    for blob in [&open, &shut] {
        run.blobs.append(blob, &[&whole[..], head].concat());
        run.observe(blob);
    }
    run.close(&shut);
    run.work(&[]);
    for (blob, status, error) in [
        (&open, "open", String::new()),
        (
            &shut,
            "closed",
            format!("its last {} bytes are no complete gzip member", head.len()),
        ),
    ] {
        expect_log_lines(&run.lines()[blob], 0..30);
        let state = run.state(blob);
        assert_eq!(
            (&state["lastIngestedOffset"], &state["status"]),
            (&json!(whole.len()), &json!(status))
        );
        assert!(error_of(&state).starts_with(&error), "{state}");
        assert_eq!(error_of(&state).is_empty(), error.is_empty(), "{state}");
    }

    for blob in [&open, &shut] {
        run.blobs.append(blob, rest);
        run.observe(blob);
    }
    run.work(&[]);
    for blob in [&open, &shut] {
        expect_log_lines(&run.lines()[blob], 0..40);
        assert_eq!(error_of(&run.state(blob)), "");
    }
}

#[test]
fn a_blob_that_is_shorter_than_told_is_an_error() {
    let run = Pipeline::new();
    let (replaced, short) = (api_blob("replaced"), api_blob("short"));
    for blob in [&replaced, &short] {
        run.blobs.append(blob, &gz::blob(0..30, 10));
    }
    let Listed { size, .. } = run.listed(&short);
    run.observe(&replaced);
    run.tell(&[observed(&Listed {
        size: size + 500,
        ..run.listed(&short)
    })]);
    run.work(&[]);
    let state = run.state(&short);
    let said = format!(
        "nothing follows offset {size}, though it was listed with {} bytes",
        size + 500
    );
    assert_eq!(error_of(&state), said);
    assert_eq!(state["lastIngestedOffset"], size);
    assert_eq!(error_of(&run.state(&replaced)), "");

    replace(&run, &replaced, &gz::blob(0..10, 10));
    run.observe(&replaced);
    // Written since, and now as long as it was told to be, or longer.
    run.blobs.append(&short, &gz::blob(30..40, 10));
    run.observe(&short);
    run.work(&[]);
    let state = run.state(&replaced);
    assert!(
        error_of(&state).contains("less than what was ingested of it"),
        "{state}"
    );
    assert_eq!(error_of(&run.state(&short)), "");
    expect_log_lines(&run.lines()[&replaced], 0..30);
    expect_log_lines(&run.lines()[&short], 0..40);
}

#[test]
fn a_blob_of_the_same_name_is_not_taken_for_the_rest_of_the_one_that_was_ingested() {
    let run = Pipeline::new();
    let (moved, replaced) = (api_blob("moved"), api_blob("replaced"));
    let bytes = gz::blob(0..30, 10);
    for blob in [&moved, &replaced] {
        run.blobs.append(blob, &bytes);
        run.observe(blob);
    }
    run.work(&[]);
    let created = run.state(&replaced)["creationDate"].clone();

    // A copy goes on where the first one ended. Of the other, no member starts there.
    replace(&run, &moved, &[&bytes[..], &gz::blob(30..40, 10)].concat());
    replace(&run, &replaced, &gz::blob(100..200, 7));
    run.observe(&moved);
    run.observe(&replaced);
    run.work(&[]);
    let is_told = || {
        let state = run.state(&replaced);
        assert!(error_of(&state).contains("created anew at 20"), "{state}");
        assert_eq!(
            (&state["lastIngestedOffset"], &state["creationDate"]),
            (&json!(bytes.len()), &created)
        );
    };
    is_told();
    assert_eq!(error_of(&run.state(&moved)), "");
    expect_log_lines(&run.lines()[&moved], 0..40);

    // An event that does not know of it changes nothing, and neither does a restart.
    run.close(&replaced);
    run.work(&[]);
    is_told();
    expect_log_lines(&run.lines()[&replaced], 0..30);
    assert_eq!(run.kafka.read_committed(&run.topics.errors), []);
}

#[test]
fn events_that_ask_for_nothing_are_passed_over() {
    let run = Pipeline::new();
    let (good, foreign) = (api_blob("good"), api_blob("foreign"));
    run.blobs.append(&good, &gz::blob(0..30, 10));
    let event = observed(&run.listed(&good));
    let odd = |key: &str, value: Value| Event {
        blob: good.clone(),
        key: key.to_owned(),
        value,
    };
    run.tell(&[
        odd(&event.key, json!("no event")),
        odd(&event.key, json!({"blobName": good})),
        odd("cp2:P1:deleted:20250606.of-a-later-version", json!({"blobName": good})),
        odd("odd", json!(7)),
        odd("cp2:P1:offset0-completion:x.gz", json!({"blobName": "kubernetes/x.gz"})),
        odd("cp2:P1:listed:api-20250606", json!({})),
        // Of an environment that this worker does not know.
        Event {
            blob: foreign.clone(),
            ..event.clone().with("blobName", foreign.as_str()).of("cp9", "X1")
        },
        // A name that no blob can have holds up nobody of its environment.
        event.clone().with("blobName", ""),
        event,
    ]);
    let outcome = run.work(&[]);
    assert_eq!(outcome.stderr.matches("passed over").count(), 2, "{}", outcome.stderr);
    expect_log_lines(&run.lines()[&good], 0..30);
    let state = run.state(&foreign);
    assert_eq!(
        (&state["subscription"], &state["environment"]),
        (&json!("cp9"), &json!("X1"))
    );
    assert!(
        error_of(&state).contains("cp9/X1 is not in the configuration"),
        "{state}"
    );
    run.assert_done_with(&good);
    run.assert_done_with(&foreign);
}
