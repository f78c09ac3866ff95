//! `clp verify`.

mod print;

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};

use self::print::Printer;
use super::{
    gather::{self, Selections, service_of},
    ingest::find::find_blobs,
    selection::EnvironmentSelection,
    services, topics,
    watching::Watching,
};
use crate::{
    cli::{App, Exit, Failure, Parts, cancel_on_signal},
    config::Config,
    domain::{BlobName, Date, EnvironmentId, Selectors},
    kafka::{self, Cluster, Connection},
    pipeline::{
        ingest::Control,
        inventory::{self, BlobId, Known, Selection},
        verify::{Compared, Deep, Findings, Subject, Verdict, deep, judge},
    },
    storage::BlobProperties,
};

const EXAMPLES: &str = "Examples:
  clp verify --env P1 --date yesterday
  clp verify --env P1 --date yesterday --deep
  clp verify --env P1 --blob 'kubernetes/20250606.api-*' --deep --format json |
    jq 'select(.ok | not)'";

/// Verify that Kafka has each line of the blobs in storage once
///
/// Each blob is held against its state: one that is closed, or quiet for longer than the monitor's timeout, must be ingested to
/// its end, without an error. What a blob that still grows lacks is a lag, and no fault.
///
/// With --deep every line's position and bytes are compared with the topic, up to the blob's checkpoint: missing, doubled,
/// different and foreign lines are found, the first ones told one by one. It reads blobs and partitions whole, and takes 44
/// bytes a line of temporary disk (TMPDIR). Lines that retention has deleted from the topic count as expired, and as not proved.
/// With --blob or --service only the partitions of those blobs are read, else both raw topics.
///
/// Blobs of days for which no states are kept any more (`kafka.state_retention_days`) are left out if they have none.
///
/// Exit code 6 if anything is not as it should be.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    #[command(flatten)]
    environments: EnvironmentSelection,

    /// Day: YYYYMMDD, YYYY-MM-DD, today, yesterday; else all that are in storage
    #[arg(short, long, value_name = "DATE")]
    date: Option<Date>,

    /// Service: its name, an alias, or the start of its pods' names
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,

    /// The blob's name, or a pattern for several: * ? [a-z] {a,b}
    #[arg(short, long, value_name = "NAME", conflicts_with_all = ["date", "service"])]
    blob: Option<String>,

    /// Compare every line with the topic
    #[arg(long)]
    deep: bool,

    /// Form of the list
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Columns, sizes rounded and names shortened on a terminal; what is wrong, on standard error
    #[default]
    Table,
    /// One JSON object a line
    Json,
}

pub async fn run(args: Verify, app: &App) -> anyhow::Result<()> {
    let config = app.config()?;
    let selections = selections(&args, app)?;
    let kafka = app.kafka()?;
    let topics = find_topics(config, args.deep, &kafka.connection).await?;
    let mut parts = Parts::of(selections.len(), "environments");
    // In this order: the list is then never older than a state, which would make a blob look as if it had shrunk.
    let states = gather::states(&kafka.connection, &topics.state, &selections).await?;
    let listed = match &args.blob {
        None => gather::list(app, &selections, &mut parts).await?,
        Some(blob) => find(app, &selections, blob, &mut parts).await?,
    };
    let listed_none = listed.is_empty();
    let stored = listed.iter().flat_map(|(environment, blobs)| {
        let blobs = blobs.iter().cloned();
        blobs.map(|blob| (environment.clone(), blob))
    });
    let known = inventory::join(stored, states);
    let mut printer = Printer::new(app.output(), args.format);
    let oldest = oldest_day(config);
    let (expired, known): (Vec<Known>, Vec<Known>) = known.into_iter().partition(|known| is_expired(known, oldest));
    printer.expired(expired.len(), oldest);
    let (known, gone): (Vec<Known>, Vec<Known>) = known.into_iter().partition(|known| known.stored.is_some());
    if args.blob.is_none() {
        let searched = gone.iter().filter(|known| listed.contains_key(&known.id.environment));
        printer.gone(searched.count());
    }
    let findings = match args.deep {
        false => None,
        true => {
            let gone: BTreeSet<BlobId> = gone.into_iter().map(|known| known.id).collect();
            let searched: Vec<EnvironmentId> = listed.into_keys().collect();
            let is_whole = args.blob.is_none();
            let subjects = subjects(app, &known, &searched)?;
            let deep = Deep {
                connection: kafka.connection.clone(),
                subjects,
                raw_topics: topics.raw,
                everywhere: is_whole && args.service.is_none(),
                state_topic: topics.state,
                wants: Box::new(move |id| {
                    let selection = selections.get(&id.environment);
                    let wanted = selection.is_some_and(|selection| selection.wants(&id.name));
                    let is_kept = BlobName::parse(&id.name).is_none_or(|name| name.date >= oldest);
                    is_whole && wanted && is_kept && searched.contains(&id.environment) && !gone.contains(id)
                }),
                read: app.read_options()?,
            };
            Some(compare(app, deep).await?)
        }
    };
    let verdicts = verdicts(config, &known, findings.as_ref());
    printer.print(&verdicts)?;
    if verdicts.is_empty() && !listed_none {
        services::tell_nothing_of(args.service.as_deref(), &config.selectors());
    }
    let faults = verdicts.iter().filter(|verdict| !verdict.ok).count();
    match faults {
        0 => parts.into_result(),
        _ => Err(Failure::new(
            Exit::Data,
            format!("{faults} of {} are not as they should be in Kafka", verdicts.len()),
        )
        .with_hint(match args.deep {
            true => "clp ingest --blob NAME --topic OTHER sends a blob whole into another topic",
            false => "--deep compares every line",
        })
        .into()),
    }
}

