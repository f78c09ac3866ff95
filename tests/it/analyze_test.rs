//! `clp analyze-logs` of local files and of blobs: what is counted, and what happens to what cannot be read.

use std::fs;

use serde_json::Value;

use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::gz;
use crate::support::running::Outcome;
use crate::support::services::azurite;

const LINES: u64 = 5000;

fn analyse(clp: &Clp, args: &[&str]) -> Outcome {
    let args = ["analyze-logs", "--format", "json"]
        .into_iter()
        .chain(args.iter().copied());
    clp.run(args)
}

fn report(clp: &Clp, args: &[&str]) -> Value {
    let mut lines = analyse(clp, args).success().json_lines();
    assert_eq!(lines.len(), 1, "one object");
    lines.remove(0)
}

/// Without what tells where the lines came from.
fn counts(mut report: Value) -> Value {
    report["about"].take();
    report["services"].take();
    report["pods"].take();
    report["exceptions"].take();
    report["problem_patterns"].take();
    report
}

/// A clp with the lines of a platform's pod as a file of each kind.
fn with_files() -> (Clp, String) {
    let clp = Clp::bare();
    let blob = gz::blob(0..LINES, 300);
    let text: String = (0..LINES).map(|index| gz::log_line(index) + "\n").collect();
    let name = gz::blob_name("20250606", "api-674b9bdb88-vm775", "platform");
    let name = name.strip_prefix("kubernetes/").unwrap().to_owned();
    fs::write(clp.home().join(&name), blob).unwrap();
    fs::write(clp.home().join("plain.log"), text).unwrap();
    (clp, name)
}

/// What the lines say, counted here from the lines alone.
fn expected(key: &str, of: fn(&Value) -> Option<String>) -> serde_json::Map<String, Value> {
    let mut counts = serde_json::Map::new();
    for index in 0..LINES {
        let line: Value = serde_json::from_str(&gz::log_line(index)).unwrap();
        if let Some(name) = of(&line) {
            let count = counts.entry(name).or_insert(0.into());
            *count = (count.as_u64().unwrap() + 1).into();
        }
    }
    assert!(!counts.is_empty(), "{key}");
    counts
}

fn status(line: &Value) -> Option<String> {
    let status = line["logs"]["contextMap"]["statusCode"].as_str()?;
    Some(format!("{}xx", &status[..1]))
}

fn level(line: &Value) -> Option<String> {
    if line["logs"]["contextMap"]["requestLine"].is_string() {
        return None;
    }
    let container = || {
        let text = line["log"].as_str().unwrap();
        let first = text.split([' ', ':']).next().unwrap();
        // As clp ranks them: SEVERE is java.util.logging's gravest.
        Some(first.replace("SEVERE", "FATAL"))
    };
    line["logs"]["level"].as_str().map(str::to_owned).or_else(container)
}

#[test]
fn gzip_plain_text_and_a_pipe_count_the_same_and_right() {
    let (clp, name) = with_files();
    let gzip = report(&clp, &[&name]);
    for (key, found, expected) in [
        ("levels", &gzip["levels"], expected("levels", level)),
        ("status", &gzip["application"]["classes"], expected("status", status)),
    ] {
        for (name, count) in found.as_object().unwrap() {
            let expected = expected.get(name).and_then(Value::as_u64).unwrap_or_default();
            assert_eq!(count.as_u64(), Some(expected), "{key} {name}");
        }
    }
    assert_eq!(gzip["lines"]["all"], LINES);
    assert_eq!(gzip["services"][0]["service"], "api");
    assert_eq!(
        gzip["exceptions"][0]["class"],
        "de.hybris.platform.jalo.JaloBusinessException"
    );
    // One line in fifty throws, and all of those are of applications.
    assert_eq!(gzip["exceptions"][0]["count"], LINES / 50);
    let plain = report(&clp, &["plain.log", "--service", "api"]);
    let text = fs::read(clp.home().join("plain.log")).unwrap();
    let piped = clp
        .args(["analyze-logs", "--format", "json", "-", "--service", "api"])
        .input(text)
        .run()
        .success()
        .json_lines()
        .remove(0);
    let gzip_piped = clp
        .args(["analyze-logs", "--format", "json", "-"])
        .input(fs::read(clp.home().join(&name)).unwrap())
        .run()
        .success()
        .json_lines()
        .remove(0);
    for other in [plain, piped, gzip_piped] {
        assert_eq!(counts(other), counts(gzip.clone()));
    }
}

