//! Three brokers, of which the one dies that a run needs most: every line is in Kafka once.

use std::borrow::Borrow;
use std::time::Duration;

use crate::support::cluster::Cluster;
use crate::support::formatted::Release;
use crate::support::ingested::{Ingestion, PARTITIONS};
use crate::support::late_frames::{COMMIT_BEHIND_STATE, COPIED_COMMIT, COPIED_OFFSETS, Sender, Size, run};
use crate::support::mixed::Mixed;
use crate::support::process::wait_for;

const LIMIT: Duration = Duration::from_secs(60);
/// Until the killed broker's partitions are led by others and a new coordinator has read what it must know.
const RUN_LIMIT: Duration = Duration::from_secs(180);

fn ingestion(seed: u64) -> Ingestion<Cluster> {
    Ingestion::new(Cluster::start(Release::NEWEST), Mixed::new(20_000, seed))
}

#[test]
fn the_leader_of_the_lines_dies_in_the_middle_of_a_run() {
    let mut run = ingestion(81);
    let log_end = run.log_end();
    run.storage.delay(Duration::from_millis(100));
    let mut running = run.start_within(RUN_LIMIT, &[]);
    let partition = run.blob.partition(PARTITIONS);
    for _ in 0..2 {
        log_end.wait_for_more(&mut running, 1_500);
        let leader = run.kafka.leader(&run.topics.raw_application, partition);
        run.kafka.kill_9(leader);
        log_end.wait_for_more(&mut running, 1_500);
        run.kafka.start_again(leader);
    }
    run.storage.delay(Duration::ZERO);
    run.assert_complete(&running.wait().success());
}

#[test]
fn the_coordinator_of_the_transactions_dies_in_the_middle_of_a_run() {
    let run = ingestion(82);
    let door = run.kafka.door();
    let brokers = door.brokers().to_owned();
    let mut run = run.configured("kafka.brokers", brokers);
    let log_end = run.log_end();
    run.storage.delay(Duration::from_millis(100));
    let mut running = run.start_within(RUN_LIMIT, &[]);
    for _ in 0..2 {
        log_end.wait_for_more(&mut running, 1_500);
        let ids = wait_for("the producer", LIMIT, || {
            Some(door.transactional_ids()).filter(|ids| !ids.is_empty())
        });
        let coordinator = run.kafka.coordinator(&ids[0]);
        run.kafka.kill_9(coordinator);
        log_end.wait_for_more(&mut running, 1_500);
        run.kafka.start_again(coordinator);
    }
    run.storage.delay(Duration::ZERO);
    run.assert_complete(&running.wait().success());
    let tally = Tally::of_lines(
        std::borrow::Borrow::borrow(&run.kafka),
        &run.topics.raw_application,
        &run.blob,
    );
    assert_eq!(tally, Tally::exact(run.blob.lines.len()));
}
