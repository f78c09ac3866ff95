//! `clp extract` as a service.

use std::{sync::Arc, time::Duration};

use clap::Args;

use super::threads;
use crate::{
    cli::{App, MetricsArgs, cancel_on_signal},
    commands::topics,
    config,
    kafka::{self, Cluster, Connection},
    pipeline::{
        extract::service::{self, Input, Output, Settings},
        health::Health,
        lanes::{Instance, Lanes},
        metrics::{self, ExtractMetrics, log_progress},
    },
};

#[derive(Args, Debug)]
#[command(next_help_heading = "Of the service")]
pub struct ServiceArgs {
    /// Consumer group for both raw topics; the processes of one group share the partitions between them [default: clp-extract]
    #[arg(long, value_name = "GROUP", conflicts_with = "input", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    group: Option<String>,

    /// End once nothing was left to do for so many seconds
    #[arg(long, value_name = "SECS", conflicts_with = "input")]
    until_idle: Option<u64>,

    #[command(flatten)]
    metrics: MetricsArgs,
}

pub async fn run(args: &ServiceArgs, app: &App) -> anyhow::Result<()> {
    app.log_as_service()?;
    let config = app.config()?;
    let kafka = app.kafka()?;
    let cancel = app.stop();
    let _signals = cancel_on_signal(cancel.clone());
    let groups = Groups::of(args, &config.processing);
    let Some(topics) = cancel
        .run_until_cancelled(topics(&kafka.connection, &config.kafka, &groups))
        .await
    else {
        return Ok(());
    };
    let (inputs, errors) = topics?;
    let processing = &config.processing;
    let instance = Instance::acquire("clp-extract", groups.application);
    let settings = Settings {
        inputs,
        errors,
        lanes_each: threads(processing) as u32,
        delivery: config.kafka.delivery.into(),
        transaction_bytes: config.kafka.transaction_bytes,
        transaction_time: Duration::from_secs(config.kafka.transaction_seconds),
        validate: processing.enable_validation,
        keep_errors: processing.skip_invalid_logs,
        name: groups.application.to_owned(),
        instance: instance.name.clone(),
    };
    let mut registry = metrics::registry();
    let figures = ExtractMetrics::register(&mut registry);
    let lanes = Arc::new(Lanes::new(Health::default(), figures.lanes().clone()));
    let _server = args
        .metrics
        .serve(registry, figures.clone(), lanes.health.clone())
        .await?;
    let _progress = log_progress(&config.monitoring, figures.clone());
    tracing::info!(
        group = groups.application,
        proxy_group = groups.proxy,
        instance = settings.instance,
        lanes_each = settings.lanes_each,
        "extracting"
    );
    let (connection, until_idle) = (kafka.connection.clone(), args.until_idle.map(Duration::from_secs));
    Ok(service::run(connection, Arc::new(settings), until_idle, cancel, lanes, figures).await?)
}

/// The consumer groups of the two raw topics, mostly the same.
struct Groups<'a> {
    application: &'a str,
    proxy: &'a str,
}

impl<'a> Groups<'a> {
    fn of(args: &'a ServiceArgs, processing: &'a config::Processing) -> Self {
        if let Some(group) = &args.group {
            return Self {
                application: group,
                proxy: group,
            };
        }
        let application = &processing.consumer_group;
        let proxy = processing.proxy_consumer_group.as_ref();
        Self {
            application,
            proxy: proxy.unwrap_or(application),
        }
    }
}

/// The raw topics with those that their records go to, and the topic of errors.
async fn topics(
    connection: &Connection,
    config: &config::Kafka,
    groups: &Groups<'_>,
) -> anyhow::Result<(Vec<Input>, Output)> {
    let connection = connection.clone();
    let cluster = kafka::blocking(move || Cluster::connect(&connection)).await?;
    let names = &config.topics;
    let outputs = [&names.extracted_application, &names.extracted_proxy, &names.errors].map(String::as_str);
    let inputs = [&names.raw_application, &names.raw_proxy].map(String::as_str);
    let counts = topics::partitions(&cluster, &[&outputs[..], &inputs[..]].concat(), config)?;
    let mut found = Vec::new();
    for (topic, partitions) in outputs.into_iter().zip(counts) {
        found.push(Output {
            topic: topic.to_owned(),
            partitions,
            max_record_bytes: topics::max_record_bytes(&cluster, topic).await,
        });
    }
    let errors = found.pop();
    let groups = [groups.application, groups.proxy];
    let inputs = inputs.into_iter().zip(groups).zip(found);
    let inputs = inputs.map(|((topic, group), output)| Input {
        from_proxy: topic == names.raw_proxy,
        topic: topic.to_owned(),
        group: group.to_owned(),
        output,
    });
    Ok((
        inputs.collect(),
        errors.unwrap_or_else(|| unreachable!("three topics were asked for")),
    ))
}
