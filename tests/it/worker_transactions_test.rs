//! What is in a worker's transactions, and in which order it is sent.

use crate::support::mixed::Mixed;
use crate::support::pipeline::Pipeline;
use crate::support::requests::Request::{self, End, Lines, Offsets, States};
use crate::support::services::kafka;

#[test]
fn each_transaction_holds_states_with_its_lines_and_ends_behind_the_offsets() {
    const MANY: usize = 5;
    let run = Pipeline::on(kafka(), 1).in_small_pieces().with_requests_logged();
    // Most transactions end in the middle of the blob and move no offset.
    let blob = Mixed::new(15_000, 91);
    run.put(&blob);
    let requests = run.requests(&run.work(&["-v"]).stderr);
    let transactions = requests.split_inclusive(|request| *request == End);
    let ended: Vec<_> = transactions.filter(|requests| requests.ends_with(&[End])).collect();
    assert!(ended.len() >= MANY, "{requests:?}");
    for transaction in ended {
        assert!(is_sound(transaction), "{transaction:?}");
    }
    run.assert_ingested_once(&[&blob]);
}

/// Lines are never without states, and nothing is between the offsets and the end.
fn is_sound(transaction: &[Request]) -> bool {
    let Some(records) = transaction.strip_suffix(&[Offsets, End]) else {
        return false;
    };
    !records.contains(&Offsets) && (records.contains(&States) || !records.contains(&Lines))
}