#[test]
fn a_window_and_the_first_rows() {
    let (clp, name) = with_files();
    // The fixture has 40 lines a second.
    let window = [
        "--since",
        "2025-06-06T00:00:10Z",
        "--until",
        "2025-06-06T00:00:19.999999999Z",
        "--top",
        "1",
    ];
    let found = report(&clp, &[&[name.as_str()][..], &window].concat());
    assert_eq!(found["lines"]["all"], 400);
    assert_eq!(found["lines"]["outside"], LINES - 400);
    assert_eq!(found["loggers"].as_array().unwrap().len(), 1);
    assert_eq!(found["from"].as_str().unwrap()[..19], *"2025-06-06T00:00:10");
    let backwards = ["--since", "20250607", "--until", "20250606"];
    let stderr = analyse(&clp, &[&[name.as_str()][..], &backwards].concat())
        .expect_code(2)
        .stderr;
    assert!(stderr.contains("--until lies before --since"), "{stderr}");
}

#[test]
fn damage_is_passed_over_and_told_and_the_rest_is_counted() {
    let (clp, name) = with_files();
    let whole = fs::read(clp.home().join(&name)).unwrap();
    let torn = &whole[..whole.len() - 5];
    fs::write(clp.home().join("torn.gz"), torn).unwrap();
    let found = report(&clp, &["torn.gz"]);
    assert_eq!(
        (&found["about"]["torn_sources"], &found["lines"]["all"]),
        (&1.into(), &4800.into())
    );

    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 40].fill(0xff);
    fs::write(clp.home().join("damaged.gz"), damaged).unwrap();
    let outcome = analyse(&clp, &["damaged.gz"]).expect_code(6);
    assert!(
        outcome.stderr.contains("damaged.gz: corrupt gzip data at offset"),
        "{}",
        outcome.stderr
    );
    let lines = outcome.json_lines()[0]["lines"]["all"].as_u64().unwrap();
    assert!((LINES - 700..LINES).contains(&lines), "{lines}");

    let outcome = analyse(&clp, &[&name, "damaged.gz", "missing.gz"]).expect_code(7);
    assert!(
        outcome.stderr.contains("missing.gz: cannot be read"),
        "{}",
        outcome.stderr
    );
    let found = &outcome.json_lines()[0];
    assert_eq!(found["lines"]["all"], LINES + lines);
    assert_eq!(found["about"]["failed_sources"], 2);
    let missing = analyse(&clp, &["missing.gz"]).expect_code(1);
    assert!(missing.stderr.contains("missing.gz"), "{}", missing.stderr);
    assert_eq!(missing.json_lines()[0]["verdict"]["headline"], "No line was counted");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let (clp, name) = with_files();
    for args in [
        &["--env", "P1"][..],
        &["--date", "today"],
        &["--top", "0"],
        &["--since", "soon"],
    ] {
        analyse(&clp, &[&[name.as_str()][..], args].concat()).expect_code(2);
    }
    let stderr = analyse(&clp, &[]).expect_code(3).stderr;
    assert!(stderr.contains("no environment is configured"), "{stderr}");
}

