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
use kafka_protocol::{
    error::ResponseError as Code,
    messages::{
        InitProducerIdRequest, ProduceRequest, ProduceResponse, ProducerId, TopicName, TransactionalId,
        produce_request::{PartitionProduceData, TopicProduceData},
    },
};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle, time::sleep_until};

use super::{
    batch::{Batch, Identity},
    cluster::{Cluster, NodeId},
    connection::{Connection, Lost, Unconnected},
    failure::{Failure, Verdict, of_batch, of_coordinator, words},
    outbox::{Backoff, Fate, Outbox, Sealed},
    settings::Settings,
    shared::Shared,
    transaction::{Epochs, GroupOffsets, Transactions},
    wire,
};
use crate::kafka::outage::Outage;

/// Of one request: so much, or one batch.
const REQUEST_BYTES: usize = 1 << 20;
/// A topic that nobody knows may be one that was just created.
const UNKNOWN_TOPIC_PATIENCE: Duration = Duration::from_secs(10);

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

struct Place {
    topic: Arc<str>,
    partition: i32,
    outbox: Outbox,
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
    transactional_id: Option<String>,
    has_one_epoch: bool,
    transactions: Option<Transactions>,
    /// Without transactions: who writes, once that is known.
    identity: Option<Identity>,
    places: Vec<Place>,
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
    outage: Outage,
    /// What went wrong last, for messages.
    trouble: Option<String>,
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
            settings,
            shared,
            transactional_id,
            has_one_epoch,
            transactions: None,
            identity: None,
            places: Vec::new(),
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
            outage: Outage::default(),
            trouble: None,
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
            Command::Open(reply) => drop(reply.send(self.open().await)),
            Command::Place(topic, partition) => {
                self.cluster.want(&topic);
                self.places.push(Place {
                    topic,
                    partition,
                    outbox: Outbox::default(),
                });
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

    async fn open(&mut self) -> Result<bool, Failure> {
        let Some(id) = self.transactional_id.clone() else {
            return Ok(false);
        };
        let opened = Transactions::open(&mut self.cluster, &id, self.has_one_epoch).await?;
        let opened = self.transactions.insert(opened);
        Ok(opened.epochs != Epochs::One)
    }

    /// Who writes the batches of now.
    async fn identity(&mut self) -> Result<Identity, Failure> {
        if let Some(transactions) = &mut self.transactions {
            transactions.begin(&mut self.cluster).await?;
            return Ok(transactions.identity);
        }
        match self.identity {
            Some(identity) => Ok(identity),
            None => {
                let identity = self.idempotent().await?;
                Ok(*self.identity.insert(identity))
            }
        }
    }

    /// A producer id without transactions; none where brokers do not give any.
    async fn idempotent(&mut self) -> Result<Identity, Failure> {
        let begun = Instant::now();
        loop {
            let reason = match self.ask_idempotent().await {
                Ok(answered) => return answered,
                Err(error) => match Option::<Failure>::from(&error) {
                    Some(failure) => return Err(failure),
                    None => error.to_string(),
                },
            };
            if begun.elapsed() > self.settings.delivery_timeout {
                return Err(Failure::Unreachable {
                    seconds: begun.elapsed().as_secs(),
                    reason,
                });
            }
            self.tell_of_outage(reason);
            tokio::time::sleep(self.backoff().longest).await;
        }
    }

    async fn ask_idempotent(&mut self) -> Result<Result<Identity, Failure>, Unconnected> {
        self.cluster.refresh().await?;
        let Some(connection) = self.cluster.any_connection() else {
            return Err(Lost("the connection was closed".to_owned()).into());
        };
        let Some(version) = connection.versions.newest::<InitProducerIdRequest>(i16::MAX) else {
            tracing::info!("the brokers know no idempotent producers: a batch that is sent again may come twice");
            return Ok(Ok(Identity::NONE));
        };
        let request = InitProducerIdRequest::default()
            .with_transactional_id(None)
            .with_transaction_timeout_ms(i32::MAX)
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1);
        let answer = connection.call(&request, version)?.await?;
        Ok(match Code::try_from_code(answer.error_code) {
            None => Ok(Identity {
                producer_id: answer.producer_id.0,
                epoch: answer.producer_epoch,
            }),
            Some(code) => match of_coordinator(code, "producer id") {
                Verdict::Lost(failure) => Err(failure),
                _ => return Err(Lost(words(code)).into()),
            },
        })
    }

