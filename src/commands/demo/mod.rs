//! `clp demo`.

mod counts;
mod logs;
mod sample;
mod scene;

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Args, Parser};

use self::{logs::Logs, scene::Scene};
use super::Cli;
use crate::{
    cli::{App, Exit, Failure, to_stderr},
    config,
};

const EXAMPLES: &str = "Examples:
  clp demo
  clp demo --keep ./demo            # keeps the blobs and a configuration for them
  clp demo --keep ./demo --stay     # goes on until Ctrl-C, to try all commands with";

/// See the whole pipeline at work, with nothing else installed or running
///
/// Writes logs to a directory as the collector writes them to Azure. While they grow, `clp monitor`, `clp ingest
/// --worker`, `clp extract` and `clp tail` run on them, for real, with a Kafka broker that lives inside this process.
/// At the end `clp status` and `clp verify --deep` tell how it went.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Demo {
    /// Lines to write, over all blobs
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    lines: u64,

    /// Leave the blobs and a configuration for them in this directory
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    keep: Option<PathBuf>,

    /// Let everything go on, and the logs grow, until Ctrl-C
    #[arg(long)]
    stay: bool,
}

/// What came last stands in tail's window for a moment, in which it is put in order.
const LAST_LOOK: Duration = Duration::from_secs(1);
const TAIL: &str = "tail --topics Extracted.Application --level error --max-messages 12";

pub async fn run(args: Demo, app: &App) -> anyhow::Result<()> {
    let temporary = tempfile::Builder::new().prefix("clp-demo-").tempdir()?;
    let directory = match &args.keep {
        Some(keep) => {
            fs::create_dir_all(keep).with_context(|| format!("cannot make directory {}", keep.display()))?;
            keep.clone()
        }
        None => temporary.path().to_owned(),
    };
    let scene = Scene::set(&directory)?;
    // What stands around this process, such as KAFKA_BROKERS, must not lead the demo to another Kafka.
    let app = app.with_configuration(&scene.configuration);
    let services = async { tokio::try_join!(clp(&app, "monitor"), clp(&app, "ingest --worker"), clp(&app, "extract")) };
    let stop = app.stop();
    let story = async {
        let told = tokio::select! {
            told = tell(&args, &scene, &app) => told,
            () = stop.cancelled() => Err(Failure::new(Exit::Interrupted, "interrupted").into()),
        };
        let ended = match told {
            Ok(mut logs) if args.stay => stop
                .run_until_cancelled(scene.trickle(&mut logs))
                .await
                .unwrap_or(Ok(())),
            told => told.map(drop),
        };
        stop.cancel();
        ended
    };
    let (_, told) = tokio::try_join!(services, async { Ok(story.await) })?;
    if args.keep.is_some() {
        scene.leave()?;
    }
    told
}

async fn tell(args: &Demo, scene: &Scene, app: &App) -> anyhow::Result<Logs> {
    to_stderr(&format!(
        "A broker runs inside this process, at {}, and beside it:",
        scene.brokers()
    ));
    to_stderr("  clp monitor            looks for blobs that are new or have grown, every second");
    to_stderr("  clp ingest --worker    brings their lines into Kafka");
    to_stderr("  clp extract            turns the lines into records");
    let mut logs = scene.write_history(args.lines / 2).await?;
    to_stderr(&format!(
        "They grow now, in {}, and this shows some of the lines as they come:",
        scene.logs().display()
    ));
    heading(TAIL);
    let tail = app.with_configuration(&scene.configuration);
    let writing = async {
        let written = scene.write_live(&mut logs, args.lines - args.lines / 2, app).await;
        tokio::time::sleep(LAST_LOOK).await;
        tail.stop().cancel();
        written
    };
    let watching = async {
        match clp(&tail, TAIL).await {
            Err(_) if tail.stop().is_cancelled() => Ok(()),
            ended => ended,
        }
    };
    tokio::try_join!(watching, writing)?;
    heading("status");
    clp(app, "status").await?;
    heading("verify --deep");
    clp(app, "verify --deep").await?;
    next_steps(args, scene, &logs);
    Ok(logs)
}

/// Runs a command line of clp.
async fn clp(app: &App, words: &str) -> anyhow::Result<()> {
    let cli = Cli::try_parse_from(std::iter::once("clp").chain(words.split(' ')))?;
    // A command that runs commands would be a future without a size.
    Box::pin(super::dispatch(cli.command, app)).await
}

fn heading(words: &str) {
    to_stderr(&format!("\n$ clp {words}"));
}

fn next_steps(args: &Demo, scene: &Scene, logs: &Logs) {
    to_stderr("\nnext:");
    match &args.keep {
        None => {
            to_stderr("  clp demo --keep ./demo --stay    all goes on, to be tried from another terminal");
        }
        Some(_) => {
            let file = config::quoted(&scene.configuration);
            let mut commands = vec![
                "list-blobs".to_owned(),
                "tail --source storage --no-follow -n 5".to_owned(),
            ];
            commands.extend(
                logs.names()
                    .next()
                    .map(|blob| format!("ingest --blob {blob} --format json")),
            );
            if args.stay {
                commands = ["tail --service api", "status --watch", "verify --deep", "list-blobs"]
                    .map(str::to_owned)
                    .into();
                to_stderr("  in another terminal, until Ctrl-C ends it here:");
            }
            for command in commands {
                to_stderr(&format!("  clp --config {file} {command}"));
            }
        }
    }
    to_stderr("  clp setup-config    a configuration for your own storage accounts");
}
