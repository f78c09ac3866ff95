//! `clp extract` as a service, where partitions are added, records were deleted, or another extractor was there before.

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::json;

use crate::support::extraction::{Extraction, raw, raw_record};
use crate::support::gz;
use crate::support::pipeline::LIMIT;
use crate::support::process::unique;
use crate::support::records::Record;
use crate::support::scene::api_blob;
use crate::support::topics;

#[test]
fn partitions_that_are_added_are_read() {
    let run = Extraction::new().configured("kafka.consumer", json!({"topic.metadata.refresh.interval.ms": 500}));
    let blob = api_blob("growing");
    run.append(&run.topics.raw_application, &raw(&blob, 0..10));
    let extractor = run.extractor();
    run.wait_for_extracted(10);
    topics::grow(run.kafka, &run.topics.raw_application, 6);
    let more: Vec<Record> = raw(&blob, 10..20)
        .into_iter()
        .map(|record| Record { partition: 5, ..record })
        .collect();
    run.append(&run.topics.raw_application, &more);
    run.wait_for_extracted(20);
    extractor.signal("TERM");
    extractor.wait().success();
    run.extract();
    let records = run.read(&run.topics.extracted_application);
    assert_eq!(records.len(), 20);
    // The output has four partitions still.
    let moved = records.iter().filter(|record| record.partition == 5 % 4);
    let moved: Vec<&str> = moved.filter_map(|record| record.header("blob-line")).collect();
    assert!(
        moved.ends_with(&["10", "11", "12", "13", "14", "15", "16", "17", "18", "19"]),
        "{moved:?}"
    );
}

#[test]
fn what_retention_deleted_is_told_and_the_rest_comes() {
    let run = Extraction::new();
    let blob = api_blob("retention");
    let records = raw(&blob, 0..15);
    let partition = records[0].partition;
    run.append(&run.topics.raw_application, &records[..5]);
    run.extract();
    run.append(&run.topics.raw_application, &records[5..]);
    run.kafka.delete_before(&run.topics.raw_application, partition, 9);
    let outcome = run.extract();
    let said = outcome.stderr.lines().find(|line| line.contains("were deleted"));
    let said = said.unwrap_or_else(|| panic!("{}", outcome.stderr));
    assert!(
        said.contains("gone=4") && said.contains(&run.topics.raw_application),
        "{said}"
    );
    let outcome = run.extract();
    assert!(!outcome.stderr.contains("were deleted"), "{}", outcome.stderr);
    let records = run.read(&run.topics.extracted_application);
    let lines: Vec<&str> = records.iter().filter_map(|record| record.header("blob-line")).collect();
    assert_eq!(lines, ["0", "1", "2", "3", "4", "9", "10", "11", "12", "13", "14"]);
}

#[test]
fn the_predecessors_groups_are_taken_over() {
    let proxy_group = unique("proxy-extractors");
    let run = Extraction::new().configured("kafka.proxy_consumer_group", proxy_group.as_str());
    let (api, proxy) = (api_blob("old"), api_blob("old-proxy"));
    let proxied = |index| raw_record(&proxy, index, gz::proxy_line(index).into_bytes());
    run.append(&run.topics.raw_application, &raw(&api, 0..10));
    run.append(&run.topics.raw_proxy, &(0..10).map(proxied).collect::<Vec<_>>());
    commit(&run, &run.group, &run.topics.raw_application, &api, 4);
    commit(&run, &proxy_group, &run.topics.raw_proxy, &proxy, 7);
    let outcome = run.extract();
    assert!(!outcome.stderr.contains("no longer used"), "{}", outcome.stderr);
    run.extract();
    for (topic, first) in [(&run.topics.extracted_application, 4), (&run.topics.extracted_proxy, 7)] {
        let records = run.read(topic);
        let lines = records.iter().filter_map(|record| record.header("blob-line"));
        let expected: Vec<String> = (first..10).map(|index: u64| index.to_string()).collect();
        assert_eq!(Vec::from_iter(lines), expected, "{topic}");
    }
}

/// Commits an offset of the blob's partition, as another member of the group did.
fn commit(run: &Extraction, group: &str, topic: &str, blob: &str, offset: i64) {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", run.kafka.brokers())
        .set("group.id", group)
        .create()
        .expect("a consumer");
    let partition = raw_record(blob, 0, Vec::new()).partition;
    let mut offsets = TopicPartitionList::new();
    offsets
        .add_partition_offset(topic, partition, Offset::Offset(offset))
        .expect("an offset");
    consumer.commit(&offsets, CommitMode::Sync).expect("commit");
    assert_eq!(
        consumer.committed_offsets(offsets, LIMIT).expect("the offset").count(),
        1
    );
}
