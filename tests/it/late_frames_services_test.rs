//! Requests to Kafka that come late or twice, and a worker or an extractor in whose way they are: all is in Kafka once.

use crate::support::late_frames::{
    COMMIT_BEHIND_STATE, COPIED_COMMIT, COPIED_OFFSETS, COPIED_REGISTRATION, Fault, LATE_COMMIT, LATE_LINES,
    LATE_RETRY, OFFSETS_BEFORE_OFFSETS, Sender, Size, run, run_broken,
};
use crate::support::services::kafka;

#[track_caller]
fn exact(sender: Sender, fault: Fault) {
    run(sender, kafka(), fault).assert_exact(Size::FULL);
}

#[test]
fn a_workers_commit_comes_among_the_next_lines() {
    exact(Sender::Worker, LATE_COMMIT);
}

#[test]
fn a_workers_commit_without_an_answer_is_repeated_late() {
    exact(Sender::Worker, LATE_RETRY);
}

#[test]
fn a_workers_commit_comes_once_more() {
    exact(Sender::Worker, COPIED_COMMIT);
}

#[test]
fn a_workers_commit_comes_behind_the_next_state() {
    exact(Sender::Worker, COMMIT_BEHIND_STATE);
}

#[test]
fn a_workers_offsets_come_once_more_behind_the_next() {
    exact(Sender::Worker, COPIED_OFFSETS);
}

#[test]
fn a_workers_offsets_come_once_more_before_the_next() {
    exact(Sender::Worker, OFFSETS_BEFORE_OFFSETS);
}

#[test]
fn a_workers_registration_comes_once_more() {
    exact(Sender::Worker, COPIED_REGISTRATION);
}

#[test]
fn an_extractors_commit_comes_among_the_next_records() {
    exact(Sender::Extract, LATE_COMMIT);
}

#[test]
fn an_extractors_commit_comes_once_more() {
    exact(Sender::Extract, COPIED_COMMIT);
}

#[test]
fn an_extractors_offsets_come_once_more_behind_the_next() {
    exact(Sender::Extract, COPIED_OFFSETS);
}

#[test]
fn an_extractors_offsets_come_once_more_before_the_next() {
    exact(Sender::Extract, OFFSETS_BEFORE_OFFSETS);
}

#[test]
fn an_extractors_records_come_in_the_next_transaction() {
    exact(Sender::Extract, LATE_LINES);
}

/// What an epoch for each transaction is for.
#[test]
fn with_one_epoch_for_all_late_offsets_double_records() {
    let left = run_broken(Sender::Extract, kafka(), COPIED_OFFSETS, "epochs");
    assert!(left.tally.doubled > 0, "{}", left.tally);
    eprintln!("{}", left.tally);
}
