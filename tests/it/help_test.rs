//! The help of every command, word by word, on terminals of 80 and of 120 columns: a change of it is meant, and is seen in
//! review.

use crate::support::clp::Clp;

/// All commands, each as it is typed; the first is clp itself.
fn commands() -> Vec<String> {
    fn add(command: &clap::Command, path: &str, all: &mut Vec<String>) {
        all.push(path.to_owned());
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            add(below, format!("{path} {}", below.get_name()).trim_start(), all);
        }
    }
    let mut all = Vec::new();
    add(&clp::commands::command(), "", &mut all);
    all
}

fn help(command: &str, columns: u16) -> String {
    let args = command.split_ascii_whitespace().chain(["--help"]);
    let outcome = Clp::bare().args(args).env("COLUMNS", columns.to_string()).run();
    outcome.success().text()
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

fn of(command: &str, columns: u16) -> String {
    match command {
        "" => help(command, columns),
        command => own(&help(command, columns)),
    }
}

#[test]
fn help_of_every_command() {
    for command in commands() {
        let name = ["help-", &command].concat().replace(' ', "-");
        let name = name.trim_end_matches('-');
        insta::assert_snapshot!(name, of(&command, 120));
        insta::assert_snapshot!(format!("{name}-at-80"), of(&command, 80));
    }
}

#[test]
fn help_fits_the_terminal_and_a_hundred_columns_at_most() {
    for command in commands() {
        for (columns, widest) in [(60, 60), (80, 80), (120, 100)] {
            for line in help(&command, columns).lines() {
                // What is wrapped anyway, and what has no blank to be wrapped at.
                let (width, longest) = (
                    line.chars().count(),
                    line.split(' ').map(|word| word.chars().count()).max(),
                );
                assert!(
                    width <= widest || longest > Some(20),
                    "clp {command} at {columns}: {line}"
                );
            }
        }
    }
}

#[test]
fn every_command_has_examples_that_can_be_copied() {
    for command in commands() {
        let help = help(&command, 80);
        let heading = if command.is_empty() {
            "First steps:"
        } else {
            "Examples:"
        };
        let (_, examples) = help
            .split_once(&format!("\n{heading}\n"))
            .unwrap_or_else(|| panic!("clp {command} --help has no {heading}: give it `after_help`"));
        let mine = examples.lines().filter(|line| line.contains(&format!("clp {command}")));
        assert!(mine.count() > 0, "clp {command}: {examples}");
        // A line that is wrapped can not be copied: nothing begins at the first column, as the rest of one would.
        for line in examples.lines().take_while(|line| !line.is_empty()) {
            assert!(
                line.starts_with("  "),
                "clp {command}: an example is wider than 80 columns: {line}"
            );
        }
    }
}

#[test]
fn clp_help_is_the_same_as_the_flag_and_tells_every_command_once() {
    let text = help("", 80);
    assert_eq!(
        Clp::bare().args(["help"]).env("COLUMNS", "80").run().success().text(),
        text
    );
    // Nothing at all is no question, but the answer is the same.
    let asked_nothing = Clp::bare().args::<&str>([]).env("COLUMNS", "80").run().expect_code(2);
    assert_eq!(asked_nothing.stderr, text);
    for command in commands()
        .iter()
        .filter(|command| !command.is_empty() && !command.contains(' '))
    {
        let told = text.lines().filter(|line| line.starts_with(&format!("  {command} ")));
        assert_eq!(told.count(), 1, "{command}:\n{text}");
    }
}
