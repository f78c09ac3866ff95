//! The scenario as a model for the checker.

use stateright::{Model, Property};

use crate::{
    client::Client,
    plan::Plan,
    rules::Scenario,
    state::State,
    step::{Step, Told},
};

pub const TWICE: &str = "no line is committed twice";
pub const GAP: &str = "no line is passed over";

pub struct Protocol {
    pub scenario: Scenario,
    plan: Plan,
}

/// A step with the state after it, so that a state's steps are found in one go.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    pub step: Step,
    to: State,
}

impl Protocol {
    pub fn new(scenario: Scenario) -> Self {
        Self {
            plan: Plan::new(&scenario),
            scenario,
        }
    }

    pub fn first(&self) -> State {
        State::new().canonical(&self.scenario)
    }

    /// All steps from a state, always in the same order.
    pub fn steps(&self, from: &State, moves: &mut Vec<(Step, State)>) {
        let scenario = &self.scenario;
        let begin = moves.len();
        for (actor, role) in scenario.roles.iter().enumerate() {
            if let Some(role) = *role {
                Client {
                    scenario,
                    plan: &self.plan,
                    from,
                    actor,
                    role,
                    moves,
                }
                .steps();
            }
        }
        for place in 0..from.network.len() {
            if let Some(request) = from.network[place] {
                let mut to = *from;
                to.network[place] = None;
                to.broker.execute(scenario, request);
                moves.push((Step::Arrives(request), to));
            }
        }
        for (id, coordinator) in from.broker.coordinators.iter().enumerate() {
            if coordinator.ongoing {
                let mut to = *from;
                to.broker.fence(id);
                moves.push((Step::TimesOut(id), to));
            }
        }
        for (_, to) in &mut moves[begin..] {
            *to = to.canonical(scenario);
        }
    }

    /// A path as a list of sentences.
    pub fn tell<'a>(&self, steps: impl IntoIterator<Item = &'a Step>) -> String {
        let steps = steps.into_iter().enumerate();
        let lines = steps.map(|(nth, step)| format!("{:4}. {}\n", nth + 1, Told(&self.scenario, *step)));
        lines.collect()
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Move;

    fn init_states(&self) -> Vec<State> {
        vec![self.first()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Move>) {
        let mut moves = Vec::new();
        self.steps(state, &mut moves);
        actions.extend(moves.into_iter().map(|(step, to)| Move { step, to }));
    }

    fn next_state(&self, _: &State, action: Move) -> Option<State> {
        Some(action.to)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(TWICE, |_, state: &State| !state.broker.doubled),
            Property::always(GAP, |protocol: &Self, state: &State| !state.has_gap(&protocol.scenario)),
        ]
    }
}
