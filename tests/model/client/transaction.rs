//! A transaction, request by request.

use super::*;

impl Client<'_> {
    /// Lines, then states, then the group's offsets, then the end.
    pub(super) fn transact(&mut self) {
        let me = *self.me();
        let transaction = me.transaction.unwrap_or_default();
        let left = [0, 1].map(|blob| self.left(blob, &transaction));
        let wants_more = (0..BLOBS).any(|blob| self.wants(blob));
        if me.transaction.is_none() {
            if !wants_more {
                return;
            }
            let raises = self.scenario.brokers == Brokers::NextEpoch || !self.has(Rule::EpochPerTransaction);
            if me.is_used && !raises {
                return self.raise_epoch();
            }
        }
        let takes_lines = transaction.lines() < self.scenario.chunk && transaction.states == 0 && !transaction.offsets;
        if takes_lines && left != [0; BLOBS] {
            // What was not answered is sent again first.
            let is_next = |blob: &usize| transaction.unanswered.is_none_or(|line| usize::from(line) == *blob);
            for blob in (0..BLOBS).filter(|blob| left[*blob] > 0).filter(is_next) {
                self.send_line(blob, transaction.sent[blob]);
            }
            return;
        }
        let unsaid = (0..BLOBS).find(|blob| {
            let is_said = transaction.states & 1 << blob != 0;
            transaction.sent[*blob] > 0 && !is_said && matches!(me.shares[*blob], Share::Ready { .. })
        });
        if let Some(blob) = unsaid {
            if !self.has(Rule::LinesBeforeState) || self.is_flushed() {
                self.send_state(blob, transaction.sent[blob]);
            }
            return;
        }
        let offsets = self.offsets(&transaction);
        match self.group().filter(|_| !transaction.offsets) {
            Some(group) if offsets.is_some() => {
                if !self.has(Rule::StateBeforeOffsets) || self.is_flushed() {
                    self.send_offsets(group, offsets.unwrap_or_default());
                }
            }
            // Where it has no partitions any more, there is nothing to commit with.
            Some(_) if self.has(Rule::FenceEveryCommit) => {}
            _ => {
                if !self.has(Rule::OffsetsBeforeEnd) || self.is_flushed() {
                    self.send_end();
                }
            }
        }
    }

    /// Whether a blob has work for a transaction.
    fn wants(&self, blob: usize) -> bool {
        let Share::Ready { lines, position } = self.me().shares[blob] else {
            return false;
        };
        match self.role {
            Role::Worker { .. } => usize::from(position) < self.scenario.events.len(),
            Role::Run { .. } => lines < self.scenario.lines(),
        }
    }

    /// Lines of a blob that are there to be sent.
    fn left(&self, blob: usize, transaction: &Transaction) -> u8 {
        match self.me().shares[blob] {
            Share::Ready { lines, position } if self.wants(blob) => {
                let event = match self.role {
                    Role::Worker { .. } => position,
                    Role::Run { .. } => self.scenario.events.len() as u8 - 1,
                };
                self.plan.left(self.scenario, event, lines) - transaction.sent[blob]
            }
            _ => 0,
        }
    }

    /// Where the group's offset of a partition is after the transaction; a run has none.
    fn offset(&self, blob: usize, transaction: &Transaction) -> Option<u8> {
        match self.me().shares[blob] {
            _ if self.role.is_run() => None,
            Share::Ready { position, .. } if self.wants(blob) => {
                Some(self.plan.offset(position, self.left(blob, transaction) == 0))
            }
            Share::Ready { position, .. } => Some(position),
            _ => None,
        }
    }

    /// The offsets that go with the transaction; `None` if it goes without.
    fn offsets(&self, transaction: &Transaction) -> Option<[Option<u8>; BLOBS]> {
        let mut offsets = [0, 1].map(|blob| self.offset(blob, transaction));
        let moves = |blob: usize| match self.me().shares[blob] {
            Share::Ready { position, .. } => offsets[blob] > Some(position),
            _ => false,
        };
        let moves = [0, 1].map(moves);
        if !self.has(Rule::FenceEveryCommit) && moves == [false; BLOBS] {
            return None;
        }
        if !self.has(Rule::NameAllPartitions) {
            for blob in 0..BLOBS {
                offsets[blob] = offsets[blob].filter(|_| moves[blob] || transaction.sent[blob] > 0);
            }
        }
        (offsets != [None; BLOBS]).then_some(offsets)
    }

    /// Whether all that was produced is acknowledged. Where a request that was not waited for is refused, it never will be.
    fn is_flushed(&mut self) -> bool {
        let (actor, id, me) = (self.actor, self.role.id(), *self.me());
        let is_acknowledged = |part: usize| {
            let seen = self.from.broker.seen[id][part];
            me.next[part] <= if seen.epoch == me.epoch { seen.next } else { 0 }
        };
        let produced = (0..PARTS).filter(|part| *part != OFFSETS);
        if !self.has(Rule::SequenceKept) || produced.clone().all(is_acknowledged) {
            return true;
        }
        let is_on_its_way = |request: &Request| matches!(request, Request::Produce { id: of, epoch, .. } if (*of, *epoch) == (id, me.epoch));
        if !self.from.network.iter().flatten().any(is_on_its_way) {
            self.begin_anew(Step::LearnsOfAbort(actor), |_| ());
        }
        false
    }

    fn raise_epoch(&mut self) {
        let (actor, id) = (self.actor, self.role.id());
        let epoch = Some(self.me().epoch);
        self.send(Request::Init { id, epoch }, None, false, |to, epoch| {
            to.actors[actor].raise(epoch)
        });
    }

    fn send_line(&mut self, blob: usize, sent: u8) {
        let actor = self.actor;
        let Share::Ready { lines, .. } = self.me().shares[blob] else {
            return;
        };
        let request = self.produce(LINES, blob, lines + sent);
        self.send(request, Some(LINES), !self.has(Rule::LinesBeforeState), move |to, _| {
            let me = &mut to.actors[actor];
            me.next[LINES] += 1;
            let transaction = me.transaction.get_or_insert_default();
            transaction.sent[blob] += 1;
            transaction.unanswered = None;
        });
    }

    fn send_state(&mut self, blob: usize, sent: u8) {
        let actor = self.actor;
        let Share::Ready { lines, .. } = self.me().shares[blob] else {
            return;
        };
        let said = lines + sent;
        let written = move |to: &mut State| to.actors[actor].transaction.get_or_insert_default().states |= 1 << blob;
        if !self.has(Rule::OneTransaction) {
            return self.step(Step::WritesState(actor, blob, said), |to| {
                to.broker.states[blob].append(said, None);
                written(to);
            });
        }
        let part = states(blob);
        let request = self.produce(part, blob, said);
        self.send(
            request,
            Some(part),
            !self.has(Rule::StateBeforeOffsets),
            move |to, _| {
                to.actors[actor].next[part] += 1;
                written(to);
            },
        );
    }

    fn produce(&self, part: usize, blob: usize, value: u8) -> Request {
        Request::Produce {
            id: self.role.id(),
            epoch: self.me().epoch,
            part,
            sequence: self.me().next[part],
            blob,
            value,
        }
    }

    fn send_offsets(&mut self, group: usize, offsets: [Option<u8>; BLOBS]) {
        let (actor, me) = (self.actor, *self.me());
        let request = Request::Offsets {
            id: self.role.id(),
            epoch: me.epoch,
            group,
            generation: me.generation,
            offsets,
        };
        self.send(
            request,
            Some(OFFSETS),
            !self.has(Rule::OffsetsBeforeEnd),
            move |to, _| {
                to.actors[actor].transaction.get_or_insert_default().offsets = true;
            },
        );
    }

    fn send_end(&mut self) {
        let (actor, me) = (self.actor, *self.me());
        let transaction = me.transaction.unwrap_or_default();
        let offsets = [0, 1].map(|blob| self.offset(blob, &transaction));
        let request = Request::End {
            id: self.role.id(),
            epoch: me.epoch,
            commit: true,
        };
        let is_run = self.role.is_run();
        self.send(request, None, false, move |to, epoch| {
            let me = &mut to.actors[actor];
            me.is_used = true;
            me.raise(epoch);
            me.transaction = None;
            me.advance(&transaction, offsets);
            if is_run && let Share::Ready { lines, .. } = me.shares[0] {
                me.own = Some(lines);
            }
        });
    }

    /// Sends a request to a partition, if it is to one. `then` is what the sender makes of the answer, or of none where it
    /// does not wait.
    fn send(&mut self, request: Request, part: Option<usize>, may_go_on: bool, then: impl Fn(&mut State, u8)) {
        let (actor, scenario) = (self.actor, self.scenario);
        let me = *self.me();
        let mut from = *self.from;
        if let Some(part) = part.filter(|_| scenario.brokers != Brokers::NextEpoch) {
            let transaction = from.actors[actor].transaction.get_or_insert_default();
            let is_new = transaction.added & 1 << part == 0;
            transaction.added |= 1 << part;
            if is_new && from.broker.add(self.role.id(), me.epoch, part) == Answer::Refused {
                return self.begin_anew(Step::Sends(actor, request, Fate::Refused), |_| ());
            }
        }
        let mut to = from;
        match to.broker.execute(scenario, request) {
            Answer::Refused => self.begin_anew(Step::Sends(actor, request, Fate::Refused), |_| ()),
            Answer::Done(epoch) => {
                then(&mut to, epoch);
                self.moves.push((Step::Sends(actor, request, Fate::Answered), to));
            }
        }
        if from.late >= scenario.late {
            return;
        }
        from.hold(request);
        let mut held = from;
        if !matches!(request, Request::Init { .. }) {
            // Whoever has sent something has a transaction to end, whether it was answered or not.
            let transaction = held.actors[actor].transaction.get_or_insert_default();
            transaction.ending |= matches!(request, Request::End { .. });
            if let Request::Produce { part: LINES, blob, .. } = request {
                transaction.unanswered = Some(blob as u8);
            }
        }
        self.moves.push((Step::Sends(actor, request, Fate::Held), held));
        if may_go_on {
            then(&mut from, me.epoch);
            self.moves.push((Step::Sends(actor, request, Fate::OnItsWay), from));
        }
    }

    /// The transaction is lost, or its outcome is not known: nothing in memory can be relied on.
    pub(super) fn begin_anew(&mut self, step: Step, change: impl FnOnce(&mut State)) {
        let (actor, id, scenario, is_run) = (self.actor, self.role.id(), self.scenario, self.role.is_run());
        let forgets = self.has(Rule::ForgetAfterAbort);
        let mut to = *self.from;
        let transaction = to.actors[actor].transaction.take().unwrap_or_default();
        let offsets = [0, 1].map(|blob| self.offset(blob, &transaction));
        let by_abort = !self.has(Rule::AbortByEpoch);
        if by_abort && to.broker.coordinators[id].ongoing {
            let epoch = to.actors[actor].epoch;
            let abort = Request::End {
                id,
                epoch,
                commit: false,
            };
            match to.broker.execute(scenario, abort) {
                Answer::Done(epoch) => {
                    to.actors[actor].is_used = true;
                    to.actors[actor].raise(epoch);
                }
                Answer::Refused => open_producer(scenario, &mut to, actor, id),
            }
        } else if !is_run || !forgets {
            open_producer(scenario, &mut to, actor, id);
        }
        let me = &mut to.actors[actor];
        if is_run && forgets {
            me.epoch = 0;
            me.next = [0; PARTS];
            me.is_used = false;
            if let Share::Ready { lines, .. } = me.shares[0] {
                me.undecided = transaction.ending.then_some(lines + transaction.sent[0]);
            }
        }
        if forgets {
            for share in me.shares.iter_mut().filter(|share| **share != Share::None) {
                *share = Share::Assigned;
            }
        } else {
            me.advance(&transaction, offsets);
        }
        if forgets {
            to.broker.snapshots[actor] = [None; BLOBS];
        }
        change(&mut to);
        self.moves.push((step, to));
    }
}
