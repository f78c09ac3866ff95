//! `clp demo`.

mod sample;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Args;

use crate::{
    cli::{App, Bar, Output, cancel_on_signal, human_size, to_stderr},
    config,
    domain::{EnvironmentId, Selectors, topic},
    kafka::{self, Connection, EmbeddedBroker},
    pipeline::{
        ingest::{self, Control, DeliveryMode, Job, Start, Topics},
        lines::OnCorrupt,
        raw_lines::MAX_RECORD_BYTES,
    },
    storage::{Container, Location, ReadOptions, RetryPolicy},
};

const EXAMPLES: &str = "Examples:
  clp demo
  clp demo --lines 200000 --keep ./demo";

/// See the main job at work, with nothing else installed or running
///
/// Writes a day of realistic logs to a directory as Azure would hold them, brings them into a Kafka broker that runs
/// inside this process, and shows some of the lines.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Demo {
    /// Lines to write, over all blobs
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    lines: u64,

    /// Leave the blobs and a configuration for them in this directory
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

const PARTITIONS: u32 = 2;
const SHOWN_LINES: usize = 8;
const SHOWN_CHARS: usize = 150;

pub async fn run(args: Demo, app: &App) -> anyhow::Result<()> {
    let temporary = tempfile::Builder::new().prefix("clp-demo-").tempdir()?;
    let directory = match &args.keep {
        Some(keep) => {
            fs::create_dir_all(keep).with_context(|| format!("cannot make directory {}", keep.display()))?;
            keep.clone()
        }
        None => temporary.path().to_owned(),
    };
    let logs = directory.join("logs");
    let begun = Instant::now();
    to_stderr(&format!("1. a day of logs goes to {}", logs.display()));
    let written = sample::write_day(&logs, args.lines)
        .with_context(|| format!("cannot write the blobs below {}", logs.display()))?;
    to_stderr(&format!(
        "   {} blobs, {} lines, {} as gzip members, {} as text, {:.1} s",
        written.blobs.len(),
        args.lines,
        human_size(written.bytes),
        human_size(written.raw_bytes),
        begun.elapsed().as_secs_f64()
    ));

    to_stderr("2. the embedded broker starts, and each blob is brought in, exactly once");
    let names = config::Topics::default();
    let broker = EmbeddedBroker::start(names.all().map(|(_, name)| (name, PARTITIONS as i32)))?;
    let connection = Connection::new(broker.brokers());
    let (lines, elapsed) = ingest_all(app, &connection, &logs, &names, &written.blobs).await?;
    to_stderr(&format!(
        "   {lines} lines in {:.1} s: {:.0} lines/s, with a transaction and a checkpoint for each blob",
        elapsed.as_secs_f64(),
        lines as f64 / elapsed.as_secs_f64()
    ));

    to_stderr("3. some of the lines, as they are in Kafka now");
    let mut output = app.output();
    for topic in [&names.raw_application, &names.raw_proxy] {
        show_lines(&connection, topic, &mut output).await?;
    }
    output.flush()?;
    next_steps(args.keep.as_deref(), &written.blobs)
}

async fn ingest_all(
    app: &App,
    connection: &Connection,
    logs: &Path,
    names: &config::Topics,
    blobs: &[String],
) -> anyhow::Result<(u64, Duration)> {
    let location = Location::Directory { path: logs.to_owned() };
    let container = Container::open(&location, RetryPolicy::default())?;
    let selectors = Selectors::default();
    let control = Control::default();
    let _signals = cancel_on_signal(control.cancel.clone());
    let bar = Bar::bytes(blobs.len() as u64, app.is_quiet());
    let begun = Instant::now();
    let mut lines = 0;
    for (done, name) in blobs.iter().enumerate() {
        let service = selectors.of_blob(name).map_or("unknown", |selector| &selector.name);
        let raw = match topic::is_proxy(service) {
            true => &names.raw_proxy,
            false => &names.raw_application,
        };
        let job = Job {
            environment: EnvironmentId::new("demo", "D1"),
            blob: container.properties(name).await?,
            container: container.clone(),
            service: service.to_owned(),
            topics: Topics {
                raw: (raw.clone(), PARTITIONS),
                blobs: (names.blobs.clone(), PARTITIONS),
                blob_state: (names.blob_state.clone(), PARTITIONS),
                raw_is_own: true,
            },
            start: Start::Resume,
            align: None,
            on_corrupt: OnCorrupt::Fail,
            delivery: DeliveryMode::ExactlyOnce,
            read: ReadOptions::default(),
            max_record_bytes: MAX_RECORD_BYTES,
            transaction_bytes: 64 << 20,
            transaction_time: Duration::from_secs(5),
        };
        lines += ingest::run(connection.clone(), job, control.clone()).await?.lines;
        bar.update(done as u64 + 1, lines);
    }
    Ok((lines, begun.elapsed()))
}

async fn show_lines(connection: &Connection, topic: &str, output: &mut Output) -> anyhow::Result<()> {
    let (connection, topic) = (connection.clone(), topic.to_owned());
    let records = kafka::blocking(move || kafka::peek(&connection, &topic, SHOWN_LINES / 2)).await?;
    for record in records {
        let line = String::from_utf8_lossy(&record.payload);
        match output.is_terminal {
            true => output.line(format!("{}…", line.chars().take(SHOWN_CHARS).collect::<String>()))?,
            false => output.line(line)?,
        }
    }
    Ok(())
}

fn next_steps(kept: Option<&Path>, blobs: &[String]) -> anyhow::Result<()> {
    match kept {
        None => {
            to_stderr("\nnext: the same with your own eyes and hands");
            to_stderr("  clp demo --keep ./demo    keeps the blobs, and a configuration to try all commands with");
            to_stderr("  clp setup-config          a configuration for your own storage accounts");
        }
        Some(directory) => {
            let file = directory.join("config.yaml");
            let text = "# Written by `clp demo`: its blobs, and the broker inside clp.\n\
                        kafka:\n  brokers: embedded\n\
                        subscriptions:\n  demo:\n    environments:\n      D1:\n        storage_account:\n          directory: logs\n";
            config::write_private(&file, text, true)?;
            let file = config::quoted(&file);
            to_stderr("\nnext: try");
            to_stderr(&format!("  clp --config {file} list-blobs"));
            if let Some(blob) = blobs.first() {
                to_stderr(&format!("  clp --config {file} ingest --blob {blob} --format json"));
            }
            to_stderr("  clp setup-config          a configuration for your own storage accounts");
        }
    }
    Ok(())
}
