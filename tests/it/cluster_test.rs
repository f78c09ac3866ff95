//! Three brokers: requests that are late on the way to them, and those dying that a run needs most. Every line is in Kafka once.

use std::borrow::Borrow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::cluster::Cluster;
use crate::support::formatted::Release;
use crate::support::ingested::{Ingestion, PARTITIONS};
use crate::support::late_frames::{COMMIT_BEHIND_STATE, COPIED_COMMIT, COPIED_OFFSETS, Sender, Size, run, until_done};
use crate::support::mixed::Mixed;
use crate::support::process::wait_for;

const LIMIT: Duration = Duration::from_secs(120);
/// Until the killed broker's partitions are led by others and a new coordinator has read what it must know.
const RUN_LIMIT: Duration = Duration::from_secs(240);

#[test]
fn leader_and_coordinator_die_in_the_middle_of_a_run() {
    let run = Ingestion::new(Cluster::start(Release::NEWEST), Mixed::new(60_000, 81));
    let door = run.kafka.door();
    let mut run = run.configured("kafka.brokers", door.brokers());
    run.storage.delay(Duration::from_millis(300));
    let (log_end, partition) = (run.log_end(), run.blob.partition(PARTITIONS));
    let is_over = AtomicBool::new(false);
    let Ingestion {
        kafka,
        clp,
        storage,
        topics,
        blob,
        ..
    } = &mut run;
    let more_lines = || {
        let before = log_end.now();
        wait_for("more lines", LIMIT, || {
            assert!(
                !is_over.load(Ordering::Relaxed),
                "the run was over before the kills were"
            );
            (log_end.now() > before).then_some(())
        });
    };
    let mut outcomes = thread::scope(|scope| {
        let operator = scope.spawn(|| {
            let outcomes = until_done(|start| {
                let more: &[&str] = if start == 0 { &[] } else { &["--resume"] };
                let args = [&["ingest", "--format", "json", "--blob", &blob.name], more].concat();
                clp.args(args).deadline(RUN_LIMIT).run()
            });
            is_over.store(true, Ordering::Relaxed);
            outcomes
        });
        for of_lines in [true, false] {
            more_lines();
            let node = if of_lines {
                kafka.leader(&topics.raw_application, partition)
            } else {
                kafka.coordinator(&door.transactional_ids()[0])
            };
            kafka.kill_9(node);
            more_lines();
            kafka.start_again(node);
        }
        storage.delay(Duration::ZERO);
        operator.join().expect("the operator")
    });
    run.assert_complete(&outcomes.pop().expect("a last run"));
}

/// The coordinator, the leaders and the group's coordinator need not be the same node.
#[test]
fn late_frames_before_three_brokers() {
    let cluster = Cluster::start(Release::NEWEST);
    for (sender, fault) in [
        (Sender::OneShot, COPIED_COMMIT),
        (Sender::Worker, COMMIT_BEHIND_STATE),
        (Sender::Extract, COPIED_OFFSETS),
    ] {
        let left = run(sender, cluster.borrow(), fault);
        eprintln!("three brokers, {sender:?}: {}", left.tally);
        left.assert_exact(Size::FULL);
    }
}
