//! Completion in shells: the script that a shell reads once, and the answers to what it asks at every Tab.
//!
//! ```text
//! Tab ──▶ script (completions/) ──▶ COMPLETE=bash clp -- … ──▶ shells ──▶ clap_complete ──▶ completer ──▶ candidates
//!                                                               └▶ line: --config, --env, … that stand there ──┘
//! ```
//!
//! Here alone is anything of clap_complete's unstable interface. What completes a value is decided by its flag, for all
//! commands alike, so a new command has it without a word about it. Nothing is written to standard error, and nothing is
//! asked of the network, but for the names of blobs.

mod blobs;
mod candidates;
mod line;
mod shells;

use std::{env, ffi::OsStr};

use clap::{Arg, Command};
use clap_complete::{
    ArgValueCompleter, CompleteEnv, CompletionCandidate,
    env::{Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh},
};

use self::{
    candidates::Candidate,
    line::Line,
    shells::{Bash, Shell},
};
use crate::{
    config::{Config, Environment, Loaded, Overrides},
    domain::Date,
};

const VARIABLE: &str = "COMPLETE";
const PROGRAM: &str = "clp";

/// Answers a shell that asks for completion; `false` if none does. What goes wrong is no candidates, never a message.
pub(super) fn answer() -> bool {
    // Everything else is for a `clp` that runs: it must not be the slower for it.
    let Some(asked_by) = env::var_os(VARIABLE).filter(|shell| !shell.is_empty()) else {
        return false;
    };
    with_shells(|shells| {
        let shell = std::path::Path::new(&asked_by).file_stem().unwrap_or_default();
        if !shell
            .to_str()
            .is_some_and(|shell| shells.iter().any(|known| known.is(shell)))
        {
            return false;
        }
        let asking = CompleteEnv::with_factory(|| attach(super::command()))
            .var(VARIABLE)
            .bin(PROGRAM)
            .completer(PROGRAM)
            .shells(Shells(shells));
        // Nobody is there to be told.
        asking
            .try_complete(env::args_os(), env::current_dir().ok().as_deref())
            .unwrap_or(true)
    })
}

/// The script that makes a shell ask, by the shell's name.
pub(super) fn script(shell: &str) -> std::io::Result<Vec<u8>> {
    with_shells(|shells| {
        let mut script = Vec::new();
        if let Some(shell) = Shells(shells).completer(shell) {
            shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
        }
        Ok(script)
    })
}

fn with_shells<T>(with: impl FnOnce(&[&dyn EnvCompleter]) -> T) -> T {
    let zsh = Shell {
        known: Zsh,
        script: Some(include_bytes!("../../../completions/_clp")),
        quotes: false,
    };
    let fish = Shell {
        known: Fish,
        script: Some(include_bytes!("../../../completions/clp.fish")),
        quotes: true,
    };
    let elvish = Shell {
        known: Elvish,
        script: None,
        quotes: false,
    };
    let powershell = Shell {
        known: Powershell,
        script: None,
        quotes: false,
    };
    with(&[&Bash, &zsh, &fish, &elvish, &powershell])
}

/// Gives every flag that has one its completer, in all commands.
fn attach(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|arg| match completer(&name, &arg) {
        Some(completer) => arg.add(completer),
        None => arg,
    });
    command.mut_subcommands(attach)
}

/// By the name of the flag; of an argument without one, by that of its value.
fn completer(command: &str, arg: &Arg) -> Option<ArgValueCompleter> {
    let value_name = || arg.get_value_names()?.first().map(|name| name.as_str());
    let flag = arg.get_long().or_else(value_name)?;
    Some(match (command, flag) {
        (_, "env") => configured(|config, line, typed| {
            candidates::environments(config, line.value("subscription", Some('s')).as_deref(), typed)
        }),
        (_, "subscription") => configured(|config, _, _| candidates::subscriptions(config)),
        (_, "service" | "selector") => configured(|config, _, _| candidates::services(config)),
        (_, "container") => configured(|config, _, _| candidates::containers(config)),
        (_, "brokers" | "BROKERS") => configured(|config, _, _| candidates::brokers(config)),
        ("ingest", "topic") => configured(|config, _, _| candidates::raw_topics(config)),
        (_, "topics") => configured(|config, _, _| candidates::topics(config)),
        // Not of `tail`: to join the group of a service would take its records away from it.
        ("ingest", "group") => configured(|config, _, _| vec![group(&config.worker.consumer_group)]),
        ("extract", "group") => configured(|config, _, _| vec![group(&config.processing.consumer_group)]),
        (_, "date" | "min-date" | "max-date") => completing(|typed| candidates::dates(Date::today_utc(), typed)),
        (_, "since" | "until") => completing(|typed| candidates::times(Date::today_utc(), typed)),
        (_, "blob") => completing(|typed| {
            let (line, loaded) = configuration();
            blobs::candidates(&line, loaded, typed)
        }),
        _ => return None,
    })
}

fn group(name: &str) -> Candidate {
    Candidate::new(name, "as configured")
}

/// What is offered by the configuration that the line names.
fn configured(offer: impl Fn(&Config, &Line, &str) -> Vec<Candidate> + Send + Sync + 'static) -> ArgValueCompleter {
    completing(move |typed| {
        let (line, loaded) = configuration();
        offer(&loaded.config, &line, typed)
    })
}

fn completing(offer: impl Fn(&str) -> Vec<Candidate> + Send + Sync + 'static) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| {
        let Some(typed) = typed.to_str() else {
            return Vec::new();
        };
        let fitting = offer(typed)
            .into_iter()
            .filter(|candidate| candidate.value.starts_with(typed));
        // A candidate is a line for the shells.
        let printable = fitting.filter(|candidate| !candidate.value.contains(char::is_control));
        printable
            .map(|Candidate { value, help }| CompletionCandidate::new(value).help(help.map(Into::into)))
            .collect()
    })
}

/// The line, and the configuration that it names, as far as that can be read.
fn configuration() -> (Line, Loaded) {
    let (line, environment) = (Line::typed(), Environment::of_process());
    let overrides = Overrides {
        config_path: line.config(&environment),
        ..Overrides::default()
    };
    let loaded = Config::readable(&overrides, &environment);
    (line, loaded)
}

#[cfg(test)]
mod tests {
    use clap_complete::ArgValueCandidates;

    use super::*;

    fn all(command: &Command, path: &str, found: &mut Vec<(String, Arg)>) {
        let path = format!("{path} {}", command.get_name());
        for arg in command.get_arguments() {
            found.push((path.clone(), arg.clone()));
        }
        command.get_subcommands().for_each(|command| all(command, &path, found));
    }

    /// A flag of a name that others have completes as those do; a value that nothing is known about has another name.
    #[test]
    fn values_of_known_kinds_are_completed_in_every_command() {
        let mut args = Vec::new();
        all(&attach(super::super::command()), "", &mut args);
        let mut completed = 0;
        for (command, arg) in &args {
            let kind = arg.get_value_names().map_or("", |names| names[0].as_str());
            let known = [
                "ENV",
                "SUBSCRIPTION",
                "SERVICE",
                "DATE",
                "TIME",
                "TOPICS",
                "CONTAINER",
                "BROKERS",
            ];
            let has = arg.get::<ArgValueCompleter>().is_some() || arg.get::<ArgValueCandidates>().is_some();
            assert!(
                has || !known.contains(&kind),
                "{command} {arg} takes {kind} and completes nothing: see `completer`"
            );
            completed += usize::from(has);
        }
        assert!(completed > 20, "{completed}");
    }
}
