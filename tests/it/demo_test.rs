//! `clp demo`, and what it proposes to do next.

use crate::support::clp::Clp;

#[test]
fn the_demo_shows_lines_and_leaves_nothing() {
    let clp = Clp::bare();
    let outcome = clp.run(["demo", "--lines", "500"]).success();
    let lines = outcome.json_lines();
    assert!(!lines.is_empty());
    assert!(
        lines.iter().all(|line| line["kubernetes"]["pod_name"].is_string()),
        "{lines:?}"
    );
    assert!(outcome.stderr.contains("500 lines"), "{}", outcome.stderr);
    let left: Vec<_> = std::fs::read_dir(clp.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["tmp"], "{left:?}");
    assert_eq!(std::fs::read_dir(clp.home().join("tmp")).unwrap().count(), 0);
}

#[test]
fn the_commands_that_the_demo_proposes_work() {
    let clp = Clp::bare();
    let outcome = clp.run(["demo", "--lines", "300", "--keep", "demo dir"]).success();
    let (_, next) = outcome.stderr.split_once("next: ").expect(&outcome.stderr);
    let proposed: Vec<Vec<String>> = next
        .lines()
        .filter_map(|line| line.strip_prefix("  clp "))
        .map(|line| line.split("   ").next().unwrap())
        .map(|command| {
            // A shell takes the line apart, as it would for the reader of it.
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", &format!("printf '%s\\n' {command}")]);
            let words = String::from_utf8(shell.output().unwrap().stdout).unwrap();
            words.lines().map(str::to_owned).collect()
        })
        .collect();
    assert!(proposed.len() >= 3, "{next}");
    let mut sent = 0;
    for command in &proposed {
        let done = clp.run(command).success();
        if command.contains(&"ingest".to_owned()) {
            sent += done.json_lines()[0]["lines"].as_u64().unwrap();
        }
        if command.contains(&"list-blobs".to_owned()) {
            assert_eq!(done.text().lines().count(), 7, "{}", done.text());
        }
    }
    assert!(sent > 0, "{proposed:?}");
    // Again, into the same directory.
    clp.run(["demo", "--lines", "300", "--keep", "demo dir"]).success();
}
