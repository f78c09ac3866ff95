//! Arguments, configuration and what the cluster has become a job.

use std::time::Duration;

use super::{AlignArg, Ingest, OnCorruptArg};
use crate::{
    cli::{App, Failure},
    commands::{services, topics},
    config,
    domain::{BlobName, EnvironmentId, Selectors},
    kafka::{self, Cluster},
    pipeline::{
        ingest::{Align, Job, Topics},
        lines::OnCorrupt,
        raw_lines::MAX_RECORD_BYTES,
    },
    storage::{BlobProperties, Container},
};

pub(super) async fn job(
    args: &Ingest,
    app: &App,
    environment: &EnvironmentId,
    container: &Container,
    blob: BlobProperties,
    cluster: Option<&Cluster>,
) -> anyhow::Result<Job> {
    let config = app.config()?;
    let service = service(args, &config.selectors(), &blob.name)?;
    let own_topic = service
        .as_deref()
        .map(|service| config.kafka.topics.raw_of(service).to_owned());
    let Some(topic) = args.topic.clone().or_else(|| own_topic.clone()) else {
        return Err(
            Failure::usage(format!("blob {} belongs to no known service", blob.name))
                .with_hint(
                    "--service SERVICE, or --topic TOPIC; services can be added under `selectors` in the configuration",
                )
                .into(),
        );
    };
    check_raw_topic(&topic, &config.kafka.topics)?;
    let raw_is_own = own_topic.as_deref() == Some(topic.as_str());
    let topics = match cluster {
        Some(cluster) => check_topics(
            args,
            &config.kafka,
            &config.worker.consumer_group,
            cluster,
            &topic,
            raw_is_own,
        )?,
        None => Topics {
            raw: (topic, 1),
            blobs: (config.kafka.topics.blobs.clone(), 1),
            blob_state: (config.kafka.topics.blob_state.clone(), 1),
            raw_is_own,
        },
    };
    let max_record_bytes = match cluster {
        Some(cluster) => topics::max_record_bytes(cluster, &topics.raw.0).await,
        None => MAX_RECORD_BYTES,
    };
    Ok(Job {
        environment: environment.clone(),
        container: container.clone(),
        service: service.unwrap_or_else(|| UNKNOWN_SERVICE.to_owned()),
        blob,
        topics,
        start: args.start(),
        align: args.align.map(|align| match align {
            AlignArg::Next => Align::Next,
            AlignArg::Previous => Align::Previous,
        }),
        on_corrupt: match args.on_corrupt {
            OnCorruptArg::Fail => OnCorrupt::Fail,
            OnCorruptArg::Skip => OnCorrupt::Skip,
        },
        delivery: config.kafka.delivery.into(),
        read: app.read_options()?,
        max_record_bytes,
        transaction_bytes: config.kafka.transaction_bytes,
        transaction_time: Duration::from_secs(config.kafka.transaction_seconds),
    })
}

/// The `service` header of a blob that no selector matches, going to a topic that was named.
const UNKNOWN_SERVICE: &str = "unknown";

fn service(args: &Ingest, selectors: &Selectors, blob: &str) -> anyhow::Result<Option<String>> {
    let of_blob = selectors.of_blob(blob).map(|selector| selector.name.clone());
    let Some(wanted) = args.of_service.as_deref() else {
        return Ok(of_blob);
    };
    let is_pod_prefix = BlobName::parse(blob).is_none_or(|name| name.pod.starts_with(wanted));
    let service = selectors.resolve(wanted).name;
    if selectors.named(wanted).is_none() && !is_pod_prefix {
        let meant = services::meant(wanted, selectors);
        let meant = meant.map_or_else(String::new, |near| format!("did you mean `{near}`? Or "));
        return Err(Failure::usage(format!(
            "`{wanted}` is no service, and the pod of blob {blob} does not begin so"
        ))
        .with_hint(format!(
            "{meant}leave --service out, or name one of {}; others can be added under `selectors` in the configuration",
            services::names(selectors)
        ))
        .into());
    }
    if let Some(of_blob) = of_blob.filter(|of_blob| *of_blob != service) {
        tracing::warn!(blob, "taken for service {service}, though its name says {of_blob}");
    }
    Ok(Some(service))
}

/// Raw lines among checkpoints, events or records would be read as such.
fn check_raw_topic(topic: &str, topics: &config::Topics) -> anyhow::Result<()> {
    let raw = [&topics.raw_application, &topics.raw_proxy];
    let other = topics.all().into_iter().find(|(_, name)| *name == topic);
    match other {
        Some((key, _)) if !raw.iter().any(|raw| *raw == topic) => Err(Failure::usage(format!(
            "topic {topic} is not for raw lines: it is the configuration's `kafka.topics.{key}`"
        ))
        .with_hint("leave --topic out for the service's own topic, or name another")
        .into()),
        _ => Ok(()),
    }
}

fn check_topics(
    args: &Ingest,
    config: &config::Kafka,
    worker_group: &str,
    cluster: &Cluster,
    raw: &str,
    raw_is_own: bool,
) -> anyhow::Result<Topics> {
    let (blobs, blob_state) = (config.topics.blobs.as_str(), config.topics.blob_state.as_str());
    let counts = topics::partitions(cluster, &[raw, blobs, blob_state], config)?;
    if raw_is_own && !args.force && !args.dry_run {
        let members = cluster.group(worker_group)?.members.len();
        if members > 0 {
            return Err(kafka::Error::GroupActive {
                group: worker_group.to_owned(),
                members,
                topic: raw.to_owned(),
            }
            .into());
        }
    }
    Ok(Topics {
        raw: (raw.to_owned(), counts[0]),
        blobs: (blobs.to_owned(), counts[1]),
        blob_state: (blob_state.to_owned(), counts[2]),
        raw_is_own,
    })
}
