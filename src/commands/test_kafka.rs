//! `clp test-kafka`.

use std::time::{Duration, Instant};

use clap::Args;

use crate::{
    cli::{App, Format, table},
    config::Brokers,
    kafka::{self, Cluster, Connection, Delivery, Producer},
    pipeline::raw_lines::MAX_RECORD_BYTES,
};

const EXAMPLES: &str = "Examples:
  clp test-kafka
  clp test-kafka broker1:9092,broker2:9092";

/// Test the connection to Kafka: brokers, latency, version, transactions, topics
///
/// Answers within 5 seconds. Exit code 4 if Kafka can not be reached or has no transactions.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct TestKafka {
    /// Brokers, host:port, comma separated; else the configured ones
    // Of another name than the global flag, which it would hide.
    #[arg(id = "tested", value_name = "BROKERS")]
    brokers: Option<Brokers>,

    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
}

/// The limit of the whole test.
const LIMIT: Duration = Duration::from_secs(5);

#[derive(serde::Serialize)]
struct Answer {
    brokers: Vec<String>,
    latency_ms: u64,
    version: String,
    transactions: bool,
    transactions_error: Option<String>,
    topics: Vec<Topic>,
}

#[derive(serde::Serialize)]
struct Topic {
    topic: String,
    present: bool,
    partitions: u32,
}

pub async fn run(args: TestKafka, app: &App) -> anyhow::Result<()> {
    let kafka = match &args.brokers {
        Some(brokers) => app.kafka_at(brokers)?,
        None => app.kafka()?,
    };
    let connection = kafka.connection.clone();
    let start = Instant::now();
    let asked = connection.clone();
    let cluster = kafka::blocking(move || Cluster::connect(&asked)).await?;
    let transactions = transactions(&connection, LIMIT.saturating_sub(start.elapsed())).await;
    let topics = app.config()?.kafka.topics.all().map(|(_, name)| Topic {
        topic: name.to_owned(),
        present: cluster.topics.contains_key(name),
        partitions: cluster.topics.get(name).map_or(0, |info| info.partitions),
    });
    let answer = Answer {
        brokers: cluster.brokers.clone(),
        latency_ms: cluster.latency.as_millis() as u64,
        version: cluster.version().to_string(),
        transactions: transactions.is_ok(),
        transactions_error: transactions.as_ref().err().map(ToString::to_string),
        topics: topics.into(),
    };
    let mut output = app.output();
    match args.format {
        Format::Json => output.json(&answer)?,
        Format::Text => {
            for line in lines(&answer) {
                output.line(line)?;
            }
            let rows = answer.topics.iter().map(|topic| {
                let partitions = match topic.present {
                    true => topic.partitions.to_string(),
                    false => "missing (clp init-topics)".to_owned(),
                };
                vec![topic.topic.clone(), partitions]
            });
            let table = table(&output, &["TOPIC", "PARTITIONS"], rows);
            output.line(format!("\n{}", table.trim_fmt()))?;
        }
    }
    output.flush()?;
    Ok(transactions?)
}

/// Whether the brokers let a transactional producer in, within the time that is left.
async fn transactions(connection: &Connection, limit: Duration) -> Result<(), kafka::Error> {
    let connection = connection.clone();
    let opening = kafka::blocking(move || {
        let transactional_id = "clp-test-kafka".to_owned();
        Producer::open(
            &connection,
            Delivery::ExactlyOnce { transactional_id },
            MAX_RECORD_BYTES,
        )
        .map(drop)
    });
    match tokio::time::timeout(limit, opening).await {
        Ok(result) => result,
        Err(_) => Err(kafka::Error::NoTransactions {
            seconds: LIMIT.as_secs(),
        }),
    }
}

fn lines(answer: &Answer) -> [String; 4] {
    [
        format!("brokers       {}", answer.brokers.join(", ")),
        format!("latency       {} ms", answer.latency_ms),
        format!("version       {}", answer.version),
        format!("transactions  {}", if answer.transactions { "yes" } else { "no" }),
    ]
}
