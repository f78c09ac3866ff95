//! Tries a connection, in a bounded time: the way of `test-kafka`, `config check` and `setup-config` to say what works.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::{
    cli::{Exit, Failure, Kafka},
    config::Topics,
    kafka::{self, Cluster, Connection, Delivery, Producer, TopicLimits},
    pipeline::raw_lines::MAX_RECORD_BYTES,
    storage::Container,
};

/// What a page of a container showed.
#[derive(Clone, Debug, Serialize)]
pub struct StorageAnswer {
    pub latency_ms: u64,
    /// Blobs on the first page of the list.
    pub blobs: usize,
    /// Whether there are more pages.
    pub more: bool,
}

/// What a cluster showed.
#[derive(Debug, Serialize)]
pub struct KafkaAnswer {
    pub brokers: Vec<String>,
    pub latency_ms: u64,
    pub version: String,
    pub transactions: bool,
    pub transactions_error: Option<String>,
    pub topics: Vec<Topic>,
    /// Why there are no transactions.
    #[serde(skip)]
    pub refused: Option<kafka::Error>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Topic {
    pub topic: String,
    pub present: bool,
    pub partitions: u32,
}

/// The limit of a look at a container, the way to a token included.
const STORAGE_LIMIT: Duration = Duration::from_secs(15);

/// The limit of the whole test of Kafka.
const KAFKA_LIMIT: Duration = Duration::from_secs(5);

/// Lists one page of the container.
///
/// # Errors
/// Those of storage, and no answer in time.
pub async fn storage(container: &Container) -> anyhow::Result<StorageAnswer> {
    let start = Instant::now();
    let Ok(page) = tokio::time::timeout(STORAGE_LIMIT, container.page("", None)).await else {
        let message = format!(
            "{}: no answer within {} s",
            container.describe(),
            STORAGE_LIMIT.as_secs()
        );
        let hint =
            "check the endpoint, the network and the proxy; a managed identity answers only on a machine in Azure";
        return Err(Failure::new(Exit::Storage, message).with_hint(hint).into());
    };
    let page = page?;
    Ok(StorageAnswer {
        latency_ms: start.elapsed().as_millis() as u64,
        blobs: page.blobs.len(),
        more: page.next.is_some(),
    })
}

/// Asks the brokers for all that clp needs of them. No transactions are no error here: see [`KafkaAnswer::refused`].
///
/// # Errors
/// No answer in time.
pub async fn kafka(kafka: &Kafka, topics: &Topics) -> Result<KafkaAnswer, kafka::Error> {
    let connection = kafka.connection.clone();
    let start = Instant::now();
    let asked = connection.clone();
    let cluster = kafka::blocking(move || Cluster::connect(&asked)).await?;
    let refused = transactions(&connection, KAFKA_LIMIT.saturating_sub(start.elapsed()))
        .await
        .err();
    let topics = topics.all().map(|(_, name)| Topic {
        topic: name.to_owned(),
        present: cluster.topics.contains_key(name),
        partitions: cluster.topics.get(name).map_or(0, |info| info.partitions),
    });
    Ok(KafkaAnswer {
        brokers: cluster.brokers.clone(),
        latency_ms: cluster.latency.as_millis() as u64,
        version: cluster.version().to_string(),
        transactions: refused.is_none(),
        transactions_error: refused.as_ref().map(ToString::to_string),
        topics: topics.into(),
        refused,
    })
}

/// Whether the brokers let a transactional producer in, within the time that is left.
async fn transactions(connection: &Connection, limit: Duration) -> Result<(), kafka::Error> {
    let connection = connection.clone();
    let opening = kafka::blocking(move || {
        let transactional_id = "clp-test-kafka".to_owned();
        Producer::open(
            &connection,
            Delivery::ExactlyOnce { transactional_id },
            TopicLimits::of([MAX_RECORD_BYTES]),
        )
        .map(drop)
    });
    match tokio::time::timeout(limit, opening).await {
        Ok(result) => result,
        Err(_) => Err(kafka::Error::NoTransactions {
            seconds: KAFKA_LIMIT.as_secs(),
        }),
    }
}

impl StorageAnswer {
    /// For people.
    pub fn found(&self) -> String {
        match (self.blobs, self.more) {
            (0, false) => "no blobs yet".to_owned(),
            (1, false) => "1 blob".to_owned(),
            (blobs, more) => format!("{blobs}{} blobs", if more { "+" } else { "" }),
        }
    }
}

impl KafkaAnswer {
    /// For people.
    pub fn found(&self) -> String {
        let missing = self.topics.iter().filter(|topic| !topic.present).count();
        let topics = match missing {
            0 => "all topics".to_owned(),
            missing => format!("{missing} of {} topics missing (clp init-topics)", self.topics.len()),
        };
        let brokers = self.brokers.len();
        format!(
            "{brokers} broker{}, Kafka {}, {}transactions, {topics}",
            if brokers == 1 { "" } else { "s" },
            self.version,
            if self.transactions { "" } else { "no " },
        )
    }
}
