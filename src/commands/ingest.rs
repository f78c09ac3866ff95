//! `clp ingest`.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::{
    cli::{App, Bar, Exit, Failure, Format, Output, Parts, cancel_on_signal, human_size},
    config,
    domain::{EnvironmentId, Selectors},
    kafka::{self, Cluster, Connection},
    pipeline::{
        ingest::{self, Align, Control, DeliveryMode, Job, MAX_RECORD_BYTES, Start, Summary, Topics},
        lines::OnCorrupt,
    },
    storage::{self, BlobProperties, Container},
};

const EXAMPLES: &str = "Examples:
  clp ingest --env P1 --blob kubernetes/20250606.api-7d4f_default_platform-0a….gz
  clp ingest --env P1 --blob 'kubernetes/20250606.api-*' --resume
  clp ingest --env P1 --blob NAME --start-offset 18123 --topic replay
  clp ingest --env P1 --blob NAME --dry-run --format json";

/// Bring a blob's lines into Kafka, each exactly once
///
/// Lines, the checkpoint behind them and, at the end, a completion event are committed in transactions. A run that was
/// interrupted or killed goes on with --resume, without a lost or doubled line. Kafka is checked before the blob is read.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Ingest {
    /// The blob's name, or a pattern for several: * ? [a-z] {a,b} [env: AZURE_STORAGE_BLOB_NAME]
    #[arg(short, long, value_name = "NAME")]
    blob: Option<String>,

    /// Environment, as E or SUBSCRIPTION/E; may be left out if only one is configured [env: ENVIRONMENT]
    #[arg(short, long = "env", alias = "environment", value_name = "ENV")]
    env: Option<String>,

    /// Subscription of the environment [env: SUBSCRIPTION_ID]
    #[arg(short, long, value_name = "SUBSCRIPTION")]
    subscription: Option<String>,

    /// Container of the storage account, in place of the configured one [env: AZURE_STORAGE_CONTAINER_NAME]
    #[arg(short, long, value_name = "CONTAINER")]
    container: Option<String>,

    /// Topic for the lines; else the raw topic of the blob's service [env: KAFKA_TOPIC]
    #[arg(short, long, value_name = "TOPIC")]
    topic: Option<String>,

    /// Service, for the records' header; else by the blob's name [env: SERVICE_SELECTOR]
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,

    /// Begin at this byte offset, where a gzip member must start [env: START_OFFSET] [default: 0]
    #[arg(long, value_name = "BYTES")]
    start_offset: Option<u64>,

    /// Go on where the last run of this blob and topic stopped
    #[arg(long, conflicts_with = "start_offset")]
    resume: bool,

    /// If --start-offset is inside a member, begin at the next member's start, or at its own
    #[arg(long, value_enum, value_name = "WHERE")]
    align: Option<AlignArg>,

    /// At bytes that are no gzip member: stop, or go on at the next member that inflates
    #[arg(long, value_enum, value_name = "WHAT", default_value = "fail")]
    on_corrupt: OnCorruptArg,

    /// Read and count, send nothing
    #[arg(long)]
    dry_run: bool,

    /// Run although workers write the same topic; safe if none of them has this blob
    #[arg(long)]
    force: bool,

    /// Form of the summary
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AlignArg {
    Next,
    Previous,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnCorruptArg {
    Fail,
    Skip,
}

/// What is printed at the end of a run.
#[derive(serde::Serialize)]
struct Report<'a> {
    blob: &'a str,
    topic: &'a str,
    from_offset: u64,
    to_offset: u64,
    checkpoint_lines: u64,
    lines: u64,
    /// Compressed bytes between the two offsets.
    bytes: u64,
    raw_bytes: u64,
    torn_bytes: u64,
    skipped_bytes: u64,
    seconds: f64,
    lines_per_second: f64,
    delivery: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

impl Ingest {
    /// Takes from the environment what no flag gave. Empty variables count as not set.
    fn with_environment(mut self, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        self.blob = self.blob.or_else(|| variable("AZURE_STORAGE_BLOB_NAME"));
        self.env = self.env.or_else(|| variable("ENVIRONMENT"));
        self.subscription = self.subscription.or_else(|| variable("SUBSCRIPTION_ID"));
        self.topic = self.topic.or_else(|| variable("KAFKA_TOPIC"));
        self.service = self.service.or_else(|| variable("SERVICE_SELECTOR"));
        if !self.resume
            && self.start_offset.is_none()
            && let Some(text) = variable("START_OFFSET")
        {
            let offset = text.trim().parse().map_err(|_| {
                Failure::usage(format!("START_OFFSET={text} is not a number of bytes"))
                    .with_hint("give a whole number, such as START_OFFSET=1048576")
            })?;
            self.start_offset = Some(offset);
        }
        Ok(self)
    }

    fn start(&self) -> Start {
        match self.resume {
            true => Start::Resume,
            false => Start::Offset(self.start_offset.unwrap_or(0)),
        }
    }
}

pub async fn run(args: Ingest, app: &App) -> anyhow::Result<()> {
    let args = args.with_environment(|name| std::env::var(name).ok())?;
    let Some(blob) = args.blob.as_deref() else {
        return Err(Failure::usage("no blob is named")
            .with_hint("--blob NAME, or AZURE_STORAGE_BLOB_NAME; `clp list-blobs` shows what there is")
            .into());
    };
    let environment = environment(&args, app)?;
    let kafka = app.kafka()?;
    let needs_kafka = !args.dry_run || args.resume;
    let connecting = async {
        let connection = kafka.connection.clone();
        match needs_kafka {
            true => kafka::blocking(move || Cluster::connect(&connection)).await.map(Some),
            false => Ok(None),
        }
    };
    // Nothing is asked of storage before Kafka answers, but its client can get ready meanwhile.
    let opening = async { app.container(&environment, args.container.as_deref()) };
    let (cluster, container) = tokio::join!(connecting, opening);
    let cluster = cluster?;
    tracing::debug!("Kafka answers");
    let (container, _) = container?;
    let blobs = find_blobs(&container, blob).await?;
    let control = Control::default();
    let _signals = cancel_on_signal(control.cancel.clone());

    let mut parts = Parts::of("blobs");
    let mut output = app.output();
    for blob in blobs {
        let result = async {
            let job = job(&args, app, &environment, &container, blob, cluster.as_ref()).await?;
            one(&args, app, &kafka.connection, job, control.clone(), &mut output).await
        }
        .await;
        parts.note(result)?;
    }
    parts.into_result()
}

fn environment(args: &Ingest, app: &App) -> anyhow::Result<EnvironmentId> {
    let config = app.config()?;
    if let Some(environment) = &args.env {
        return Ok(config.find_environment(environment, args.subscription.as_deref())?);
    }
    let selection = super::selection::EnvironmentSelection {
        subscription: args.subscription.clone(),
        ..Default::default()
    };
    let mut all = selection.resolve(app)?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            let names: Vec<String> = all.iter().chain(&last).map(ToString::to_string).collect();
            Err(Failure::configuration("which environment? several are configured")
                .with_hint(format!("--env, one of {}", names.join(", ")))
                .into())
        }
    }
}

