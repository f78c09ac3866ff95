//! `clp extract` as a service: raw records become the right ones.

use serde_json::{Value, json};

use crate::support::extraction::{Extraction, raw, raw_record};
use crate::support::gz;
use crate::support::process::unique;
use crate::support::records::Record;
use crate::support::scene::api_blob;
use crate::support::topics;

#[test]
fn lines_become_records_with_key_headers_and_partition() {
    let run = Extraction::new();
    let blobs: Vec<String> = (0..6).map(|n| api_blob(&format!("a-{n}"))).collect();
    for blob in &blobs {
        run.append(&run.topics.raw_application, &raw(blob, 0..50));
    }
    let proxied = api_blob("proxied");
    run.append(
        &run.topics.raw_proxy,
        &[raw_record(&proxied, 0, gz::proxy_line(0).into_bytes())],
    );
    run.extract();
    run.assert_extracted_once(&blobs, 50);
    for record in run.read(&run.topics.extracted_application) {
        let raw = raw_record(
            &blobs[0],
            record.header("blob-line").unwrap().parse().unwrap(),
            Vec::new(),
        );
        for (name, value) in &raw.headers {
            assert_eq!(record.header(name).map(str::as_bytes), Some(value.as_slice()), "{name}");
        }
    }
    let proxy = run.read(&run.topics.extracted_proxy);
    let [record] = proxy.as_slice() else {
        panic!("{proxy:?}");
    };
    assert_eq!(record.header("record-type"), Some("proxy"));
    assert!(record.json()["local_server_name"].is_string(), "{}", record.text());
    assert_eq!(run.read(&run.topics.errors), []);
    // All is done: nothing comes again.
    run.extract();
    run.assert_extracted_once(&blobs, 50);
}

