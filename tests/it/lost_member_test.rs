//! A member that the group has given up commits nothing, though its client has not been told yet.

use std::time::Duration;

use ::clp::kafka::{Connection, Delivery, Error, Member, News, Offsets, Producer, Record, RecordHeaders, TopicLimits};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::support::pipeline::LIMIT;
use crate::support::process::{let_pass, unique, wait_for};
use crate::support::services::kafka;
use crate::support::topics;

#[test]
fn one_that_did_not_poll_for_too_long_commits_nothing() {
    const SILENCE: &str = "2000";
    let (topic, group) = (unique("lost"), unique("lost"));
    topics::create(kafka(), &topic, 1, &[]);
    let mut connection = Connection::new(kafka().brokers());
    for property in ["max.poll.interval.ms", "session.timeout.ms"] {
        connection.consumer.insert(property.to_owned(), SILENCE.to_owned());
    }
    let mut member = Member::connect(&connection, &group, "test", &topic).unwrap();
    member.join().unwrap();
    let assigned = wait_for("the assignment", LIMIT, || {
        match member.poll(Duration::from_millis(50)).unwrap() {
            Some(News::Assigned(partitions)) => Some(partitions),
            _ => None,
        }
    });
    assert_eq!(assigned, [0]);
    member.take(&assigned).unwrap();
    member.start(&Offsets::from([(0, 0)])).unwrap();
    let delivery = Delivery::ExactlyOnce {
        transactional_id: unique("clp-test"),
    };
    let mut producer = Producer::open(&connection, delivery, TopicLimits::of([1 << 20])).unwrap();
    let send = |producer: &mut Producer| {
        let record = Record {
            topic: &topic,
            partition: 0,
            key: None,
            payload: Some(b"line"),
            headers: &RecordHeaders::new(),
        };
        producer.send(record).unwrap();
    };
    send(&mut producer);
    producer.commit_with(&member, &Offsets::from([(0, 1)])).unwrap();
    assert_eq!(committed(&group, &topic), Offset::Offset(1));

    let_pass(Duration::from_secs(4));
    send(&mut producer);
    let refused = producer.commit_with(&member, &Offsets::from([(0, 2)]));
    assert!(matches!(refused, Err(Error::Aborted { .. })), "{refused:?}");
    producer.abort().unwrap();
    assert_eq!(committed(&group, &topic), Offset::Offset(1));
    assert_eq!(kafka().read_committed(&topic).len(), 1);
    topics::delete(kafka(), &topic);
}

fn committed(group: &str, topic: &str) -> Offset {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka().brokers())
        .set("group.id", group)
        .create()
        .expect("a consumer");
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition(topic, 0);
    let committed = consumer.committed_offsets(partitions, LIMIT).expect("the offsets");
    committed.elements()[0].offset()
}