    fn is_idempotent(&self) -> bool {
        self.transactions.is_some() || self.identity.is_some_and(|identity| identity != Identity::NONE)
    }

    /// Begins to compress a batch, on a thread of its own.
    async fn seal(&mut self, place: usize, batch: Batch, base_sequence: i32) -> Result<(), Failure> {
        let bytes_before = batch.len();
        if self.shared.has_failed() {
            self.shared.free(bytes_before);
            return Ok(());
        }
        let identity = match self.identity().await {
            Ok(identity) => identity,
            Err(failure) => {
                self.shared.free(bytes_before);
                return Err(failure);
            }
        };
        let base_sequence = if identity == Identity::NONE { -1 } else { base_sequence };
        let (codec, round, transactional) = (self.settings.codec, self.round, self.transactions.is_some());
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
        self.places[place].outbox.push(Sealed {
            id: self.batches,
            bytes,
            since: Instant::now(),
        });
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
        let most = if self.is_idempotent() {
            self.settings.max_in_flight
        } else {
            1
        };
        let ready = self.places.iter().enumerate();
        let ready: Vec<usize> = ready
            .filter(|(_, place)| place.outbox.next(now, most).is_some())
            .map(|(number, _)| number)
            .collect();
        if ready.is_empty() {
            return Ok(());
        }
        let unknown = |number: &&usize| {
            let place = &self.places[**number];
            self.cluster.leader(&place.topic, place.partition).is_none()
        };
        let has_unknown = ready.iter().find(unknown).is_some();
        if (has_unknown || self.needs_refresh) && self.refresh_at.is_none_or(|at| now >= at) {
            self.refresh().await?;
        }
        self.add_to_transaction(&ready).await?;
        let mut by_leader: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
        for number in ready {
            let place = &self.places[number];
            if let Some(leader) = self.cluster.leader(&place.topic, place.partition) {
                by_leader.entry(leader).or_default().push(number);
            }
        }
        for (leader, places) in by_leader {
            self.send_to(leader, &places, most)?;
        }
        Ok(())
    }

    /// Where the coordinator has to be told of partitions, all at once that are known of.
    async fn add_to_transaction(&mut self, ready: &[usize]) -> Result<(), Failure> {
        let Some(transactions) = &mut self.transactions else {
            return Ok(());
        };
        let places = ready.iter().map(|number| &self.places[*number]);
        let to_add = transactions.to_add(places.map(|place| (Arc::clone(&place.topic), place.partition)));
        if !to_add.is_empty() {
            transactions.add(&mut self.cluster, to_add).await?;
        }
        Ok(())
    }

    async fn refresh(&mut self) -> Result<(), Failure> {
        let refreshed = self.cluster.refresh().await;
        self.needs_refresh = false;
        self.refresh_at = Some(Instant::now() + self.backoff().after(self.refresh_tries));
        self.refresh_tries += 1;
        match refreshed {
            Ok(()) => {
                if self
                    .places
                    .iter()
                    .all(|place| self.cluster.leader(&place.topic, place.partition).is_some())
                {
                    self.refresh_tries = 0;
                    if let Some(away) = self.outage.over(Instant::now()) {
                        tracing::info!(?away, "Kafka is back");
                    }
                }
                for place in &self.places {
                    if let Some(code) = self.cluster.refusal(&place.topic)
                        && let Verdict::Lost(failure) = of_batch(code, &place.topic, None)
                    {
                        return Err(failure);
                    }
                }
                Ok(())
            }
            Err(error) => match Option::<Failure>::from(&error) {
                Some(failure) => Err(failure),
                None => {
                    self.tell_of_outage(error.to_string());
                    Ok(())
                }
            },
        }
    }