/// The blobs that `--blob` means: one by its name, with or without its directory, or all that match a pattern.
async fn find_blobs(container: &Container, wanted: &str) -> anyhow::Result<Vec<BlobProperties>> {
    if !wanted.contains(['*', '?', '[', '{']) {
        let found = container.properties(wanted).await;
        let inside = format!("{}{wanted}", crate::domain::blob_name::DIRECTORY);
        return match found {
            Err(error) if error.kind() == storage::Kind::BlobNotFound && !wanted.contains('/') => {
                match container.properties(&inside).await {
                    Ok(blob) => Ok(vec![blob]),
                    Err(_) => Err(error.into()),
                }
            }
            other => Ok(vec![other?]),
        };
    }
    let pattern = globset::GlobBuilder::new(wanted)
        .build()
        .map_err(|error| Failure::usage(format!("--blob {wanted}: {}", error.kind())))?
        .compile_matcher();
    let prefix = wanted.split(['*', '?', '[', '{']).next().unwrap_or_default();
    let (mut blobs, mut next) = (Vec::new(), None);
    loop {
        let page = container.page(prefix, next).await?;
        blobs.extend(page.blobs.into_iter().filter(|blob| pattern.is_match(&blob.name)));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    match blobs.is_empty() {
        false => Ok(blobs),
        true => Err(Failure::new(
            Exit::Storage,
            format!("no blob matches {wanted} in {}", container.describe()),
        )
        .with_hint("clp list-blobs shows what there is; names are whole, with `kubernetes/`")
        .into()),
    }
}

async fn job(
    args: &Ingest,
    app: &App,
    environment: &EnvironmentId,
    container: &Container,
    blob: BlobProperties,
    cluster: Option<&Cluster>,
) -> anyhow::Result<Job> {
    let config = app.config()?;
    let service = service(args.service.as_deref(), &config.selectors(), &blob.name);
    let own_topic = service
        .as_deref()
        .map(|service| config.kafka.topics.raw_of(service).to_owned());
    let Some(topic) = args.topic.clone().or_else(|| own_topic.clone()) else {
        return Err(
            Failure::usage(format!("blob {} belongs to no known service", blob.name))
                .with_hint(
                    "--service SERVICE, or --topic TOPIC; services can be added under `selectors` in the configuration",
                )
                .into(),
        );
    };
    let raw_is_own = own_topic.as_deref() == Some(topic.as_str());
    let topics = match cluster {
        Some(cluster) => check_topics(
            args,
            &config.kafka,
            &config.worker.consumer_group,
            cluster,
            &topic,
            raw_is_own,
        )?,
        None => Topics {
            raw: (topic, 1),
            blobs: (config.kafka.topics.blobs.clone(), 1),
            blob_state: (config.kafka.topics.blob_state.clone(), 1),
            raw_is_own,
        },
    };
    let max_record_bytes = match cluster {
        Some(cluster) => max_record_bytes(cluster, &topics.raw.0).await,
        None => MAX_RECORD_BYTES,
    };
    Ok(Job {
        environment: environment.clone(),
        container: container.clone(),
        service: service.unwrap_or_else(|| UNKNOWN_SERVICE.to_owned()),
        blob,
        topics,
        start: args.start(),
        align: args.align.map(|align| match align {
            AlignArg::Next => Align::Next,
            AlignArg::Previous => Align::Previous,
        }),
        on_corrupt: match args.on_corrupt {
            OnCorruptArg::Fail => OnCorrupt::Fail,
            OnCorruptArg::Skip => OnCorrupt::Skip,
        },
        delivery: match config.kafka.delivery {
            config::Delivery::ExactlyOnce => DeliveryMode::ExactlyOnce,
            config::Delivery::AtLeastOnce => DeliveryMode::AtLeastOnce,
        },
        read: app.read_options()?,
        max_record_bytes,
        transaction_bytes: config.kafka.transaction_bytes,
        transaction_time: Duration::from_secs(config.kafka.transaction_seconds),
    })
}

/// The `service` header of a blob that no selector matches, going to a topic that was named.
const UNKNOWN_SERVICE: &str = "unknown";

fn service(wanted: Option<&str>, selectors: &Selectors, blob: &str) -> Option<String> {
    match wanted {
        Some(name) => Some(selectors.resolve(name).name),
        None => selectors.of_blob(blob).map(|selector| selector.name.clone()),
    }
}

fn check_topics(
    args: &Ingest,
    config: &config::Kafka,
    worker_group: &str,
    cluster: &Cluster,
    raw: &str,
    raw_is_own: bool,
) -> anyhow::Result<Topics> {
    let (blobs, blob_state) = (config.topics.blobs.as_str(), config.topics.blob_state.as_str());
    let counts = cluster
        .partitions(&[raw, blobs, blob_state])
        .map_err(|error| missing(error, config))?;
    if raw_is_own && !args.force && !args.dry_run {
        let members = cluster.group(worker_group)?.members;
        if members > 0 {
            return Err(kafka::Error::GroupActive {
                group: worker_group.to_owned(),
                members,
                topic: raw.to_owned(),
            }
            .into());
        }
    }
    Ok(Topics {
        raw: (raw.to_owned(), counts[0]),
        blobs: (blobs.to_owned(), counts[1]),
        blob_state: (blob_state.to_owned(), counts[2]),
        raw_is_own,
    })
}

/// `clp init-topics` makes the configured topics by itself; only others need to be named.
fn missing(error: kafka::Error, config: &config::Kafka) -> anyhow::Error {
    let kafka::Error::MissingTopics { topics } = &error else {
        return error.into();
    };
    let own = config.topics.all();
    let others = topics.iter().filter(|topic| own.iter().all(|(_, name)| name != topic));
    let hint = others.fold("clp init-topics".to_owned(), |hint, topic| {
        format!("{hint} --topic {topic}")
    });
    Failure::new(Exit::Kafka, error.to_string()).with_hint(hint).into()
}

async fn max_record_bytes(cluster: &Cluster, topic: &str) -> usize {
    let config = cluster.topic_config(topic).await;
    config
        .get("max.message.bytes")
        .and_then(|bytes| bytes.parse().ok())
        .unwrap_or(MAX_RECORD_BYTES)
}

async fn one(
    args: &Ingest,
    app: &App,
    connection: &Connection,
    job: Job,
    control: Control,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (blob, topic, delivery) = (job.blob.name.clone(), job.topics.raw.0.clone(), job.delivery.name());
    let begun = Instant::now();
    let control = Control {
        progress: std::sync::Arc::default(),
        ..control
    };
    let summary = {
        let _watching = Watching::start(&job, &control, app.is_quiet());
        let connection = connection.clone();
        match args.dry_run {
            true => ingest::dry_run(connection, job, control).await?,
            false => ingest::run(connection, job, control).await?,
        }
    };
    let report = report(&blob, &topic, &summary, begun.elapsed(), delivery, args.dry_run);
    match args.format {
        Format::Json => output.json(&report)?,
        Format::Text => output.line(text(&report))?,
    }
    Ok(output.flush()?)
}

/// Draws the progress bar until it is dropped.
struct Watching(tokio::task::JoinHandle<()>);

const REDRAW: Duration = Duration::from_millis(100);

impl Watching {
    fn start(job: &Job, control: &Control, quiet: bool) -> Self {
        let bar = Bar::bytes(job.blob.size, quiet);
        let progress = control.progress.clone();
        Self(tokio::spawn(async move {
            loop {
                bar.update(progress.position(), progress.lines());
                tokio::time::sleep(REDRAW).await;
            }
        }))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn report<'a>(
    blob: &'a str,
    topic: &'a str,
    summary: &Summary,
    elapsed: Duration,
    delivery: &'static str,
    dry_run: bool,
) -> Report<'a> {
    let seconds = elapsed.as_secs_f64();
    Report {
        blob,
        topic,
        from_offset: summary.from.member,
        to_offset: summary.to.member,
        checkpoint_lines: summary.to.lines,
        lines: summary.lines,
        bytes: summary.to.member.saturating_sub(summary.from.member),
        raw_bytes: summary.raw_bytes,
        torn_bytes: summary.torn_bytes,
        skipped_bytes: summary.skipped_bytes,
        seconds: (seconds * 1000.0).round() / 1000.0,
        lines_per_second: (summary.lines as f64 / seconds.max(f64::EPSILON)).round(),
        delivery,
        dry_run,
    }
}

fn text(report: &Report<'_>) -> String {
    let mut text = format!(
        "{}: {} lines ({}) {} {}, offsets {} to {}, in {:.1} s, {} lines/s, {}",
        report.blob,
        report.lines,
        human_size(report.raw_bytes),
        if report.dry_run { "would go to" } else { "sent to" },
        report.topic,
        report.from_offset,
        report.to_offset,
        report.seconds,
        report.lines_per_second,
        report.delivery,
    );
    if report.torn_bytes > 0 {
        text += &format!("; {} bytes of an unfinished member are left", report.torn_bytes);
    }
    if report.skipped_bytes > 0 {
        text += &format!("; {} corrupt bytes were passed over", report.skipped_bytes);
    }
    text
}
