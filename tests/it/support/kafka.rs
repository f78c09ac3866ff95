//! A real Apache Kafka: one KRaft node, shared by the tests or private to one that stops it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer};
use tempfile::TempDir;

use super::doors::Doors;
use super::faults::Faults;
use super::formatted::Release;
use super::process::{Server, free_port, unique};
use super::requests::Requests;

const START_WITHIN: Duration = Duration::from_secs(120);
const STOP_WITHIN: Duration = Duration::from_secs(60);
/// Another process may take a port between our look at it and the server's.
const START_ATTEMPTS: u32 = 3;
/// Tests that may be behind proxies at a time, on the shared broker and on a private one.
const DOORS: usize = 4;

pub struct Kafka {
    /// First, so that the server has ended when the directory is removed. `None` while it is stopped.
    server: Option<Server>,
    plan: Plan,
    doors: Doors,
    dir: TempDir,
}

/// What a broker is to be.
#[derive(Clone)]
pub(super) struct Plan {
    pub release: Release,
    pub node: u32,
    /// Each node's ports, from node 1.
    pub nodes: Vec<Ports>,
    /// Further listeners, each with the proxy's port that it tells its clients to use.
    pub proxied: Vec<(u16, u16)>,
    pub listeners: Vec<Listener>,
    /// Further lines for its `server.properties`.
    pub extra: String,
}

/// A further way to a private broker.
#[derive(Clone)]
pub struct Listener {
    /// In capitals.
    pub name: String,
    /// Kafka's word for it, such as `SASL_SSL`.
    pub protocol: &'static str,
    pub port: u16,
    /// `host:port` that clients are told to use: the listener itself or a proxy before it.
    pub advertised: String,
    /// Lines for this listener only, without their prefix `listener.name.….`.
    pub properties: Vec<String>,
}

#[derive(Clone, Copy)]
pub(super) struct Ports {
    client: u16,
    controller: u16,
}

impl Ports {
    pub(super) fn free() -> Ports {
        Ports {
            client: free_port(),
            controller: free_port(),
        }
    }
}

impl Plan {
    fn alone(release: Release, proxied: &[(u16, u16)], extra: &str) -> Plan {
        Plan {
            release,
            node: 1,
            nodes: vec![Ports::free()],
            proxied: proxied.to_vec(),
            listeners: Vec::new(),
            extra: extra.to_owned(),
        }
    }

    fn ports(&self) -> Ports {
        self.nodes[self.node as usize - 1]
    }
}

impl Kafka {
    /// A broker that the test may stop. Has no topics yet.
    pub fn private() -> Kafka {
        Kafka::private_with("")
    }

    /// A private broker with further lines for its `server.properties`.
    pub fn private_with(extra: &str) -> Kafka {
        Kafka::start_with(extra, &[]).unwrap_or_else(|e| panic!("{e}"))
    }

    /// A private broker with further listeners beside the plain one of [`Kafka::brokers`], and with further lines for its
    /// `server.properties`.
    pub fn private_with_listeners(listeners: Vec<Listener>, extra: &str) -> Kafka {
        let plan = || Plan {
            listeners: listeners.clone(),
            ..Plan::alone(Release::NEWEST, &[], extra)
        };
        Kafka::start_first(plan).unwrap_or_else(|e| panic!("{e}"))
    }

    /// A private broker of a release, with doors.
    pub fn private_of(release: Release) -> Kafka {
        Kafka::private_of_with(release, "")
    }

    /// As [`Kafka::private_of`], with further lines for its `server.properties`.
    pub fn private_of_with(release: Release, extra: &str) -> Kafka {
        Kafka::start_with_doors(release, extra).unwrap_or_else(|e| panic!("{e}"))
    }

    /// A private broker with a network that can fail in front of it: clients that bootstrap at `Faults::address` stay
    /// behind it, those that use [`Kafka::brokers`] do not see the faults.
    pub fn private_behind_faults() -> (Kafka, Faults) {
        let port = free_port();
        let faults = Faults::to(local(port));
        let kafka = Kafka::start_with("", &[(port, faults.address().port())]).unwrap_or_else(|e| panic!("{e}"));
        (kafka, faults)
    }

    /// A private broker, and what is asked of it by those who bootstrap at `Requests::address`.
    pub fn private_with_requests() -> (Kafka, Requests) {
        let port = free_port();
        let requests = Requests::to(local(port));
        let kafka = Kafka::start_with("", &[(port, requests.address().port())]).unwrap_or_else(|e| panic!("{e}"));
        (kafka, requests)
    }

