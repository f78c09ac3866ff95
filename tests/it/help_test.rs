//! The help of every command, word by word: a change of it is meant, and is seen in review.

use crate::support::clp::Clp;

const COMMANDS: [&str; 21] = [
    "",
    "monitor",
    "ingest",
    "extract",
    "list-blobs",
    "list-services",
    "analyze-logs",
    "status",
    "tail",
    "verify",
    "test-kafka",
    "init-topics",
    "init-opensearch",
    "health",
    "setup-config",
    "config",
    "config check",
    "config show",
    "config path",
    "completions",
    "demo",
];

fn help(command: &str) -> String {
    let args = command.split_ascii_whitespace().chain(["--help"]);
    Clp::bare().run(args).success().text()
}

/// Without the flags that every command takes.
fn own(help: &str) -> String {
    let Some((before, after)) = help.split_once("Global options:\n") else {
        return help.to_owned();
    };
    let behind = after
        .split_once("\n\nExamples:")
        .map_or(String::new(), |(_, examples)| format!("Examples:{examples}"));
    format!("{before}{behind}")
}

#[test]
fn help_of_every_command() {
    for command in COMMANDS {
        let text = match command {
            "" => help(command),
            command => own(&help(command)),
        };
        let name = format!(
            "help{}",
            ["-", command].concat().replace(' ', "-").trim_end_matches('-')
        );
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn help_is_no_wider_than_a_hundred_columns_and_every_command_is_here() {
    let mut listed = vec![String::new()];
    for command in ["", "config"] {
        let text = help(command);
        let (_, commands) = text.split_once("Commands:\n").unwrap();
        for line in commands.lines().take_while(|line| !line.is_empty()) {
            let name = line.split_ascii_whitespace().next().unwrap();
            if name != "help" {
                listed.push(format!("{command} {name}").trim().to_owned());
            }
        }
    }
    listed.sort();
    let mut known = COMMANDS.map(str::to_owned);
    known.sort();
    assert_eq!(listed, known);
    for command in COMMANDS {
        for line in help(command).lines() {
            assert!(line.chars().count() <= 100, "{command}: {line}");
        }
    }
}
