//! One-shot runs, beside each other and beside a worker, and a second group. That a worker joins only when no run is at
//! work, and a group only when no other is, is the operator's duty today: `rules_test` shows what comes of it otherwise.

use crate::{
    check::{holds, is_exact},
    rules::{Brokers, Scenario},
};

#[test]
fn of_two_runs_the_younger_has_the_blob() {
    holds("runs, next epoch", Scenario::runs(Brokers::NextEpoch), 30_000);
    holds("runs, verifying", Scenario::runs(Brokers::Verifying), 40_000);
    holds("runs, trusting", Scenario::runs(Brokers::Trusting), 40_000);
}

/// Workers that the group has expelled may still be at it, and dead runs' requests on their way.
#[test]
fn a_run_and_a_worker_take_turns() {
    holds("beside, next epoch", Scenario::beside(Brokers::NextEpoch), 40_000);
    holds("beside, verifying", Scenario::beside(Brokers::Verifying), 60_000);
    is_exact("beside, trusting", Scenario::beside(Brokers::Trusting), 60_000);
}

/// It is told of all events again, and finds the states.
#[test]
fn a_second_group_follows_the_first() {
    holds("groups, next epoch", Scenario::groups(Brokers::NextEpoch), 100_000);
    holds("groups, verifying", Scenario::groups(Brokers::Verifying), 150_000);
    is_exact("groups, trusting", Scenario::groups(Brokers::Trusting), 150_000);
}
