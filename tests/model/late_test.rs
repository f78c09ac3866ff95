//! Requests that arrive late, by kind of broker.

use crate::{
    check::{gets_stuck, holds, is_exact},
    rules::{Brokers, Rule, Scenario},
};

#[test]
fn a_late_request_does_no_harm() {
    holds("next epoch", Scenario::workers(Brokers::NextEpoch), 100_000);
    holds("verifying", Scenario::workers(Brokers::Verifying), 150_000);
}

#[test]
fn nor_do_two() {
    let two = |brokers| Scenario {
        events: &[2],
        moves: 0,
        late: 2,
        ..Scenario::workers(brokers)
    };
    holds("two late, next epoch", two(Brokers::NextEpoch), 15_000);
    is_exact("two late, verifying", two(Brokers::Verifying), 30_000);
    is_exact("two late, trusting", two(Brokers::Trusting), 40_000);
}

/// What is left of it before Kafka 3.6: a copy of a group's offsets that arrives when their transaction is committed is
/// taken for the begin of another, which nobody will end if the worker dies. No line is doubled or lost, but members that
/// come after it wait for that end, until an operator aborts it (`kafka-transactions.sh`).
#[test]
fn before_3_6_late_offsets_may_stop_a_group() {
    is_exact("trusting", Scenario::workers(Brokers::Trusting), 150_000);
    let path = gets_stuck("trusting", Scenario::workers(Brokers::Trusting));
    let late: Vec<&str> = path
        .lines()
        .filter(|line| line.contains("late, there arrives"))
        .collect();
    assert!(matches!(late[..], [one] if one.contains("the offsets")), "{path}");
}

/// The epochs refuse alone what this order of requests would: it is a second defence, and `rules_test` shows what it
/// keeps off where the first is missing.
#[test]
fn waiting_for_the_lines_is_a_second_defence() {
    for brokers in [Brokers::NextEpoch, Brokers::Verifying] {
        let scenario = Scenario::workers(brokers).without(&[Rule::LinesBeforeState]);
        is_exact(&format!("{brokers:?} without waiting for lines"), scenario, 100_000);
    }
}

/// Brokers that ask the coordinator refuse what is late after an abort in the old epoch.
#[test]
fn an_abort_by_end_txn_is_enough_from_3_6_on() {
    for brokers in [Brokers::NextEpoch, Brokers::Verifying] {
        let scenario = Scenario::workers(brokers).without(&[Rule::AbortByEpoch]);
        is_exact(&format!("{brokers:?} with an abort"), scenario, 100_000);
    }
}

/// Before 3.6 a late commit of offsets is bounded by either of two rules: the other one may be left out.
#[test]
fn naming_all_partitions_is_a_second_defence() {
    let scenario = Scenario::lane(Brokers::Trusting).without(&[Rule::NameAllPartitions]);
    is_exact("trusting, naming what moves", scenario, 50_000);
}
