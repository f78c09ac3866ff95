//! `clp list-services`: what is summed up, in which form, and what happens if one of several environments fails.

use serde_json::Value;

use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::gz::blob_name;
use crate::support::services::azurite;

fn fill(blobs: &Blobs) -> Vec<(String, usize)> {
    let all = vec![
        (blob_name("20250605", "api-674b9bdb88-vm775", "platform"), 5000),
        (blob_name("20250606", "api-674b9bdb88-vm775", "platform"), 15_000),
        (blob_name("20250606", "api-674b9bdb88-x2w5p", "platform"), 10),
        (blob_name("20250606", "apache2-igc-78c4bbb6d9-x2w5p", "proxy"), 300),
        (blob_name("20250606", "solr-slave-0", "solr"), 40),
        (blob_name("20250606", "solr-slave-1", "solr"), 60),
        ("kubernetes/notes.txt".to_owned(), 7),
    ];
    for (name, size) in &all {
        blobs.append(name, &vec![b'x'; *size]);
    }
    all
}

fn rows(clp: &Clp, args: &[&str]) -> Vec<Value> {
    let args = ["list-services", "--format", "json"]
        .into_iter()
        .chain(args.iter().copied());
    clp.run(args).success().json_lines()
}

#[test]
fn services_with_what_they_have_and_the_unknown_by_what_it_is() {
    let blobs = Blobs::new();
    let all = fill(&blobs);
    let clp = Clp::bare().storage(blobs.container(), &azurite().endpoint());
    let found = rows(&clp, &[]);
    type Row<'a> = (&'a str, Option<&'a str>, Option<&'a str>, u64, u64, u64, u64);
    let told: Vec<Row<'_>> = found
        .iter()
        .map(|row| {
            (
                row["service"].as_str().unwrap(),
                row["pod_prefix"].as_str(),
                row["container"].as_str(),
                row["pods"].as_u64().unwrap(),
                row["days"].as_u64().unwrap(),
                row["blobs"].as_u64().unwrap(),
                row["bytes"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("api", Some("api-"), Some("platform"), 2, 2, 3, 20_010),
            ("apache-proxy", Some("apache2-igc-"), Some("proxy"), 1, 1, 1, 300),
            ("unknown", Some("solr-slave"), Some("solr"), 2, 1, 2, 100),
            ("unknown", None, None, 0, 0, 1, 7),
        ]
    );
    let shares: f64 = found.iter().map(|row| row["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 0.001, "{shares}");
    let last = blobs.list("").into_iter().map(|blob| blob.last_modified).max().unwrap();
    let newest = found
        .iter()
        .filter_map(|row| row["last_modified"].as_str())
        .max()
        .unwrap();
    assert_eq!(newest, last.replace(".000Z", "Z"));

    let day = rows(&clp, &["--date", "20250605", "--env", "cp2/P1"]);
    assert_eq!((day.len(), &day[0]["bytes"]), (1, &Value::from(5000)));
    assert!(rows(&clp, &["--date", "20250604"]).is_empty());

    let outcome = clp.run(["list-services"]).success();
    let text = outcome.text();
    assert!(text.starts_with("ENVIRONMENT"), "{text}");
    let solr = text.lines().find(|line| line.contains("solr-slave…")).unwrap();
    let words: Vec<&str> = solr.split_ascii_whitespace().collect();
    assert_eq!(
        words[..7],
        ["cp2/P1", "unknown", "solr-slave…", "solr", "2", "2", "100"]
    );
    let bytes: usize = all.iter().map(|(_, size)| size).sum();
    assert_eq!(
        outcome.stderr,
        format!("7 blobs, 19.94 KiB ({bytes} bytes) in 1 environment\n")
    );

    let csv = clp.run(["list-services", "--format", "csv"]).success().text();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert_eq!(
        header.iter().collect::<Vec<_>>().join(" "),
        "subscription environment service pod_prefix container pods days blobs bytes share last_modified"
    );
    assert_eq!(reader.records().count(), found.len());
}

#[test]
fn one_environment_that_fails_is_told_and_the_others_are_there() {
    let blobs = Blobs::new();
    fill(&blobs);
    let clp = Clp::bare()
        .storage(blobs.container(), &azurite().endpoint())
        .environment("cp2", "D1", "no-such-container", &azurite().endpoint());
    let outcome = clp.run(["list-services", "--format", "json"]).expect_code(7);
    assert_eq!(outcome.json_lines().len(), 4);
    assert!(outcome.stderr.contains("cp2/D1"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("in 1 environment\n"), "{}", outcome.stderr);
    let alone = clp.run(["list-services", "--env", "D1"]).expect_code(5);
    assert!(alone.stdout.is_empty());
}