#[test]
fn blobs_of_several_environments_services_and_days() {
    let (p1, d1) = (Blobs::new(), Blobs::new());
    let api = |pod: &str| gz::blob_name("20250606", pod, "platform");
    let other_day = gz::blob_name("20250601", "api-674b9bdb88-vm775", "platform");
    p1.append(&api("api-674b9bdb88-vm775"), &gz::blob(0..2000, 100));
    p1.append(&other_day, &gz::blob(0..10, 100));
    p1.append(&api("backoffice-0"), &gz::blob(2000..2500, 100));
    p1.append(&gz::blob_name("20250606", "solr-0", "solr"), &gz::blob(0..70, 100));
    let mut proxy = Vec::new();
    gz::write_blob(&mut proxy, 0..1000, 100, gz::proxy_line).unwrap();
    d1.append(
        &gz::blob_name("20250606", "apache2-igc-78c4bbb6d9-x2w5p", "proxy"),
        &proxy,
    );
    // Being written: its last member is not whole.
    let growing = gz::blob(0..200, 100);
    d1.append(&api("api-7d4f9-x2w5p"), &growing[..growing.len() - 3]);
    let endpoint = azurite().endpoint();
    let clp = Clp::bare()
        .storage(p1.container(), &endpoint)
        .environment("cp2", "D1", d1.container(), &endpoint);

    let found = report(&clp, &["--date", "20250606"]);
    assert_eq!(found["lines"]["all"], 2000 + 500 + 1000 + 100);
    assert_eq!(
        (&found["about"]["sources"], &found["about"]["torn_sources"]),
        (&4.into(), &1.into())
    );
    assert_eq!(found["proxy"]["requests"], 1000);
    assert_eq!(found["application"]["requests"], (2000 + 500 + 100) / 5);
    let mut services: Vec<String> = found["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            format!(
                "{} {} {}",
                row["environment"].as_str().unwrap(),
                row["service"].as_str().unwrap(),
                row["lines"]
            )
        })
        .collect();
    services.sort();
    assert_eq!(
        services,
        [
            "cp2/D1 apache-proxy 1000",
            "cp2/D1 api 100",
            "cp2/P1 api 2000",
            "cp2/P1 backoffice 500"
        ]
    );

    let lines = |args: &[&str]| report(&clp, args)["lines"]["all"].as_u64().unwrap();
    assert_eq!(lines(&["--date", "20250606", "--env", "P1"]), 2500);
    assert_eq!(
        lines(&["--date", "20250606", "--env", "P1", "--service", "api-service"]),
        2000
    );
    assert_eq!(lines(&["--date", "20250606", "--service", "solr"]), 70);
    assert_eq!(lines(&["--env", "P1"]), 0, "nothing is of today");
    // Days follow from the window, in which the blobs of the day before may still have lines.
    let day = [
        "--since",
        "20250606",
        "--until",
        "2025-06-06T00:00:49.99Z",
        "--service",
        "api",
        "--env",
        "P1",
    ];
    assert_eq!(lines(&day), 2000);

    let broken =
        Clp::bare()
            .storage(p1.container(), &endpoint)
            .environment("cp2", "D1", "no-such-container", &endpoint);
    let outcome = analyse(&broken, &["--date", "20250606"]).expect_code(7);
    assert_eq!(outcome.json_lines()[0]["lines"]["all"], 2500);
    assert!(outcome.stderr.contains("cp2/D1"), "{}", outcome.stderr);
    analyse(&broken, &["--date", "20250606", "--env", "D1"]).expect_code(5);
}

#[test]
fn the_window_begins_in_the_middle_of_a_large_blob() {
    let blobs = Blobs::new();
    let name = gz::blob_name("20250606", "api-674b9bdb88-vm775", "platform");
    // An hour and more: 40 lines a second, in members of which some end inside of a second.
    blobs.append(&name, &gz::blob(0..40 * 1500, 333));
    let clp = Clp::bare().storage(blobs.container(), &azurite().endpoint());
    let window = [
        "--date",
        "20250606",
        "--since",
        "2025-06-06T00:20:00Z",
        "--until",
        "2025-06-06T00:20:09.9999Z",
    ];
    let found = report(&clp, &window);
    assert_eq!(found["lines"]["all"], 400);
    assert_eq!(found["lines"]["unreadable"], 0);
    assert!(
        found["lines"]["outside"].as_u64().unwrap() < 40 * 1500,
        "not all of it is read"
    );
}

#[test]
fn memory_does_not_grow_with_the_input() {
    let clp = Clp::bare();
    // Every message, path and client is one of its own.
    let line = |index: u64| {
        let word: String = format!("{index:x}")
            .bytes()
            .map(|byte| char::from(b'g' + byte % 16))
            .collect();
        match index % 2 {
            0 => gz::access_line(index).replace("/occ/", &format!("/{word}/")),
            _ => gz::application_line(index)
                .replace("recalculated", &word)
                .replace("com.example", &word),
        }
    };
    let peak = |lines: u64| {
        let text: Vec<String> = (0..lines).map(line).collect();
        let name = format!("{lines}.gz");
        fs::write(clp.home().join(&name), gz::blob_of(&text, 500)).unwrap();
        let outcome = analyse(&clp, &[&name]).success();
        (outcome.peak_rss_bytes, outcome.json_lines().remove(0))
    };
    let (small, _) = peak(20_000);
    let (large, report) = peak(80_000);
    assert!(large < small + (32 << 20), "{small} bytes, then {large}");
    let cut: Vec<&str> = report["cut"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|cut| cut["table"].as_str())
        .collect();
    assert!(
        cut.contains(&"application.paths") && cut.contains(&"loggers"),
        "{cut:?}"
    );
    assert_eq!(report["lines"]["all"], 80_000);
}
