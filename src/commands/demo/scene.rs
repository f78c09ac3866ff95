//! Where the demo plays: a directory of blobs, a broker, and a configuration that leads to both.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};

use super::{
    counts::{Counter, Counts},
    logs::Logs,
};
use crate::{
    cli::{App, Bar, Exit, Failure, human_size, to_stderr},
    config,
    domain::Date,
    kafka::{self, Connection, EmbeddedBroker},
};

const PARTITIONS: i32 = 2;
/// Over so much time the first lines are spread.
const HISTORY: SignedDuration = SignedDuration::from_hours(6);
/// Then they grow, so often and so many times.
const FLUSH_EVERY: Duration = Duration::from_millis(250);
const FLUSHES: u64 = 20;
/// With `--stay`, so many lines with each flush.
const LINES_OF_TRICKLE: u64 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// After the last line was written, all of it is expected within this time, plus a second for so many lines.
const PATIENCE: Duration = Duration::from_secs(60);
const LINES_PER_SECOND: u64 = 5_000;

pub struct Scene {
    directory: PathBuf,
    pub configuration: PathBuf,
    broker: EmbeddedBroker,
}

impl Scene {
    /// Starts the broker and writes the configuration.
    ///
    /// # Errors
    /// [`Exit::Usage`] where a configuration is that is not as a demo leaves it: it is somebody's own.
    pub fn set(directory: &Path) -> anyhow::Result<Self> {
        let configuration = directory.join("config.yaml");
        if fs::exists(&configuration)? && !is_of_demo(&configuration)? {
            let message = format!("{} is not as a demo leaves it", configuration.display());
            return Err(Failure::usage(message)
                .with_hint("give --keep a directory of its own; nothing was changed")
                .into());
        }
        let names = config::Topics::default();
        let broker = EmbeddedBroker::start(names.all().map(|(_, name)| (name, PARTITIONS)))?;
        let scene = Self {
            directory: directory.to_owned(),
            configuration,
            broker,
        };
        scene.configure(&scene.broker.brokers())?;
        Ok(scene)
    }

    fn configure(&self, brokers: &str) -> anyhow::Result<()> {
        // That of an earlier demo is no loss, and no backup of it is of use.
        if fs::exists(&self.configuration)? && is_of_demo(&self.configuration)? {
            fs::remove_file(&self.configuration)?;
        }
        config::write_private(&self.configuration, &configuration(brokers), false)?;
        Ok(())
    }

    /// The broker is gone soon: from now on each command has one of its own.
    pub fn leave(&self) -> anyhow::Result<()> {
        self.configure(kafka::EMBEDDED)
    }

    pub fn brokers(&self) -> String {
        self.broker.brokers()
    }

    pub fn logs(&self) -> PathBuf {
        self.directory.join("logs")
    }

    /// Creates the blobs with what they hold already.
    pub async fn write_history(&self, lines: u64) -> anyhow::Result<Logs> {
        let directory = self.logs();
        let now = Timestamp::now();
        let logs = blocking(move || {
            let mut logs = Logs::create(&directory, Date::today_utc())?;
            logs.grow(lines, now - HISTORY, now)?;
            Ok(logs)
        })
        .await
        .with_context(|| format!("cannot write the blobs below {}", self.logs().display()))?;
        to_stderr(&format!(
            "{} blobs hold {lines} lines: {} of gzip members, {} of text.",
            logs.names().len(),
            human_size(logs.bytes),
            human_size(logs.raw_bytes)
        ));
        Ok(logs)
    }

