//! Topics as clusters have them: with any number of partitions, with events where another producer put them, with the
//! predecessor's states and configuration. And what goes into them: proxies' lines, very long lines.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::azurite::{ACCESS_KEY, ACCOUNT, endpoint};
use crate::support::gz;
use crate::support::mixed::Mixed;
use crate::support::pipeline::{Event, Pipeline, closed, observed};
use crate::support::records::Record;
use crate::support::scene::{api_blob, bytes_of, expect_log_lines, lines_at};
use crate::support::services::kafka;
use crate::support::topics::{self, Topics, partition_of};

/// The topics of a worker, with these partition counts.
fn topics_of(blobs: i32, blob_state: i32, raw: i32) -> Topics {
    let topics = Topics::names(kafka());
    topics::create(kafka(), &topics.blobs, blobs, &[]);
    topics::create(
        kafka(),
        &topics.blob_state,
        blob_state,
        &[("cleanup.policy", "compact")],
    );
    for name in [&topics.raw_application, &topics.raw_proxy, &topics.errors] {
        topics::create(kafka(), name, raw, &[]);
    }
    topics
}

#[test]
fn events_in_a_foreign_partition_are_forwarded_and_done_once() {
    let run = Pipeline::new();
    let names: Vec<String> = (0..12).map(|n| api_blob(&format!("foreign-{n}"))).collect();
    run.blobs.fill(&names, &gz::blob(0..30, 10));
    let events: Vec<Event> = names.iter().map(|name| closed(&run.listed(name))).collect();
    let home = |event: &Event| partition_of(&event.blob, 4);
    let foreign = events.iter().map(|event| ((home(event) + 1) % 4, event));
    // Of every other blob there is one at home too.
    let at_home = events.iter().step_by(2).map(|event| (home(event), event));
    run.tell_at(&foreign.chain(at_home).collect::<Vec<_>>());
    run.work(&["--lanes", "2"]);
    let lines = run.lines();
    for name in &names {
        expect_log_lines(&lines[name], 0..30);
        assert_eq!(run.state(name)["status"], "closed");
    }
    let events = run.kafka.read_committed(&run.topics.blobs);
    let mut found = BTreeMap::<_, (usize, usize)>::new();
    for record in &events {
        let event = record.json();
        let blob = event["blobName"].as_str().unwrap().to_owned();
        let home = partition_of(&blob, 4);
        let count = found.entry(blob).or_default();
        match record.key_text().contains("-completion:") {
            true => count.0 += 1,
            false => count.1 += usize::from(record.partition == home),
        }
    }
    for (n, name) in names.iter().enumerate() {
        // One completion, and at home the event that was forwarded beside the one that was there.
        assert_eq!(found[name], (1, 1 + usize::from(n % 2 == 0)), "{name}");
    }
}

#[test]
fn topics_may_have_different_numbers_of_partitions() {
    let run = Pipeline::with(kafka(), topics_of(3, 5, 7));
    let blobs: Vec<Mixed> = (1..=20).map(|seed| Mixed::new(40 * seed, seed)).collect();
    for blob in &blobs {
        run.blobs.append(&blob.name, &blob.bytes);
    }
    let events = |blob: &Mixed| {
        let listed = run.listed(&blob.name);
        [observed(&listed), closed(&listed)]
    };
    run.tell(&blobs.iter().flat_map(events).collect::<Vec<Event>>());
    run.work(&["--lanes", "3"]);
    let states = run.states();
    run.work(&["--lanes", "3", "--group", &format!("{}-again", run.group)]);
    assert_eq!(run.states(), states);
    let lines = run.lines();
    for blob in &blobs {
        let expected: Vec<&[u8]> = blob.lines.iter().map(|line| line.bytes.as_slice()).collect();
        assert!(bytes_of(&lines[&blob.name]) == expected, "{}", blob.name);
    }
    for (topic, partitions) in [(&run.topics.blob_state, 5), (&run.topics.raw_application, 7)] {
        for record in run.kafka.read_committed(topic) {
            let blob = match topic == &run.topics.blob_state {
                true => record.key_text().splitn(3, ':').nth(2).unwrap().to_owned(),
                false => format!("kubernetes/{}", record.key_text().splitn(4, ':').nth(3).unwrap()),
            };
            assert_eq!(record.partition, partition_of(&blob, partitions), "{blob} in {topic}");
        }
    }
}

