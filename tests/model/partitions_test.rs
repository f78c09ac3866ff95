//! A lane with two partitions, each with a blob: one transaction holds lines of both, and one of them may go.

use crate::{
    check::{holds, is_exact},
    rules::{Brokers, Scenario},
};

#[test]
fn a_lane_is_exact() {
    holds("lane, next epoch", Scenario::lane(Brokers::NextEpoch), 40_000);
    holds("lane, verifying", Scenario::lane(Brokers::Verifying), 40_000);
    is_exact("lane, trusting", Scenario::lane(Brokers::Trusting), 100_000);
}

#[test]
fn a_transaction_of_both_blobs_is_exact() {
    let both = Scenario {
        chunk: 2,
        ..Scenario::lane(Brokers::NextEpoch)
    };
    holds("both blobs, next epoch", both, 40_000);
}

#[test]
fn two_lanes_that_share_partitions_are_exact() {
    let two = Scenario::partitions(Brokers::NextEpoch);
    holds(
        "two lanes, moves and late requests",
        Scenario { deaths: 0, ..two },
        500_000,
    );
}

#[test]
fn two_lanes_that_die_are_exact() {
    let two = Scenario::partitions(Brokers::Trusting);
    is_exact("two lanes, deaths and moves", Scenario { late: 0, ..two }, 500_000);
    is_exact(
        "two lanes, deaths and late requests",
        Scenario { moves: 0, ..two },
        200_000,
    );
}
