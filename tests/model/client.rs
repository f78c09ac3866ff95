//! The clients: what a worker's lane or a run may do next.

mod transaction;

use crate::{
    BLOBS,
    broker::{Answer, LINES, OFFSETS, PARTS, Request, states},
    plan::Plan,
    rules::{Brokers, Role, Rule, Scenario},
    state::{Actor, Share, State, Transaction},
    step::{Fate, Step},
};

/// Collects the steps of one actor from one state.
pub struct Client<'a> {
    pub scenario: &'a Scenario,
    pub plan: &'a Plan,
    pub from: &'a State,
    pub actor: usize,
    pub role: Role,
    pub moves: &'a mut Vec<(Step, State)>,
}

impl Client<'_> {
    fn has(&self, rule: Rule) -> bool {
        self.scenario.has(rule)
    }

    fn me(&self) -> &Actor {
        &self.from.actors[self.actor]
    }

    fn group(&self) -> Option<usize> {
        match self.role {
            Role::Worker { group, .. } => Some(group),
            Role::Run { .. } => None,
        }
    }

    /// A step that changes what `change` changes.
    fn step(&mut self, step: Step, change: impl FnOnce(&mut State)) {
        let mut to = *self.from;
        change(&mut to);
        self.moves.push((step, to));
    }

    pub fn steps(mut self) {
        if !self.me().up {
            return self.start();
        }
        let (actor, group) = (self.actor, self.group());
        if self.from.deaths < self.scenario.deaths {
            self.step(Step::Dies(actor), |to| {
                leave(to, actor, group);
                to.deaths += 1;
            });
            if self.me().transaction.is_some() {
                self.begin_anew(Step::GivesUp(actor), |to| to.deaths += 1);
            }
        }
        match self.role {
            Role::Worker { group, .. } => self.work(group),
            Role::Run { .. } => self.run(),
        }
        if self.me().epoch > 0 {
            self.transact();
        }
    }

    fn start(&mut self) {
        let (actor, id) = (self.actor, self.role.id());
        if self.role.is_run() {
            let has_members = self.from.broker.groups.iter().any(|group| group.has_members());
            if has_members && self.has(Rule::RefuseBesideWorker) {
                return;
            }
            return self.step(Step::Starts(actor), |to| {
                to.actors[actor].up = true;
                to.actors[actor].shares[0] = Share::Assigned;
            });
        }
        let scenario = self.scenario;
        let open = |to: &mut State| {
            to.actors[actor].up = true;
            open_producer(scenario, to, actor, id);
        };
        self.step(Step::Starts(actor), open);
        if self.from.late < scenario.late {
            self.step(Step::StartsTwice(actor), |to| {
                open(to);
                to.hold(Request::Init { id, epoch: None });
            });
        }
    }

    /// What a member of a group does beside its transactions.
    fn work(&mut self, group: usize) {
        let (actor, me) = (self.actor, *self.me());
        let of_group = &self.from.broker.groups[group];
        let (owners, generation) = (of_group.owners, of_group.generation);
        let owns = |blob: usize| owners[blob] == Some(actor as u8);
        let blobs = 0..self.scenario.blobs;
        let believes: Vec<usize> = blobs.clone().filter(|blob| me.has(*blob)).collect();
        let may_move = self.from.moves < self.scenario.moves;
        if may_move && blobs.clone().any(owns) {
            self.step(Step::Expelled(actor), |to| {
                to.broker.release(group, actor, None);
                to.moves += 1;
            });
        }
        if believes.iter().any(|blob| !owns(*blob)) {
            return self.lose(group);
        }
        if me.generation != generation && !believes.is_empty() {
            self.step(Step::Rejoins(actor), |to| to.actors[actor].generation = generation);
        }
        let is_between = me.transaction.is_none();
        if is_between && self.scenario.stops {
            self.step(Step::Stops(actor), |to| leave(to, actor, Some(group)));
        }
        for blob in blobs {
            match me.shares[blob] {
                Share::None => {
                    let early = !self.has(Rule::SnapshotAfterAssignment);
                    if early && self.from.broker.snapshots[actor][blob].is_none() {
                        self.look_up_end(blob);
                    }
                    if owners[blob].is_none() && self.may_join(group) {
                        self.step(Step::Assigned(actor, blob), |to| assign(to, group, actor, blob));
                    }
                }
                _ if may_move && (is_between || !self.has(Rule::ReleaseAfterEnd)) => {
                    self.step(Step::GivesBack(actor, blob), |to| {
                        to.broker.release(group, actor, Some(blob));
                        to.broker.snapshots[actor][blob] = None;
                        let generation = to.broker.groups[group].generation;
                        let me = &mut to.actors[actor];
                        me.drop_share(blob);
                        me.generation = generation;
                        to.moves += 1;
                    });
                }
                _ => {}
            }
            self.restore(blob);
        }
    }

    fn may_join(&self, group: usize) -> bool {
        let actors = self.from.actors.iter().zip(&self.scenario.roles);
        let run_is_up = actors
            .filter(|(_, role)| role.is_some_and(Role::is_run))
            .any(|(actor, _)| actor.up);
        let mut groups = self.from.broker.groups.iter().enumerate();
        let other_has_members = groups.any(|(other, of)| other != group && of.has_members());
        !(run_is_up && self.has(Rule::NoWorkerBesideRun) || other_has_members && self.has(Rule::OneGroupAtATime))
    }

    /// The group has given its partitions to others.
    fn lose(&mut self, group: usize) {
        let actor = self.actor;
        let drop_shares = |to: &mut State| {
            for blob in 0..BLOBS {
                to.actors[actor].drop_share(blob);
            }
            to.broker.snapshots[actor] = [None; BLOBS];
            // It may own some of them still, as far as the group knows.
            to.broker.release(group, actor, None);
        };
        if self.me().transaction.is_some() && self.has(Rule::ReleaseAfterEnd) {
            self.begin_anew(Step::HearsOfLoss(actor), drop_shares);
        } else {
            self.step(Step::HearsOfLoss(actor), drop_shares);
        }
    }

    /// Towards what Kafka says of a blob.
    fn restore(&mut self, blob: usize) {
        let (actor, share) = (self.actor, self.me().shares[blob]);
        let fenced = !self.role.is_run() || self.me().epoch > 0 || !self.has(Rule::StateReadAfterInit);
        match share {
            Share::Assigned if fenced => self.look_up_end(blob),
            Share::Reading => {
                let snapshot = self.from.broker.snapshots[actor][blob].unwrap_or_default();
                if snapshot.is_stable() || !self.has(Rule::WaitForStableState) {
                    self.step(Step::Restores(actor, blob, snapshot.last()), |to| {
                        to.actors[actor].shares[blob] = Share::Restored(snapshot.last());
                        to.broker.snapshots[actor][blob] = None;
                    });
                }
            }
            Share::Restored(lines) => {
                let Some(group) = self.group() else { return };
                let group = &self.from.broker.groups[group];
                // As members ask for them, offsets of an open transaction are waited for.
                let is_stable = group.pending.iter().all(|pending| pending[blob].is_none());
                let position = group.offsets[blob];
                if is_stable {
                    self.step(Step::FetchesOffset(actor, blob, position), |to| {
                        to.actors[actor].shares[blob] = Share::Ready { lines, position };
                    });
                }
            }
            _ => {}
        }
    }

    fn look_up_end(&mut self, blob: usize) {
        let actor = self.actor;
        self.step(Step::LooksUpEnd(actor, blob), |to| {
            let snapshot = &mut to.broker.snapshots[actor][blob];
            *snapshot = snapshot.or(Some(to.broker.states[blob]));
            let share = &mut to.actors[actor].shares[blob];
            if *share == Share::Assigned {
                *share = Share::Reading;
            }
        });
    }

    /// What a run does beside its transactions.
    fn run(&mut self) {
        let (actor, scenario, id) = (self.actor, self.scenario, self.role.id());
        let early = !self.has(Rule::StateReadAfterInit);
        let me = *self.me();
        self.restore(0);
        match me.shares[0] {
            Share::Assigned if me.epoch == 0 && !early => {
                self.step(Step::OpensProducer(actor), |to| open_producer(scenario, to, actor, id));
            }
            Share::Restored(_) if me.epoch == 0 => {
                self.step(Step::OpensProducer(actor), |to| open_producer(scenario, to, actor, id));
            }
            Share::Restored(lines) => self.resume(lines),
            Share::Ready { lines, .. } if lines == scenario.lines() && me.transaction.is_none() => {
                self.step(Step::IsDone(actor), |to| leave(to, actor, None));
            }
            _ => {}
        }
    }

    fn resume(&mut self, lines: u8) {
        let (actor, me) = (self.actor, *self.me());
        let is_known = me.own.is_none() || me.own == Some(lines) || me.undecided == Some(lines);
        let from = match (is_known, me.own) {
            (false, _) if self.has(Rule::StopAtForeignState) => {
                return self.step(Step::FindsForeignState(actor), |to| leave(to, actor, None));
            }
            (false, Some(own)) => own,
            _ => self.plan.resumes(lines),
        };
        self.step(Step::GoesOn(actor, from), |to| {
            let me = &mut to.actors[actor];
            me.shares[0] = Share::Ready {
                lines: from,
                position: 0,
            };
            me.own = Some(from);
            me.undecided = None;
        });
    }
}

/// Ends an actor, in whatever it is.
fn leave(to: &mut State, actor: usize, group: Option<usize>) {
    if let Some(group) = group {
        to.broker.release(group, actor, None);
    }
    to.broker.snapshots[actor] = [None; BLOBS];
    to.actors[actor] = Actor::default();
}

fn assign(to: &mut State, group: usize, actor: usize, blob: usize) {
    let group = &mut to.broker.groups[group];
    group.owners[blob] = Some(actor as u8);
    group.generation += 1;
    let me = &mut to.actors[actor];
    me.shares[blob] = Share::Assigned;
    me.generation = group.generation;
}

/// Fences off all that has this transactional id, the actor's own past included.
pub fn open_producer(scenario: &Scenario, to: &mut State, actor: usize, id: usize) {
    if let Answer::Done(epoch) = to.broker.execute(scenario, Request::Init { id, epoch: None }) {
        to.actors[actor].raise(epoch);
    }
}