    /// The blobs grow, a member of each at a time, until all is written, and in Kafka raw and extracted. A bar shows how
    /// far the services are behind.
    pub async fn write_live(&self, logs: &mut Logs, lines: u64, app: &App) -> anyhow::Result<()> {
        let total = logs.lines + lines;
        let bar = Bar::count(total, app.is_quiet());
        let mut counter = self.counter()?;
        let mut flush = tokio::time::interval(FLUSH_EVERY);
        let mut since = Timestamp::now();
        for number in 1..=FLUSHES {
            flush.tick().await;
            let share = lines * number / FLUSHES - lines * (number - 1) / FLUSHES;
            (*logs, since) = append(std::mem::take(logs), share, since).await?;
            let counts;
            (counter, counts) = count(counter).await?;
            bar.tell(counts.extracted, standing(logs.lines, counts));
        }
        wait_until_done(logs, counter, &bar).await
    }

    /// The blobs grow slowly, until this is dropped.
    pub async fn trickle(&self, logs: &mut Logs) -> anyhow::Result<()> {
        let mut flush = tokio::time::interval(FLUSH_EVERY);
        let mut since = Timestamp::now();
        loop {
            flush.tick().await;
            (*logs, since) = append(std::mem::take(logs), LINES_OF_TRICKLE, since).await?;
        }
    }

    fn counter(&self) -> anyhow::Result<Counter> {
        let connection = Connection::new(self.brokers());
        Ok(Counter::open(&connection, &config::Topics::default(), PARTITIONS)?)
    }
}

fn configuration(brokers: &str) -> String {
    format!(
        "# Written by `clp demo`: its blobs, and the broker inside clp.\n\
         kafka:\n{BROKERS}{brokers:?}\n  transaction_seconds: 1\n\
         global:\n  polling_interval: 1\n\
         # Each member more costs the broker inside clp some seconds, in which nobody gets any partition.\n\
         processing:\n  max_concurrency: 1\n\
         subscriptions:\n  demo:\n    environments:\n      D1:\n        storage_account:\n          directory: logs\n"
    )
}

/// What stands before the brokers in the configuration.
const BROKERS: &str = "  brokers: ";

/// Whether a demo wrote this file, with whatever brokers, and nobody changed it.
fn is_of_demo(file: &Path) -> io::Result<bool> {
    let (found, ours) = (fs::read(file)?, configuration(""));
    let found = String::from_utf8_lossy(&found);
    let besides_brokers = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with(BROKERS));
        lines.map(str::to_owned).collect()
    };
    Ok(besides_brokers(&found) == besides_brokers(&ours))
}

async fn wait_until_done(logs: &Logs, mut counter: Counter, bar: &Bar) -> anyhow::Result<()> {
    let begun = Instant::now();
    let patience = PATIENCE + Duration::from_secs(logs.lines / LINES_PER_SECOND);
    loop {
        let counts;
        (counter, counts) = count(counter).await?;
        bar.tell(counts.extracted, standing(logs.lines, counts));
        if counts.raw >= logs.lines && counts.extracted >= logs.lines {
            to_stderr(&format!(
                "\nAll {} lines are in Kafka, raw and as records, {:.1} s after the last was written.",
                logs.lines,
                begun.elapsed().as_secs_f64()
            ));
            return Ok(());
        }
        if begun.elapsed() > patience {
            let message = format!("{}: nothing more came for {patience:?}", standing(logs.lines, counts));
            return Err(Failure::new(Exit::Failed, message).into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn standing(written: u64, counts: Counts) -> String {
    format!(
        "{written} lines written, {} in Kafka, {} extracted",
        counts.raw, counts.extracted
    )
}

async fn count(counter: Counter) -> anyhow::Result<(Counter, Counts)> {
    let counted = kafka::blocking(move || counter.count().map(|counts| (counter, counts)));
    Ok(counted.await?)
}

/// Gives the logs back, and the time up to which they are written.
async fn append(mut logs: Logs, lines: u64, since: Timestamp) -> anyhow::Result<(Logs, Timestamp)> {
    blocking(move || {
        let now = Timestamp::now();
        logs.grow(lines, since, now)?;
        Ok((logs, now))
    })
    .await
    .context("cannot write to the blobs")
}

async fn blocking<T: Send + 'static>(write: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(write).await.map_err(io::Error::other)?
}
