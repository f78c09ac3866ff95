//! How tests ask.

use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model};

use crate::{
    finish::{Explored, explore},
    model::{GAP, Protocol, TWICE},
    rules::Scenario,
    state::NETWORK,
    step::Step,
};

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Twice,
    Gap,
}

impl Fault {
    fn property(self) -> &'static str {
        match self {
            Self::Twice => TWICE,
            Self::Gap => GAP,
        }
    }
}

/// Asserts that nothing goes wrong in any of the scenario's states, that there are at least `floor` of them, and that from
/// each the work can be finished.
pub fn holds(name: &str, scenario: Scenario, floor: usize) {
    let states = is_exact(name, scenario, floor);
    let protocol = Protocol::new(farther(scenario));
    let Explored { states: again, stuck } = explore(&protocol);
    if let Some(stuck) = stuck {
        panic!(
            "{name}: the work can no longer be finished after\n{}",
            protocol.tell(&stuck)
        );
    }
    assert_eq!(states, again, "{name}: two explorers meet the same states");
}

/// Asserts that no line comes twice and none is passed over; whether the work can be finished is not asked. Gives the
/// number of states.
pub fn is_exact(name: &str, scenario: Scenario, floor: usize) -> usize {
    let begun = Instant::now();
    let scenario = farther(scenario);
    let checker = Protocol::new(scenario).checker();
    let checker = checker.finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    if let Some((property, path)) = checker.discoveries().into_iter().next() {
        let steps: Vec<Step> = path.into_actions().iter().map(|action| action.step).collect();
        panic!(
            "{name}: \"{property}\" is wrong after\n{}",
            checker.model().tell(&steps)
        );
    }
    assert!(checker.is_done());
    let states = checker.unique_state_count();
    eprintln!("{name}: exact in {states} states, {:.1?}", begun.elapsed());
    assert!(
        states >= floor,
        "{name}: {states} states are fewer than the {floor} that it has"
    );
    states
}

/// Asserts that the fault is found, and tells the shortest path to it.
pub fn fails(name: &str, scenario: Scenario, fault: Fault) -> String {
    let begun = Instant::now();
    let protocol = Protocol::new(scenario);
    let checker = protocol.checker();
    let wanted = HasDiscoveries::AnyOf([fault.property()].into());
    let checker = checker.finish_when(wanted).spawn_bfs().join();
    let states = checker.unique_state_count();
    let Some(path) = checker.discovery(fault.property()) else {
        panic!("{name}: {fault:?} is not found in {states} states");
    };
    let steps: Vec<Step> = path.into_actions().iter().map(|action| action.step).collect();
    let told = checker.model().tell(&steps);
    eprintln!(
        "{name}: {fault:?} in {} steps, found in {states} states, {:.1?}\n{told}",
        steps.len(),
        begun.elapsed()
    );
    told
}

/// Asserts that there is a state from which the work can not be finished, and tells the shortest path to it.
pub fn gets_stuck(name: &str, scenario: Scenario) -> String {
    let begun = Instant::now();
    let protocol = Protocol::new(scenario);
    let Explored { states, stuck } = explore(&protocol);
    let Some(stuck) = stuck else {
        panic!("{name}: the work can be finished from each of {states} states");
    };
    let told = protocol.tell(&stuck);
    eprintln!(
        "{name}: stuck after {} steps, found in {states} states, {:.1?}\n{told}",
        stuck.len(),
        begun.elapsed()
    );
    told
}

/// The bounds as asked for by `CLP_MODEL`, one farther for each number above 1.
fn farther(scenario: Scenario) -> Scenario {
    let asked = std::env::var("CLP_MODEL").ok();
    let more = asked.map_or(0, |asked| {
        asked.parse::<u8>().expect("CLP_MODEL is a number").saturating_sub(1)
    });
    Scenario {
        deaths: scenario.deaths + more,
        moves: scenario.moves + more,
        late: (scenario.late + more).min(NETWORK as u8),
        ..scenario
    }
}
