//! "From every state the work can still be finished": of each state some path leads on to the end. Stateright's
//! `eventually` asks another thing, that every path does, which is wrong of a system that may die again and again; so this
//! one question has an explorer of its own. It counts the states as well, which holds the two against each other.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::{model::Protocol, state::State, step::Step};

pub struct Explored {
    pub states: usize,
    /// The shortest path to a state from which the work can not be finished.
    pub stuck: Option<Vec<Step>>,
}

/// Walks through all states, in the order of their distance, and then back from the ends.
pub fn explore(protocol: &Protocol) -> Explored {
    let first = protocol.first();
    let mut numbers = HashMap::from([(hash(&first), 0_u32)]);
    // From which state, and by which of its steps, each was first met.
    let mut parents = vec![(0_u32, 0_u16)];
    let mut edges: Vec<(u32, u32)> = Vec::new();
    let mut can_finish = Vec::new();
    let mut queue = VecDeque::from([first]);
    let mut moves = Vec::new();
    let mut number = 0;
    while let Some(state) = queue.pop_front() {
        can_finish.push(state.is_finished(&protocol.scenario));
        moves.clear();
        protocol.steps(&state, &mut moves);
        for (nth, (_, to)) in moves.iter().enumerate() {
            let next = parents.len() as u32;
            let to = match numbers.entry(hash(to)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    new.insert(next);
                    parents.push((number, nth as u16));
                    queue.push_back(*to);
                    next
                }
            };
            edges.push((to, number));
        }
        number += 1;
    }
    spread_back(&mut can_finish, edges);
    let stuck = can_finish.iter().position(|can| !can);
    Explored {
        states: can_finish.len(),
        stuck: stuck.map(|state| path(protocol, &parents, state as u32)),
    }
}

fn hash(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

/// `edges` lead from a state to one before it.
fn spread_back(can_finish: &mut [bool], mut edges: Vec<(u32, u32)>) {
    edges.sort_unstable();
    let mut open: Vec<u32> = (0..can_finish.len() as u32)
        .filter(|state| can_finish[*state as usize])
        .collect();
    while let Some(state) = open.pop() {
        let begin = edges.partition_point(|(to, _)| *to < state);
        for (_, before) in edges[begin..].iter().take_while(|(to, _)| *to == state) {
            if !std::mem::replace(&mut can_finish[*before as usize], true) {
                open.push(*before);
            }
        }
    }
}

fn path(protocol: &Protocol, parents: &[(u32, u16)], to: u32) -> Vec<Step> {
    let mut turns = Vec::new();
    let mut at = to;
    while at != 0 {
        let (parent, nth) = parents[at as usize];
        turns.push(nth);
        at = parent;
    }
    let mut state = protocol.first();
    let follow = |nth: &u16| {
        let mut moves = Vec::new();
        protocol.steps(&state, &mut moves);
        let (step, to) = moves[usize::from(*nth)];
        state = to;
        step
    };
    turns.iter().rev().map(follow).collect()
}