    fn tell_of_outage(&mut self, reason: String) {
        if self.outage.sign(Instant::now()) {
            tracing::warn!(error = reason, "Kafka does not answer, trying again");
        }
        self.trouble = Some(reason);
    }

    fn backoff(&self) -> Backoff {
        Backoff {
            first: self.settings.retry_backoff,
            longest: self.settings.retry_backoff_max,
        }
    }

    /// Sends what is ready for one broker, as many requests as may be on their way.
    fn send_to(&mut self, leader: NodeId, places: &[usize], most: usize) -> Result<(), Failure> {
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
                        let renewed = match &settings.link.sasl {
                            Some(sasl) => connection.authenticate(sasl).await,
                            None => Ok(()),
                        };
                        Ready::Renewed(leader, connection, renewed)
                    }));
                }
                return Ok(());
            }
            if !self.send_one(leader, &connection, places, most)? {
                return Ok(());
            }
        }
    }

    /// Sends one request, with a batch of each partition at most. Gives whether there was anything to send.
    fn send_one(
        &mut self,
        leader: NodeId,
        connection: &Arc<Connection>,
        places: &[usize],
        most: usize,
    ) -> Result<bool, Failure> {
        let now = Instant::now();
        let mut topics: BTreeMap<Arc<str>, Vec<PartitionProduceData>> = BTreeMap::new();
        let (mut batches, mut bytes) = (Vec::new(), 0);
        for number in places {
            let place = &mut self.places[*number];
            let Some(batch) = place.outbox.next(now, most).cloned() else {
                continue;
            };
            if bytes > 0 && bytes + batch.bytes.len() > REQUEST_BYTES {
                continue;
            }
            bytes += batch.bytes.len();
            batches.push((*number, batch.id));
            let data = PartitionProduceData::default()
                .with_index(place.partition)
                .with_records(Some(batch.bytes));
            topics.entry(Arc::clone(&place.topic)).or_default().push(data);
            place.outbox.sent(batch.id);
        }
        if batches.is_empty() {
            return Ok(false);
        }
        let newest = self
            .transactions
            .as_ref()
            .map_or(i16::MAX, Transactions::newest_produce);
        let Some(version) = connection.versions.newest::<ProduceRequest>(newest) else {
            return Err(Failure::Unsupported("Produce".to_owned()));
        };
        let id = self
            .transactions
            .as_ref()
            .map(|transactions| TransactionalId(wire::text(transactions.id())));
        if let Some(transactions) = &mut self.transactions {
            transactions.touch();
        }
        let topics = topics.into_iter().map(|(topic, partitions)| {
            TopicProduceData::default()
                .with_name(TopicName::from(wire::text(&topic)))
                .with_partition_data(partitions)
        });
        let request = ProduceRequest::default()
            .with_transactional_id(id)
            .with_acks(-1)
            .with_timeout_ms(self.settings.link.request_timeout.as_millis() as i32)
            .with_topic_data(topics.collect());
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
        match Option::<Failure>::from(&error) {
            Some(failure) => Err(failure),
            None => {
                self.tell_of_outage(error.to_string());
                Ok(())
            }
        }
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
                self.trouble = Some(reason);
                for (place, id) in batches {
                    self.settle(place, id, Fate::Again, now)?;
                }
                return Ok(());
            }
        };
        for (number, id) in batches {
            let place = &self.places[number];
            let told = answer
                .responses
                .iter()
                .filter(|topic| topic.name.0.as_str() == &*place.topic);
            let mut told = told.flat_map(|topic| &topic.partition_responses);
            let told = told.find(|partition| partition.index == place.partition);
            let verdict = match told.map(|told| (Code::try_from_code(told.error_code), told)) {
                Some((None, _)) => Verdict::Of(Fate::Written),
                Some((Some(code), told)) => {
                    tracing::debug!(%code, topic = &*place.topic, place.partition, "a batch is refused");
                    self.trouble = Some(words(code));
                    of_batch(code, &place.topic, told.error_message.as_deref())
                }
                None => Verdict::Of(Fate::Again),
            };
            match verdict {
                Verdict::Of(fate) => self.settle(number, id, fate, now)?,
                Verdict::Lost(failure) => return Err(failure),
                Verdict::Elsewhere => {
                    let place = &self.places[number];
                    self.cluster.forget_leader(&place.topic, place.partition);
                    self.settle(number, id, Fate::Again, now)?;
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, number: usize, id: u64, fate: Fate, now: Instant) -> Result<(), Failure> {
        let backoff = self.backoff();
        let place = &mut self.places[number];
        match place.outbox.answered(id, fate, now, backoff) {
            Ok(freed) => {
                self.shared.free(freed);
                Ok(())
            }
            Err(_) => Err(Failure::Aborted(format!(
                "record for {}: the broker misses what was sent before it",
                place.topic
            ))),
        }
    }

    /// What waits for too long has failed.
    fn find_overdue(&self, now: Instant) -> Result<(), Failure> {
        for place in &self.places {
            let Some(since) = place.outbox.waits_since().filter(|_| place.outbox.on_their_way() == 0) else {
                continue;
            };
            let waited = now.duration_since(since);
            let known = self.cluster.leader(&place.topic, place.partition).is_some();
            let refusal = self.cluster.refusal(&place.topic).filter(|_| !known);
            if let Some(code) = refusal.filter(|_| waited > UNKNOWN_TOPIC_PATIENCE) {
                let what = format!("record for {}", place.topic);
                return Err(Failure::Refused { what, code });
            }
            if waited > self.settings.delivery_timeout {
                let reason = self.trouble.clone().unwrap_or_else(|| "no reason is known".to_owned());
                let (seconds, topic) = (waited.as_secs(), &place.topic);
                return Err(if self.transactions.is_some() {
                    Failure::Aborted(format!(
                        "record for {topic}: not acknowledged within {seconds} s: {reason}"
                    ))
                } else {
                    Failure::Unreachable { seconds, reason }
                });
            }
        }
        Ok(())
    }

    /// When there is something to do though nothing happens. What was due at the last look is not: it waits for an answer.
    fn wake_at(&self) -> Option<Instant> {
        if self.shared.has_failed() {
            return None;
        }
        let busy = || self.places.iter().filter(|place| !place.outbox.is_empty());
        busy().next()?;
        let retries = busy().filter_map(|place| place.outbox.retry_at());
        let overdue = busy().filter_map(|place| Some(place.outbox.waits_since()? + self.settings.delivery_timeout));
        let unknown = busy().filter_map(|place| Some(place.outbox.waits_since()? + UNKNOWN_TOPIC_PATIENCE));
        let nodes = self.cluster.nodes.values();
        let nodes = nodes.flat_map(|node| [node.muted_until, node.rests_until()]).flatten();
        let all = retries
            .chain(overdue)
            .chain(unknown)
            .chain(nodes)
            .chain(self.refresh_at);
        all.filter(|at| *at > self.looked_at).min()
    }

    fn answer_flush(&mut self) {
        let is_done = self.sealing.is_empty() && self.places.iter().all(|place| place.outbox.is_empty());
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
        let Some(transactions) = &mut self.transactions else {
            return Ok(());
        };
        transactions.begin(&mut self.cluster).await?;
        transactions.send_offsets(&mut self.cluster, offsets).await
    }

    async fn end(&mut self, commits: bool) -> Result<(), Failure> {
        if commits {
            self.refuse_failed()?;
        }
        self.round += 1;
        for place in &mut self.places {
            place.outbox.begin();
        }
        let Some(transactions) = &mut self.transactions else {
            return Ok(());
        };
        let ended = transactions.end(&mut self.cluster, commits).await;
        if ended.is_ok() {
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
        for place in &mut self.places {
            self.shared.free(place.outbox.clear());
        }
    }
}

/// Never, in effect.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}
