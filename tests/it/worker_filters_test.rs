//! Which blobs a worker leaves alone: those that its filters hold back, and those of days whose states have expired.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::blobs::Blobs;
use crate::support::gz;
use crate::support::pipeline::{LIMIT, Pipeline, closed};
use crate::support::process::unique;
use crate::support::scene::{api_blob, expect_log_lines};
use crate::support::services::azurite;

/// Which blobs have a state, each as its environment, its day and its service.
fn begun(run: &Pipeline) -> BTreeSet<String> {
    let mut begun = BTreeSet::new();
    for record in run.kafka.read_committed(&run.topics.blob_state) {
        let state = record.json();
        let text = |field: &str| state[field].as_str().unwrap().to_owned();
        let day = text("blobName")["kubernetes/202506".len()..][..2].to_owned();
        begun.insert(format!("{} {day} {}", text("environment"), text("serviceSelector")));
    }
    begun
}

#[test]
fn filters_let_through_what_they_say() {
    let mut run = Pipeline::new();
    let other = Blobs::new();
    run.clp = run
        .clp
        .environment("cp3", "S1", other.container(), &azurite().endpoint());
    let mut events = Vec::new();
    for (environment, day, pod) in [
        ("P1", "20250605", "api-a"),
        ("P1", "20250606", "api-a"),
        ("P1", "20250607", "api-a"),
        ("P1", "20250606", "backoffice-a"),
        ("S1", "20250606", "api-b"),
        ("S1", "20250606", "api-special"),
    ] {
        let blob = gz::blob_name(day, pod, "platform");
        run.blobs.append(&blob, &gz::blob(0..3, 3));
        let selector = if pod.starts_with("api") { "api" } else { "backoffice" };
        let mut event = closed(&run.listed(&blob)).with("serviceSelector", selector);
        if environment == "S1" {
            other.append(&blob, &gz::blob(0..3, 3));
            event = event.of("cp3", "S1");
        }
        events.push(event);
    }
    run.tell(&events);
    // Held back by all filters at once; and the group is done with it.
    let nothing = unique("nothing");
    run.work(&["--group", &nothing, "--selector", "zookeeper"]);
    run.work(&["--group", &nothing]);
    assert_eq!(begun(&run), BTreeSet::new());

    let mut expected = BTreeSet::new();
    let mut expect = |run: &Pipeline, more: &[&str], add: &[&str]| {
        let group = unique("filtered");
        run.work(&[&["--group", &group], more].concat());
        expected.extend(add.iter().map(|&blob| blob.to_owned()));
        assert_eq!(begun(run), expected, "{more:?}");
    };
    expect(&run, &["--min-date", "2025-06-07"], &["P1 07 api"]);
    expect(&run, &["--max-date", "20250605"], &["P1 05 api"]);
    expect(&run, &["--selector", "^back"], &["P1 06 backoffice"]);
    expect(
        &run,
        &["--subscription", "cp3", "--selector", "api-special_"],
        &["S1 06 api"],
    );
    let run = run.configured(
        "worker.filters",
        json!({"min_date": "2025-06-01", "environments": ["P1"]}),
    );
    expect(&run, &[], &["P1 06 api"]);
    // A flag stands in the place of what is configured.
    let lines = || {
        let records = run.kafka.read_committed(&run.topics.raw_application);
        records
            .iter()
            .filter(|record| record.header("environment") == Some("S1"))
            .count()
    };
    assert_eq!(lines(), 3);
    expect(&run, &["--env", "cp3/S1"], &[]);
    assert_eq!(lines(), 6);
}

#[test]
fn a_worker_warns_of_members_with_other_filters() {
    let run = Pipeline::new();
    let first = run.worker(&[]);
    first.wait_for_stderr("states are restored", LIMIT);
    for (more, warns) in [(&[][..], false), (&["--selector", "api"], true)] {
        let outcome = run.work(more);
        assert_eq!(
            outcome.stderr.contains("have other filters"),
            warns,
            "{}",
            outcome.stderr
        );
    }
    first.signal("TERM");
    first.wait().success();
}

#[test]
fn a_blob_older_than_states_are_kept_is_taken_only_if_asked_for() {
    let run = Pipeline::new().configured("worker.filters", json!({}));
    let blob = api_blob("old");
    run.blobs.append(&blob, &gz::blob(0..30, 10));
    run.close(&blob);
    let outcome = run.work(&[]);
    assert!(
        outcome.stderr.contains("not ingested: nothing is known of it")
            && outcome
                .stderr
                .contains("workers with --min-date 20250606 take what is told from then on"),
        "{}",
        outcome.stderr
    );
    assert!(run.states().is_empty());
    run.assert_done_with(&blob);

    let again = unique("again");
    run.work(&["--group", &again, "--min-date", "2025-06-06"]);
    expect_log_lines(&run.lines()[&blob], 0..30);
    assert_eq!(run.state(&blob)["status"], "closed");

    // Such a state is not kept; and without it the blob is too old again.
    run.work(&[]);
    assert_eq!(run.states()[&blob], None);
    run.close(&blob);
    let outcome = run.work(&[]);
    assert!(outcome.stderr.contains("not ingested"), "{}", outcome.stderr);
    expect_log_lines(&run.lines()[&blob], 0..30);
    assert_eq!(run.states()[&blob], None);
}

#[test]
fn an_old_blob_that_is_not_finished_keeps_its_state() {
    let run = Pipeline::new();
    let blob = api_blob("old-open");
    run.blobs.append(&blob, &gz::blob(0..30, 10));
    run.observe(&blob);
    run.work(&[]);
    let run = run.configured("worker.filters", json!({}));
    run.blobs.append(&blob, &gz::blob(30..40, 10));
    run.close(&blob);
    run.work(&[]);
    expect_log_lines(&run.lines()[&blob], 0..40);
    let state: Value = run.state(&blob);
    assert_eq!(state["status"], "closed");
}
