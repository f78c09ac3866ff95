//! The proxy of the tests of late requests: what it understands, and that it does what it is told.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::doors::Door;
use crate::support::frames::{Api, Head, Kind, Rule, after, before};
use crate::support::process::unique;
use crate::support::services::kafka;
use crate::support::topics;

const LIMIT: Duration = Duration::from_secs(30);

/// A request of a client named `me`, with a flexible head or not.
fn request(api: i16, version: i16, is_flexible: bool, body: &[&[u8]]) -> Vec<u8> {
    let mut bytes = [api.to_be_bytes(), version.to_be_bytes()].concat();
    bytes.extend(7_i32.to_be_bytes());
    bytes.extend([0, 2, b'm', b'e']);
    if is_flexible {
        // One tagged field of two bytes.
        bytes.extend([1, 0, 2, 9, 9]);
    }
    bytes.extend(body.concat());
    bytes
}

#[test]
fn requests_are_understood_in_both_encodings() {
    let classic: &[&[u8]] = &[
        &[0, 1, b'x', 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 2],
        &[
            0, 1, b'a', 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 1, 42, 0, 0, 0, 6, 0xff, 0xff, 0xff, 0xff,
        ],
        &[0, 1, b'b', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 42, 42],
    ];
    let flexible: &[&[u8]] = &[
        &[2, b'x', 0xff, 0xff, 0, 0, 0, 1, 3],
        &[2, b'a', 3, 0, 0, 0, 5, 2, 42, 0, 0, 0, 0, 6, 0, 0, 0],
        &[2, b'b', 2, 0, 0, 0, 0, 3, 42, 42, 0, 0, 0],
    ];
    for (version, is_flexible, body) in [
        (3, false, classic),
        (8, false, classic),
        (9, true, flexible),
        (12, true, flexible),
    ] {
        let head = Head::of(&request(0, version, is_flexible, body)).unwrap();
        assert_eq!(
            (head.api, head.version, head.correlation),
            (Some(Api::Produce), version, 7)
        );
        assert_eq!(head.client.as_deref(), Some("me"));
        assert_eq!(head.transactional_id.as_deref(), Some("x"));
        let found = [("a", 5), ("a", 6), ("b", 0)].map(|(topic, partition)| (topic.to_owned(), partition));
        assert_eq!(head.partitions, found, "version {version}");
    }
    for (version, is_flexible, id) in [(1, false, &[0, 1, b'x'][..]), (5, true, &[2, b'x'][..])] {
        for commits in [false, true] {
            let body = request(26, version, is_flexible, &[id, &[0; 10], &[u8::from(commits), 0]]);
            let head = Head::of(&body).unwrap();
            assert_eq!((head.api, head.commits), (Some(Api::EndTxn), commits));
            assert_eq!(head.transactional_id.as_deref(), Some("x"));
        }
    }
    // Fetch.
    assert_eq!(Head::of(&request(1, 99, false, &[])).unwrap().api, None);
    assert!(
        Head::of(&request(0, 3, false, &classic[..1])).is_none(),
        "it is cut off"
    );
}

struct Client {
    producer: BaseProducer,
    topic: String,
}

impl Client {
    fn new(door: &Door) -> Client {
        let topic = unique("frames");
        topics::create(kafka(), &topic, 1, &[]);
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", door.brokers())
            .set("transactional.id", unique("frames"))
            .set("reconnect.backoff.max.ms", "100")
            .create()
            .unwrap();
        producer.init_transactions(LIMIT).unwrap();
        Client { producer, topic }
    }

    fn begin_with(&self, text: &str) {
        self.producer.begin_transaction().unwrap();
        self.producer
            .send(BaseRecord::<(), str>::to(&self.topic).payload(text))
            .unwrap();
        self.producer.flush(LIMIT).unwrap();
    }

    fn commit_one(&self, text: &str) {
        self.begin_with(text);
        self.producer.commit_transaction(LIMIT).unwrap();
    }

    /// The end of a test: what is committed.
    fn committed(self) -> Vec<String> {
        let records = kafka().read_committed(&self.topic);
        topics::delete(kafka(), &self.topic);
        records.iter().map(|record| record.text()).collect()
    }
}

/// librdkafka's producer has one epoch for all its transactions: a late commit ends another one than it was meant for.
#[test]
fn a_held_request_comes_at_its_moment_and_is_taken_for_another() {
    let door = kafka().door();
    let client = Client::new(&door);
    let lines = Kind::produce_to(&client.topic);
    door.set([Rule::nth(Api::EndTxn, 2).hold([after(lines, 1)])]);
    client.commit_one("1");
    client.commit_one("2");
    assert_eq!(door.did().not_delivered(), 1);
    client.begin_with("3, taken back");
    door.assert_late(1);
    let late = &door.did().late[0];
    assert_eq!((late.api, late.error, late.ends_meanwhile), (Api::EndTxn, Some(0), 1));
    drop(client.producer.abort_transaction(LIMIT));
    assert_eq!(client.committed(), ["1", "2", "3, taken back"]);
}

#[test]
fn copies_lost_answers_and_lost_connections_are_told() {
    let door = kafka().door();
    let client = Client::new(&door);
    door.set([Rule::nth(Api::EndTxn, 1).lose_answer()]);
    client.commit_one("1");
    door.set([
        Rule::nth(Api::Produce, 1).end_connection(),
        Rule::each(Kind::produce_to(&client.topic)).delay(Duration::from_millis(1)),
        Rule::nth(Kind::produce_to("another"), 1).lose_answer(),
    ]);
    client.commit_one("2");
    door.set([Rule::nth(Api::EndTxn, 1).copy([before(Api::Produce, 1)])]);
    client.commit_one("3");
    // The copy is there before anything of this transaction, which it ends.
    client.producer.begin_transaction().unwrap();
    let record = BaseRecord::<(), str>::to(&client.topic).payload("4");
    client.producer.send(record).unwrap();
    let _ = client.producer.flush(LIMIT);
    door.assert_late(1);
    let did = door.did();
    assert_eq!((did.answers_lost, did.copied, did.ended), (1, 1, 1), "{did:?}");
    assert!(did.delayed >= 1, "{did:?}");
    assert_eq!(did.late[0].ends_meanwhile, 0);
    assert_eq!(door.transactional_ids().len(), 1);
    assert!(door.requests(Api::EndTxn) >= 4);
    drop(client.producer.abort_transaction(LIMIT));
    assert_eq!(client.committed()[..3], ["1", "2", "3"]);
}

#[test]
fn what_waits_for_nothing_that_comes_is_told_and_delivered_at_the_end() {
    let door = kafka().door();
    let client = Client::new(&door);
    door.set([Rule::nth(Api::EndTxn, 1).copy([after(Kind::produce_to("another"), 1)])]);
    client.commit_one("1");
    assert_eq!(door.did().not_delivered(), 1);
    assert_eq!(door.deliver_rest(), 1);
    door.assert_late(1);
    assert_eq!(client.committed(), ["1"]);
}
