//! What is in a worker's transactions, and in which order it is sent.

use crate::support::kafka::Kafka;
use crate::support::mixed::Mixed;
use crate::support::pipeline::Pipeline;
use crate::support::requests::Request::{self, End, Lines, Offsets, States};

#[test]
fn each_transaction_holds_states_with_its_lines_and_ends_behind_the_offsets() {
    const MANY: usize = 5;
    let (kafka, requests) = Kafka::private_with_requests();
    let run = Pipeline::on(kafka, 1)
        .in_small_pieces()
        .configured("kafka.brokers", requests.address().to_string());
    // Most transactions end in the middle of the blob and move no offset.
    let blob = Mixed::new(20_000, 91);
    run.put(&blob);
    run.work(&[]);
    let mut requests = requests.so_far(&run.topics);
    // What was sent again counts once.
    requests.dedup();
    let transactions: Vec<_> = requests.split_inclusive(|request| *request == End).collect();
    assert!(transactions.len() >= MANY, "{requests:?}");
    for transaction in transactions {
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
