//! What ends `clp extract` as a service: properties, rights and limits that somebody has to mend.

use serde_json::json;

use crate::support::extraction::{Extraction, raw, raw_record};
use crate::support::kafka::Kafka;
use crate::support::running::Outcome;
use crate::support::scene::api_blob;

#[track_caller]
fn assert_ends(outcome: Outcome, code: i32, said: &[&str]) {
    let outcome = outcome.expect_code(code);
    for said in said {
        assert!(outcome.stderr.contains(said), "{said} is not in {}", outcome.stderr);
    }
}

#[test]
fn properties_that_can_not_be_right_end_it() {
    for (section, properties, said) in [
        // The brokers' answer, when the member joins.
        (
            "kafka.consumer",
            json!({"session.timeout.ms": 1}),
            "error: property `session.timeout.ms`: ",
        ),
        (
            "kafka.consumer",
            json!({"group.instance.id": "one-for-two-lanes"}),
            "error: property `group.instance.id`: ",
        ),
        (
            "kafka.producer",
            json!({"linger.ms": 5000, "delivery.timeout.ms": 100}),
            "linger.ms",
        ),
    ] {
        let run = Extraction::new()
            .configured("processing.max_concurrency", 2)
            .configured(section, properties);
        assert_ends(run.run(), 3, &[said, "hint: "]);
    }
}

#[test]
fn missing_rights_end_it() {
    let kafka = Kafka::private_with(
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
         allow.everyone.if.no.acl.found=true",
    );
    kafka.deny(&[
        "--operation",
        "Write",
        "--transactional-id",
        "clp-extract:refused",
        "--resource-pattern-type",
        "prefixed",
    ]);
    kafka.deny(&["--operation", "Read", "--group", "stranger"]);
    let run = Extraction::on(kafka);
    for (group, said) in [("refused", "ransactional"), ("stranger", "roup")] {
        let run = run.clp.args(["extract", "--until-idle", "1", "--group", group]).run();
        assert_ends(run, 4, &[said, "authorization failed", "hint: "]);
    }
    run.clp.args(["extract", "--until-idle", "1"]).run().success();
}

#[test]
fn a_record_that_is_refused_for_its_size_is_not_passed_over() {
    let mut run = Extraction::new().configured("kafka.producer", json!({"message.max.bytes": 2_000}));
    let blob = api_blob("size");
    let mut records = raw(&blob, 0..3);
    let message = "long ".repeat(2_000);
    let line = json!({"@timestamp": "2025-06-06T00:00:00Z", "log": message, "kubernetes": {"pod_name": "api-1"}});
    records.push(raw_record(&blob, 3, line.to_string().into_bytes()));
    records.extend(raw(&blob, 4..6));
    run.append(&run.topics.raw_application, &records);
    assert_ends(run.run(), 4, &[&run.topics.extracted_application, "message.max.bytes"]);
    run = run.configured("kafka.producer", json!({}));
    run.extract();
    let found = run.read(&run.topics.extracted_application);
    let found: Vec<&str> = found.iter().filter_map(|record| record.header("blob-line")).collect();
    assert_eq!(found, ["0", "1", "2", "3", "4", "5"]);
}
