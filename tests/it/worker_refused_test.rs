//! Properties of Kafka that can not be right end a service at its start, whoever finds out: librdkafka or the brokers.

use serde_json::{Value, json};

use crate::support::pipeline::Pipeline;
use crate::support::services::kafka;

#[test]
fn properties_of_a_member_that_can_not_be_right_end_a_worker() {
    for (properties, lanes, said) in [
        // The brokers' answer, when the member joins.
        (json!({"session.timeout.ms": 1}), "1", "property `session.timeout.ms`: "),
        (
            json!({"group.instance.id": "one-for-two-lanes"}),
            "2",
            "property `group.instance.id`: ",
        ),
        // Each may be right, both together not.
        (
            json!({"session.timeout.ms": 90_000, "max.poll.interval.ms": 60_000}),
            "1",
            "session.timeout.ms",
        ),
    ] {
        let run = Pipeline::on(kafka(), 2).configured("kafka.consumer", properties.clone());
        let outcome = run.worker(&["--lanes", lanes]).wait().expect_code(3);
        let error = outcome.stderr.lines().find(|line| line.starts_with("error: "));
        assert!(
            error.is_some_and(|error| error.contains(said)),
            "{properties}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn properties_of_a_producer_that_can_not_be_right_end_worker_and_monitor() {
    let properties: Value = json!({"linger.ms": 5000, "delivery.timeout.ms": 100});
    let run = Pipeline::on(kafka(), 1).configured("kafka.producer", properties);
    for args in [&["ingest", "--worker"][..], &["monitor"]] {
        let outcome = run.clp.run(args.iter().copied()).expect_code(3);
        assert!(outcome.stderr.contains("linger.ms"), "{args:?}: {}", outcome.stderr);
    }
}
