//! `clp test-kafka`.

use clap::Args;

use super::probe::{self, KafkaAnswer};
use crate::{
    cli::{App, Column, Format, table},
    config::Brokers,
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

pub async fn run(args: TestKafka, app: &App) -> anyhow::Result<()> {
    let kafka = match &args.brokers {
        Some(brokers) => app.kafka_at(brokers)?,
        None => app.kafka()?,
    };
    let answer = probe::kafka(&kafka, &app.config()?.kafka.topics).await?;
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
            let columns = [Column::whole("TOPIC"), Column::whole("PARTITIONS")];
            output.line(format!("\n{}", table(&output, &columns, rows)))?;
        }
    }
    output.flush()?;
    Ok(answer.refused.map_or(Ok(()), Err)?)
}

fn lines(answer: &KafkaAnswer) -> [String; 4] {
    [
        format!("brokers       {}", answer.brokers.join(", ")),
        format!("latency       {} ms", answer.latency_ms),
        format!("version       {}", answer.version),
        format!("transactions  {}", if answer.transactions { "yes" } else { "no" }),
    ]
}
