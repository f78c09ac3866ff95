//! The predecessor's files, unchanged.

use std::time::Duration;

use super::*;
use crate::config::Keyring;
use crate::config::{AccountAccess, RetryStrategy};

const MONITOR: &str = r#"
kafka:
  brokers: "kafka-1:9092,kafka-2:9092"
  topic: "My.Blobs"
  producer_config:
    acks: "all"
    retries: 3
    batch.size: 16384
    linger_ms: 10
    compression.type: "snappy"
global:
  polling_interval: 120
  eod_overlap_minutes: 30
  timezone: "Europe/Berlin"
  blob_closing:
    enabled: true
    timeout_minutes: 7
date_range:
  days_back: 2
  specific_date: ""
  monitor_current_day: true
environments:
  - subscription: "cp2"
    environment: "P1"
    enabled: true
    polling_interval: 60
    selectors:
      - "apache-proxy"
      - "api-service"
      - "zookeeper"
  - subscription: "cp2"
    environment: "D1"
    enabled: false
    selectors: []
storage:
  container_name: "commerce-logging"
monitoring:
  enable_metrics: true
  log_level: "INFO"
  stats_report_interval: 30
error_handling:
  max_azure_retries: 5
  retry_strategy: "linear"
  max_retry_delay: 20
  continue_on_environment_error: false
"#;

const WORKER: &str = r#"
kafka:
  brokers: "localhost:9092"
  proxy_topic: "My.Proxy"
  app_topic: "My.Application"
  blobs_topic: "My.Blobs"
  partitions: 6
  producer:
    acks: all
    enable.idempotence: true
    compression.type: lz4
  consumer:
    auto.offset.reset: earliest
    session.timeout.ms: 30000
worker:
  consumer_group: "ingest-workers"
  filters:
    min_date: "2025-06-01"
    max_date: "2025-06-30"
    subscriptions: ["cp2"]
    environments: ["P1", "S1"]
    selectors: ["^apache-proxy$", "api-.*"]
  sharding:
    enabled: true
    shards_count: 4
    shard_number: 0
  processing:
    loop_interval: 10
    line_buffer_size: 1000
storage:
  container_name: commerce-logs-separated
"#;

const EXTRACTOR: &str = r#"
kafka:
  brokers: ["a:9092", "b:9092"]
  application_topic: "My.Raw"
  proxy_topic: "My.RawProxy"
  output_topic: "My.Application"
  proxy_output_topic: "My.Proxy"
  error_topic: "My.Errors"
  consumer_group: "extractors"
  proxy_consumer_group: "proxy-extractors"
  producer: {compression.type: zstd}
  consumer: {fetch.min.bytes: 1}
processing:
  max_concurrency: 8
  enable_validation: false
  skip_invalid_logs: true
"#;

#[test]
fn the_credentials_file_loads() {
    let config = Machine::with(ACCOUNTS).config();
    let account = config.storage_account("cp2", "P1").unwrap();
    assert_eq!(account.account_name, "prodlogs");
    assert_eq!(account.container, "commerce-logs-separated");
    assert_eq!(
        account.access,
        AccountAccess::AccessKey(crate::secret::Secret::new(KEY))
    );
    assert_eq!(config.monitored().len(), 2, "without `environments`, all are scanned");
    assert_eq!(config.monitored()[0].selectors.len(), config.selectors().iter().count());
}

