//! `clp ingest --worker`.

use std::{sync::Arc, time::Duration};

use clap::{Arg, Args, builder::NonEmptyStringValueParser};

use super::{
    Ingest,
    fellows::{client_id, compare_filters},
};
use crate::{
    cli::{App, Failure, MetricsArgs, cancel_on_signal},
    commands::topics,
    config::{self, Filters, Pattern},
    domain::Date,
    kafka::{self, Cluster, Connection},
    pipeline::{
        health::Health,
        lanes::Instance,
        metrics::{self, WorkerMetrics, log_progress},
        worker::{self, RawTopic, Settings, Topics, Watch},
    },
};

/// What only runs of named blobs take.
const ONE_SHOT: [&str; 11] = [
    "blob",
    "start_offset",
    "resume",
    "dry_run",
    "topic",
    "container",
    "service",
    "align",
    "on_corrupt",
    "force",
    "format",
];

const HEADING: &str = "Worker";

/// Keeps the flags of workers and of one-shot runs apart. `requires` alone would not do: a flag with which `--worker` does
/// not go excuses its absence.
pub(super) fn apart(arg: Arg) -> Arg {
    match arg.get_help_heading() == Some(HEADING) {
        true if arg.get_id() == "worker" => arg.conflicts_with_all(ONE_SHOT),
        true => arg.requires("worker").conflicts_with_all(ONE_SHOT),
        false => arg,
    }
}

#[derive(Args, Debug)]
#[command(next_help_heading = HEADING)]
pub struct WorkerArgs {
    /// Run as a service: follow the monitor's events and ingest every blob they tell of
    #[arg(long)]
    pub worker: bool,

    /// Members of the group that work side by side in this process [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    lanes: Option<u32>,

    /// Consumer group; the workers of one group share the blobs between them [default: clp-ingest]
    #[arg(long, value_name = "GROUP", value_parser = NonEmptyStringValueParser::new())]
    group: Option<String>,

    /// Only blobs of this day and later; takes also days whose states have expired
    #[arg(long, value_name = "DATE")]
    min_date: Option<Date>,

    /// Only blobs of this day and earlier
    #[arg(long, value_name = "DATE")]
    max_date: Option<Date>,

    /// Only blobs in whose service or name this is found; can be given several times
    #[arg(long = "selector", value_name = "REGEX")]
    selectors: Vec<Pattern>,

    /// End once nothing was left to do for so many seconds
    #[arg(long, value_name = "SECS")]
    until_idle: Option<u64>,

    #[command(flatten)]
    metrics: MetricsArgs,
}

pub async fn run(args: &Ingest, app: &App) -> anyhow::Result<()> {
    app.log_as_service()?;
    let config = app.config()?;
    let filters = filters(args, app)?;
    let kafka = app.kafka()?;
    let cancel = app.stop();
    let _signals = cancel_on_signal(cancel.clone());
    let group = args
        .service
        .group
        .clone()
        .unwrap_or_else(|| config.worker.consumer_group.clone());
    let client_id = client_id(&filters);
    let finding = async {
        let cluster = connect(&kafka.connection, &group, &client_id).await?;
        topics(&config.kafka, &cluster).await
    };
    let Some(topics) = cancel.run_until_cancelled(finding).await else {
        return Ok(());
    };
    let lanes = args.service.lanes.unwrap_or(config.worker.lanes);
    let instance = Instance::acquire("clp-worker", &group);
    let settings = Settings {
        client_id,
        topics: topics?,
        containers: config
            .environments()
            .into_iter()
            .map(|id| {
                let opened = app.container(&id, None);
                let opened = opened.map(|(container, _)| container.giving_up_after(worker::STORAGE_PATIENCE));
                (id, opened.map_err(|error| format!("{error:#}")))
            })
            .collect(),
        selectors: config.selectors(),
        filters,
        order: config.worker.order,
        max_waiting_blobs: config.worker.max_waiting_blobs as usize,
        delivery: config.kafka.delivery.into(),
        read: app.read_options()?,
        transaction_bytes: config.kafka.transaction_bytes,
        transaction_time: Duration::from_secs(config.kafka.transaction_seconds),
        retention_days: config.kafka.state_retention_days,
        error_handling: config.error_handling.clone(),
        instance: instance.name.clone(),
        group,
    };
    let mut registry = metrics::registry();
    let figures = WorkerMetrics::register(&mut registry);
    let watch = Arc::new(Watch::new(figures.clone(), Health::default()));
    let health = watch.lanes.health.clone();
    let _server = args.service.metrics.serve(registry, figures.clone(), health).await?;
    let _progress = log_progress(&config.monitoring, figures);
    tracing::info!(group = settings.group, instance = settings.instance, lanes, "working");
    let until_idle = args.service.until_idle.map(Duration::from_secs);
    let connection = kafka.connection.clone();
    Ok(worker::run(connection, Arc::new(settings), lanes, until_idle, cancel, watch).await?)
}

