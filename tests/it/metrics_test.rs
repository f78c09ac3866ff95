//! `--metrics-addr`: what a scraper and a container platform see of a service.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use regex::Regex;

use crate::support::extraction::{Extraction, raw};
use crate::support::gz;
use crate::support::kafka::Kafka;
use crate::support::pipeline::{LIMIT, Pipeline};
use crate::support::process::wait_for;
use crate::support::running::Running;
use crate::support::scene::{Scene, api_blob};

const SOON: Duration = Duration::from_secs(20);

/// The status and the body.
pub fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("connect to the service");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: clp\r\n\r\n").expect("ask the service");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).expect("a status");
    (status.parse().expect("a number"), body.to_owned())
}

pub fn address_of(service: &Running) -> String {
    let told = service.wait_for_stderr(r"serving /metrics.* address=127\.0\.0\.1:\d+", SOON);
    told.rsplit_once('=').expect("an address").1.to_owned()
}

fn wait_for_figure(address: &str, line: &str) {
    let mut seen = String::new();
    wait_for(line, SOON, || {
        seen = get(address, "/metrics").1;
        seen.lines().any(|found| found == line).then_some(())
    });
}

#[test]
fn a_monitor_tells_what_it_found_and_how_it_is() {
    let scene = Scene::new();
    let blob = api_blob("metrics");
    let member = gz::member(b"one\ntwo\n");
    scene.blobs.append(&blob, &member);
    let clp = scene
        .clp
        .set("global.polling_interval", 1)
        .set("monitoring.stats_report_interval", 1);
    let monitor = clp.spawn(["monitor", "--date", "20250606", "--metrics-addr", "127.0.0.1:0"]);
    let address = address_of(&monitor);

    let labels = r#"subscription="cp2",environment="P1""#;
    wait_for_figure(&address, &format!("clp_listed_blobs{{{labels}}} 1"));
    wait_for_figure(&address, &format!("clp_listed_bytes{{{labels}}} {}", member.len()));
    wait_for_figure(&address, &format!("clp_events_total{{{labels},kind=\"observed\"}} 1"));
    wait_for_figure(&address, &format!("clp_errors_total{{{labels},kind=\"storage\"}} 0"));
    assert_eq!(get(&address, "/readyz"), (200, "ok\n".to_owned()));
    assert_eq!(get(&address, "/healthz"), (200, "ok\n".to_owned()));
    monitor.wait_for_stderr(r"progress scans=\d+ events=\d+ blobs=1 bytes=\d+ errors=0", SOON);

    let second = clp.run(["monitor", "--metrics-addr", &address]).expect_code(1);
    assert!(
        second.stderr.contains(&format!("cannot serve metrics at {address}")),
        "{}",
        second.stderr
    );

    monitor.signal("TERM");
    monitor.wait().success();
    assert!(TcpStream::connect(address.as_str()).is_err());
}

#[test]
fn a_worker_that_kafka_left_is_not_ready_and_tells_so_once() {
    let mut run = Pipeline::on(Kafka::private(), 1);
    let worker = run.worker(&["--metrics-addr", "127.0.0.1:0"]);
    let address = address_of(&worker);
    let wait_for_status = |status| {
        wait_for("/readyz", LIMIT, || {
            (get(&address, "/readyz").0 == status).then_some(())
        });
    };
    wait_for_status(200);
    run.kafka.stop();
    worker.wait_for_stderr("WARN Kafka is away", SOON);
    // Once the session is over. Librdkafka has told of it many times by then.
    wait_for_status(503);
    assert_eq!(get(&address, "/healthz").0, 200);
    assert_eq!(
        worker.stderr().matches("Kafka is away").count(),
        1,
        "{}",
        worker.stderr()
    );
    run.kafka.start();
    worker.wait_for_stderr("INFO Kafka is back away=", LIMIT);
    wait_for_status(200);
    worker.signal("TERM");
    worker.wait().success();
}

#[test]
fn an_extractor_tells_what_became_of_lines_and_how_it_is() {
    let run = Extraction::new().configured("monitoring.stats_report_interval", 1);
    let extractor = run.clp.spawn(["extract", "--metrics-addr", "127.0.0.1:0"]);
    let address = address_of(&extractor);
    run.append(&run.topics.raw_application, &raw(&api_blob("figures"), 0..10));
    let labels = r#"subscription="cp2",environment="P1""#;
    wait_for_figure(
        &address,
        &format!("clp_extracted_lines_total{{{labels},outcome=\"http\"}} 2"),
    );
    wait_for_figure(
        &address,
        &format!("clp_extracted_lines_total{{{labels},outcome=\"application\"}} 8"),
    );
    wait_for_figure(&address, "clp_assigned_partitions 8");
    wait_for_figure(&address, "clp_lanes 2");
    assert_eq!(get(&address, "/readyz"), (200, "ok\n".to_owned()));
    assert_eq!(get(&address, "/healthz"), (200, "ok\n".to_owned()));
    // They may be committed in two parts, between which progress is told.
    let progress = Regex::new(r"progress lines=(\d+) raw_bytes=\d+ lines_per_second=\d+ errors=0").unwrap();
    wait_for("progress of ten lines", SOON, || {
        let said = extractor.stderr();
        let lines = progress
            .captures_iter(&said)
            .map(|told| told[1].parse::<u64>().unwrap());
        (lines.sum::<u64>() == 10).then_some(())
    });
    extractor.signal("TERM");
    extractor.wait().success();
}
