//! The harness itself, on the real servers: what the other tests rely on.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::blobs::Blobs;
use crate::support::faults::{Direction, Faults};
use crate::support::gz;
use crate::support::kafka::Kafka;
use crate::support::process::{unique, wait_for};
use crate::support::records::Read as Reading;
use crate::support::services::{azurite, kafka};
use crate::support::topics::{self, Topics};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_blob_grows_by_blocks_and_is_listed() {
    let blobs = Blobs::new();
    let name = gz::blob_name("20250606", "api-674b9bdb88-vm775", "platform");
    let first = gz::blob(0..100, 50);
    blobs.append(&name, &first);
    blobs.append(&name, &gz::blob(100..150, 50));
    let whole = gz::blob(0..150, 50).len() as u64;

    let listed = blobs.list("kubernetes/20250606.api-");
    assert_eq!(
        listed.iter().map(|b| (b.name.as_str(), b.size)).collect::<Vec<_>>(),
        [(name.as_str(), whole)]
    );
    assert_eq!(blobs.properties(&name).as_ref(), Some(&listed[0]));
    assert!(blobs.list("kubernetes/20250607.").is_empty());
    assert!(
        azurite()
            .requests(blobs.container())
            .iter()
            .any(|line| line.contains("comp=appendblock"))
    );

    blobs.delete(&name);
    assert_eq!(blobs.properties(&name), None);
}

#[test]
fn large_blobs_and_many_blobs_are_written() {
    let blobs = Blobs::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    let nine_megabytes = vec![7; 9 << 20];
    std::fs::write(file.path(), &nine_megabytes).unwrap();
    blobs.upload("file", file.path());
    blobs.append("memory", &nine_megabytes);
    for name in ["file", "memory"] {
        assert_eq!(blobs.properties(name).unwrap().size, 9 << 20);
    }
    let names: Vec<String> = (0..100).map(|i| format!("many/{i:03}")).collect();
    blobs.fill(&names, b"x");
    assert_eq!(
        blobs.list("many/").into_iter().map(|b| b.name).collect::<Vec<_>>(),
        names
    );
}

#[test]
fn aborted_records_are_seen_only_by_uncommitted_readers() {
    let topics = Topics::create(kafka());
    let topic = &topics.raw_application;
    let producer = transactional(&kafka().brokers());
    producer.begin_transaction().unwrap();
    send(&producer, topic, "aborted");
    producer.flush(LIMIT).unwrap();
    assert!(kafka().read(topic, Reading::CommittedNow).is_empty());
    producer.abort_transaction(LIMIT).unwrap();
    producer.begin_transaction().unwrap();
    send(&producer, topic, "committed");
    producer.commit_transaction(LIMIT).unwrap();

    let committed = kafka().read_committed(topic);
    assert_eq!(
        committed.iter().map(|r| (r.key_text(), r.text())).collect::<Vec<_>>(),
        [("key", "committed".into())]
    );
    assert_eq!(committed[0].header("service"), Some("api"));
    let mut all: Vec<String> = kafka().read_uncommitted(topic).iter().map(|r| r.text()).collect();
    all.sort();
    assert_eq!(all, ["aborted", "committed"]);
    assert_eq!(kafka().java_console_consumer(topic), ["key\tcommitted"]);
}

#[test]
fn topics_go_with_the_test_that_made_them() {
    let topics = Topics::with_partitions(kafka(), 2);
    let names = topics.all().map(str::to_owned);
    assert_eq!(topics::partitions(kafka(), &names[0]), Some(2));
    drop(topics);
    wait_for("the topics to be gone", LIMIT, || {
        names
            .iter()
            .all(|name| topics::partitions(kafka(), name).is_none())
            .then_some(())
    });
}

