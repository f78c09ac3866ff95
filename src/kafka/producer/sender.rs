//! The sending side of a producer, on a thread of its own: seals batches, keeps their order, and asks coordinators.
//!
//! ```text
//!  commands ──▶ sealing (compressed side by side, in order) ──▶ an outbox a partition ──▶ the leaders' connections
//!                                                                    ▲                            │
//!                                                                    └────────── answers ◀────────┘
//! ```

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use futures::{
    StreamExt,
    stream::{FuturesOrdered, FuturesUnordered},
};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle, time::sleep_until};

use super::{
    batch::{Batch, Identity},
    cluster::{Cluster, NodeId},
    connection::{Connection, Lost, Unconnected},
    failure::{Failure, Verdict, of_batch},
    offsets::GroupOffsets,
    outbox::{Backoff, Fate, Sealed},
    produce::{Parcel, verdict},
    queues::Queues,
    settings::Settings,
    shared::Shared,
    trouble::Trouble,
    writer::Writer,
};

pub type Reply<T = ()> = mpsc::SyncSender<Result<T, Failure>>;

/// What the producer asks of its sending side, in order.
pub enum Command {
    /// Connects and, with transactions, fences off older producers. The answer says whether each transaction has an epoch
    /// of its own, and with it sequence numbers from 0.
    Open(Reply<bool>),
    /// Batches come for this partition; places count from 0 in the order of these.
    Place(Arc<str>, i32),
    Batch {
        place: usize,
        batch: Batch,
        base_sequence: i32,
    },
    /// Answered when all batches before it are acknowledged.
    Flush(Reply),
    Offsets(GroupOffsets, Reply),
    Commit(Reply),
    /// Drops all that is not acknowledged.
    Abort(Reply),
}

/// A batch that is being compressed.
struct Sealing {
    round: u64,
    place: usize,
    bytes_before: usize,
    sealed: std::io::Result<(bytes::Bytes, Vec<u8>)>,
}

/// What became of a Produce request.
struct Answered {
    round: u64,
    node: NodeId,
    /// Place and batch of each that was in it.
    batches: Vec<(usize, u64)>,
    result: Result<ProduceResponse, Lost>,
}

/// What became of a try to get a connection ready for requests.
enum Ready {
    Opened(NodeId, Result<Connection, Unconnected>),
    Renewed(NodeId, Arc<Connection>, Result<(), Unconnected>),
}

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub struct Sender {
    settings: Arc<Settings>,
    shared: Arc<Shared>,
    cluster: Cluster,
    writer: Writer,
    queues: Queues,
    sealing: FuturesOrdered<JoinHandle<Sealing>>,
    answers: FuturesUnordered<Later<Answered>>,
    readying: FuturesUnordered<Later<Ready>>,
    /// Counts transactions: answers to those before say nothing any more.
    round: u64,
    batches: u64,
    flushing: Option<Reply>,
    refresh_tries: u32,
    refresh_at: Option<Instant>,
    needs_refresh: bool,
    /// When it was last seen what may be sent.
    looked_at: Instant,
    trouble: Trouble,
}

impl Sender {
    pub fn new(
        settings: Arc<Settings>,
        shared: Arc<Shared>,
        transactional_id: Option<String>,
        has_one_epoch: bool,
    ) -> Self {
        Self {
            cluster: Cluster::new(Arc::clone(&settings)),
            writer: Writer::new(Arc::clone(&settings), transactional_id, has_one_epoch),
            settings,
            shared,
            queues: Queues::default(),
            sealing: FuturesOrdered::new(),
            answers: FuturesUnordered::new(),
            readying: FuturesUnordered::new(),
            round: 0,
            batches: 0,
            flushing: None,
            refresh_tries: 0,
            refresh_at: None,
            needs_refresh: false,
            looked_at: Instant::now(),
            trouble: Trouble::default(),
        }
    }