    /// The shared broker. Nobody restarts it, so it keeps its session also over a long pause of a busy machine.
    pub(super) fn start_shared() -> Result<Kafka, String> {
        Kafka::start_with_doors(Release::NEWEST, "broker.session.timeout.ms=9000")
    }

    fn start_with_doors(release: Release, extra: &str) -> Result<Kafka, String> {
        let ports: Vec<u16> = (0..DOORS).map(|_| free_port()).collect();
        let listeners: Vec<_> = ports.iter().map(|port| vec![local(*port)]).collect();
        let (doors, proxies) = Doors::before(&listeners);
        let proxied: Vec<_> = ports
            .into_iter()
            .zip(proxies)
            .map(|(port, proxies)| (port, proxies[0].port()))
            .collect();
        let mut kafka = Kafka::start_first(|| Plan::alone(release, &proxied, extra))?;
        kafka.set_doors(doors);
        Ok(kafka)
    }

    fn start_with(extra: &str, proxied: &[(u16, u16)]) -> Result<Kafka, String> {
        Kafka::start_first(|| Plan::alone(Release::NEWEST, proxied, extra))
    }

    /// The first that finds its ports free.
    fn start_first(plan: impl Fn() -> Plan) -> Result<Kafka, String> {
        let mut failure = String::new();
        for _ in 0..START_ATTEMPTS {
            let mut kafka = Kafka::formatted(plan())?;
            match kafka.launch() {
                Ok(()) => return Ok(kafka),
                Err(e) if e.contains("Address already in use") => failure = e,
                Err(e) => return Err(e),
            }
        }
        Err(failure)
    }

    /// With its data directory, not started yet.
    pub(super) fn formatted(plan: Plan) -> Result<Kafka, String> {
        let dir = tempfile::Builder::new()
            .prefix("clp-kafka-")
            .tempdir()
            .map_err(|e| e.to_string())?;
        let data = dir.path().join("data");
        fs::create_dir(&data).map_err(|e| e.to_string())?;
        plan.release.format(&data, plan.node)?;
        Ok(Kafka {
            server: None,
            plan,
            doors: Doors::default(),
            dir,
        })
    }

    /// `host:port`, of each node of its cluster, for `bootstrap.servers`.
    pub fn brokers(&self) -> String {
        let addresses: Vec<String> = self
            .plan
            .nodes
            .iter()
            .map(|ports| local(ports.client).to_string())
            .collect();
        addresses.join(",")
    }

    pub fn address(&self) -> SocketAddr {
        local(self.plan.ports().client)
    }

    /// Replicas of each partition: one on each node.
    pub fn replicas(&self) -> usize {
        self.plan.nodes.len()
    }

    pub(super) fn doors(&self) -> &Doors {
        &self.doors
    }

    pub(super) fn set_doors(&mut self, doors: Doors) {
        self.doors = doors;
    }

    /// Starts a stopped broker again, on the same port and with its data; returns when transactions work again.
    pub fn start(&mut self) {
        assert!(self.server.is_none(), "the broker runs already");
        self.launch().unwrap_or_else(|e| panic!("{e}"));
    }

    /// Stops it as an operator does (SIGTERM); returns when it has ended.
    pub fn stop(&mut self) {
        self.end_by("TERM");
    }

    /// Ends it without a chance to write or to say anything (SIGKILL).
    pub fn kill_9(&mut self) {
        self.end_by("KILL");
    }

    /// Makes it hang (SIGSTOP): connections stay open, nothing is answered.
    pub fn pause(&mut self) {
        self.running().signal("STOP");
    }

    /// Ends a hang (SIGCONT).
    pub fn resume(&mut self) {
        self.running().signal("CONT");
    }

    pub fn pid(&self) -> u32 {
        self.running().pid()
    }

    fn running(&self) -> &Server {
        self.server.as_ref().expect("a running broker")
    }

    fn end_by(&mut self, signal: &str) {
        let server = self.server.take().expect("a running broker");
        server.signal(signal);
        server.wait(STOP_WITHIN);
    }

    fn launch(&mut self) -> Result<(), String> {
        self.spawn()?;
        self.await_start()
    }

    /// Starts the process.
    pub(super) fn spawn(&mut self) -> Result<(), String> {
        let properties = self.dir.path().join("server.properties");
        fs::write(&properties, self.properties()).map_err(|e| e.to_string())?;
        let mut command = self.plan.release.java()?;
        // Libraries that it unpacks, which a kill leaves behind.
        let tmp = format!("-Djava.io.tmpdir={}", self.dir.path().display());
        command.arg(tmp).arg("kafka.Kafka").arg(&properties);
        self.server = Some(Server::spawn(command, &self.dir.path().join("log"), self.dir.path()));
        Ok(())
    }

