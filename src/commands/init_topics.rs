//! `clp init-topics`.

use std::collections::BTreeMap;

use clap::Args;

use crate::{
    cli::{App, Column, Exit, Failure, Format, table},
    config,
    kafka::{self, Cluster, NewTopic, TopicInfo, TopicOutcome},
};

const EXAMPLES: &str = "Examples:
  clp init-topics --dry-run
  clp init-topics --replication-factor 3";

/// Create the topics that are missing; change none that exists
///
/// Tells how existing topics differ from what clp would create. Any partition count works.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct InitTopics {
    /// Replicas of each partition; the brokers' default if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    replication_factor: Option<i32>,

    /// A further topic for raw lines, such as one for `clp ingest --topic`; can be given several times
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,

    /// Show what would be done
    #[arg(long)]
    dry_run: bool,

    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
}

const ERROR_PARTITIONS: u32 = 3;

#[derive(serde::Serialize)]
struct Row {
    topic: String,
    result: String,
    differences: Vec<String>,
}

pub async fn run(args: InitTopics, app: &App) -> anyhow::Result<()> {
    let kafka = app.kafka()?;
    let connection = kafka.connection.clone();
    let cluster = kafka::blocking(move || Cluster::connect(&connection)).await?;
    let wanted = wanted(&app.config()?.kafka, &args);
    let mut rows = Vec::new();
    let mut missing = Vec::new();
    for topic in wanted {
        match cluster.topics.get(&topic.name) {
            Some(info) => {
                let found = cluster.topic_config(&topic.name).await;
                rows.push(Row {
                    result: "exists".to_owned(),
                    differences: differences(&topic, *info, &found),
                    topic: topic.name,
                });
            }
            None => missing.push(topic),
        }
    }
    let mut failed = 0;
    if args.dry_run {
        rows.extend(missing.into_iter().map(|topic| Row {
            result: format!("would be created with {} partitions", topic.partitions),
            topic: topic.name,
            differences: Vec::new(),
        }));
    } else if !missing.is_empty() {
        for (topic, outcome) in missing.iter().zip(cluster.create(&missing).await?) {
            let result = match outcome {
                TopicOutcome::Created => format!("created with {} partitions", topic.partitions),
                TopicOutcome::Existed => "exists".to_owned(),
                TopicOutcome::Failed(reason) => {
                    failed += 1;
                    format!("failed: {reason}")
                }
            };
            rows.push(Row {
                topic: topic.name.clone(),
                result,
                differences: Vec::new(),
            });
        }
    }
    print(app, args.format, &rows)?;
    match failed {
        0 => Ok(()),
        failed => Err(Failure::new(
            Exit::Kafka,
            format!("{failed} of the missing topics could not be created"),
        )
        .with_hint(
            "the user needs the right Create on topics; --replication-factor must not exceed the number of brokers",
        )
        .into()),
    }
}

fn wanted(config: &config::Kafka, args: &InitTopics) -> Vec<NewTopic> {
    let own = config.topics.all().map(|(key, name)| (key, name.to_owned()));
    let further = args.topics.iter().map(|name| ("raw", name.clone()));
    let mut topics: Vec<NewTopic> = Vec::new();
    for (key, name) in own.into_iter().chain(further) {
        if topics.iter().any(|topic| topic.name == name) {
            continue;
        }
        let cleanup = if key == "blob_state" { "compact" } else { "delete" };
        topics.push(NewTopic {
            name,
            partitions: if key == "errors" {
                ERROR_PARTITIONS
            } else {
                config.partitions
            },
            replication_factor: args.replication_factor.unwrap_or(-1),
            config: vec![("cleanup.policy", cleanup.to_owned())],
        });
    }
    topics
}

/// How a topic differs from what would be created, in words.
fn differences(wanted: &NewTopic, found: TopicInfo, config: &BTreeMap<String, String>) -> Vec<String> {
    let mut differences = Vec::new();
    if found.partitions != wanted.partitions {
        let plural = if found.partitions == 1 { "" } else { "s" };
        differences.push(format!(
            "{} partition{plural}, not {}",
            found.partitions, wanted.partitions
        ));
    }
    let factor = wanted.replication_factor;
    if factor > 0 && found.replication_factor != factor as u32 {
        differences.push(format!("replication factor {}, not {factor}", found.replication_factor));
    }
    for (key, value) in &wanted.config {
        if let Some(found) = config.get(*key)
            && found != value
        {
            differences.push(format!("{key} {found}, not {value}"));
        }
    }
    differences
}

fn print(app: &App, format: Format, rows: &[Row]) -> anyhow::Result<()> {
    let mut output = app.output();
    match format {
        Format::Json => {
            for row in rows {
                output.json(row)?;
            }
        }
        Format::Text => {
            let rows = rows
                .iter()
                .map(|row| vec![row.topic.clone(), row.result.clone(), row.differences.join("; ")]);
            let columns = [
                Column::whole("TOPIC"),
                Column::wrapped("RESULT"),
                Column::wrapped("DIFFERENCES"),
            ];
            output.line(table(&output, &columns, rows))?;
        }
    }
    Ok(output.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_in_words() {
        let wanted = NewTopic {
            name: "Ingestion.BlobState".to_owned(),
            partitions: 12,
            replication_factor: 3,
            config: vec![("cleanup.policy", "compact".to_owned())],
        };
        let found = TopicInfo {
            partitions: 1,
            replication_factor: 1,
        };
        let config = BTreeMap::from([("cleanup.policy".to_owned(), "delete".to_owned())]);
        assert_eq!(
            differences(&wanted, found, &config),
            [
                "1 partition, not 12",
                "replication factor 1, not 3",
                "cleanup.policy delete, not compact"
            ]
        );
        let same = TopicInfo {
            partitions: 12,
            replication_factor: 3,
        };
        assert!(differences(&wanted, same, &BTreeMap::new()).is_empty());
    }
}
