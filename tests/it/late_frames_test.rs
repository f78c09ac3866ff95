//! Requests to Kafka that come late or twice, and a one-shot run in whose way they are: every line is in Kafka once.

use crate::support::late_frames::{
    COMMIT_BEFORE_LINES, COMMIT_BEHIND_STATE, COPIED_COMMIT, COPIED_REGISTRATION, Fault, LATE_COMMIT, LATE_LINES,
    LATE_RETRY, LATER_COMMIT, LATER_COMMIT_BEHIND_STATE, SILENT_COMMIT, Sender, Size, run, run_broken,
};
use crate::support::services::kafka;

#[track_caller]
fn exact(fault: Fault) {
    run(Sender::OneShot, kafka(), fault).assert_exact(Size::FULL);
}

#[test]
fn a_commit_that_comes_among_the_next_lines() {
    exact(LATE_COMMIT);
}

#[test]
fn a_later_commit_that_comes_among_more_lines() {
    exact(LATER_COMMIT);
}

#[test]
fn a_commit_that_hangs_and_comes_among_the_next_lines() {
    exact(SILENT_COMMIT);
}

#[test]
fn a_commit_without_an_answer_whose_repetition_comes_late() {
    exact(LATE_RETRY);
}

#[test]
fn a_copy_of_a_commit_among_the_next_lines() {
    exact(COPIED_COMMIT);
}

#[test]
fn a_commit_that_comes_before_the_next_lines() {
    exact(COMMIT_BEFORE_LINES);
}

#[test]
fn a_commit_that_comes_behind_the_next_state() {
    exact(COMMIT_BEHIND_STATE);
}

#[test]
fn a_later_commit_that_comes_behind_the_next_state() {
    exact(LATER_COMMIT_BEHIND_STATE);
}

#[test]
fn lines_that_come_in_the_next_transaction() {
    exact(LATE_LINES);
}

#[test]
fn a_copy_of_the_registration_in_the_middle_of_the_run() {
    exact(COPIED_REGISTRATION);
}

/// What an epoch for each transaction is for.
#[test]
fn with_one_epoch_for_all_a_late_commit_doubles_lines() {
    let left = run_broken(Sender::OneShot, kafka(), LATE_COMMIT, "epochs");
    assert!(left.tally.doubled > 0, "{}", left.tally);
    eprintln!("{}", left.tally);
}

/// What waiting for all lines before the state is for, where epochs do not help.
#[test]
fn without_an_order_a_late_commit_loses_lines() {
    let left = run_broken(Sender::OneShot, kafka(), COMMIT_BEHIND_STATE, "epochs,order");
    assert!(left.tally.lost > 0, "{}", left.tally);
    eprintln!("{}", left.tally);
}
