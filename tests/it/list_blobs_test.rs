//! `clp list-blobs`: what is listed, in which order and form.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::blobs::Blobs;
use crate::support::clp::{Clp, Invocation};
use crate::support::gz::blob_name;
use crate::support::services::azurite;

/// Blobs of two days and several services, with sizes of their own, and names that are not log blobs'.
fn day_and_more() -> Vec<(String, usize)> {
    vec![
        (blob_name("20250605", "api-674b9bdb88-vm775", "platform"), 5000),
        (blob_name("20250606", "api-674b9bdb88-vm775", "platform"), 1_234_567),
        (blob_name("20250606", "api-674b9bdb88-x2w5p", "platform"), 10),
        (blob_name("20250606", "api-674b9bdb88-vm775", "sidecar"), 11),
        (blob_name("20250606", "apache2-igc-78c4bbb6d9-x2w5p", "proxy"), 300),
        (blob_name("20250606", "backgroundprocessing-0", "platform"), 20),
        ("kubernetes/notes about 20250606 é.txt".to_owned(), 7),
        ("readme".to_owned(), 0),
    ]
}

fn azure(all: &[(String, usize)]) -> (Blobs, Clp) {
    let blobs = Blobs::new();
    for (name, size) in all {
        blobs.create(name);
        if *size > 0 {
            blobs.append(name, &vec![b'x'; *size]);
        }
    }
    let clp = Clp::bare().storage(blobs.container(), &azurite().endpoint());
    (blobs, clp)
}

/// The same as files, the first written last: so many minutes ago as its place in the list.
fn directory(all: &[(String, usize)]) -> Clp {
    let clp = Clp::bare();
    let root = clp.home().join("blobs");
    for ((name, size), minutes) in all.iter().zip(0..) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, vec![b'x'; *size]).unwrap();
        touch(&path, minutes);
    }
    clp.set(
        "subscriptions.cp2.environments.P1.storage_account.directory",
        "../blobs",
    )
}

fn touch(path: &Path, minutes_ago: u64) {
    let then = SystemTime::now() - Duration::from_secs(60 * minutes_ago);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(then)
        .unwrap();
}

fn names(clp: &Clp, args: &[&str]) -> Vec<String> {
    let all = ["list-blobs", "--format", "name"]
        .into_iter()
        .chain(args.iter().copied());
    clp.run(all).success().text().lines().map(str::to_owned).collect()
}

#[test]
fn a_blob_is_found_by_grep_with_its_whole_name_and_exact_size() {
    let (_blobs, clp) = azure(&day_and_more());
    let outcome = clp.run(["list-blobs", "--env", "P1"]).success();
    let text = outcome.text();
    for (name, size) in day_and_more() {
        let line = text.lines().find(|line| line.ends_with(&format!("  {name}")));
        let line = line.unwrap_or_else(|| panic!("{name} is not in\n{text}"));
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        assert!(words[0].ends_with('Z') && words[0].len() == 20, "{line}");
        assert_eq!((words[1], words[2]), (size.to_string().as_str(), "cp2/P1"), "{line}");
    }
    assert_eq!(
        text.lines().count(),
        day_and_more().len(),
        "no head and no foot in data"
    );
    assert!(!text.contains('\u{1b}'), "no colour in a pipe");
    let bytes: usize = day_and_more().iter().map(|(_, size)| size).sum();
    assert!(
        outcome.stderr.starts_with("8 blobs, ")
            && outcome.stderr.ends_with(&format!("({bytes} bytes) in 1 environment\n")),
        "{}",
        outcome.stderr
    );
}

