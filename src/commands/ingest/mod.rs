//! `clp ingest`.

mod fellows;
pub(super) mod find;
mod report;
mod resolve;
mod worker;

use std::time::Instant;

use clap::{Args, ValueEnum};

use self::{
    find::{environment, find_blobs},
    report::{report, text},
    resolve::job,
    worker::WorkerArgs,
};
use super::watching::Watching;
use crate::{
    cli::{App, Failure, Format, Output, Parts, cancel_on_signal},
    kafka::{self, Cluster, Connection},
    pipeline::ingest::{self, Control, Job, Start},
};

const EXAMPLES: &str = "Examples:
  clp ingest --env P1 --blob 20250606.api-7d4f_default_platform-0a….gz
  clp ingest --env P1 --blob 'kubernetes/20250606.api-*' --resume
  clp ingest --env P1 --blob NAME --start-offset 18123 --topic replay
  clp ingest --env P1 --blob NAME --dry-run --format json
  clp ingest --worker --lanes 2
  clp ingest --worker --env P1 --min-date 2025-06-01 --until-idle 60";

/// Bring lines into Kafka, each exactly once: one blob now, or all as a service
///
/// Lines, the checkpoint behind them and, at the end, a completion event are committed in transactions. A run that was
/// interrupted or killed goes on with --resume, without a lost or doubled line; a worker goes on by itself. Kafka is
/// checked before a blob is read.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, mut_args(worker::apart))]
pub struct Ingest {
    /// The blob's name, or a pattern for several: * ? [a-z] {a,b} [env: AZURE_STORAGE_BLOB_NAME]
    #[arg(short, long, value_name = "NAME")]
    blob: Option<String>,

    /// Environment, as E or SUBSCRIPTION/E; may be left out if only one is configured, and for a worker, which takes
    /// several [env: ENVIRONMENT]
    #[arg(
        short,
        long = "env",
        alias = "environment",
        value_name = "ENV",
        value_delimiter = ','
    )]
    env: Vec<String>,

    /// Subscription of the environment; several for a worker [env: SUBSCRIPTION_ID]
    #[arg(short, long, value_name = "SUBSCRIPTION", value_delimiter = ',')]
    subscription: Vec<String>,

    /// Container of the storage account, in place of the configured one [env: AZURE_STORAGE_CONTAINER_NAME]
    #[arg(short, long, value_name = "CONTAINER")]
    container: Option<String>,

    /// Topic for the lines; else the raw topic of the blob's service [env: KAFKA_TOPIC]
    #[arg(short, long, value_name = "TOPIC")]
    topic: Option<String>,

    /// Service, for the records' header; else by the blob's name [env: SERVICE_SELECTOR]
    #[arg(long = "service", id = "service", value_name = "SERVICE")]
    of_service: Option<String>,

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

    #[command(flatten)]
    service: WorkerArgs,
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

impl Ingest {
    /// Takes from the environment what no flag gave. Empty variables count as not set.
    fn with_environment(mut self, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        self.blob = self
            .blob
            .filter(|name| !name.is_empty())
            .or_else(|| variable("AZURE_STORAGE_BLOB_NAME"));
        let add = |list: &mut Vec<String>, name| {
            if list.is_empty() {
                list.extend(variable(name));
            }
        };
        add(&mut self.env, "ENVIRONMENT");
        add(&mut self.subscription, "SUBSCRIPTION_ID");
        self.topic = self.topic.or_else(|| variable("KAFKA_TOPIC"));
        self.of_service = self.of_service.or_else(|| variable("SERVICE_SELECTOR"));
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
        if self.align.is_some() && self.start_offset.is_none() {
            return Err(Failure::usage("--align without --start-offset has nothing to align")
                .with_hint("give --start-offset BYTES; without one a run begins at a member's start anyway")
                .into());
        }
        Ok(self)
    }

    /// Whether it is to run as a service.
    pub fn is_worker(&self) -> bool {
        self.service.worker
    }

    fn start(&self) -> Start {
        match self.resume {
            true => Start::Resume,
            false => Start::Offset(self.start_offset.unwrap_or(0)),
        }
    }
}

pub async fn run(args: Ingest, app: &App) -> anyhow::Result<()> {
    if args.is_worker() {
        return worker::run(&args, app).await;
    }
    let args = args.with_environment(|name| std::env::var(name).ok())?;
    let Some(blob) = args.blob.as_deref() else {
        return Err(Failure::usage("no blob is named")
            .with_hint(
                "--blob NAME, or AZURE_STORAGE_BLOB_NAME; `clp list-blobs` shows what there is; --worker takes all",
            )
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
    let mut cluster = cluster?;
    tracing::debug!("Kafka answers");
    let (container, _) = container?;
    let blobs = find_blobs(&container, blob).await?;
    let control = Control::default();
    let _signals = cancel_on_signal(control.cancel.clone());

    let mut parts = Parts::of(blobs.len(), "blobs");
    let mut output = app.output();
    let mut blobs = blobs.into_iter().peekable();
    while let Some(blob) = blobs.next() {
        let is_last = blobs.peek().is_none();
        let result = async {
            let job = job(&args, app, &environment, &container, blob, cluster.as_ref()).await?;
            if is_last {
                // It is closed while lines are sent, and not waited for at the end.
                drop(cluster.take());
            }
            one(&args, app, &kafka.connection, job, control.clone(), &mut output).await
        }
        .await;
        parts.note(result)?;
    }
    parts.into_result()
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
        let _watching = Watching::start(job.blob.size, &control, app.is_quiet());
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
