//! Kafka fails in the middle of a worker's blob.

use std::time::Duration;

use crate::support::kafka::Kafka;
use crate::support::mixed::Mixed;
use crate::support::pipeline::Pipeline;
use crate::support::process::let_pass;

#[test]
fn a_worker_survives_a_broker_that_hangs_stops_and_crashes() {
    const HANG: Duration = Duration::from_secs(10);
    let mut run = Pipeline::on(Kafka::private(), 2).in_small_pieces();
    let blobs = [Mixed::new(20_000, 61), Mixed::new(300, 62)];
    run.storage.delay(Duration::from_millis(150));
    for blob in &blobs {
        run.put(blob);
    }
    let mut worker = run.worker(&[]);
    let end = run.log_end(&blobs[0]);
    end.wait_for_more(&mut worker, 1_500);
    run.kafka.kill_9();
    run.kafka.start();
    end.wait_for_more(&mut worker, 1_500);
    run.kafka.stop();
    run.kafka.start();
    end.wait_for_more(&mut worker, 1_500);
    run.kafka.pause();
    let_pass(HANG);
    run.kafka.resume();
    run.storage.delay(Duration::ZERO);
    for blob in &blobs {
        run.wait_until_ingested(blob);
    }
    worker.signal("TERM");
    worker.wait().success();
    run.assert_ingested_once(&[&blobs[0], &blobs[1]]);
}
