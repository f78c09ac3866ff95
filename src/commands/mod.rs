//! One file a command: its arguments, whose doc comments are the help, and one `run`.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cli::{self, App, GlobalArgs};

mod analyze_logs;
mod complete;
mod completions;
mod config;
mod demo;
mod extract;
mod gather;
mod groups;
mod health;
mod ingest;
mod init_opensearch;
mod init_topics;
mod list_blobs;
mod list_services;
mod man;
mod monitor;
mod probe;
mod selection;
mod services;
mod setup_config;
mod status;
mod tail;
mod test_kafka;
mod topics;
mod verify;
mod watching;

const AFTER_HELP: &str = "First steps:
  clp demo                           # see it work, with nothing else running
  clp setup-config                   # set up storage accounts and Kafka
  clp init-topics                    # create the topics in Kafka
  clp list-blobs --env P1            # see which blobs there are
  clp ingest --env P1 --blob NAME    # bring a blob's lines into Kafka
  clp tail --env P1 --service api    # see lines as they come

Exit codes:
  0 done · 1 failed · 2 wrong usage · 3 configuration · 4 Kafka · 5 storage · 6 data
  7 some of several parts failed · 130 interrupted";

/// SAP Commerce Cloud's logs from Azure Blob Storage into Kafka, every line exactly once.
#[derive(Debug, Parser)]
#[command(
    name = "clp",
    version,
    max_term_width = groups::MAX_COLUMNS,
    after_help = AFTER_HELP
)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Monitor(monitor::Monitor),
    Ingest(ingest::Ingest),
    Extract(extract::Extract),
    ListBlobs(list_blobs::ListBlobs),
    ListServices(list_services::ListServices),
    AnalyzeLogs(analyze_logs::AnalyzeLogs),
    Status(status::Status),
    Tail(tail::Tail),
    Verify(verify::Verify),
    TestKafka(test_kafka::TestKafka),
    InitTopics(init_topics::InitTopics),
    InitOpensearch(init_opensearch::InitOpensearch),
    Health(health::HealthArgs),
    SetupConfig(setup_config::SetupConfig),
    Config(config::ConfigCommand),
    Completions(completions::Completions),
    Man(man::Man),
    Demo(demo::Demo),
}

impl Command {
    /// Whether it lists blobs whose names somebody may want to complete next. Services list them all day long.
    fn lists_blobs(&self) -> bool {
        match self {
            Self::Ingest(args) => !args.is_worker(),
            Self::ListBlobs(_)
            | Self::ListServices(_)
            | Self::AnalyzeLogs(_)
            | Self::Status(_)
            | Self::Tail(_)
            | Self::Verify(_) => true,
            _ => false,
        }
    }
}

/// The whole command line, for parsing, completions and manuals.
pub fn command() -> clap::Command {
    let command = Cli::command();
    let template = groups::template(&command);
    command.help_template(template)
}

/// Parses the process's arguments, runs the command and gives the process's exit code.
pub fn main() -> ExitCode {
    if complete::answer() {
        return ExitCode::SUCCESS;
    }
    let cli = Cli::from_arg_matches(&command().get_matches());
    let cli = cli.unwrap_or_else(|error| error.format(&mut command()).exit());
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return cli::report(&error.into()),
    };
    let result = runtime.block_on(run(cli));
    // Threads that still wait for storage must not hold the process.
    runtime.shutdown_background();
    crate::kafka::wait_for_clients();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::report(&error),
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let mut global = cli.global;
    match &cli.command {
        // The demo tells its own story, and tail that of others.
        Command::Demo(_) | Command::Tail(_) => global.quiet = global.quiet.max(1),
        Command::Monitor(args) => args.name_configuration(&mut global)?,
        _ => {}
    }
    let mut app = App::start(global);
    let _signals = cli::exit_on_signal();
    if cli.command.lists_blobs() {
        app.note_names();
    }
    let result = dispatch(cli.command, &app).await;
    app.keep_names();
    result
}

async fn dispatch(command: Command, app: &App) -> anyhow::Result<()> {
    match command {
        Command::Monitor(args) => monitor::run(args, app).await,
        Command::Ingest(args) => ingest::run(args, app).await,
        Command::Extract(args) => extract::run(args, app).await,
        Command::ListBlobs(args) => list_blobs::run(args, app).await,
        Command::ListServices(args) => list_services::run(args, app).await,
        Command::AnalyzeLogs(args) => analyze_logs::run(args, app).await,
        Command::Status(args) => status::run(args, app).await,
        Command::Tail(args) => tail::run(args, app).await,
        Command::Verify(args) => verify::run(args, app).await,
        Command::TestKafka(args) => test_kafka::run(args, app).await,
        Command::InitTopics(args) => init_topics::run(args, app).await,
        Command::InitOpensearch(args) => init_opensearch::run(args, app).await,
        Command::Health(args) => health::run(args, app).await,
        Command::SetupConfig(args) => setup_config::run(args, app).await,
        Command::Config(args) => config::run(args, app).await,
        Command::Completions(args) => completions::run(args, app),
        Command::Man(args) => man::run(args, app),
        Command::Demo(args) => demo::run(args, app).await,
    }
}
