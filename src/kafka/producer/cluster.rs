//! The brokers of a cluster: where they are, which of them leads a partition or coordinates, and connections to them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream::FuturesUnordered};
use kafka_protocol::{
    error::ResponseError as Code,
    messages::{
        FindCoordinatorRequest, MetadataRequest, MetadataResponse, TopicName, metadata_request::MetadataRequestTopic,
    },
};
use tokio::time::{sleep, timeout};

use super::{
    connection::{Connection, Lost, Unconnected},
    failure::words,
    outbox::Backoff,
    settings::Settings,
    wire::{self, Versions},
};

/// A broker's id in the cluster; those below 0 are addresses to begin with, of which no more is known.
pub type NodeId = i32;

/// If an address does not answer at once, the next one is tried as well.
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);
/// Where brokers and leaders are is told at once, or by another broker.
const METADATA_PATIENCE: Duration = Duration::from_secs(3);

/// Whom a coordinator is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Group,
    Transaction,
}

pub struct Node {
    pub address: String,
    pub connection: Option<Arc<Connection>>,
    /// Produce requests without an answer yet.
    pub on_their_way: usize,
    /// The broker asks us to rest until then.
    pub muted_until: Option<Instant>,
    pub is_connecting: bool,
    failures: u32,
    connect_at: Option<Instant>,
}

impl Node {
    fn at(address: String) -> Self {
        Self {
            address,
            connection: None,
            on_their_way: 0,
            muted_until: None,
            is_connecting: false,
            failures: 0,
            connect_at: None,
        }
    }

    /// The connection, if it is one still.
    pub fn open_connection(&self) -> Option<&Arc<Connection>> {
        self.connection.as_ref().filter(|connection| !connection.is_lost())
    }

    /// When a next try to connect is due, after one that failed.
    pub fn rests_until(&self) -> Option<Instant> {
        self.connect_at
    }

    pub fn connected(&mut self, connection: Arc<Connection>) {
        self.connection = Some(connection);
        self.failures = 0;
        self.connect_at = None;
    }

    pub fn failed(&mut self, now: Instant, backoff: Backoff) {
        self.connection = None;
        self.connect_at = Some(now + backoff.after(self.failures));
        self.failures += 1;
    }

    /// Obeys a broker that asks for rest.
    pub fn throttled(&mut self, milliseconds: i32) {
        if let Some(rest) = u64::try_from(milliseconds).ok().filter(|rest| *rest > 0) {
            self.muted_until = Some(Instant::now() + Duration::from_millis(rest));
        }
    }
}

pub struct Cluster {
    settings: Arc<Settings>,
    pub nodes: BTreeMap<NodeId, Node>,
    /// By topic, the leader of each partition; -1 where there is none.
    leaders: HashMap<Arc<str>, BTreeMap<i32, NodeId>>,
    /// What the last answer said of a topic that has no leaders.
    refused: HashMap<Arc<str>, Code>,
    topics: BTreeSet<Arc<str>>,
}

impl Cluster {
    pub fn new(settings: Arc<Settings>) -> Self {
        let bootstrap = settings.link.bootstrap.iter().cloned();
        Self {
            nodes: (1..)
                .map(|number: NodeId| -number)
                .zip(bootstrap.map(Node::at))
                .collect(),
            settings,
            leaders: HashMap::new(),
            refused: HashMap::new(),
            topics: BTreeSet::new(),
        }
    }

    fn backoff(&self) -> Backoff {
        Backoff {
            first: self.settings.link.reconnect_backoff,
            longest: self.settings.link.reconnect_backoff_max,
        }
    }

    /// The partition's leader, as far as it is known.
    pub fn leader(&self, topic: &str, partition: i32) -> Option<NodeId> {
        let leader = self.leaders.get(topic)?.get(&partition)?;
        Some(*leader).filter(|leader| self.nodes.contains_key(leader))
    }

    /// What brokers said instead of naming a topic's leaders.
    pub fn refusal(&self, topic: &str) -> Option<Code> {
        self.refused.get(topic).copied()
    }

    pub fn forget_leader(&mut self, topic: &str, partition: i32) {
        if let Some(leaders) = self.leaders.get_mut(topic) {
            leaders.remove(&partition);
        }
    }

    /// The leaders of this topic are to be known.
    pub fn want(&mut self, topic: &Arc<str>) {
        self.topics.insert(Arc::clone(topic));
    }

