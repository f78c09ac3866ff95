//! `clp config check`: is the configuration right, and do the connections that it describes work?

use clap::Args;
use futures::StreamExt;
use serde::Serialize;

use crate::{
    cli::{self, App, Column, Exit, Format, Kafka, Parts, plural, table},
    commands::probe::{self, KafkaAnswer, StorageAnswer},
    config::{Delivery, Loaded},
    domain::EnvironmentId,
};

const EXAMPLES: &str = "Examples:
  clp config check
  clp config check --offline --config worker.yaml
  clp config check --format json | jq 'select(.ok | not)'";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    /// Open no connection: only read the configuration and the credentials that it names
    #[arg(long)]
    offline: bool,

    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
}

/// Connections that are tried side by side.
const TRIED_AT_ONCE: usize = 16;

/// One connection, and how it went.
struct Tried {
    /// `None` of Kafka.
    environment: Option<EnvironmentId>,
    target: String,
    answer: anyhow::Result<Answer>,
}

enum Answer {
    Storage(StorageAnswer),
    Kafka(KafkaAnswer),
}

/// As one line of JSON.
#[derive(Serialize)]
struct Row<'a> {
    check: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    target: &'a str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage: Option<&'a StorageAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kafka: Option<&'a KafkaAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

pub(super) async fn run(args: Check, app: &App) -> anyhow::Result<()> {
    let loaded = app.loaded()?;
    let environments = loaded.config.environments();
    if args.offline {
        let mut parts = Parts::of(environments.len(), "environments");
        for environment in &environments {
            parts.note(app.container(environment, None))?;
        }
        parts.into_result_or(Exit::Configuration)?;
    } else {
        let tried = try_all(app, loaded, environments).await;
        print(&tried, args.format, app)?;
        fail_as(tried)?;
    }
    if args.format == Format::Text {
        let mut output = app.output();
        output.line(sum(loaded))?;
        output.flush()?;
        if loaded.files.is_empty() && loaded.config.environments().is_empty() {
            cli::to_stderr(
                "hint: `clp setup-config` sets up environments and Kafka; `clp config path` tells where files are looked for",
            );
        }
    }
    Ok(())
}

/// Tries all connections side by side; each takes a bounded time.
async fn try_all(app: &App, loaded: &Loaded, environments: Vec<EnvironmentId>) -> Vec<Tried> {
    // Before the clocks run: the embedded broker takes a while to start, and a password may be in the keyring. Where nobody
    // named brokers, nobody has said that there is a Kafka.
    let kafka = loaded.names_brokers.then(|| app.kafka());
    let storage = environments
        .into_iter()
        .map(|id| async move { try_storage(app, id).await });
    let storage = futures::stream::iter(storage)
        .buffered(TRIED_AT_ONCE)
        .collect::<Vec<_>>();
    let kafka = async {
        match kafka {
            Some(kafka) => Some(try_kafka(kafka, loaded).await),
            None => None,
        }
    };
    let (mut tried, kafka) = futures::join!(storage, kafka);
    tried.extend(kafka);
    tried
}

async fn try_storage(app: &App, id: EnvironmentId) -> Tried {
    let opened = app.config().and_then(|config| {
        let account = config.storage_account(&id.subscription, &id.environment)?;
        cli::open_once(account)
    });
    let (target, answer) = match opened {
        Ok(container) => (container.describe(), probe::storage(&container).await),
        Err(error) => (String::new(), Err(error)),
    };
    let answer = answer.map(Answer::Storage);
    let answer = answer.map_err(|error| match target.is_empty() {
        true => error,
        false => error.context(format!("environment {id}")),
    });
    Tried {
        environment: Some(id),
        target,
        answer,
    }
}

async fn try_kafka(kafka: anyhow::Result<Kafka>, loaded: &Loaded) -> Tried {
    let config = &loaded.config.kafka;
    let asked = async {
        let mut answer = probe::kafka(&kafka?, &config.topics).await?;
        match answer.refused.take() {
            Some(error) if config.delivery == Delivery::ExactlyOnce => Err(error.into()),
            _ => Ok(Answer::Kafka(answer)),
        }
    };
    Tried {
        environment: None,
        target: config.brokers.to_string(),
        answer: asked.await,
    }
}

impl Tried {
    fn name(&self) -> String {
        self.environment
            .as_ref()
            .map_or("kafka".to_owned(), EnvironmentId::to_string)
    }

    fn row(&self) -> Row<'_> {
        let words = self.answer.as_ref().err().map(cli::in_words);
        let (error, hint) = words.map_or((None, None), |(error, hint)| (Some(error), hint));
        Row {
            check: if self.environment.is_some() { "storage" } else { "kafka" },
            subscription: self.environment.as_ref().map(|id| id.subscription.as_str()),
            environment: self.environment.as_ref().map(|id| id.environment.as_str()),
            target: &self.target,
            ok: self.answer.is_ok(),
            storage: match &self.answer {
                Ok(Answer::Storage(answer)) => Some(answer),
                _ => None,
            },
            kafka: match &self.answer {
                Ok(Answer::Kafka(answer)) => Some(answer),
                _ => None,
            },
            error,
            hint,
        }
    }

    fn cells(&self) -> Vec<String> {
        let (result, latency, found) = match &self.answer {
            Ok(Answer::Storage(answer)) => ("ok", Some(answer.latency_ms), answer.found()),
            Ok(Answer::Kafka(answer)) => ("ok", Some(answer.latency_ms), answer.found()),
            Err(_) => ("failed", None, String::new()),
        };
        let latency = latency.map_or(String::new(), |ms| format!("{ms} ms"));
        let target = if self.target.is_empty() {
            "-".to_owned()
        } else {
            self.target.clone()
        };
        vec![self.name(), result.to_owned(), latency, target, found]
    }
}

fn print(tried: &[Tried], format: Format, app: &App) -> anyhow::Result<()> {
    let mut output = app.output();
    match format {
        Format::Json => tried.iter().try_for_each(|tried| output.json(&tried.row()))?,
        Format::Text if tried.is_empty() => {}
        Format::Text => {
            let columns = [
                Column::whole("CONNECTION"),
                Column::whole("RESULT"),
                Column::whole("LATENCY"),
                Column::wrapped("TARGET"),
                Column::wrapped("FOUND"),
            ];
            let table = table(&output, &columns, tried.iter().map(Tried::cells));
            output.line(format!("{table}\n"))?;
        }
    }
    Ok(output.flush()?)
}

/// Tells what failed. A configuration that is wrong counts for more than a connection that does not work.
fn fail_as(mut tried: Vec<Tried>) -> anyhow::Result<()> {
    let of_configuration = |tried: &Tried| {
        let error = tried.answer.as_ref().err();
        error.is_some_and(|error| cli::exit_of(error) == Exit::Configuration)
    };
    let partly = match tried.iter().any(of_configuration) {
        true => Exit::Configuration,
        false => Exit::Partly,
    };
    // The last error is that of all, where all failed.
    tried.sort_by_key(of_configuration);
    let mut parts = Parts::of(tried.len(), "connections");
    for tried in tried {
        parts.note(tried.answer)?;
    }
    parts.into_result_or(partly)
}

fn sum(loaded: &Loaded) -> String {
    let files: Vec<String> = loaded.files.iter().map(|file| file.display().to_string()).collect();
    format!(
        "ok: {}; {}, {}",
        match files.is_empty() {
            true => "no file, defaults only".to_owned(),
            false => files.join(", "),
        },
        plural(loaded.config.environments().len() as u64, "environment", "environments"),
        plural(loaded.warnings.len() as u64, "warning", "warnings"),
    )
}