/// Those of the configuration, each replaced by its flag.
fn filters(args: &Ingest, app: &App) -> anyhow::Result<Filters> {
    let config = app.config()?;
    let mut filters = config.worker.filters.clone();
    (filters.min_date, filters.max_date) = days((args.service.min_date, args.service.max_date), &filters)?;
    if !args.subscription.is_empty() {
        filters.subscriptions.clone_from(&args.subscription);
    }
    if !args.env.is_empty() {
        let subscription = match args.subscription.as_slice() {
            [only] => Some(only.as_str()),
            _ => None,
        };
        filters.environments = args
            .env
            .iter()
            .map(|env| Ok(config.find_environment(env, subscription)?.to_string()))
            .collect::<anyhow::Result<_>>()?;
    }
    if !args.service.selectors.is_empty() {
        filters.selectors.clone_from(&args.service.selectors);
    }
    Ok(filters)
}

/// The first and the last day: each flag replaces its key of the configuration.
fn days(flags: (Option<Date>, Option<Date>), configured: &Filters) -> Result<(Option<Date>, Option<Date>), Failure> {
    let days = (flags.0.or(configured.min_date), flags.1.or(configured.max_date));
    if let (Some(first), Some(last)) = days
        && first > last
    {
        let min = flags.0.map_or("`worker.filters.min_date`", |_| "--min-date");
        let max = flags.1.map_or("`worker.filters.max_date`", |_| "--max-date");
        return Err(Failure::usage(format!(
            "{min} {first} is after {max} {last}: no blob passes"
        )));
    }
    Ok(days)
}

/// Asks whether Kafka is there, and who else is in the group.
async fn connect(connection: &Connection, group: &str, client_id: &str) -> Result<Cluster, kafka::Error> {
    let (connection, group, client_id) = (connection.clone(), group.to_owned(), client_id.to_owned());
    kafka::blocking(move || {
        let cluster = Cluster::connect(&connection)?;
        compare_filters(&cluster, &group, &client_id)?;
        Ok(cluster)
    })
    .await
}

async fn topics(config: &config::Kafka, cluster: &Cluster) -> anyhow::Result<Topics> {
    let names = &config.topics;
    let wanted = [
        &names.blobs,
        &names.blob_state,
        &names.raw_application,
        &names.raw_proxy,
        &names.errors,
    ]
    .map(String::as_str);
    let partitions = topics::partitions(cluster, &wanted, config)?;
    let topic = |index: usize| (wanted[index].to_owned(), partitions[index]);
    Ok(Topics {
        blobs: topic(0),
        blob_state: topic(1),
        raw_application: RawTopic {
            topic: topic(2),
            max_record_bytes: topics::max_record_bytes(cluster, wanted[2]).await,
        },
        raw_proxy: RawTopic {
            topic: topic(3),
            max_record_bytes: topics::max_record_bytes(cluster, wanted[3]).await,
        },
        errors: topic(4),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_flags_and_configuration_must_leave_one() {
        let day = |text: &str| text.parse::<Date>().ok();
        for (min, max, min_configured, max_configured, wanted) in [
            ("", "", "", "", Ok(("", ""))),
            ("20250606", "20250606", "", "", Ok(("20250606", "20250606"))),
            ("20250608", "", "20250101", "", Ok(("20250608", ""))),
            ("", "20250608", "20250601", "20250602", Ok(("20250601", "20250608"))),
            (
                "20250607",
                "20250606",
                "",
                "",
                Err("--min-date 20250607 is after --max-date 20250606: no blob passes"),
            ),
            (
                "20250607",
                "",
                "20250601",
                "20250606",
                Err("--min-date 20250607 is after `worker.filters.max_date` 20250606: no blob passes"),
            ),
            (
                "",
                "20250531",
                "20250601",
                "",
                Err("`worker.filters.min_date` 20250601 is after --max-date 20250531: no blob passes"),
            ),
        ] {
            let configured = Filters {
                min_date: day(min_configured),
                max_date: day(max_configured),
                ..Filters::default()
            };
            let found = days((day(min), day(max)), &configured).map_err(|error| error.to_string());
            let wanted = wanted
                .map(|(first, last)| (day(first), day(last)))
                .map_err(str::to_owned);
            assert_eq!(found, wanted);
        }
    }
}