/// The first day of which something can be said about a blob without a state.
fn oldest_day(config: &Config) -> Date {
    inventory::oldest_day(
        Date::today_utc(),
        config.kafka.state_retention_days,
        config.worker.filters.min_date,
    )
}

/// Whether a blob has no state, and its state would be forgotten by now.
fn is_expired(known: &Known, oldest: Date) -> bool {
    let stored = known.stored.as_ref().filter(|_| known.state.is_none());
    stored.is_some_and(|blob| inventory::date_of(&blob.name, blob.last_modified) < oldest)
}

fn selections(args: &Verify, app: &App) -> anyhow::Result<Selections> {
    let config = app.config()?;
    let environments = args.environments.resolve(app)?.into_iter();
    let selections = environments.map(|environment| {
        let selection = Selection {
            days: args.date.into_iter().collect(),
            states_of_all_days: false,
            services: gather::services(config, &environment, args.service.as_deref()),
            services_are_named: args.service.is_some(),
        };
        (environment, selection)
    });
    Ok(selections.collect())
}

/// Names with their partition counts.
struct Topics {
    state: (String, u32),
    raw: BTreeMap<String, u32>,
}

/// Answers within seconds, or fails.
async fn find_topics(config: &Config, deep: bool, connection: &Connection) -> anyhow::Result<Topics> {
    let names = &config.kafka.topics;
    let mut wanted = vec![names.blob_state.as_str()];
    if deep {
        wanted.extend([names.raw_application.as_str(), &names.raw_proxy]);
    }
    let connection = connection.clone();
    let cluster = kafka::blocking(move || Cluster::connect(&connection)).await?;
    let counts = topics::partitions(&cluster, &wanted, &config.kafka)?;
    let mut counted = wanted.into_iter().map(str::to_owned).zip(counts);
    Ok(Topics {
        state: counted.next().unwrap_or_default(),
        raw: counted.collect(),
    })
}

/// The blobs that `--blob` means, in each environment.
async fn find(
    app: &App,
    selections: &Selections,
    blob: &str,
    parts: &mut Parts,
) -> anyhow::Result<BTreeMap<EnvironmentId, Vec<BlobProperties>>> {
    let mut found = BTreeMap::new();
    for environment in selections.keys() {
        let blobs = async { find_blobs(&app.container(environment, None)?.0, blob).await };
        if let Some(blobs) = parts.note(blobs.await)? {
            found.insert(environment.clone(), blobs);
        }
    }
    Ok(found)
}

/// The blobs in storage, each with the way to its lines.
fn subjects(app: &App, known: &[Known], searched: &[EnvironmentId]) -> anyhow::Result<Vec<Subject>> {
    let config = app.config()?;
    let selectors = config.selectors();
    let mut containers = BTreeMap::new();
    for environment in searched {
        containers.insert(environment, app.container(environment, None)?.0);
    }
    let subjects = known.iter().filter_map(|known| {
        Some(Subject {
            id: known.id.clone(),
            container: containers.get(&known.id.environment)?.clone(),
            blob: known.stored.clone()?,
            state: known.state.clone(),
            raw_topic: raw_topic(config, &selectors, known).to_owned(),
        })
    });
    Ok(subjects.collect())
}

/// The topic of a blob's lines: that of the service as which it was ingested, else of the one that its name belongs to.
fn raw_topic<'a>(config: &'a Config, selectors: &Selectors, known: &Known) -> &'a str {
    let ingested_as = known.state.as_ref().map(|state| state.service_selector.as_str());
    let service = ingested_as.or_else(|| service_of(selectors, &known.id.name));
    config.kafka.topics.raw_of(service.unwrap_or_default())
}

async fn compare(app: &App, job: Deep) -> anyhow::Result<Findings> {
    let control = Control::default();
    let _signals = cancel_on_signal(control.cancel.clone());
    let bytes = job.subjects.iter().map(|subject| subject.blob.size).sum();
    let _watching = Watching::start(bytes, &control, app.is_quiet());
    // Nothing is written anywhere, so it may be left as it is.
    let done = control.cancel.run_until_cancelled(deep(job, control.progress.clone()));
    match done.await {
        Some(findings) => Ok(findings?),
        None => Err(Failure::new(Exit::Interrupted, "interrupted; nothing was verified").into()),
    }
}

/// What is said of each blob, in order, then of what is no blob's.
fn verdicts(config: &Config, known: &[Known], findings: Option<&Findings>) -> Vec<Verdict> {
    let selectors = config.selectors();
    let closing = i64::from(config.global.blob_closing.timeout_minutes) * 60;
    let quiet = SignedDuration::from_secs(closing.saturating_add_unsigned(config.global.polling_interval));
    let now = Timestamp::now();
    let compared = |index: usize| findings.and_then(|findings| findings.compared.get(index));
    let of_blob = |(index, known): (usize, &Known)| {
        let (blob, state) = (known.stored.as_ref()?, known.state.as_ref());
        let by_name = service_of(&selectors, &known.id.name);
        let raw_topic = raw_topic(config, &selectors, known);
        let reasons = judge(blob, state, now, quiet);
        let compared = compared(index).map(|compared: &Compared| (raw_topic, compared));
        Some(Verdict::of_blob(&known.id, by_name, blob, state, reasons, compared))
    };
    let mut verdicts: Vec<Verdict> = known.iter().enumerate().filter_map(of_blob).collect();
    if let Some(findings) = findings {
        let strangers = findings.strangers.iter();
        verdicts.extend(strangers.map(|(id, tally)| Verdict::of_stranger(id, tally)));
        let unnamed = findings.unnamed.iter();
        verdicts.extend(unnamed.filter_map(|(topic, tally)| Verdict::of_unnamed(topic, tally)));
    }
    verdicts
}
