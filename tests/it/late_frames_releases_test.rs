//! Late requests to a Kafka whose transactions are older: the epoch of a transaction is not Kafka's doing there.

use crate::support::formatted::Release;
use crate::support::kafka::Kafka;
use crate::support::late_frames::{
    COMMIT_BEHIND_STATE, COPIED_COMMIT, COPIED_OFFSETS, LATE_COMMIT, LATE_RETRY, Sender, Size, run,
};
use crate::support::tally::Tally;

/// All of them, also behind one that is not exact: the figures tell more together.
fn exact_on(release: Release) {
    let kafka = Kafka::private_of(release);
    let mut inexact = Vec::new();
    for (name, sender, fault) in [
        ("late commit", Sender::OneShot, LATE_COMMIT),
        ("late repetition", Sender::OneShot, LATE_RETRY),
        ("copied commit", Sender::OneShot, COPIED_COMMIT),
        ("commit behind the state", Sender::OneShot, COMMIT_BEHIND_STATE),
        ("worker's copied commit", Sender::Worker, COPIED_COMMIT),
        ("worker's commit behind the state", Sender::Worker, COMMIT_BEHIND_STATE),
        ("extractor's late commit", Sender::Extract, LATE_COMMIT),
        ("extractor's copied offsets", Sender::Extract, COPIED_OFFSETS),
    ] {
        let tally = run(sender, &kafka, fault).tally;
        eprintln!("{release:?}, {name}: {tally}");
        if tally != Tally::exact(Size::FULL.lines as usize) {
            inexact.push(format!("{name}: {tally}"));
        }
    }
    assert!(inexact.is_empty(), "{release:?}: {inexact:#?}");
}

#[test]
fn late_frames_with_transactions_of_version_0() {
    exact_on(Release::V4_1 { transactions: 0 });
}

#[test]
fn late_frames_with_transactions_of_version_1() {
    exact_on(Release::V4_1 { transactions: 1 });
}

#[test]
fn late_frames_on_kafka_3_9() {
    exact_on(Release::V3_9);
}
