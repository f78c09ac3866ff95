//! Flags that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Configuration file; see `clp config path` for where it is looked for
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Kafka brokers, host:port, comma separated; `embedded` for the built-in demo broker [env: KAFKA_BROKERS]
    #[arg(long, global = true, value_name = "LIST")]
    pub brokers: Option<String>,

    /// Set a librdkafka property for all Kafka clients; can be given several times
    #[arg(short = 'X', global = true, value_name = "KEY=VALUE", value_parser = property)]
    pub properties: Vec<(String, String)>,

    /// Log less: -q warnings, -qq errors
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "verbose")]
    pub quiet: u8,

    /// Log more: -v details, -vv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: ColorChoice,

    /// Form of the log on standard error
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t)]
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

fn property(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        // The text is not repeated: it may hold a password.
        _ => Err("expected KEY=VALUE, such as linger.ms=50".to_owned()),
    }
}
