//! The commands by what somebody is about: the order of `clp help`, and of "see also" in manual pages.

use std::fmt::Write;

use clap::Command;

use crate::cli::wrapped;

/// A heading, and the commands below it, in the order in which they are told.
type Group = (&'static str, &'static [&'static str]);

/// Every command is in one of them; a test says so.
const GROUPS: [Group; 5] = [
    ("Run the pipeline", &["monitor", "ingest", "extract", "health"]),
    (
        "Look at logs and blobs",
        &["tail", "list-blobs", "list-services", "analyze-logs"],
    ),
    ("Check what arrived", &["status", "verify"]),
    (
        "Set up",
        &["setup-config", "config", "test-kafka", "init-topics", "init-opensearch"],
    ),
    ("Help and the shell", &["demo", "completions", "man", "help"]),
];
/// For people who run what is not finished: a command that was forgotten is at least seen.
const OTHERS: &str = "Others";

const HELP: &str = "Print this, or the help of a command: clp help COMMAND";

/// Columns of a text that reads well, and of a terminal that tells nothing of itself. The same as of all other help.
pub(super) const MAX_COLUMNS: usize = 100;

/// The commands in the group of `name`, without itself.
pub(super) fn fellows(name: &str) -> impl Iterator<Item = &'static str> {
    let group = GROUPS.iter().find(|(_, names)| names.contains(&name));
    let names = group.map_or(&[][..], |(_, names)| names);
    names.iter().copied().filter(move |fellow| *fellow != name)
}

/// clap knows no groups of commands: the template of `clp help`, written out for the commands that there are.
pub(super) fn template(command: &Command) -> String {
    let styles = command.get_styles();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let groups = grouped(command);
    let names = groups.iter().flat_map(|(_, commands)| commands);
    let width = names.map(|(name, _)| name.len()).max().unwrap_or(0);
    // Two before the name, two behind it.
    let room = columns().saturating_sub(width + 4).max(20);
    let mut text = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (heading, commands) in groups {
        // Writing to memory does not fail.
        let _ = writeln!(text, "\n{header}{heading}:{header:#}");
        for (name, about) in commands {
            for (n, line) in wrapped(&about, room).iter().enumerate() {
                let name = if n == 0 { name.as_str() } else { "" };
                let _ = writeln!(
                    text,
                    "  {literal}{name}{literal:#}{:1$}  {line}",
                    "",
                    width - name.len()
                );
            }
        }
    }
    let _ = write!(text, "\n{header}Options:{header:#}\n{{options}}{{after-help}}");
    text
}

/// The visible commands with what they are about, in their groups; those in none at the end.
fn grouped(command: &Command) -> Vec<(&'static str, Vec<(String, String)>)> {
    let about = |name: &str| match name {
        // clap adds it after everything else.
        "help" => Some(HELP.to_owned()),
        name => {
            let command = command.find_subcommand(name).filter(|command| !command.is_hide_set())?;
            Some(command.get_about().map(ToString::to_string).unwrap_or_default())
        }
    };
    let in_group = |names: &[&str]| {
        let named = names.iter().filter_map(|name| Some(((*name).to_owned(), about(name)?)));
        named.collect()
    };
    let mut groups: Vec<(&str, Vec<(String, String)>)> = GROUPS
        .iter()
        .map(|(heading, names)| (*heading, in_group(names)))
        .collect();
    let forgotten: Vec<&str> = forgotten(command);
    groups.push((OTHERS, in_group(&forgotten)));
    groups.retain(|(_, commands)| !commands.is_empty());
    groups
}

fn forgotten(command: &Command) -> Vec<&str> {
    let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
    let names = visible.map(Command::get_name);
    names
        .filter(|name| GROUPS.iter().all(|(_, names)| !names.contains(name)))
        .collect()
}

/// As clap finds it: the terminal's, else what a shell says in `COLUMNS`.
fn columns() -> usize {
    let of_terminal = console::Term::stdout()
        .size_checked()
        .map(|(_, columns)| usize::from(columns));
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    of_terminal.or_else(told).unwrap_or(MAX_COLUMNS).min(MAX_COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let command = super::super::command();
        let forgotten = forgotten(&command);
        assert!(
            forgotten.is_empty(),
            "in no group of `clp help`: {}; add it to GROUPS in src/commands/groups.rs",
            forgotten.join(", ")
        );
        let mut names: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a command is in two groups");
    }

    #[test]
    fn a_command_in_no_group_is_told_at_the_end() {
        let command = Command::new("clp")
            .subcommand(Command::new("tail").about("Follow"))
            .subcommand(Command::new("news").about("Say"));
        let groups = grouped(&command);
        let told: Vec<(&str, &str)> = groups
            .iter()
            .map(|(heading, commands)| (*heading, commands[0].0.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("Look at logs and blobs", "tail"),
                ("Help and the shell", "help"),
                ("Others", "news")
            ]
        );
        assert!(template(&command).contains("news"));
    }

    #[test]
    fn words_are_not_broken() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable", 4), ["unbreakable"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
