//! Storage fails in the middle of a run, which goes on: lines are in Kafka once.

use std::time::Duration;

use crate::support::faults::Direction;
use crate::support::ingested::Ingestion;
use crate::support::mixed::Mixed;
use crate::support::process::wait_for;
use crate::support::services::kafka;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_run_survives_cuts_and_refusals_of_storage() {
    let run = Ingestion::new(kafka(), Mixed::new(15_000, 11)).configured("error_handling.max_azure_retries", 5);
    let storage = &run.storage;
    storage.delay(Duration::from_millis(20));
    let mut running = run.start(&[]);
    // Three times in the middle of a range's bytes.
    for cut in 1..=3 {
        storage.cut_after(Direction::Down, 100_000);
        wait_for("the cut", LIMIT, || (storage.cuts() >= cut).then_some(()));
    }
    storage.refuse();
    // Longer than a mistake in the configuration would be tried again.
    running.wait_for_stderr("refused.* retry=4", LIMIT);
    assert!(!running.has_exited());
    storage.accept();
    storage.delay(Duration::ZERO);
    run.assert_complete(&running.wait().success());
}

#[test]
fn storage_that_stays_away_ends_the_run_behind_what_it_sent() {
    let run = Ingestion::new(kafka(), Mixed::new(10_000, 12)).configured("error_handling.max_azure_retries", 1);
    run.storage.delay(Duration::from_millis(20));
    let mut running = run.start(&[]);
    run.log_end().wait_for_more(&mut running, 2_000);
    run.storage.refuse();
    let outcome = running.wait().expect_code(5);
    assert!(outcome.stderr.contains(&run.blob.name), "{}", outcome.stderr);
    assert!(run.state(None).unwrap()["totalLinesIngested"].as_u64().unwrap() >= 2_000);
    run.storage.accept();
    run.storage.delay(Duration::ZERO);
    run.assert_complete(&run.run(&["--resume"]).success());
}
