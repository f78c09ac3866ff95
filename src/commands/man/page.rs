//! A command's manual page: what its help says, and what all commands have in common.

use clap::{Arg, Command};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::super::groups;

const SOURCE: &str = concat!("clp ", env!("CARGO_PKG_VERSION"));
const MANUAL: &str = "clp manual";

const EXIT_STATUS: [(&str, &str); 9] = [
    ("0", "Done; also a service that was told to stop."),
    ("1", "Failed, for a reason that is none of those below."),
    ("2", "Wrong usage."),
    ("3", "The configuration is wrong, or has not what was asked for."),
    ("4", "Kafka cannot be reached, lacks a topic or refuses something."),
    ("5", "Storage cannot be reached, lacks a blob or refuses something."),
    ("6", "The data is corrupt or misaligned, or a difference was found."),
    ("7", "Some of several parts failed, the rest is done."),
    ("130", "Interrupted."),
];

const ENVIRONMENT: [(&str, &str); 9] = [
    (
        "COMMERCE_LOGS_CONFIG, CLP_CONFIG",
        "The configuration file, as --config.",
    ),
    (
        "CLP_…",
        "Any key of the configuration, in upper case and with _ for dots: CLP_KAFKA_BROKERS.",
    ),
    (
        "CLP_KAFKA_PROPERTIES_…",
        "A librdkafka property: CLP_KAFKA_PROPERTIES_SASL_PASSWORD is sasl.password.",
    ),
    ("KAFKA_BROKERS", "The brokers, as --brokers."),
    (
        "AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_CONNECTION_STRING",
        "The storage account and its credential, for environments without one.",
    ),
    ("AZURE_STORAGE_CONTAINER_NAME", "The container of all environments."),
    ("CLP_LOG", "Filters for the log, such as warn,clp::storage=debug."),
    ("CLP_NO_CACHE", "If set, names of blobs are not kept for completion."),
    ("NO_COLOR", "If set, no colour."),
];

const FILES: [(&str, &str); 3] = [
    (
        "~/.commerce-logs-pipeline/config.yaml, ~/.config/commerce-logs-pipeline/config.yaml, ./config.yaml",
        "The configuration, if nothing names one; the first that is there. clp config path tells which.",
    ),
    (
        "~/.cache/clp/blobs",
        "Names of blobs for completion; below $XDG_CACHE_HOME, if that is set. Nothing is lost with it.",
    ),
    ("$TMPDIR", "Temporary files of clp verify --deep and clp demo."),
];

/// The pages of a command and of all below it, by the names of their files; its own is the first.
pub(super) fn pages(command: Command) -> Vec<(String, String)> {
    // Of clap's own `help` there is nothing to tell.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add_pages(&command, None, &mut pages);
    pages
}

fn add_pages(command: &Command, parent: Option<&Command>, pages: &mut Vec<(String, String)>) {
    pages.push((format!("{}.1", name(command)), page(command, parent)));
    let visible = command.get_subcommands().filter(|below| !below.is_hide_set());
    visible.for_each(|below| add_pages(below, Some(command), pages));
}

fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn page(command: &Command, parent: Option<&Command>) -> String {
    let man = Man::new(command.clone());
    // Without a date, so that a page changes with what it says only. clap_mangen would leave the empty word out.
    let title = name(command).to_uppercase();
    let mut page = format!(".TH {title} 1 \"\" \"{SOURCE}\" \"{MANUAL}\"\n").into_bytes();
    // Writing to memory does not fail.
    let _ = man.render_name_section(&mut page);
    let _ = synopsis(command).to_writer(&mut page);
    let _ = man.render_description_section(&mut page);
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut page);
    }
    let _ = man.render_options_section(&mut page);
    let _ = common_sections(command, parent).to_writer(&mut page);
    String::from_utf8_lossy(&page).into_owned()
}

/// As the help has it: the options have a section of their own.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    match usage.strip_prefix(name) {
        Some(rest) => roff.text([bold(name), roman(rest)]),
        None => roff.text([roman(usage)]),
    };
    roff
}

