//! The log, hints and errors on standard error: text for people, or with `--log-format json` one JSON object a line.

use jiff::Timestamp;
use serde_json::Value;

use crate::support::clp::Clp;
use crate::support::gz;
use crate::support::running::Outcome;
use crate::support::scene::{Scene, api_blob};

/// Every line, with what all of them have.
#[track_caller]
fn events(outcome: &Outcome) -> Vec<Value> {
    assert!(!outcome.stderr.contains('\u{1b}'), "colour in {}", outcome.stderr);
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}"));
    let events: Vec<Value> = outcome.stderr.lines().map(parse).collect();
    for event in &events {
        let timestamp = event["timestamp"].as_str().unwrap();
        assert!(
            timestamp.ends_with('Z') && timestamp.parse::<Timestamp>().is_ok(),
            "{event}"
        );
        assert!(event["level"].is_string() && event["target"].is_string(), "{event}");
        assert!(!event["message"].as_str().unwrap().is_empty(), "{event}");
    }
    events
}

#[test]
fn as_json_all_of_standard_error_is_json() {
    let scene = Scene::new();
    let blob = api_blob("json");
    let member = gz::member(b"one\ntwo\n");
    scene
        .blobs
        .append(&blob, &[&member[..], &gz::member(b"three\n")].concat());

    let good = scene
        .clp
        .run(["--log-format", "json", "--color", "always", "ingest", "--blob", &blob])
        .success();
    let told = events(&good);
    let ingesting = told.iter().find(|event| event["message"] == "ingesting").unwrap();
    assert_eq!(ingesting["level"], "INFO");
    assert_eq!(ingesting["blob"], blob.as_str());
    assert_eq!(ingesting["from"], 0);

    let totals = scene.clp.run(["--log-format", "json", "list-blobs"]).success();
    let told = events(&totals);
    assert!(told[0]["message"].as_str().unwrap().starts_with("1 blob,"), "{told:?}");

    let wrong = scene.clp.run([
        "--log-format",
        "json",
        "-qq",
        "ingest",
        "--blob",
        &blob,
        "--start-offset",
        "5",
    ]);
    let told = events(&wrong.expect_code(6));
    let [error] = &told[..] else { panic!("{told:?}") };
    assert_eq!(error["level"], "ERROR");
    assert!(
        error["message"].as_str().unwrap().contains("offset 5 is not the start"),
        "{error}"
    );
    assert!(error["hint"].as_str().unwrap().contains("--align next"), "{error}");
}

#[test]
fn filters_that_can_not_be_read_are_told_and_an_empty_variable_is_none() {
    let log = |filters: &str| {
        let outcome = Clp::bare().args(["completions", "bash"]).env("CLP_LOG", filters).run();
        outcome.success().stderr
    };
    let told = log("clp=loud");
    assert!(told.contains("WARN CLP_LOG does not count: "), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert_eq!(log(""), "");
    assert_eq!(log("clp=debug"), "");
}

#[test]
fn services_log_at_the_configured_level_unless_flags_say_otherwise() {
    let scene = Scene::new();
    let clp = scene.clp.set("monitoring.log_level", "warn");
    let scan = |more: &[&str]| {
        let args = more.iter().copied().chain(["monitor", "--once", "--dry-run"]);
        clp.run(args).success().stderr
    };
    assert!(!scan(&[]).contains("scanned"));
    assert!(scan(&["-v"]).contains("scanned"));
}
