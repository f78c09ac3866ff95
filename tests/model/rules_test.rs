//! What each rule is for: a fault that comes without it.

use crate::{
    check::{Fault, fails},
    rules::{Brokers, Rule, Scenario},
};

/// Where a rule is missed, with the rules that have to be missing besides, because one of them alone refuses the fault as
/// well, and what comes of it.
fn missed(rule: Rule) -> (Scenario, &'static [Rule], Fault) {
    use Brokers::{NextEpoch, Trusting, Verifying};
    let workers = Scenario::workers(NextEpoch);
    match rule {
        Rule::FenceEveryCommit => (workers, &[], Fault::Twice),
        Rule::SnapshotAfterAssignment => (workers, &[], Fault::Twice),
        Rule::WaitForStableState => (workers, &[], Fault::Twice),
        Rule::ForgetAfterAbort => (workers, &[], Fault::Gap),
        Rule::OneTransaction => (workers, &[], Fault::Gap),
        Rule::SequenceKept => (workers, &[], Fault::Twice),
        Rule::StateBeforeOffsets => (workers, &[], Fault::Twice),
        Rule::OffsetsBeforeEnd => (workers, &[], Fault::Twice),
        Rule::GenerationWithOffsets => (workers, &[], Fault::Twice),
        Rule::ReleaseAfterEnd => (Scenario::partitions(NextEpoch), &[], Fault::Twice),
        // The newer protocol has it in itself.
        Rule::EpochPerTransaction => (Scenario::workers(Verifying), &[], Fault::Twice),
        // Where a late commit can end another transaction, lines are lost and not only doubled.
        Rule::LinesBeforeState => {
            let two_late = Scenario {
                late: 2,
                ..Scenario::workers(Verifying)
            };
            (two_late, &[Rule::EpochPerTransaction], Fault::Gap)
        }
        // A line that is late after an abort in the old epoch waits in the partition for the next commit.
        Rule::AbortByEpoch => (Scenario::workers(Trusting), &[], Fault::Twice),
        // So do offsets, and then only those that are named again are right.
        Rule::NameAllPartitions => (Scenario::lane(Trusting), &[Rule::AbortByEpoch], Fault::Gap),
        Rule::StateReadAfterInit => (Scenario::runs(NextEpoch), &[], Fault::Twice),
        Rule::StopAtForeignState => (Scenario::runs(NextEpoch), &[], Fault::Twice),
        Rule::RefuseBesideWorker => (Scenario::beside(NextEpoch), &[], Fault::Twice),
        Rule::NoWorkerBesideRun => (Scenario::beside(NextEpoch), &[], Fault::Twice),
        Rule::OneGroupAtATime => (Scenario::groups(NextEpoch), &[], Fault::Twice),
    }
}

#[test]
fn each_rule_is_needed() {
    for rule in Rule::ALL {
        let (scenario, besides, fault) = missed(rule);
        let rules = [&[rule], besides].concat();
        fails(&format!("without {rules:?}"), scenario.without(&rules), fault);
    }
}