    /// Asks where brokers and the leaders of the wanted topics are.
    ///
    /// # Errors
    /// No broker answers.
    pub async fn refresh(&mut self) -> Result<(), Unconnected> {
        let (_, connection) = self.any().await?;
        let version = newest::<MetadataRequest>(&connection)?;
        let topics = self.topics.iter().map(|topic| {
            let name = TopicName::from(wire::text(topic));
            MetadataRequestTopic::default().with_name(Some(name))
        });
        let request = MetadataRequest::default()
            .with_topics(Some(topics.collect()))
            .with_allow_auto_topic_creation(false);
        let answer = timeout(METADATA_PATIENCE, connection.call(&request, version)?).await;
        let answer = answer.unwrap_or_else(|_| Err(Lost("no answer to Metadata".to_owned())));
        match answer {
            Ok(answer) => {
                self.learn(&answer);
                Ok(())
            }
            Err(lost) => {
                self.give_up(&connection);
                Err(lost.into())
            }
        }
    }

    fn learn(&mut self, answer: &MetadataResponse) {
        let mut known: BTreeMap<NodeId, Node> = BTreeMap::new();
        for broker in &answer.brokers {
            let host = broker.host.as_str();
            let address = if host.contains(':') {
                format!("[{host}]:{}", broker.port)
            } else {
                format!("{host}:{}", broker.port)
            };
            let id = broker.node_id.0;
            let node = self.nodes.remove(&id).filter(|node| node.address == address);
            let mut node = node.unwrap_or_else(|| Node::at(address));
            // A connection that was made before it was known to whom is that one's.
            let mut beginnings = self.nodes.iter_mut().filter(|(id, _)| **id < 0);
            if node.connection.is_none()
                && let Some((_, beginning)) = beginnings.find(|(_, one)| one.address == node.address)
            {
                node.connection = beginning.connection.take();
            }
            known.insert(id, node);
        }
        // What is on its way to a broker that is not told of any more is answered all the same.
        let stays = |(id, node): &(NodeId, Node)| *id < 0 || node.on_their_way > 0;
        known.extend(std::mem::take(&mut self.nodes).into_iter().filter(stays));
        self.nodes = known;
        for topic in &answer.topics {
            let Some(name) = &topic.name else { continue };
            let name: Arc<str> = Arc::from(name.0.as_str());
            let code = Code::try_from_code(topic.error_code);
            // Brokers refuse records for their own topics, but not the marker that ends the transaction there. Behind one,
            // a coordinator can not read its log any more.
            let code = code.or(topic.is_internal.then_some(Code::InvalidTopicException));
            if let Some(code) = code {
                self.refused.insert(Arc::clone(&name), code);
                self.leaders.remove(&name);
                continue;
            }
            self.refused.remove(&name);
            let partitions = topic.partitions.iter();
            let leaders = partitions.map(|partition| (partition.partition_index, partition.leader_id.0));
            self.leaders.insert(name, leaders.collect());
        }
    }

    /// A broker that answers, connecting to one if there is none.
    async fn any(&mut self) -> Result<(NodeId, Arc<Connection>), Unconnected> {
        let open = self
            .nodes
            .iter()
            .rev()
            .filter(|(_, node)| node.muted_until.is_none_or(|until| until <= Instant::now()));
        let mut open = open.filter_map(|(id, node)| Some((*id, Arc::clone(node.open_connection()?))));
        if let Some(found) = open.next() {
            return Ok(found);
        }
        drop(open);
        let mut addresses: Vec<(NodeId, String)> = self
            .nodes
            .iter()
            .rev()
            .map(|(id, node)| (*id, node.address.clone()))
            .collect();
        // Brokers that were known are as good as those to begin with, but may all be gone.
        addresses.sort_by_key(|(id, _)| *id < 0 && self.nodes.keys().any(|id| *id >= 0));
        let link = &self.settings.link;
        let mut tries = FuturesUnordered::new();
        let mut untried = addresses.into_iter();
        let mut last = Unconnected::Lost(Lost("no broker is named".to_owned()));
        let (id, connection) = loop {
            if let Some((id, address)) = untried.next() {
                tries.push(async move { (id, Connection::open(&address, link).await) });
            } else if tries.is_empty() {
                return Err(last);
            }
            let wait = sleep(if untried.len() > 0 {
                NEXT_ADDRESS_AFTER
            } else {
                Duration::MAX
            });
            tokio::select! {
                Some((id, opened)) = tries.next() => match opened {
                    Ok(connection) => break (id, Arc::new(connection)),
                    Err(error) => last = worse(last, error),
                },
                () = wait => {}
            }
        };
        drop(tries);
        if let Some(node) = self.nodes.get_mut(&id) {
            node.connected(Arc::clone(&connection));
        }
        Ok((id, connection))
    }

