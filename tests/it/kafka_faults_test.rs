//! Kafka fails in the middle of a run, which goes on: lines are in Kafka once.

use std::time::{Duration, Instant};

use crate::support::faults::Direction;
use crate::support::ingested::Ingestion;
use crate::support::kafka::Kafka;
use crate::support::mixed::Mixed;
use crate::support::process::wait_for;

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn a_run_survives_a_broker_that_hangs_stops_and_crashes() {
    const HANG: Duration = Duration::from_secs(3);
    let mut run = Ingestion::new(Kafka::private(), Mixed::new(20_000, 14));
    let log_end = run.log_end();
    run.storage.delay(Duration::from_millis(150));
    let mut running = run.start(&[]);
    log_end.wait_for_more(&mut running, 2_000);
    run.kafka.pause();
    let begun = Instant::now();
    wait_for("the hang", LIMIT, || (begun.elapsed() > HANG).then_some(()));
    run.kafka.resume();
    log_end.wait_for_more(&mut running, 2_000);
    run.kafka.stop();
    run.kafka.start();
    log_end.wait_for_more(&mut running, 2_000);
    run.kafka.kill_9();
    run.kafka.start();
    run.storage.delay(Duration::ZERO);
    run.assert_complete(&running.wait().success());
}

#[test]
fn a_run_survives_cut_and_stalled_connections() {
    let (kafka, faults) = Kafka::private_behind_faults();
    let brokers = faults.address().to_string();
    let run = Ingestion::new(&kafka, Mixed::new(20_000, 15))
        .configured("kafka.brokers", brokers.as_str())
        .configured("kafka.transaction_bytes", 64 << 20)
        .configured("kafka.transaction_seconds", 2);
    let log_end = run.log_end();
    run.storage.delay(Duration::from_millis(150));
    let mut running = run.start(&[]);
    log_end.wait_for_more(&mut running, 1);
    // Requests that break off, and answers that never come: was it committed?
    for (cut, (direction, bytes)) in [
        (Direction::Up, 50_000),
        (Direction::Down, 30),
        (Direction::Down, 400),
        (Direction::Up, 100),
        (Direction::Down, 170),
        (Direction::Up, 20_000),
    ]
    .into_iter()
    .enumerate()
    {
        faults.cut_after(direction, bytes);
        wait_for("the cut", LIMIT, || (faults.cuts() > cut as u64).then_some(()));
    }
    log_end.wait_for_more(&mut running, 1);
    // Until the broker has given up the open transaction: what the run had in hand it must send again.
    faults.stall();
    run.committed_lines();
    faults.flow();
    run.storage.delay(Duration::ZERO);
    let outcome = running.wait().success();
    let said = &outcome.stderr;
    assert!(said.contains("starting again from the last commit"), "{said}");
    run.assert_complete(&outcome);
}

#[test]
fn a_second_signal_stops_a_run_that_waits_for_kafka() {
    let (kafka, faults) = Kafka::private_behind_faults();
    let brokers = faults.address().to_string();
    let run = Ingestion::new(&kafka, Mixed::new(10_000, 16)).configured("kafka.brokers", brokers.as_str());
    run.storage.delay(Duration::from_millis(100));
    let mut running = run.start(&[]);
    run.log_end().wait_for_more(&mut running, 1);
    faults.stall();
    running.signal("INT");
    running.wait_for_stderr("again to stop at once", LIMIT);
    assert!(!running.has_exited(), "it waits for its commit");
    let begun = Instant::now();
    running.signal("INT");
    running.wait().expect_code(130);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    faults.flow();
    run.storage.delay(Duration::ZERO);
    run.assert_complete(&run.run(&["--resume"]).success());
}

/// A run outlasts a broker's restart, so it gives up late.
#[test]
#[ignore = "takes five minutes"]
fn without_kafka_a_run_gives_up_in_the_end() {
    let mut run = Ingestion::new(Kafka::private(), Mixed::new(10_000, 17));
    run.storage.delay(Duration::from_millis(100));
    let mut running = run.start_within(Duration::from_secs(900), &[]);
    run.log_end().wait_for_more(&mut running, 1);
    run.kafka.stop();
    let outcome = running.wait().expect_code(4);
    let said = &outcome.stderr;
    let error = format!("error: Kafka at {} did not answer within", run.kafka.brokers());
    assert!(said.contains(&error) && said.contains("hint: "), "{said}");
    run.kafka.start();
    run.storage.delay(Duration::ZERO);
    run.assert_complete(&run.run(&["--resume"]).success());
}