    /// Works until nobody can give commands any more.
    pub async fn run(mut self, mut commands: UnboundedReceiver<Command>) {
        loop {
            if let Err(failure) = self.dispatch().await {
                self.fail(failure);
            }
            self.answer_flush();
            let wake = self.wake_at();
            tokio::select! {
                biased;
                Some(answer) = self.answers.next() => {
                    if let Err(failure) = self.answered(answer) {
                        self.fail(failure);
                    }
                }
                Some(sealing) = self.sealing.next() => {
                    let sealed = sealing.map_err(|error| Failure::Aborted(error.to_string()));
                    if let Err(failure) = sealed.and_then(|sealing| self.sealed(sealing)) {
                        self.fail(failure);
                    }
                }
                Some(ready) = self.readying.next() => {
                    if let Err(failure) = self.ready(ready) {
                        self.fail(failure);
                    }
                }
                command = commands.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => return,
                },
                () = sleep_until(wake.unwrap_or_else(far).into()), if wake.is_some() => {}
            }
        }
    }

    async fn obey(&mut self, command: Command) {
        // Nobody may wait for a reply any more: the producer was dropped.
        match command {
            Command::Open(reply) => drop(reply.send(self.writer.open(&mut self.cluster).await)),
            Command::Place(topic, partition) => {
                self.cluster.want(&topic);
                self.queues.add(topic, partition);
            }
            Command::Batch {
                place,
                batch,
                base_sequence,
            } => {
                if let Err(failure) = self.seal(place, batch, base_sequence).await {
                    self.fail(failure);
                }
            }
            Command::Flush(reply) => self.flushing = Some(reply),
            Command::Offsets(offsets, reply) => drop(reply.send(self.send_offsets(&offsets).await)),
            Command::Commit(reply) => drop(reply.send(self.end(true).await)),
            Command::Abort(reply) => {
                self.drop_all();
                drop(reply.send(self.end(false).await));
            }
        }
    }

    /// Begins to compress a batch, on a thread of its own.
    async fn seal(&mut self, place: usize, batch: Batch, base_sequence: i32) -> Result<(), Failure> {
        let bytes_before = batch.len();
        if self.shared.has_failed() {
            self.shared.free(bytes_before);
            return Ok(());
        }
        let identity = match self.writer.identity(&mut self.cluster, &mut self.trouble).await {
            Ok(identity) => identity,
            Err(failure) => {
                self.shared.free(bytes_before);
                return Err(failure);
            }
        };
        let base_sequence = if identity == Identity::NONE { -1 } else { base_sequence };
        let (codec, round, transactional) = (self.settings.codec, self.round, self.writer.is_transactional());
        self.sealing.push_back(tokio::task::spawn_blocking(move || Sealing {
            round,
            place,
            bytes_before,
            sealed: batch.seal(codec, identity, base_sequence, transactional),
        }));
        Ok(())
    }

    fn sealed(&mut self, sealing: Sealing) -> Result<(), Failure> {
        let Sealing {
            round,
            place,
            bytes_before,
            sealed,
        } = sealing;
        let (bytes, memory) = match sealed {
            Ok(sealed) => sealed,
            Err(error) => {
                self.shared.free(bytes_before);
                return Err(Failure::Aborted(format!("compression failed: {error}")));
            }
        };
        self.shared.give_back(memory);
        if round != self.round || self.shared.has_failed() {
            self.shared.free(bytes_before);
            return Ok(());
        }
        self.shared.exchange(bytes_before, bytes.len());
        self.batches += 1;
        let batch = Sealed {
            id: self.batches,
            bytes,
            since: Instant::now(),
        };
        self.queues.push(place, batch);
        Ok(())
    }

    /// Sends all that may be sent now.
    async fn dispatch(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        self.looked_at = now;
        if self.shared.has_failed() {
            return Ok(());
        }
        self.find_overdue(now)?;
        let most = self.writer.most_on_their_way();
        let ready = self.queues.ready(now, most);
        if ready.is_empty() {
            return Ok(());
        }
        let has_unknown = ready
            .iter()
            .any(|number| !self.queues.get(*number).is_led(&self.cluster));
        if (has_unknown || self.needs_refresh) && self.refresh_at.is_none_or(|at| now >= at) {
            self.refresh().await?;
        }
        let partitions = ready.iter().map(|number| self.queues.get(*number));
        let partitions = partitions.map(|queue| (Arc::clone(&queue.topic), queue.partition));
        self.writer.add(&mut self.cluster, partitions).await?;
        let mut by_leader: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
        for number in ready {
            let queue = self.queues.get(number);
            if let Some(leader) = self.cluster.leader(&queue.topic, queue.partition) {
                by_leader.entry(leader).or_default().push(number);
            }
        }
        for (leader, queues) in by_leader {
            self.send_to(leader, &queues, most)?;
        }
        Ok(())
    }

    async fn refresh(&mut self) -> Result<(), Failure> {
        let refreshed = self.cluster.refresh().await;
        self.needs_refresh = false;
        self.refresh_at = Some(Instant::now() + self.backoff().after(self.refresh_tries));
        self.refresh_tries += 1;
        if let Err(error) = refreshed {
            return self.trouble.meet(&error);
        }
        if self.queues.are_all_led(&self.cluster) {
            self.refresh_tries = 0;
            // The next topic may come at once.
            self.refresh_at = None;
            self.trouble.is_over();
        }
        for topic in self.queues.topics() {
            if let Some(code) = self.cluster.refusal(topic)
                && let Verdict::Lost(failure) = of_batch(code, topic, None)
            {
                return Err(failure);
            }
        }
        Ok(())
    }

    fn backoff(&self) -> Backoff {
        Backoff {
            first: self.settings.retry_backoff,
            longest: self.settings.retry_backoff_max,
        }
    }

    /// Sends what is ready for one broker, as many requests as may be on their way.
    fn send_to(&mut self, leader: NodeId, queues: &[usize], most: usize) -> Result<(), Failure> {
        let now = Instant::now();
        loop {
            let Some(node) = self.cluster.nodes.get_mut(&leader) else {
                return Ok(());
            };
            if node.is_connecting
                || node.muted_until.is_some_and(|until| until > now)
                || node.on_their_way >= self.settings.max_in_flight
            {
                return Ok(());
            }
            let Some(connection) = node.open_connection().cloned() else {
                if node.rests_until().is_none_or(|until| until <= now) {
                    node.is_connecting = true;
                    let (settings, address) = (Arc::clone(&self.settings), node.address.clone());
                    self.readying.push(Box::pin(async move {
                        Ready::Opened(leader, Connection::open(&address, &settings.link).await)
                    }));
                }
                return Ok(());
            };
            if connection.must_renew() {
                if node.on_their_way == 0 {
                    node.is_connecting = true;
                    let settings = Arc::clone(&self.settings);
                    self.readying.push(Box::pin(async move {
                        let renewed = connection.authenticate(&settings.link).await;
                        Ready::Renewed(leader, connection, renewed)
                    }));
                }
                return Ok(());
            }
            if !self.send_one(leader, &connection, queues, most)? {
                return Ok(());
            }
        }
    }

    /// Sends one request, with a batch of each partition at most. Gives whether there was anything to send.
    fn send_one(
        &mut self,
        leader: NodeId,
        connection: &Arc<Connection>,
        queues: &[usize],
        most: usize,
    ) -> Result<bool, Failure> {
        let now = Instant::now();
        let (mut parcel, mut batches) = (Parcel::default(), Vec::new());
        for number in queues {
            if let Some(batch) = self.queues.next(*number, now, most)
                && parcel.take(self.queues.get(*number), batch)
            {
                batches.push((*number, batch.id));
            }
        }
        if parcel.is_empty() {
            return Ok(false);
        }
        for (number, id) in &batches {
            self.queues.sent(*number, *id);
        }
        let (id, newest) = self.writer.begin_request();
        let Some(version) = connection.versions.newest::<ProduceRequest>(newest) else {
            return Err(Failure::Unsupported("Produce".to_owned()));
        };
        let request = parcel.request(id, self.settings.link.request_timeout);
        let answer = connection.call(&request, version);
        if let Some(node) = self.cluster.nodes.get_mut(&leader) {
            node.on_their_way += 1;
        }
        let round = self.round;
        self.answers.push(Box::pin(async move {
            let result = match answer {
                Ok(answer) => answer.await,
                Err(lost) => Err(lost),
            };
            Answered {
                round,
                node: leader,
                batches,
                result,
            }
        }));
        Ok(true)
    }

    fn ready(&mut self, ready: Ready) -> Result<(), Failure> {
        let (node, result) = match ready {
            Ready::Opened(node, opened) => (node, self.cluster.opened(node, opened).map(drop)),
            Ready::Renewed(node, connection, renewed) => {
                if renewed.is_err() {
                    self.cluster.give_up(&connection);
                }
                (node, renewed)
            }
        };
        if let Some(node) = self.cluster.nodes.get_mut(&node) {
            node.is_connecting = false;
        }
        let Err(error) = result else { return Ok(()) };
        // Another broker may lead by now.
        self.needs_refresh = true;
        self.trouble.meet(&error)
    }

    fn answered(&mut self, answer: Answered) -> Result<(), Failure> {
        let Answered {
            round,
            node,
            batches,
            result,
        } = answer;
        let now = Instant::now();
        if let Some(node) = self.cluster.nodes.get_mut(&node) {
            node.on_their_way = node.on_their_way.saturating_sub(1);
            if let Ok(answer) = &result {
                node.throttled(answer.throttle_time_ms);
            }
        }
        if round != self.round || self.shared.has_failed() {
            return Ok(());
        }
        let answer = match result {
            Ok(answer) => answer,
            Err(Lost(reason)) => {
                tracing::debug!(reason, node, "batches are sent again");
                self.needs_refresh = true;
                self.trouble.note(reason);
                for (number, id) in batches {
                    self.settle(number, id, Fate::Again, now)?;
                }
                return Ok(());
            }
        };
        for (number, id) in batches {
            let queue = self.queues.get(number);
            let (verdict, reason) = verdict(&answer, queue);
            if let Some(reason) = reason {
                tracing::debug!(reason, topic = &*queue.topic, queue.partition, "a batch is refused");
                self.trouble.note(reason);
            }
            match verdict {
                Verdict::Of(fate) => self.settle(number, id, fate, now)?,
                Verdict::Lost(failure) => return Err(failure),
                Verdict::Elsewhere => {
                    self.cluster.forget_leader(&queue.topic, queue.partition);
                    self.settle(number, id, Fate::Again, now)?;
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, number: usize, id: u64, fate: Fate, now: Instant) -> Result<(), Failure> {
        let freed = self.queues.settle(number, id, fate, now, self.backoff())?;
        self.shared.free(freed);
        Ok(())
    }

    /// What waits for too long has failed.
    fn find_overdue(&self, now: Instant) -> Result<(), Failure> {
        let patience = self.settings.delivery_timeout;
        self.queues
            .find_overdue(now, &self.cluster, patience, |topic, seconds| {
                let reason = self.trouble.reason();
                if self.writer.is_transactional() {
                    Failure::Aborted(format!(
                        "record for {topic}: not acknowledged within {seconds} s: {reason}"
                    ))
                } else {
                    Failure::Unreachable { seconds, reason }
                }
            })
    }

    /// When there is something to do though nothing happens. What was due at the last look is not: it waits for an answer.
    fn wake_at(&self) -> Option<Instant> {
        if self.shared.has_failed() {
            return None;
        }
        if self.queues.is_empty() {
            return None;
        }
        let nodes = self.cluster.nodes.values();
        let nodes = nodes.flat_map(|node| [node.muted_until, node.rests_until()]).flatten();
        let batches = self.queues.due(self.settings.delivery_timeout);
        let all = batches.chain(nodes).chain(self.refresh_at);
        all.filter(|at| *at > self.looked_at).min()
    }

    fn answer_flush(&mut self) {
        let is_done = self.sealing.is_empty() && self.queues.is_empty();
        if let Some(failure) = self.shared.failure() {
            if let Some(reply) = self.flushing.take() {
                drop(reply.send(Err(failure)));
            }
        } else if is_done && let Some(reply) = self.flushing.take() {
            drop(reply.send(Ok(())));
        }
    }

    async fn send_offsets(&mut self, offsets: &GroupOffsets) -> Result<(), Failure> {
        self.refuse_failed()?;
        self.writer.send_offsets(&mut self.cluster, offsets).await
    }

    async fn end(&mut self, commits: bool) -> Result<(), Failure> {
        if commits {
            self.refuse_failed()?;
        }
        self.round += 1;
        self.queues.begin();
        let ended = self.writer.end(&mut self.cluster, commits).await;
        if ended.is_ok() && self.writer.is_transactional() {
            self.shared.recover();
        }
        ended
    }

    fn refuse_failed(&self) -> Result<(), Failure> {
        self.shared.failure().map_or(Ok(()), Err)
    }

    /// The transaction, or the producer, is lost: nothing is sent any more until it is aborted.
    fn fail(&mut self, failure: Failure) {
        tracing::debug!(?failure, "nothing more is sent");
        self.shared.fail(failure);
        self.drop_all();
    }

    fn drop_all(&mut self) {
        self.round += 1;
        self.shared.free(self.queues.clear());
    }
}

/// Never, in effect.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}