#[test]
fn a_worker_of_the_predecessor_is_replaced_where_it_stopped() {
    let run = Pipeline::with(kafka(), topics_of(1, 1, 4));
    let (half, new) = (api_blob("half"), api_blob("new"));
    let head = gz::blob(0..20, 10);
    run.blobs.append(&half, &[&head[..], &gz::blob(20..30, 10)].concat());
    run.blobs.append(&new, &gz::blob(0..30, 10));
    let listed = run.listed(&half);
    // As the predecessor wrote it: without the fields that came later.
    let state = json!({
        "subscription": "cp2", "environment": "P1", "blobName": half, "status": "open",
        "lastUpdated": listed.last_modified, "sizeInBytes": head.len(), "lastModifiedDate": listed.last_modified,
        "serviceSelector": "api", "lastIngestedOffset": head.len(), "totalLinesIngested": 20,
        "firstObservedDate": listed.last_modified, "lastObservedDate": listed.last_modified,
    });
    run.kafka.append(
        &run.topics.blob_state,
        &[Record {
            partition: 0,
            offset: 0,
            key: Some(format!("cp2:P1:{half}").into_bytes()),
            value: Some(state.to_string().into_bytes()),
            headers: Vec::new(),
            timestamp: 0,
        }],
    );
    run.tell(&[observed(&listed), closed(&listed), closed(&run.listed(&new))]);

    let accounts = json!({"subscriptions": {"cp2": {"name": "Commerce", "environments": {"P1": {
        "name": "Production",
        // Azurite needs an endpoint beyond the old layout.
        "storage_account": {
            "account_name": ACCOUNT, "access_key": ACCESS_KEY, "container_name": run.blobs.container(),
            "endpoint": endpoint(run.storage.address()),
        },
    }}}}});
    run.clp.write_config(&serde_yaml::to_string(&accounts).unwrap());
    let worker = json!({
        "kafka": {
            "brokers": run.kafka.brokers(), "proxy_topic": run.topics.raw_proxy, "app_topic": run.topics.raw_application,
            "blobs_topic": run.topics.blobs, "partitions": 12,
            "producer": {"compression.type": "lz4", "linger.ms": 10}, "consumer": {"auto.offset.reset": "earliest"},
        },
        "worker": {
            "consumer_group": run.group,
            "filters": {"min_date": "2025-06-01", "max_date": "2025-06-30", "subscriptions": ["cp2"], "environments": ["P1"],
                "selectors": ["api"]},
            "sharding": {"enabled": true, "shards_count": 4, "shard_number": 1},
            "processing": {"loop_interval": 5, "line_buffer_size": 1000},
        },
    });
    std::fs::write(
        run.clp.home().join("worker.yaml"),
        serde_yaml::to_string(&worker).unwrap(),
    )
    .unwrap();
    let outcome = run
        .clp
        .args(["ingest", "--worker", "--until-idle", "1", "--config", "worker.yaml"])
        // The two topics that the old file had no names for.
        .env("CLP_KAFKA_TOPICS_BLOB_STATE", &run.topics.blob_state)
        .env("CLP_KAFKA_TOPICS_ERRORS", &run.topics.errors)
        .run()
        .success();
    assert!(
        outcome.stderr.contains("`worker.sharding` is no longer used"),
        "{}",
        outcome.stderr
    );
    let lines = run.lines();
    let numbers: Vec<u64> = lines[&half].iter().map(|line| line.number).collect();
    assert_eq!(numbers, (21..=30).collect::<Vec<_>>());
    let texts: Vec<String> = (20..30).map(gz::log_line).collect();
    assert!(bytes_of(&lines[&half]) == texts.iter().map(String::as_bytes).collect::<Vec<_>>());
    expect_log_lines(&lines[&new], 0..30);
    let state: Value = run.state(&half);
    assert_eq!(
        (&state["totalLinesIngested"], &state["status"]),
        (&json!(30), &json!("closed"))
    );
}

#[test]
fn a_proxys_lines_go_to_the_proxies_topic_and_an_alias_is_its_service() {
    let run = Pipeline::new();
    let proxy = gz::blob_name("20250606", "apache2-igc-674b9bdb88-vm775", "proxy");
    let backoffice = gz::blob_name("20250606", "backoffice-1", "platform");
    for (blob, selector) in [(&proxy, "apache-proxy"), (&backoffice, "admin-interface")] {
        run.blobs.append(blob, &gz::blob(0..30, 10));
        run.tell(&[closed(&run.listed(blob)).with("serviceSelector", selector)]);
    }
    run.work(&[]);
    for (topic, blob, service) in [
        (&run.topics.raw_proxy, &proxy, "apache-proxy"),
        (&run.topics.raw_application, &backoffice, "backoffice"),
    ] {
        let lines = lines_at(run.kafka, topic);
        assert_eq!(lines.keys().collect::<Vec<_>>(), [blob]);
        expect_log_lines(&lines[blob], 0..30);
        assert_eq!(run.state(blob)["serviceSelector"], service);
        for record in run.kafka.read_committed(topic) {
            assert_eq!(record.header("service"), Some(service));
        }
    }
}

#[test]
fn very_long_lines_come_in_parts() {
    let run = Pipeline::new().configured("kafka.transaction_bytes", 1 << 20);
    let blob = api_blob("long");
    // The second is longer than what is held in memory, and begins in one member and ends in another.
    let long: Vec<Vec<u8>> = [3_000_000, 9_500_000]
        .map(|len: u32| (0..len).map(|n| b'a' + (n / 1_000 % 26) as u8).collect())
        .to_vec();
    let text = [b"before".as_slice(), &long[0], b"between", &long[1], b"behind", b""].join(&b'\n');
    let (head, tail) = text.split_at(text.len() / 2);
    run.blobs.append(&blob, &[gz::member(head), gz::member(tail)].concat());
    run.close(&blob);
    run.work(&[]);
    let lines = run.lines().remove(&blob).unwrap();
    assert!(bytes_of(&lines) == [b"before".as_slice(), &long[0], b"between", &long[1], b"behind"]);
    let in_parts: Vec<bool> = lines.iter().map(|line| line.parts > 1).collect();
    assert_eq!(in_parts, [false, true, false, true, false]);
    assert_eq!(run.state(&blob)["totalLinesIngested"], 5);
}