#[test]
fn all_forms_say_the_same_and_a_directory_lists_as_azure_does() {
    let all = day_and_more();
    let (blobs, azure) = azure(&all);
    let directory = directory(&all);
    let list = |clp: &Clp, form: &str| clp.run(["list-blobs", "--sort", "name", "--format", form]).success();
    let rows = list(&azure, "json").json_lines();
    let mut expected = all.clone();
    expected.sort();
    for (row, (name, size)) in rows.iter().zip(&expected) {
        let keys: BTreeSet<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        let contract = "subscription environment container name size last_modified created service date pod parsed";
        assert_eq!(keys, contract.split_ascii_whitespace().collect());
        assert_eq!(
            (&row["name"], &row["size"]),
            (&Value::from(name.as_str()), &Value::from(*size))
        );
        assert_eq!(row["container"], blobs.container());
        let known = blobs.properties(name).unwrap();
        assert_eq!(row["last_modified"], known.last_modified.replace(".000Z", "Z"));
        let parsed = name.ends_with(".gz");
        assert_eq!(row["parsed"], parsed);
        assert_eq!((row["pod"].is_null(), row["date"].is_null()), (!parsed, !parsed));
    }
    assert_eq!(rows.len(), expected.len());
    let by_name = |part: &str| {
        rows.iter()
            .find(|row| row["name"].as_str().unwrap().contains(part))
            .unwrap()
    };
    let proxy = by_name("apache2");
    assert_eq!(
        (&proxy["service"], &proxy["pod"], &proxy["date"]),
        (
            &"apache-proxy".into(),
            &"apache2-igc-78c4bbb6d9-x2w5p".into(),
            &"20250606".into()
        )
    );
    assert_eq!(by_name("_sidecar-")["service"], Value::Null);

    let same = |row: &Value| {
        let mut row = row.clone();
        for key in ["container", "last_modified", "created"] {
            row[key] = Value::Null;
        }
        row
    };
    let files = list(&directory, "json").json_lines();
    assert_eq!(
        files.iter().map(same).collect::<Vec<_>>(),
        rows.iter().map(same).collect::<Vec<_>>()
    );

    let csv = list(&azure, "csv").text();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header.len(), 11);
    for (record, row) in reader.records().zip(&rows) {
        for (key, value) in header.iter().zip(record.unwrap().iter()) {
            let expected = match &row[key] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(value, expected, "{key}");
        }
    }
    let expected: Vec<String> = expected.into_iter().map(|(name, _)| name).collect();
    assert_eq!(list(&azure, "name").text().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn names_can_not_move_the_cursor_nor_begin_a_line() {
    let name = "kubernetes/20250606.api-a\u{1b}[2J\nb,\"c\"_default_platform-1.gz";
    let shown = r#"kubernetes/20250606.api-a\u{1b}[2J\nb,\"c\"_default_platform-1.gz"#;
    let clp = directory(&[(name.to_owned(), 3)]);
    let list = |format| clp.run(["list-blobs", "--format", format]).success();
    assert_eq!(list("json").json_lines()[0]["name"], name);
    assert_eq!(list("name").text(), format!("{shown}\n"));
    assert!(list("table").text().ends_with(&format!("  {shown}\n")));
    let csv = list("csv").text();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let record = reader.records().next().unwrap().unwrap();
    assert!(record.iter().any(|field| field == shown), "{csv}");
}

#[test]
fn newest_first_or_as_asked() {
    let all = day_and_more();
    let clp = directory(&all);
    let name = |index: usize| all[index].0.clone();
    let listed = names(&clp, &[]);
    // The newest day, in it the last written; then the day before; names without a day at the end.
    assert_eq!(listed[..6], [1, 2, 3, 4, 5, 0].map(name));
    assert_eq!(listed.len(), all.len());
    assert_eq!(
        names(&clp, &["--sort", "modified"]),
        (0..all.len()).map(name).collect::<Vec<_>>()
    );
    let mut by_size = all.clone();
    by_size.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let by_size: Vec<String> = by_size.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names(&clp, &["--sort", "size"]), by_size);
    assert_eq!(names(&clp, &["--sort", "size", "--max-per-env", "2"]), by_size[..2]);
    assert_eq!(names(&clp, &["--max-per-env", "3"]), listed[..3]);
    assert_eq!(names(&clp, &["--sort", "modified", "--max-per-env", "1"]), [name(0)]);
}

#[test]
fn days_services_and_prefixes_narrow_the_list() {
    let all = day_and_more();
    let (_blobs, clp) = azure(&all);
    let found = |args: &[&str]| -> BTreeSet<usize> {
        let index = |name: &String| all.iter().position(|(known, _)| known == name).unwrap();
        names(&clp, args).iter().map(index).collect()
    };
    for (args, expected) in [
        (&["--date", "20250606"][..], vec![1, 2, 3, 4, 5]),
        (&["--date", "2025-06-05"], vec![0]),
        (&["--service", "api"], vec![0, 1, 2]),
        (&["--service", "api-service", "--date", "20250606"], vec![1, 2]),
        (&["--service", "backgroundprocessing"], vec![5]),
        (&["--service", "apache2-igc-78c4"], vec![4]),
        (&["--prefix", "kubernetes/20250606.api-674b9bdb88-v"], vec![1, 3]),
        (&["--prefix", "read"], vec![7]),
        (&["--date", "today"], vec![]),
        (&["-s", "cp2", "-e", "cp2/P1", "--prefix", "kubernetes/n"], vec![6]),
    ] {
        assert_eq!(found(args), BTreeSet::from_iter(expected), "{args:?}");
    }
    let stderr = clp.run(["list-blobs", "--date", "06.06.2025"]).expect_code(2).stderr;
    assert!(stderr.contains("06.06.2025") && stderr.contains("YYYYMMDD"), "{stderr}");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    // More than a pipe holds.
    let many: Vec<(String, usize)> = (0..1500)
        .map(|i| (blob_name("20250606", &format!("api-{i:04}"), "platform"), 1))
        .collect();
    let clp = directory(&many);
    let mut bash = Command::new("bash");
    bash.args([
        "-c",
        "set -o pipefail; \"$0\" list-blobs --format json | head -n 1",
        env!("CARGO_BIN_EXE_clp"),
    ]);
    let outcome = Invocation::of(bash).env("HOME", clp.home()).run().success();
    assert_eq!(outcome.json_lines().len(), 1);
    assert!(!outcome.stderr.contains("error"), "{}", outcome.stderr);
}
