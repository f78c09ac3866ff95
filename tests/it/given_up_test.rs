//! Lines of a transaction that was given up come to Kafka when the next one is open, and stay out of it.

use std::time::Duration;

use ::clp::kafka::{Connection, Delivery, Producer, Record, RecordHeaders, TopicLimits};

use crate::support::formatted::Release;
use crate::support::frames::{Api, Rule, before};
use crate::support::kafka::Kafka;
use crate::support::process::{unique, wait_for};
use crate::support::topics;

const LIMIT: Duration = Duration::from_secs(30);
/// As brokers before Kafka 3.6 are: a partition takes what it is given, without a look at whether its transaction is over.
const TRUSTING: &str = "transaction.partition.verification.enable=false";

fn late_lines_stay_out(release: Release) {
    let kafka = Kafka::private_of_with(release, TRUSTING);
    let door = kafka.door();
    let topic = unique("given-up");
    topics::create(&kafka, &topic, 1, &[]);
    let mut connection = Connection::new(door.brokers());
    connection
        .producer
        .insert("socket.timeout.ms".to_owned(), "1000".to_owned());
    let delivery = Delivery::ExactlyOnce {
        transactional_id: unique("clp-test"),
    };
    let mut producer = Producer::open(&connection, delivery, TopicLimits::of([1 << 20])).unwrap();
    let send = |producer: &mut Producer, line: &str| {
        let record = Record {
            topic: &topic,
            partition: 0,
            key: None,
            payload: Some(line.as_bytes()),
            headers: &RecordHeaders::new(),
        };
        producer.send(record).unwrap();
    };
    send(&mut producer, "first");
    producer.commit().unwrap();

    door.set([Rule::nth(Api::Produce, 1).hold_silently([before(Api::Produce, 1)])]);
    send(&mut producer, "given up");
    wait_for("the line on its way", LIMIT, || {
        producer.poll().unwrap();
        (door.did().held == 1).then_some(())
    });
    producer.abort().unwrap();
    send(&mut producer, "second");
    producer.commit().unwrap();
    door.assert_late(1);
    assert_eq!(kafka.read_committed(&topic).len(), 2, "{release:?}");
}

#[test]
fn with_transactions_of_version_2() {
    late_lines_stay_out(Release::NEWEST);
}

#[test]
fn with_transactions_of_version_0() {
    late_lines_stay_out(Release::V4_1 { transactions: 0 });
}

#[test]
fn on_kafka_3_9() {
    late_lines_stay_out(Release::V3_9);
}
