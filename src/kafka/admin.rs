//! What a cluster has: brokers, topics, groups; and what it lacks.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rdkafka::{
    admin::{AdminClient, AdminOptions, ResourceSpecifier, TopicReplication},
    consumer::{BaseConsumer, Consumer},
    types::RDKafkaErrorCode,
};

use super::{
    BrokerVersion, Connection, Error,
    blocking::pause,
    connection::{CONNECT_TIMEOUT, REQUEST_TIMEOUT},
    context::Context,
    dispose::Disposed,
};

/// A connection to ask with. All calls may block.
pub struct Cluster {
    connection: Connection,
    client: Disposed<BaseConsumer<Context>>,
    pub brokers: Vec<String>,
    pub topics: BTreeMap<String, TopicInfo>,
    /// How long the first answer took, connecting included.
    pub latency: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicInfo {
    pub partitions: u32,
    pub replication_factor: u32,
}

/// A topic to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    pub name: String,
    pub partitions: u32,
    /// -1: the brokers' default.
    pub replication_factor: i32,
    pub config: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicOutcome {
    Created,
    Existed,
    Failed(String),
}

/// Who is in a consumer group now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupActivity {
    /// The `client.id` of each.
    pub members: Vec<String>,
}

const QUEUED_EVENTS_WAIT: Duration = Duration::from_millis(5);
/// How long the reason of a failure is looked for, once there is one.
const REASON_WAIT: Duration = Duration::from_millis(500);
/// How long new topics may take to be usable.
const LED_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Cluster {
    /// Connects and lists topics, within five seconds.
    ///
    /// # Errors
    /// [`Error::Unreachable`] with the reason that librdkafka had last.
    pub fn connect(connection: &Connection) -> Result<Self, Error> {
        let client: Disposed<BaseConsumer<Context>> = connection
            .client()
            .set("group.id", "clp-admin")
            // For the brokers' version; see `BrokerVersion`.
            .set("debug", "feature")
            .set("allow.auto.create.topics", "false")
            .create_with_context(Context::default())
            .map(Disposed::consumer)
            .map_err(Error::creation)?;
        let start = Instant::now();
        let answer = client.fetch_metadata(None, CONNECT_TIMEOUT);
        let latency = start.elapsed();
        // What the client has to tell, such as why it can not connect, waits in its queue until that is polled.
        while client.poll(QUEUED_EVENTS_WAIT).is_some() {}
        let metadata = answer.map_err(|error| {
            // The reason may wait behind hundreds of lines of its log, longer than one look takes.
            let start = Instant::now();
            while client.context().last_trouble().is_none() && start.elapsed() < REASON_WAIT {
                client.poll(QUEUED_EVENTS_WAIT);
            }
            Error::Unreachable {
                brokers: connection.brokers.clone(),
                seconds: CONNECT_TIMEOUT.as_secs(),
                reason: client.context().last_trouble().unwrap_or_else(|| error.to_string()),
            }
        })?;
        let brokers = metadata
            .brokers()
            .iter()
            .map(|broker| format!("{}:{}", broker.host(), broker.port()))
            .collect();
        let topics = metadata
            .topics()
            .iter()
            .filter(|topic| topic.error().is_none())
            .map(|topic| {
                let replicas = topic.partitions().first().map_or(0, |first| first.replicas().len());
                let info = TopicInfo {
                    partitions: topic.partitions().len() as u32,
                    replication_factor: replicas as u32,
                };
                (topic.name().to_owned(), info)
            })
            .collect();
        Ok(Self {
            connection: connection.clone(),
            client,
            brokers,
            topics,
            latency,
        })
    }

    pub fn version(&self) -> BrokerVersion {
        self.client.context().version()
    }

    /// The partition counts of `topics`, in their order.
    ///
    /// # Errors
    /// [`Error::MissingTopics`] names all that are not there.
    pub fn partitions(&self, topics: &[&str]) -> Result<Vec<u32>, Error> {
        let missing: Vec<String> = topics
            .iter()
            .filter(|topic| !self.topics.contains_key(**topic))
            .map(|topic| (*topic).to_owned())
            .collect();
        if !missing.is_empty() {
            return Err(Error::MissingTopics { topics: missing });
        }
        Ok(topics.iter().map(|topic| self.topics[*topic].partitions).collect())
    }

    /// Who is in the group now. Asks again for half a minute while a broker that has just started reads its groups.
    pub fn group(&self, group: &str) -> Result<GroupActivity, Error> {
        let start = Instant::now();
        loop {
            let error = match self.client.fetch_group_list(Some(group), REQUEST_TIMEOUT) {
                Ok(list) => {
                    let members = list.groups().iter().flat_map(|group| group.members());
                    return Ok(GroupActivity {
                        members: members.map(|member| member.client_id().to_owned()).collect(),
                    });
                }
                Err(error) => error,
            };
            if error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnsupportedFeature) {
                // The embedded broker knows no groups: it lives and dies with the process that asks.
                return Ok(GroupActivity::default());
            }
            if !super::error::is_retriable(&error) || start.elapsed() > REQUEST_TIMEOUT {
                return Err(Error::client(format!("group {group}"), error));
            }
            tracing::debug!(%error, group, "asking for the group again");
            pause(LOOK_EVERY);
        }
    }

    /// A topic's settings, by name. Empty where the brokers do not tell them.
    pub async fn topic_config(&self, topic: &str) -> BTreeMap<String, String> {
        if self.version().hides_settings() {
            return BTreeMap::new();
        }
        let Ok(admin) = self.admin() else {
            return BTreeMap::new();
        };
        let options = AdminOptions::new().request_timeout(Some(CONNECT_TIMEOUT));
        let answer = admin
            .describe_configs([&ResourceSpecifier::Topic(topic)], &options)
            .await;
        let resource = match answer.map(|mut resources| resources.pop()) {
            Ok(Some(Ok(resource))) => resource,
            other => {
                tracing::debug!(topic, answer = ?other.err(), "the topic's settings can not be read");
                return BTreeMap::new();
            }
        };
        resource
            .entries
            .into_iter()
            .filter_map(|entry| Some((entry.name, entry.value?)))
            .collect()
    }

    /// Creates topics; those that exist stay as they are.
    pub async fn create(&self, topics: &[NewTopic]) -> Result<Vec<TopicOutcome>, Error> {
        let admin = self.admin()?;
        let wanted: Vec<rdkafka::admin::NewTopic<'_>> = topics
            .iter()
            .map(|topic| {
                let replication = TopicReplication::Fixed(topic.replication_factor);
                let new = rdkafka::admin::NewTopic::new(&topic.name, topic.partitions as i32, replication);
                topic.config.iter().fold(new, |new, (key, value)| new.set(key, value))
            })
            .collect();
        let options = AdminOptions::new().operation_timeout(Some(REQUEST_TIMEOUT));
        let answers = admin
            .create_topics(&wanted, &options)
            .await
            .map_err(|error| Error::client("creating topics", error))?;
        let created: Vec<String> = answers.iter().flatten().cloned().collect();
        let connection = self.connection.clone();
        super::blocking(move || Self::connect(&connection)?.wait_until_led(&created)).await?;
        Ok(answers
            .into_iter()
            .map(|answer| match answer {
                Ok(_) => TopicOutcome::Created,
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => TopicOutcome::Existed,
                Err((_, code)) => TopicOutcome::Failed(code.to_string()),
            })
            .collect())
    }

    /// A broker that has made a topic may not show it yet, and its partitions may have no leaders: whoever used it at
    /// once would be told that it is missing.
    fn wait_until_led(&self, topics: &[String]) -> Result<(), Error> {
        let start = Instant::now();
        loop {
            let metadata = self
                .client
                .fetch_metadata(None, REQUEST_TIMEOUT)
                .map_err(|error| Error::client("looking for the new topics", error))?;
            let led = |name: &String| {
                let mut found = metadata.topics().iter().filter(|topic| topic.name() == name);
                found.any(|topic| topic.error().is_none() && topic.partitions().iter().all(|p| p.error().is_none()))
            };
            if topics.iter().all(led) {
                return Ok(());
            }
            if start.elapsed() > LED_WITHIN {
                tracing::warn!("the new topics have no leaders yet; give the brokers a moment");
                return Ok(());
            }
            pause(LOOK_EVERY);
        }
    }

    fn admin(&self) -> Result<Disposed<AdminClient<Context>>, Error> {
        self.connection
            .client()
            .create_with_context(Context::default())
            .map(Disposed::new)
            .map_err(Error::creation)
    }
}