#[test]
fn what_is_no_line_as_expected_holds_up_nothing() {
    let run = Extraction::new();
    let blob = api_blob("poison");
    let bare = |value: Option<&[u8]>| Record {
        partition: 1,
        offset: 0,
        key: None,
        value: value.map(<[u8]>::to_vec),
        headers: Vec::new(),
        timestamp: 0,
    };
    let no_pod = br#"{"@timestamp":"2025-06-06T00:00:00Z","log":"text"}"#;
    run.append(
        &run.topics.raw_application,
        &[
            raw_record(&blob, 0, b"no json".to_vec()),
            raw_record(&blob, 1, vec![0xff, 0xfe]),
            raw_record(&blob, 2, Vec::new()),
            raw_record(&blob, 3, br#"{"@timestamp":"2025-06-06T00:00:00Z","log":" "}"#.to_vec()),
            raw_record(&blob, 4, "[".repeat(500_000).into_bytes()),
            bare(None),
            bare(Some(gz::log_line(0).as_bytes())),
            bare(Some(no_pod)),
        ],
    );
    run.append(&run.topics.raw_proxy, &[bare(Some(b"no json either"))]);
    let outcome = run.extract();
    let records = run.read(&run.topics.extracted_application);
    let [record] = records.as_slice() else {
        panic!("{records:?}");
    };
    assert_eq!((&record.key, record.partition), (&None, 1));
    assert_eq!(record.header("record-type"), Some("application"));

    let errors = run.read(&run.topics.errors);
    let of = |raw_line: &str| -> Value {
        let found = errors.iter().find(|record| record.json()["raw_line"] == raw_line);
        let found = found.unwrap_or_else(|| panic!("{raw_line} is not among {errors:?}"));
        assert_eq!(found.header("record-type"), Some("error"));
        found.json()
    };
    assert_eq!(errors.len(), 6, "{}", outcome.stderr);
    let source = json!({"service": "api", "environment": "P1", "subscription": "cp2"});
    assert_eq!(
        (&of("no json")["source"], &of("no json")["error_type"]),
        (&source, &json!("parse_error"))
    );
    assert_eq!(of("//4=")["raw_line_encoding"], "base64");
    assert_eq!(of("")["error_type"], "parse_error");
    assert_eq!(of("no json either")["error_type"], "proxy_parse_error");
    assert_eq!(of(str::from_utf8(no_pod).unwrap())["error_type"], "validation_error");
    assert_eq!(of(&"[".repeat(500_000))["error_type"], "parse_error");
}

#[test]
fn giant_lines_are_put_together_and_their_records_come_in_parts() {
    const PART: usize = 600_000;
    let run = Extraction::new();
    let blob = api_blob("giant");
    let message = "x".repeat(2_000_000);
    let line = json!({"@timestamp": "2025-06-06T00:00:00Z", "log": message, "kubernetes": {"pod_name": "api-1"}});
    let line = line.to_string().into_bytes();
    let count = line.len().div_ceil(PART);
    let mut records: Vec<Record> = Vec::new();
    for (number, part) in (1..).zip(line.chunks(PART)) {
        let mut record = raw_record(&blob, 0, part.to_vec());
        record
            .headers
            .push(("part".to_owned(), format!("{number}/{count}").into_bytes()));
        records.push(record);
    }
    // Another worker's line lies between them.
    let other = raw(&blob, 1..2);
    records.insert(1, other[0].clone());
    // Of this one only the first part is there.
    let mut lonely = raw_record(&blob, 2, b"half a line".to_vec());
    lonely.headers.push(("part".to_owned(), b"1/2".to_vec()));
    records.push(lonely);
    run.append(&run.topics.raw_application, &records);
    run.extract();

    let found = run.read(&run.topics.extracted_application);
    let (parts, whole): (Vec<&Record>, Vec<&Record>) = found.iter().partition(|record| record.header("part").is_some());
    assert_eq!(whole.len(), 1);
    let joined: Vec<u8> = parts.iter().flat_map(|part| part.value.clone().unwrap()).collect();
    let record: Value = serde_json::from_slice(&joined).unwrap();
    assert!(record["msg"] == message, "another message");
    for (number, part) in (1..).zip(&parts) {
        assert_eq!(part.header("part"), Some(format!("{number}/{}", parts.len()).as_str()));
        assert_eq!(part.key, records[0].key);
    }
    let errors = run.read(&run.topics.errors);
    let [error] = errors.as_slice() else {
        panic!("{errors:?}");
    };
    assert_eq!(error.json()["raw_line"], "half a line");
    assert!(
        error.json()["error"].as_str().unwrap().contains("2 parts"),
        "{}",
        error.text()
    );
}

#[test]
fn a_line_that_can_not_be_extracted_ends_the_service_if_asked_for() {
    let run = Extraction::new().configured("processing.skip_invalid_logs", false);
    let blob = api_blob("strict");
    let mut records = raw(&blob, 0..20);
    records.push(raw_record(&blob, 20, b"no json".to_vec()));
    records.extend(raw(&blob, 21..30));
    run.append(&run.topics.raw_application, &records);
    let outcome = run.run().expect_code(6);
    let said = &outcome.stderr;
    assert!(
        said.contains(&run.topics.raw_application) && said.contains("offset 20"),
        "{said}"
    );
    assert!(said.contains("skip_invalid_logs"), "{said}");
    run.run().expect_code(6);
    // What came before is there, once.
    run.assert_extracted_once(std::slice::from_ref(&blob), 20);
    assert_eq!(run.read(&run.topics.errors), []);

    let run = run.configured("processing.skip_invalid_logs", true);
    run.extract();
    assert_eq!(run.read(&run.topics.extracted_application).len(), 29);
    assert_eq!(run.read(&run.topics.errors).len(), 1);
}

#[test]
fn outputs_of_fewer_partitions_will_do() {
    let mut run = Extraction::new();
    let small = unique("small");
    topics::create(run.kafka, &small, 1, &[]);
    run = run.configured("kafka.topics.extracted_application", small.as_str());
    let blobs: Vec<String> = (0..6).map(|n| api_blob(&format!("b-{n}"))).collect();
    for blob in &blobs {
        run.append(&run.topics.raw_application, &raw(blob, 0..10));
    }
    run.extract();
    assert_eq!(run.read(&small).len(), 60);
    topics::delete(run.kafka, &small);
    let outcome = run.run().expect_code(4);
    assert!(
        outcome.stderr.contains(&small) && outcome.stderr.contains("init-topics"),
        "{}",
        outcome.stderr
    );
}
