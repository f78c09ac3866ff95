//! `clp demo`, and what it proposes to do next.

use std::time::Duration;

use crate::support::clp::Clp;
use crate::support::process::wait_for;

const LINES: &str = "2000";
const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn the_demo_runs_the_pipeline_and_leaves_nothing() {
    let clp = Clp::bare();
    // What stands around it does not lead it to another Kafka.
    let demo = clp.args(["demo", "--lines", LINES]).env("KAFKA_BROKERS", "127.0.0.1:1");
    let outcome = demo.deadline(LIMIT).run().success();
    for told in [
        "$ clp tail",
        "All 2000 lines are in Kafka, raw and as records",
        "$ clp status",
        "all: 7 blobs",
        "lag 0 B",
        "$ clp verify --deep",
        "2000 lines compared",
        "next:",
    ] {
        assert!(outcome.stderr.contains(told), "{told}\n{}", outcome.stderr);
    }
    let text = outcome.text();
    assert!(text.contains(" ERROR D1/"), "{text}");
    assert_eq!(text.matches(" open ").count(), 7, "{text}");
    let left: Vec<_> = std::fs::read_dir(clp.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["tmp"], "{left:?}");
    // But the files by which services of one host tell each other apart.
    let temporary = std::fs::read_dir(clp.home().join("tmp")).unwrap();
    let mut temporary: Vec<_> = temporary.map(|entry| entry.unwrap().file_name()).collect();
    temporary.sort();
    assert_eq!(
        temporary,
        ["clp-extract-clp-extract-0.lock", "clp-worker-clp-ingest-0.lock"]
    );
}

#[test]
fn the_commands_that_the_demo_proposes_work() {
    let clp = Clp::bare();
    let outcome = clp.run(["demo", "--lines", LINES, "--keep", "demo dir"]).success();
    let proposed = proposed(&outcome.stderr);
    assert!(proposed.len() >= 4, "{}", outcome.stderr);
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
    // Again, into the same directory: no copies of the configuration heap up.
    clp.run(["demo", "--lines", LINES, "--keep", "demo dir"]).success();
    let kept: Vec<_> = std::fs::read_dir(clp.home().join("demo dir"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
}

#[test]
fn somebodys_own_configuration_stays_as_it_is() {
    const OWN: &str = "kafka:\n  brokers: kafka.example.com:9092\n";
    let clp = Clp::bare();
    let file = clp.home().join("config.yaml");
    std::fs::write(&file, OWN).unwrap();
    let outcome = clp.run(["demo", "--lines", LINES, "--keep", "."]).expect_code(2);
    assert!(
        outcome.stderr.contains("config.yaml is not as a demo leaves it"),
        "{}",
        outcome.stderr
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), OWN);
    assert!(!clp.home().join("logs").exists());
}

#[test]
fn a_demo_that_stays_can_be_looked_at_from_elsewhere_until_it_is_told_to_stop() {
    let clp = Clp::bare();
    let demo = clp.spawn(["demo", "--lines", LINES, "--keep", "demo", "--stay"]);
    demo.wait_for_stderr("in another terminal", LIMIT);
    let from_elsewhere = |words: &[&str]| clp.run(["--config", "demo/config.yaml"].iter().chain(words));
    wait_for("lines that come while it stays", LIMIT, || {
        let status = from_elsewhere(&["status", "--format", "json"]).success();
        let lines: u64 = status
            .json_lines()
            .iter()
            .filter_map(|blob| blob["lines"].as_u64())
            .sum();
        (lines > 2_000).then_some(())
    });
    let tail = from_elsewhere(&["tail", "--max-messages", "5", "--format", "json"]).success();
    assert_eq!(tail.json_lines().len(), 5);
    demo.signal("INT");
    demo.wait().success();
    // Its broker is gone: the configuration that stays does not lead there.
    from_elsewhere(&["test-kafka"]).success();
}

/// The command lines of clp below `next:`, each as its words, without `clp` itself.
fn proposed(told: &str) -> Vec<Vec<String>> {
    let (_, next) = told.split_once("next:").expect(told);
    let commands = next.lines().filter_map(|line| line.strip_prefix("  clp "));
    commands
        .map(|line| line.split("   ").next().unwrap())
        .map(|command| {
            // A shell takes the line apart, as it would for the reader of it.
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", &format!("printf '%s\\n' {command}")]);
            let words = String::from_utf8(shell.output().unwrap().stdout).unwrap();
            words.lines().map(str::to_owned).collect()
        })
        .collect()
}