#[test]
fn the_monitors_file_loads() {
    let machine = Machine::with(ACCOUNTS);
    let file = machine.write("monitor.yaml", MONITOR);
    let loaded = machine.load_file(&file).unwrap();
    assert_eq!(loaded.warnings, vec![]);
    assert_eq!(loaded.files.len(), 2, "the accounts come from the shared file");
    let config = loaded.config;
    assert_eq!(config.kafka.brokers.to_string(), "kafka-1:9092,kafka-2:9092");
    assert_eq!(config.kafka.topics.blobs, "My.Blobs");
    let producer = config.kafka.producer_properties(&Keyring::System).unwrap();
    assert_eq!(producer["linger.ms"], "10");
    assert_eq!(producer["compression.type"], "snappy");
    assert!(!producer.contains_key("acks"), "clp sets it itself");
    assert_eq!(config.global.timezone.to_string(), "Europe/Berlin");
    assert_eq!(config.global.blob_closing.timeout_minutes, 7);
    assert_eq!(config.date_range.days_back, 2);
    assert_eq!(config.date_range.specific_date, None);
    assert_eq!(config.error_handling.retry_strategy, RetryStrategy::Linear);
    assert_eq!(
        config.storage_account("cp2", "P1").unwrap().container,
        "commerce-logging"
    );
    let targets = config.monitored();
    assert_eq!(targets.len(), 1);
    assert_eq!(targets[0].polling_interval, Duration::from_secs(60));
    let services: Vec<&str> = targets[0]
        .selectors
        .iter()
        .map(|selector| selector.name.as_str())
        .collect();
    assert_eq!(services, ["apache-proxy", "api", "zookeeper"]);
}

#[test]
fn the_workers_file_loads() {
    let machine = Machine::with(ACCOUNTS);
    let file = machine.write("worker.yaml", WORKER);
    let loaded = machine.load_file(&file).unwrap();
    let warnings: Vec<String> = loaded
        .warnings
        .iter()
        .map(|warning| machine.short(&warning.to_string()))
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("worker.yaml:23: `worker.sharding` is no longer used"),
        "{warnings:?}"
    );
    let config = loaded.config;
    assert_eq!(config.kafka.topics.blobs, "My.Blobs");
    assert_eq!(config.kafka.topics.raw_of("apache-proxy"), "My.Proxy");
    assert_eq!(config.kafka.topics.raw_of("api"), "My.Application");
    assert_eq!(config.kafka.partitions, 6);
    let consumer = config.kafka.consumer_properties(&Keyring::System).unwrap();
    assert_eq!(
        consumer.iter().collect::<Vec<_>>(),
        [(&"session.timeout.ms".to_owned(), &"30000".to_owned())]
    );
    assert_eq!(config.worker.consumer_group, "ingest-workers");
    let filters = &config.worker.filters;
    assert_eq!(filters.min_date.unwrap().to_string(), "20250601");
    assert_eq!(filters.environments, ["P1", "S1"]);
    assert!(filters.selectors[1].is_match("kubernetes/20250606.api-1_default_platform"));
    assert!(config.storage_account("cp2", "D1").is_ok());
}

#[test]
fn the_extractors_file_loads() {
    let machine = Machine::with(EXTRACTOR);
    let loaded = machine.load().unwrap();
    assert_eq!(loaded.warnings, vec![]);
    let config = loaded.config;
    let topics = config.kafka.topics.all().map(|(_, topic)| topic);
    let wanted = [
        "Ingestion.Blobs",
        "Ingestion.BlobState",
        "My.Raw",
        "My.RawProxy",
        "My.Application",
        "My.Proxy",
        "My.Errors",
    ];
    assert_eq!(topics, wanted);
    assert_eq!(config.kafka.brokers.to_string(), "a:9092,b:9092");
    assert_eq!(config.processing.consumer_group, "extractors");
    assert_eq!(
        config.processing.proxy_consumer_group.as_deref(),
        Some("proxy-extractors")
    );
    assert_eq!(config.processing.max_concurrency, 8);
    assert!(!config.processing.enable_validation);
}

#[test]
fn all_of_them_fit_into_one_file() {
    let merged = format!("{ACCOUNTS}{MONITOR}worker: {{lanes: 2}}\nprocessing: {{consumer_group: g}}\n");
    let config = Machine::with(&merged).config();
    assert_eq!(config.worker.lanes, 2);
    assert_eq!(config.processing.consumer_group, "g");
    assert_eq!(config.monitored().len(), 1);
}

#[test]
fn new_names_win_over_old_ones() {
    let config = Machine::with("kafka: {topic: Old, topics: {blobs: New}}").config();
    assert_eq!(config.kafka.topics.blobs, "New");
}
