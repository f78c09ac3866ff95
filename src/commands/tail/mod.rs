//! `clp tail`.

mod resolve;
mod topics;

use clap::{Args, ValueEnum};
use regex::Regex;
use tokio_util::sync::CancellationToken;

use super::{selection::EnvironmentSelection, topics::explain_missing};
use crate::{
    cli::{App, Format, Output, cancel_on_signal},
    domain::Moment,
    kafka,
    pipeline::tail::{self, FromGroup, FromKafka, FromStorage, Level, Look, Plan, Source, TailError},
};

const EXAMPLES: &str = "Examples:
  clp tail --env P1 --service api --level WARN
  clp tail --since 15m --grep 'OrderService|Cart' --exclude healthcheck
  clp tail -n 100 --no-follow --service api,backoffice
  clp tail --topics errors --format json | jq -r .error
  clp tail --topics Raw.ProxyLogs --from-beginning --no-follow -f json --raw |
    jq .value
  clp tail --source storage --env P1 --service api --since 30m";

/// Follow logs: from Kafka, or straight from storage
///
/// Shows lines in the order of their time, with what they say: level, pod, logger, message, exception; requests with
/// status and duration. By itself it begins with what comes now; with --no-follow it shows the last 10 lines. The time
/// window is that of the lines themselves. Without -g it joins no group and leaves nothing behind in Kafka; only committed
/// records are shown.
///
/// Without --topics it reads the extracted topics if they hold anything, else the raw ones.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Tail {
    #[command(flatten)]
    environments: EnvironmentSelection,

    /// Service: its name, an alias, or the start of its pods' names; can be given several times
    #[arg(long = "service", value_name = "SERVICE", value_delimiter = ',')]
    services: Vec<String>,

    /// Topics: full names, or keys of the configuration such as raw_proxy or errors
    #[arg(short, long, value_name = "TOPICS", value_delimiter = ',')]
    topics: Vec<String>,

    /// Lines since then: 15m, 2h, 1d (ago), RFC 3339, or a day
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Lines until then, and no further
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// Everything that is there, from the first record on
    #[arg(long, conflicts_with = "since")]
    from_beginning: bool,

    /// The last N lines of all that are selected, then what comes
    #[arg(short = 'n', long = "lines", value_name = "N", conflicts_with = "group")]
    last: Option<usize>,

    /// This level and graver ones: trace, debug, info, warn, error, fatal
    #[arg(
        short,
        long,
        value_enum,
        value_name = "LEVEL",
        ignore_case = true,
        hide_possible_values = true
    )]
    level: Option<Level>,

    /// Lines in which this regular expression finds something; of several, all must
    #[arg(long, value_name = "REGEX", value_parser = Regex::new)]
    grep: Vec<Regex>,

    /// Not the lines in which this regular expression finds something
    #[arg(long, value_name = "REGEX", value_parser = Regex::new)]
    exclude: Vec<Regex>,

    /// End after N lines
    #[arg(short, long, value_name = "N")]
    max_messages: Option<u64>,

    /// End where the logs end now
    #[arg(long)]
    no_follow: bool,

    /// Form of the lines
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,

    /// Records as they are in Kafka, with partition, offset, key and headers; as they come, not by time
    #[arg(long)]
    raw: bool,

    /// Where to read: storage needs no Kafka, and looks for growth every two seconds
    #[arg(long, value_enum, value_name = "SOURCE", default_value_t)]
    source: From,

    /// Join this consumer group, go on where it stands, and commit what was shown
    #[arg(short, long, value_name = "GROUP")]
    group: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum From {
    #[default]
    Kafka,
    Storage,
}

pub async fn run(args: Tail, app: &App) -> anyhow::Result<()> {
    let look = resolve::look(&args, app)?;
    let (plan, start) = (resolve::plan(&args)?, resolve::start(&args));
    let (output, stop) = (app.output(), app.stop());
    if args.source == From::Storage {
        let listing = resolve::listing(&args, app)?;
        let shown = kafka::blocking(move || {
            let mut source = FromStorage::open(listing, start, &plan)?;
            show(&mut source, look, &plan, output, stop)
        });
        return Ok(shown.await?);
    }
    let kafka = app.kafka()?;
    let wanted = topics::wanted(&args.topics, app, &kafka.connection).await?;
    let connection = kafka.connection.clone();
    let shown = kafka::blocking(move || {
        let mut source: Box<dyn Source> = match &args.group {
            Some(group) => Box::new(FromGroup::join(&connection, group, wanted, args.from_beginning, &plan)?),
            None => Box::new(FromKafka::open(&connection, wanted, start, &plan)?),
        };
        show(source.as_mut(), look, &plan, output, stop)
    });
    match shown.await {
        Err(TailError::Kafka(error)) => Err(explain_missing(error, &app.config()?.kafka)),
        other => Ok(other?),
    }
}

/// A signal before this ends the process; from here on, what was read is written first.
fn show(
    source: &mut dyn Source,
    mut look: Look,
    plan: &Plan,
    mut output: Output,
    cancel: CancellationToken,
) -> Result<(), TailError> {
    let _signals = cancel_on_signal(cancel.clone());
    tail::run(source, &mut look, plan, &mut output, &cancel)
}
