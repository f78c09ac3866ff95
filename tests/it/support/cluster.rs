//! Three brokers, each a controller as well; every partition has a replica on each, and two are enough.

use std::borrow::Borrow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::doors::{Door, Doors};
use super::formatted::Release;
use super::group::{ask, put};
use super::kafka::{Kafka, Plan, Ports, local};
use super::process::{free_port, wait_for};

const NODES: u32 = 3;
const LIMIT: Duration = Duration::from_secs(60);
/// `FindCoordinator` in the first version that knows of transactions.
const FIND_COORDINATOR: (i16, i16) = (10, 1);
const OF_A_TRANSACTION: u8 = 1;

/// One at a time: three JVMs take their time and their memory.
static ONE: Mutex<()> = Mutex::new(());

pub struct Cluster {
    /// By number, from node 1.
    nodes: Vec<Kafka>,
    _one: MutexGuard<'static, ()>,
}

/// Any of them tells of all three: for readers, and to make topics.
impl Borrow<Kafka> for Cluster {
    fn borrow(&self) -> &Kafka {
        &self.nodes[0]
    }
}

impl Cluster {
    pub fn start(release: Release) -> Cluster {
        Cluster::try_start(release).unwrap_or_else(|e| panic!("{e}"))
    }

    fn try_start(release: Release) -> Result<Cluster, String> {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let ports: Vec<Ports> = (0..NODES).map(|_| Ports::free()).collect();
        let listeners: Vec<u16> = (0..NODES).map(|_| free_port()).collect();
        let (doors, proxies) = Doors::before(&[listeners.iter().map(|port| local(*port)).collect()]);
        let mut nodes = Vec::new();
        for (node, (listener, proxy)) in (1..).zip(listeners.into_iter().zip(&proxies[0])) {
            let mut kafka = Kafka::formatted(Plan {
                release,
                node,
                nodes: ports.clone(),
                proxied: vec![(listener, proxy.port())],
                listeners: Vec::new(),
                // Three of them on a busy machine must not take each other for dead.
                extra: "broker.session.timeout.ms=6000".to_owned(),
            })?;
            kafka.spawn()?;
            nodes.push(kafka);
        }
        for kafka in &mut nodes {
            kafka.await_start()?;
        }
        nodes[0].set_doors(doors);
        Ok(Cluster { nodes, _one: one })
    }

    /// A way to all three.
    pub fn door(&self) -> Door {
        self.nodes[0].door()
    }

    /// Ends a node as a crash does.
    pub fn kill_9(&mut self, node: u32) {
        self.node(node).kill_9();
    }

    /// Starts a node that was ended.
    pub fn start_again(&mut self, node: u32) {
        self.node(node).start();
    }

    fn node(&mut self, node: u32) -> &mut Kafka {
        &mut self.nodes[node as usize - 1]
    }

    /// The node that leads a partition.
    pub fn leader(&self, topic: &str, partition: i32) -> u32 {
        let client: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", self.nodes[0].brokers())
            .create()
            .expect("a client");
        wait_for("a leader", LIMIT, || {
            let metadata = client.fetch_metadata(Some(topic), LIMIT).ok()?;
            let partitions = metadata.topics().first()?.partitions();
            let leader = partitions.iter().find(|found| found.id() == partition)?.leader();
            u32::try_from(leader).ok()
        })
    }

    /// The node that keeps a producer's transactions.
    pub fn coordinator(&self, transactional_id: &str) -> u32 {
        let mut request = Vec::new();
        request.extend(FIND_COORDINATOR.0.to_be_bytes());
        request.extend(FIND_COORDINATOR.1.to_be_bytes());
        // The correlation id, and no client id.
        request.extend(1_i32.to_be_bytes());
        request.extend((-1_i16).to_be_bytes());
        put(&mut request, transactional_id);
        request.push(OF_A_TRANSACTION);
        wait_for("a coordinator", LIMIT, || {
            let answer = ask(&self.nodes[0], &request);
            // Behind the correlation id and the throttle time: the error, its text, the node.
            let number = |at: usize| i16::from_be_bytes([answer[at], answer[at + 1]]);
            let node_at = 12 + usize::try_from(number(10)).unwrap_or_default();
            let node = i32::from_be_bytes(answer[node_at..node_at + 4].try_into().ok()?);
            if number(8) == 0 { u32::try_from(node).ok() } else { None }
        })
    }
}