    /// A connection to this broker.
    ///
    /// # Errors
    /// There is none, and none can be made.
    pub async fn connect(&mut self, id: NodeId) -> Result<Arc<Connection>, Unconnected> {
        let Some(node) = self.nodes.get(&id) else {
            return Err(Lost(format!("broker {id} is not known any more")).into());
        };
        if let Some(connection) = node.open_connection() {
            return Ok(Arc::clone(connection));
        }
        let opened = Connection::open(&node.address, &self.settings.link).await;
        self.opened(id, opened)
    }

    /// Authenticates again on a connection that has no request on its way.
    ///
    /// # Errors
    /// The broker does not believe us any more.
    pub async fn renew(&mut self, connection: &Arc<Connection>) -> Result<(), Unconnected> {
        let renewed = connection.authenticate(&self.settings.link).await;
        if renewed.is_err() {
            self.give_up(connection);
        }
        renewed
    }

    /// What the brokers understand, by the one that was asked first.
    pub fn any_versions(&self) -> Versions {
        self.any_connection()
            .map(|connection| connection.versions.clone())
            .unwrap_or_default()
    }

    /// A connection that is open, if there is one.
    pub fn any_connection(&self) -> Option<Arc<Connection>> {
        let mut open = self.nodes.values().rev().filter_map(Node::open_connection);
        open.next().cloned()
    }

    /// Notes how a try to connect to a broker ended.
    ///
    /// # Errors
    /// That with which it did; where the cluster told the address, with a word about that.
    pub fn opened(
        &mut self,
        id: NodeId,
        opened: Result<Connection, Unconnected>,
    ) -> Result<Arc<Connection>, Unconnected> {
        let backoff = self.backoff();
        let is_bootstrap = |address: &str| self.settings.link.bootstrap.iter().any(|one| one == address);
        let is_told = self.nodes.get(&id).is_some_and(|node| !is_bootstrap(&node.address));
        let node = self.nodes.get_mut(&id);
        match opened {
            Ok(connection) => {
                let connection = Arc::new(connection);
                if let Some(node) = node {
                    node.connected(Arc::clone(&connection));
                }
                Ok(connection)
            }
            Err(error) => {
                if let Some(node) = node {
                    node.failed(Instant::now(), backoff);
                }
                Err(match error {
                    Unconnected::Lost(Lost(reason)) if is_told => Lost(format!(
                        "broker {id} tells its clients to use an address (advertised.listeners) that can not be reached: {reason}"
                    ))
                    .into(),
                    other => other,
                })
            }
        }
    }

    /// Which broker coordinates.
    ///
    /// # Errors
    /// No broker answers, or the code with which one did, in words.
    pub async fn coordinator(&mut self, role: Role, key: &str) -> Result<Result<NodeId, Code>, Unconnected> {
        let (_, connection) = self.any().await?;
        let version = newest::<FindCoordinatorRequest>(&connection)?;
        let request = FindCoordinatorRequest::default()
            .with_key(wire::text(key))
            .with_key_type(match role {
                Role::Group => 0,
                Role::Transaction => 1,
            });
        let answer = timeout(METADATA_PATIENCE, connection.call(&request, version)?).await;
        let answer = match answer.unwrap_or_else(|_| Err(Lost("no answer to FindCoordinator".to_owned()))) {
            Ok(answer) => answer,
            Err(lost) => {
                self.give_up(&connection);
                return Err(lost.into());
            }
        };
        if let Some(code) = Code::try_from_code(answer.error_code) {
            return Ok(Err(code));
        }
        let id = answer.node_id.0;
        if !self.nodes.contains_key(&id) {
            self.refresh().await?;
        }
        if !self.nodes.contains_key(&id) {
            return Ok(Err(Code::CoordinatorNotAvailable));
        }
        Ok(Ok(id))
    }

    /// A connection that does not answer is none.
    pub fn give_up(&mut self, lost: &Arc<Connection>) {
        for node in self.nodes.values_mut() {
            if node
                .connection
                .as_ref()
                .is_some_and(|connection| Arc::ptr_eq(connection, lost))
            {
                node.connection = None;
            }
        }
    }
}

/// That a broker does not let us in tells more than that another one is away.
fn worse(first: Unconnected, second: Unconnected) -> Unconnected {
    match (&first, &second) {
        (Unconnected::Refused { .. }, Unconnected::Lost(_)) => first,
        _ => second,
    }
}

/// The newest version of a request that the broker speaks as well.
///
/// # Errors
/// It speaks none.
pub fn newest<R: wire::Ask>(connection: &Connection) -> Result<i16, Lost> {
    let version = connection.versions.newest::<R>(i16::MAX);
    version.ok_or_else(|| Lost(format!("{}: {:?}", words(Code::UnsupportedVersion), R::KEY)))
}
