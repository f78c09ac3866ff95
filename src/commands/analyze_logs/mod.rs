//! `clp analyze-logs`.

mod find;
mod page;
mod resolve;

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};

use anyhow::Context;
use clap::{Args, ValueEnum};
use tokio::task::spawn_blocking;

use self::page::Page;
use super::{selection::EnvironmentSelection, watching::Watching};
use crate::{
    cli::{App, Failure, Output, Parts, to_stderr},
    domain::{Date, Moment},
    pipeline::{
        analyze::{self, About, Input, Job, Outcome, Report, Window, text},
        ingest::Control,
    },
};

const EXAMPLES: &str = "Examples:
  clp analyze-logs 20250606.api-*.gz
  clp analyze-logs --env P1 --date yesterday --html yesterday.html
  clp analyze-logs --env P1 --service api --since 2h
  clp analyze-logs --env P1 --format json | jq '.exceptions[] | {class, count}'
  zcat *.gz | clp analyze-logs - --top 20";

/// Sum up logs: what broke, when, and for whom
///
/// Counts lines by level over time, services and pods by failures, exceptions, messages with what varies folded, loggers,
/// and requests: status, slow and failing paths, latency, clients. Reads local files, gzip or plain text, or else the blobs
/// of the selected environments: without --date those of today, or of the days from --since to --until.
///
/// Blobs that can not be read are named, the rest is summed up: exit code 7. Corrupt data is passed over, and named as well;
/// a blob that ends inside of a gzip member is still being written, and no error.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct AnalyzeLogs {
    /// Files with raw lines, gzip or plain text; - for standard input. Without any, blobs in storage
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<String>,

    #[command(flatten)]
    environments: EnvironmentSelection,

    /// Day of the blobs: YYYYMMDD, YYYY-MM-DD, today, yesterday
    #[arg(short, long, value_name = "DATE", conflicts_with = "files")]
    date: Option<Date>,

    /// Service: its name, an alias, or the start of its pods' names; of files, whose lines they are
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,

    /// Lines since then: 15m, 2h, 1d (ago), RFC 3339, or a day
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Lines until then
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// Show the first N of each table
    #[arg(long, value_name = "N", default_value = "10", value_parser = at_least_one)]
    top: NonZeroUsize,

    /// Form of what is shown
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,

    /// Also write a page with charts into this file; it needs no network
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    html: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Bars and tables
    #[default]
    Table,
    /// One JSON object
    Json,
}

/// What was found to read.
struct Found {
    inputs: Vec<Input>,
    about: About,
    /// How finding them went, where that is in parts.
    parts: Option<Parts>,
}

pub async fn run(args: AnalyzeLogs, app: &App) -> anyhow::Result<()> {
    let window = resolve::window(&args)?;
    // Before anything is read: nobody wants to wait for a page that can not be written.
    let page = args.html.as_deref().map(Page::begin).transpose()?;
    let found = match args.files.is_empty() {
        true => find::in_storage(&args, app).await?,
        false => find::files(&args, app)?,
    };
    let names: Vec<String> = found.inputs.iter().map(|input| input.name.clone()).collect();
    let mut about = found.about;
    about.sources = names.len() as u64;
    let mut outcome = analyse(app, found.inputs, window, about.stored_bytes).await?;
    let report = Report::new(&outcome, about, window, args.top.get());
    show(&report, args.format, app)?;
    if let Some(page) = page {
        let path = page.write(&analyze::html::render(&report))?;
        to_stderr(&format!("wrote {}", path.display()));
    }
    let mut parts = Parts::of(names.len(), report.about.of);
    for (name, end) in names.into_iter().zip(outcome.ends.drain(..)) {
        parts.note(end.context(name))?;
    }
    found.parts.map_or(Ok(()), Parts::into_result)?;
    parts.into_result()
}

async fn analyse(app: &App, inputs: Vec<Input>, window: Window, stored_bytes: Option<u64>) -> anyhow::Result<Outcome> {
    let config = app.config()?;
    let job = Job {
        inputs,
        selectors: Arc::new(config.selectors()),
        validate: config.processing.enable_validation,
        window,
        threads: resolve::threads(&config.processing),
    };
    let control = Control::default();
    // How much standard input has is not known.
    let is_quiet = app.is_quiet() || stored_bytes.is_none();
    let _watching = Watching::start(stored_bytes.unwrap_or_default(), &control, is_quiet);
    let progress = Arc::clone(&control.progress);
    match spawn_blocking(move || analyze::run(&job, &progress)).await {
        Ok(outcome) => Ok(outcome),
        Err(join) => match join.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(error.into()),
        },
    }
}

fn show(report: &Report, format: Format, app: &App) -> anyhow::Result<()> {
    let mut output: Output = app.output();
    match format {
        Format::Json => output.json(report)?,
        Format::Table => {
            let paint = text::Paint {
                columns: output.is_terminal.then(|| usize::from(output.terminal_columns())),
                color: app.use_color(),
            };
            output.bytes(text::render(report, paint).as_bytes())?;
        }
    }
    Ok(output.flush()?)
}

fn at_least_one(text: &str) -> Result<NonZeroUsize, Failure> {
    let parsed = text.parse();
    parsed.map_err(|_| Failure::usage("expected a whole number from 1"))
}