    /// Waits until it, or its cluster, can do all that it shall.
    pub(super) fn await_start(&mut self) -> Result<(), String> {
        let (address, brokers) = (self.address(), self.brokers());
        // Taken out, so that one that did not start is gone.
        let mut server = self.server.take().expect("a started process");
        server.ready("Kafka", START_WITHIN, || TcpStream::connect(address).ok())?;
        // Right after the first start the coordinators are still being made, and transactions are refused.
        server.ready("Kafka's transactions", START_WITHIN, || transactions_work(&brokers))?;
        self.server = Some(server);
        Ok(())
    }

    fn properties(&self) -> String {
        let Plan {
            node,
            nodes,
            proxied,
            listeners: further,
            ..
        } = &self.plan;
        let Ports { client, controller } = self.plan.ports();
        let data = self.dir.path().join("data");
        let mut listeners = format!("PLAINTEXT://127.0.0.1:{client}");
        let mut advertised = listeners.clone();
        let mut protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned();
        for (number, (port, proxy)) in proxied.iter().enumerate() {
            listeners += &format!(",DOOR{number}://127.0.0.1:{port}");
            advertised += &format!(",DOOR{number}://127.0.0.1:{proxy}");
            protocols += &format!(",DOOR{number}:PLAINTEXT");
        }
        let mut extra = String::new();
        for listener in further {
            let Listener {
                name, protocol, port, ..
            } = listener;
            listeners += &format!(",{name}://127.0.0.1:{port}");
            advertised += &format!(",{name}://{}", listener.advertised);
            protocols += &format!(",{name}:{protocol}");
            for line in &listener.properties {
                extra += &format!("listener.name.{}.{line}\n", name.to_lowercase());
            }
        }
        extra += &self.plan.extra;
        let voters: Vec<String> = (1..)
            .zip(nodes)
            .map(|(node, ports)| format!("{node}@127.0.0.1:{}", ports.controller))
            .collect();
        let (voters, replicas) = (voters.join(","), nodes.len());
        // With one of three gone, two are still enough.
        let in_sync = replicas.min(2);
        format!(
            "process.roles=broker,controller\n\
             node.id={node}\n\
             controller.quorum.voters={voters}\n\
             listeners={listeners},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners={advertised}\n\
             listener.security.protocol.map={protocols}\n\
             controller.listener.names=CONTROLLER\n\
             inter.broker.listener.name=PLAINTEXT\n\
             log.dirs={}\n\
             auto.create.topics.enable=false\n\
             default.replication.factor={replicas}\n\
             min.insync.replicas={in_sync}\n\
             offsets.topic.replication.factor={replicas}\n\
             offsets.topic.num.partitions=4\n\
             transaction.state.log.replication.factor={replicas}\n\
             transaction.state.log.min.isr={in_sync}\n\
             transaction.state.log.num.partitions=4\n\
             # A transaction whose producer was killed ends soon after its timeout, not up to 10 s later.\n\
             transaction.abort.timed.out.transaction.cleanup.interval.ms=1000\n\
             # Tests of killed consumers ask for short sessions.\n\
             group.min.session.timeout.ms=1000\n\
             group.initial.rebalance.delay.ms=0\n\
             # Hundreds of small topics in a small process.\n\
             log.index.size.max.bytes=1048576\n\
             log.cleaner.dedupe.buffer.size=8388608\n\
             log.cleaner.backoff.ms=1000\n\
             # A killed broker may come back when its old session is over.\n\
             broker.session.timeout.ms=3000\n\
             broker.heartbeat.interval.ms=500\n\
             num.network.threads=2\n\
             num.io.threads=4\n\
             {}\n",
            data.display(),
            extra
        )
    }
}

pub(super) fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A JVM with Kafka's jars; the class and its arguments are still to be added.
pub(super) fn java() -> Result<Command, String> {
    Release::NEWEST.java()
}

/// A producer that registers itself as transactional. A new one for each attempt, because librdkafka itself asks only
/// once a second for a coordinator that was not there at first.
fn transactions_work(brokers: &str) -> Option<()> {
    const ATTEMPT: Duration = Duration::from_millis(250);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("transactional.id", unique("ready"))
        .create()
        .expect("a producer");
    producer.init_transactions(ATTEMPT).ok()
}