fn common_sections(command: &Command, parent: Option<&Command>) -> Roff {
    let mut roff = Roff::new();
    examples(command, &mut roff);
    roff.control("SH", ["EXIT STATUS"]);
    entries(&mut roff, EXIT_STATUS);
    roff.control("SH", ["ENVIRONMENT"]);
    roff.text([roman(
        "Flags win over variables, variables over the configuration file.",
    )]);
    entries(&mut roff, ENVIRONMENT);
    entries(
        &mut roff,
        variables(command)
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str())),
    );
    roff.control("SH", ["FILES"]);
    entries(&mut roff, FILES);
    roff.control("SH", ["SEE ALSO"]);
    see_also(command, parent, &mut roff);
    roff
}

fn entries<'a>(roff: &mut Roff, entries: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (term, text) in entries {
        roff.control("TP", []);
        roff.text([bold(term)]);
        roff.text([roman(text)]);
    }
}

/// The block of the help that is called so, word by word.
fn examples(command: &Command, roff: &mut Roff) {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let is_heading = |line: &str| line.starts_with("Examples:") || line.starts_with("First steps:");
    let lines = after.lines().skip_while(|line| !is_heading(line)).skip(1);
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for line in lines.take_while(|line| line.starts_with("  ")) {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
}

/// The variables that stand in the place of the command's own flags, as their help tells them: `[env: NAME]`.
fn variables(command: &Command) -> Vec<(String, String)> {
    let own = command.get_arguments().filter(|arg| !arg.is_global_set());
    let variable = |arg: &Arg| {
        let help = arg.get_help()?.to_string();
        let (_, variable) = help.split_once("[env: ")?;
        let (variable, _) = variable.split_once(']')?;
        Some((variable.to_owned(), format!("The same as --{}.", arg.get_long()?)))
    };
    let in_common = |name: &str| {
        ENVIRONMENT
            .iter()
            .any(|(names, _)| names.split(", ").any(|known| known == name))
    };
    own.filter_map(variable).filter(|(name, _)| !in_common(name)).collect()
}

/// The commands below, the one above, and those that one uses for the same task.
fn see_also(command: &Command, parent: Option<&Command>, roff: &mut Roff) {
    let below = command.get_subcommands().filter(|below| !below.is_hide_set()).map(name);
    let fellows = parent.into_iter().flat_map(|parent| {
        let fellows = groups::fellows(command.get_name());
        fellows.filter_map(|fellow| parent.find_subcommand(fellow)).map(name)
    });
    let pages: Vec<String> = parent.map(name).into_iter().chain(below).chain(fellows).collect();
    let mut text = Vec::new();
    for (n, page) in pages.iter().enumerate() {
        text.push(bold(page));
        text.push(roman(if n + 1 < pages.len() { "(1), " } else { "(1)" }));
    }
    roff.text(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_all_sections() {
        let pages = pages(super::super::super::command());
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "clp.1",
            "clp-ingest.1",
            "clp-config.1",
            "clp-config-check.1",
            "clp-man.1",
        ] {
            assert!(names.contains(&name), "{names:?}");
        }
        assert_eq!(names[0], "clp.1");
        assert!(!names.contains(&"clp-help.1"));
        for (name, page) in &pages {
            for section in [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "OPTIONS",
                "EXAMPLES",
                "\"EXIT STATUS\"",
                "ENVIRONMENT",
                "FILES",
                "\"SEE ALSO\"",
            ] {
                assert!(
                    page.lines().any(|line| line == format!(".SH {section}")),
                    "{name} has no {section}"
                );
            }
            let (_, see_also) = page.split_once("SEE ALSO").unwrap();
            assert!(see_also.contains("(1)"), "{name}: {see_also}");
            // An open request is one that roff does not know.
            let requests = [
                ".TH", ".SH", ".PP", ".TP", ".nf", ".fi", ".RS", ".RE", ".IP", ".br", ".ie", ".el",
            ];
            for line in page.lines().filter(|line| line.starts_with('.')) {
                assert!(
                    requests.iter().any(|request| line.starts_with(request)),
                    "{name}: {line}"
                );
            }
        }
    }

    #[test]
    fn variables_of_flags_are_told() {
        let command = super::super::super::command();
        let ingest = command.find_subcommand("ingest").unwrap();
        let variables = variables(ingest);
        assert!(variables.contains(&("START_OFFSET".to_owned(), "The same as --start-offset.".to_owned())));
        assert!(variables.iter().all(|(name, _)| name != "AZURE_STORAGE_CONTAINER_NAME"));
    }
}