#[test]
fn a_private_broker_keeps_its_data_over_stops_and_crashes() {
    let mut kafka = Kafka::private();
    let topic = unique("kept");
    topics::create(&kafka, &topic, 1, &[]);
    let producer = transactional(&kafka.brokers());
    producer.begin_transaction().unwrap();
    send(&producer, &topic, "one");
    producer.commit_transaction(LIMIT).unwrap();
    kafka.stop();
    assert!(TcpStream::connect(kafka.address()).is_err());
    kafka.start();
    producer.begin_transaction().unwrap();
    send(&producer, &topic, "two");
    producer.commit_transaction(LIMIT).unwrap();
    kafka.kill_9();
    kafka.start();
    kafka.pause();
    kafka.resume();
    assert_eq!(
        kafka
            .read_committed(&topic)
            .iter()
            .map(|r| r.text())
            .collect::<Vec<_>>(),
        ["one", "two"]
    );
}

#[test]
fn a_broker_behind_faults_is_reached_only_through_them() {
    let (kafka, faults) = Kafka::private_behind_faults();
    let topic = unique("behind");
    topics::create(&kafka, &topic, 1, &[]);
    let producer = transactional(&faults.address().to_string());
    faults.cut_after(Direction::Up, 20_000);
    for i in 0..20 {
        producer.begin_transaction().unwrap();
        send(&producer, &topic, &format!("{i:02000}"));
        producer.commit_transaction(LIMIT).unwrap();
    }
    assert_eq!(faults.cuts(), 1);
    let found: Vec<usize> = kafka
        .read_committed(&topic)
        .iter()
        .map(|r| r.text().parse().unwrap())
        .collect();
    assert_eq!(found, (0..20).collect::<Vec<_>>());
}

#[test]
fn a_proxy_refuses_cuts_stalls_and_counts() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let faults = Faults::to(server.local_addr().unwrap());
    let pair = || {
        let client = TcpStream::connect(faults.address()).unwrap();
        client.set_read_timeout(Some(LIMIT)).unwrap();
        (client, server.accept().unwrap().0)
    };
    let (mut client, mut served) = pair();
    client.write_all(b"question").unwrap();
    served.read_exact(&mut [0; 8]).unwrap();
    faults.stall();
    served.write_all(b"answer").unwrap();
    client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(client.read(&mut [0; 6]).is_err(), "nothing passes while stalled");
    client.set_read_timeout(Some(LIMIT)).unwrap();
    faults.flow();
    client.read_exact(&mut [0; 6]).unwrap();
    wait_for("the count", LIMIT, || {
        (faults.passed(Direction::Down) == 6).then_some(())
    });
    assert_eq!(faults.passed(Direction::Up), 8);

    faults.cut_after(Direction::Down, 3);
    served.write_all(b"cut here").unwrap();
    let mut got = Vec::new();
    let error = client.read_to_end(&mut got).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(got.len() <= 3);

    let (mut client, _served) = pair();
    faults.refuse();
    assert_eq!(
        client.read(&mut [0]).unwrap_err().kind(),
        std::io::ErrorKind::ConnectionReset
    );
    assert_eq!(
        TcpStream::connect(faults.address()).unwrap_err().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
    faults.accept();
    let _ = pair();
    assert_eq!(faults.connections(), 3);
}

#[test]
fn lines_are_as_long_and_as_compressible_as_real_ones() {
    for line in [gz::log_line, gz::proxy_line] {
        let lines: Vec<String> = (0..2000).map(line).collect();
        let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
        let mean = bytes / lines.len();
        assert!((1500..1900).contains(&mean), "{mean} bytes a line");
        assert!(
            lines
                .iter()
                .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
        );
        let ratio = bytes as f64 / gz::blob_of(&lines, 500).len() as f64;
        assert!((13.0..22.0).contains(&ratio), "{ratio} times smaller");
    }
}

fn transactional(brokers: &str) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("transactional.id", unique("harness"))
        .set("reconnect.backoff.max.ms", "100")
        .create()
        .unwrap();
    producer.init_transactions(LIMIT).unwrap();
    producer
}

fn send(producer: &BaseProducer, topic: &str, value: &str) {
    let headers = OwnedHeaders::new().insert(Header {
        key: "service",
        value: Some("api"),
    });
    producer
        .send(BaseRecord::to(topic).key("key").payload(value).headers(headers))
        .unwrap();
}
