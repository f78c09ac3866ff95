//! A real Apache Kafka: one KRaft node, shared by the tests or private to one that stops it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer};
use tempfile::TempDir;

use super::faults::Faults;
use super::process::{Server, free_port, unique};
use super::requests::Requests;
use super::services::fetched;

const START_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(60);
/// Another process may take a port between our look at it and the server's.
const START_ATTEMPTS: u32 = 3;
/// Quick to start and small: no second compiler, no parallel collector, no statistics file. The JVM's own log is off, as
/// it would mix with what a tool prints, such as that the class archive is another JVM's.
const JVM: [&str; 6] = [
    "-Xmx512m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-Xlog:disable",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

pub struct Kafka {
    /// First, so that the server has ended when the directory is removed. `None` while it is stopped.
    server: Option<Server>,
    ports: Ports,
    extra: String,
    dir: TempDir,
}

struct Ports {
    client: u16,
    controller: u16,
    /// A second listener, and the proxy's port that it tells its clients to use.
    faulty: Option<(u16, u16)>,
}

impl Kafka {
    /// A broker that the test may stop. Has no topics yet.
    pub fn private() -> Kafka {
        Kafka::private_with("")
    }

    /// A private broker with further lines for its `server.properties`.
    pub fn private_with(extra: &str) -> Kafka {
        Kafka::start_with(extra, None).unwrap_or_else(|e| panic!("{e}"))
    }

    /// A private broker with a network that can fail in front of it: clients that bootstrap at `Faults::address` stay
    /// behind it, those that use [`Kafka::brokers`] do not see the faults.
    pub fn private_behind_faults() -> (Kafka, Faults) {
        let port = free_port();
        let faults = Faults::to(local(port));
        let kafka = Kafka::start_with("", Some((port, faults.address().port()))).unwrap_or_else(|e| panic!("{e}"));
        (kafka, faults)
    }

    /// A private broker, and what is asked of it by those who bootstrap at `Requests::address`.
    pub fn private_with_requests() -> (Kafka, Requests) {
        let port = free_port();
        let requests = Requests::to(local(port));
        let kafka = Kafka::start_with("", Some((port, requests.address().port()))).unwrap_or_else(|e| panic!("{e}"));
        (kafka, requests)
    }

    /// The shared broker. Nobody restarts it, so it keeps its session also over a long pause of a busy machine.
    pub(super) fn start_shared() -> Result<Kafka, String> {
        Kafka::start_with("broker.session.timeout.ms=9000", None)
    }

    fn start_with(extra: &str, faulty: Option<(u16, u16)>) -> Result<Kafka, String> {
        let mut failure = String::new();
        for _ in 0..START_ATTEMPTS {
            let dir = tempfile::Builder::new()
                .prefix("clp-kafka-")
                .tempdir()
                .map_err(|e| e.to_string())?;
            let data = dir.path().join("data");
            fs::create_dir(&data).map_err(|e| e.to_string())?;
            for (name, bytes) in formatted()? {
                fs::write(data.join(name), bytes).map_err(|e| e.to_string())?;
            }
            let ports = Ports {
                client: free_port(),
                controller: free_port(),
                faulty,
            };
            let mut kafka = Kafka {
                server: None,
                ports,
                extra: extra.to_owned(),
                dir,
            };
            match kafka.launch() {
                Ok(()) => return Ok(kafka),
                Err(e) if e.contains("Address already in use") => failure = e,
                Err(e) => return Err(e),
            }
        }
        Err(failure)
    }

    /// `host:port`, for `bootstrap.servers`.
    pub fn brokers(&self) -> String {
        self.address().to_string()
    }

    pub fn address(&self) -> SocketAddr {
        local(self.ports.client)
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

    fn running(&self) -> &Server {
        self.server.as_ref().expect("a running broker")
    }

    fn end_by(&mut self, signal: &str) {
        let server = self.server.take().expect("a running broker");
        server.signal(signal);
        server.wait(STOP_WITHIN);
    }

    fn launch(&mut self) -> Result<(), String> {
        let properties = self.dir.path().join("server.properties");
        fs::write(&properties, self.properties()).map_err(|e| e.to_string())?;
        let mut command = java()?;
        // Libraries that it unpacks, which a kill leaves behind.
        let tmp = format!("-Djava.io.tmpdir={}", self.dir.path().display());
        command.arg(tmp).arg("kafka.Kafka").arg(&properties);
        let mut server = Server::spawn(command, &self.dir.path().join("log"), self.dir.path());
        server.ready("Kafka", START_WITHIN, || TcpStream::connect(self.address()).ok())?;
        // Right after the first start the coordinators are still being made, and transactions are refused.
        server.ready("Kafka's transactions", START_WITHIN, || {
            transactions_work(&self.brokers())
        })?;
        self.server = Some(server);
        Ok(())
    }

    fn properties(&self) -> String {
        let Ports {
            client,
            controller,
            faulty,
        } = self.ports;
        let data = self.dir.path().join("data");
        let mut listeners = format!("PLAINTEXT://127.0.0.1:{client}");
        let mut advertised = listeners.clone();
        if let Some((port, proxy)) = faulty {
            listeners += &format!(",FAULTY://127.0.0.1:{port}");
            advertised += &format!(",FAULTY://127.0.0.1:{proxy}");
        }
        format!(
            "process.roles=broker,controller\n\
             node.id=1\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners={listeners},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners={advertised}\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,FAULTY:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
             controller.listener.names=CONTROLLER\n\
             inter.broker.listener.name=PLAINTEXT\n\
             log.dirs={}\n\
             auto.create.topics.enable=false\n\
             offsets.topic.replication.factor=1\n\
             offsets.topic.num.partitions=4\n\
             transaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\n\
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
            self.extra
        )
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A JVM with Kafka's jars; the class and its arguments are still to be added.
pub(super) fn java() -> Result<Command, String> {
    let jars = fetched("kafka/libs")?.join("*");
    let mut command = Command::new("java");
    command.args(JVM).arg("-cp").arg(jars);
    if let Ok(classes) = fetched("kafka/classes.jsa") {
        command.arg(format!("-XX:SharedArchiveFile={}", classes.display()));
    }
    Ok(command)
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

/// Names and contents.
type Files = Vec<(String, Vec<u8>)>;

/// The files of a freshly formatted data directory. Formatting starts a JVM, so it is done once; every broker gets a
/// copy and so the same cluster id, which none of them minds.
fn formatted() -> Result<&'static Files, String> {
    static FORMATTED: OnceLock<Result<Files, String>> = OnceLock::new();
    FORMATTED
        .get_or_init(|| {
            let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
            format(dir.path()).map_err(|e| format!("Kafka's data directory could not be formatted: {e}"))
        })
        .as_ref()
        .map_err(Clone::clone)
}

fn format(dir: &Path) -> Result<Files, String> {
    const CLUSTER_ID: &str = "Y2xwLXRlc3QtY2x1c3RlcQ";
    let data = dir.join("data");
    let properties = dir.join("server.properties");
    let text = format!(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:1\n\
         controller.listener.names=CONTROLLER\nlisteners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1\n\
         log.dirs={}\n",
        data.display()
    );
    fs::write(&properties, text).map_err(|e| e.to_string())?;
    let mut command = java()?;
    command
        .args(["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"])
        .arg(&properties);
    let output = command
        .output()
        .map_err(|e| format!("java (17 or newer is needed): {e}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(&data).map_err(|e| e.to_string())? {
        let path = entry.map_err(|e| e.to_string())?.path();
        let name = path.file_name().expect("a file's name").to_string_lossy().into_owned();
        files.push((name, fs::read(&path).map_err(|e| e.to_string())?));
    }
    Ok(files)
}
