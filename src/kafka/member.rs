//! A member of a consumer group that decides itself when a change of its partitions takes effect.
//!
//! librdkafka tells of a change by a callback and goes on when that returns. Here the callback only notes the change:
//! partitions are taken by [`Member::take`] and given back by [`Member::release`], so that whoever works on them commits
//! first, in plain sequence. The group waits for it meanwhile.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rdkafka::{
    ClientContext, Message, Offset, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext},
    error::KafkaError,
    types::RDKafkaRespErr,
};

use super::{
    Connection, Error, RecordHeaders,
    connection::{CONNECT_TIMEOUT, REQUEST_TIMEOUT},
    context::Context,
    dispose::Disposed,
    error::{is_denied, is_of_connections},
    outage::Outage,
    seek::seek,
    standing::Standing,
};

/// Where a group stands: by partition, the offset of the record that is next.
pub type Offsets = BTreeMap<i32, i64>;

/// One member. All its calls may block, and [`Member::poll`] is to be called now and then: a member that is silent for
/// librdkafka's `max.poll.interval.ms` (five minutes) loses its partitions.
pub struct Member {
    consumer: Disposed<BaseConsumer<Changes>>,
    topic: String,
    outage: Outage,
}

/// What a member hears.
#[derive(Debug)]
pub enum News {
    Record(Consumed),
    /// The partition is read to its end for now.
    End(i32),
    /// The group gives these partitions, to be taken by [`Member::take`].
    Assigned(Vec<i32>),
    /// The group wants these back, by [`Member::release`], and waits for it.
    Revoked(Vec<i32>),
    /// The group has given these to others already; [`Member::release`] all the same.
    Lost(Vec<i32>),
}

/// A record as it was read.
#[derive(Debug)]
pub struct Consumed {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    /// When it was written, in milliseconds since 1970.
    pub timestamp: Option<i64>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    pub headers: RecordHeaders,
}

/// A killed member's partitions go to others after this long.
const SESSION_TIMEOUT: Duration = Duration::from_secs(12);
/// A member hears by its next heartbeat that the group changes, and the others wait for it.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(1);
/// Of a question to brokers that may be away: nothing else is done meanwhile.
const ASK_TIMEOUT: Duration = Duration::from_millis(100);

impl Member {
    /// Connects, and finds the topic and the group's coordinator, so that [`Member::join`] asks to be let in at once. Others
    /// see the member by its `client_id`, unless the operator has set one.
    pub fn connect(connection: &Connection, group: &str, client_id: &str, topic: &str) -> Result<Self, Error> {
        let mut config = connection.reader();
        config
            .set("client.id", client_id)
            .set("session.timeout.ms", SESSION_TIMEOUT.as_millis().to_string())
            .set("heartbeat.interval.ms", HEARTBEAT_EVERY.as_millis().to_string())
            // Events that nobody has read yet must not be passed over.
            .set("auto.offset.reset", "earliest")
            // A request brings so much of each partition, compressed; what waits is inflated already. Once there is room for more,
            // the next request goes soon: with the 20 ms that it had, a lane stood still for a third of its time.
            .set("fetch.message.max.bytes", "262144")
            .set("queued.max.messages.kbytes", "2048")
            .set("fetch.queue.backoff.ms", "1")
            .set("fetch.wait.max.ms", "100");
        for (key, value) in connection.properties.iter().chain(&connection.consumer) {
            config.set(key, value);
        }
        // What exactly-once rests on is not for the configuration to undo.
        let consumer = config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .create_with_context(Changes::default())
            .map(Disposed::consumer)
            .map_err(Error::creation)?;
        let member = Self {
            consumer,
            topic: topic.to_owned(),
            outage: Outage::default(),
        };
        // Whether this succeeds does not matter: a member goes on trying, and its polls tell what is wrong.
        if member.consumer.fetch_metadata(Some(topic), CONNECT_TIMEOUT).is_ok() {
            let _ = member.consumer.committed_offsets(member.unset(&[0]), CONNECT_TIMEOUT);
        }
        Ok(member)
    }

    /// Joins; the first news come with the polls that follow.
    pub fn join(&self) -> Result<(), Error> {
        let joined = self.consumer.subscribe(&[&self.topic]);
        joined.map_err(|error| Error::client("joining the group", error))
    }

    /// Waits for news, for `timeout` at most.
    ///
    /// # Errors
    /// What only a change of rights or of the configuration can mend. The rest, such as brokers that are away, passes.
    pub fn poll(&mut self, timeout: Duration) -> Result<Option<News>, Error> {
        if let Some(change) = self.change() {
            return Ok(Some(change));
        }
        let error = match self.consumer.poll(timeout) {
            None => {
                self.look_for_brokers();
                return Ok(self.change());
            }
            Some(Ok(message)) => {
                return Ok(Some(News::Record(Consumed {
                    partition: message.partition(),
                    offset: message.offset(),
                    key: message.key().map(<[u8]>::to_vec),
                    timestamp: message.timestamp().to_millis(),
                    value: message.payload().map(<[u8]>::to_vec),
                    headers: RecordHeaders::of(message.headers()),
                })));
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => return Ok(Some(News::End(partition))),
            Some(Err(error)) => error,
        };
        self.go_on_after(error).map(|()| None)
    }

    fn go_on_after(&mut self, error: KafkaError) -> Result<(), Error> {
        let is_fatal = matches!(error, KafkaError::MessageConsumptionFatal(_));
        let code = match is_fatal {
            true => self.consumer.client().fatal_error().map(|(code, _)| code),
            false => error.rdkafka_error_code(),
        };
        if let Some(refused) = code.and_then(Error::refused) {
            return Err(refused);
        }
        if is_fatal || code.is_some_and(is_denied) {
            return Err(self.failed(error));
        }
        if !is_of_connections(&error) {
            tracing::warn!(topic = self.topic, %error, "the group's member goes on");
        } else if self.outage.sign(Instant::now()) {
            tracing::warn!(%error, "Kafka is away; the group's member waits for it");
        }
        Ok(())
    }

    /// Librdkafka tells that the brokers are away, and not that they are back.
    fn look_for_brokers(&mut self) {
        if self.outage.asks(Instant::now())
            && self.consumer.fetch_metadata(Some(&self.topic), ASK_TIMEOUT).is_ok()
            && let Some(away) = self.outage.over(Instant::now())
        {
            tracing::info!(?away, "Kafka is back");
        }
    }

    fn change(&self) -> Option<News> {
        let change = lock(&self.consumer.context().noted).pop_front()?;
        Some(match change {
            Change::Assigned(list) => News::Assigned(partitions(&list)),
            Change::Revoked(list) if self.consumer.assignment_lost() => News::Lost(partitions(&list)),
            Change::Revoked(list) => News::Revoked(partitions(&list)),
        })
    }

    /// Takes partitions that [`News::Assigned`] named. Nothing is read from them before [`Member::start`].
    pub fn take(&self, assigned: &[i32]) -> Result<(), Error> {
        let list = self.unset(assigned);
        self.consumer
            .incremental_assign(&list)
            .and_then(|()| self.consumer.pause(&list))
            .map_err(|error| self.failed(error))
    }

    /// Gives partitions back that [`News::Revoked`] or [`News::Lost`] named.
    pub fn release(&self, revoked: &[i32]) -> Result<(), Error> {
        self.consumer
            .incremental_unassign(&self.unset(revoked))
            .map_err(|error| self.failed(error))
    }

    /// Where the group stands in the given partitions; their first record where it was never before.
    pub fn committed(&self, partitions: &[i32]) -> Result<Offsets, Error> {
        let list = self
            .consumer
            .committed_offsets(self.unset(partitions), REQUEST_TIMEOUT)
            .map_err(|error| self.failed(error))?;
        let mut offsets = Offsets::new();
        for element in list.elements() {
            let first = || {
                let ends = self
                    .consumer
                    .fetch_watermarks(&self.topic, element.partition(), REQUEST_TIMEOUT);
                ends.map_err(|error| self.failed(error)).map(|(first, _)| first)
            };
            let offset = match element.offset() {
                Offset::Offset(offset) => offset,
                _ => first()?,
            };
            offsets.insert(element.partition(), offset);
        }
        Ok(offsets)
    }

    /// Reads on from these offsets.
    pub fn start(&self, offsets: &Offsets) -> Result<(), Error> {
        let list = self.list(offsets)?;
        // In this order: the seek wakes librdkafka's thread for the broker, which would look after a partition that is still
        // paused then only when its sleep of a second is over. What was fetched in between, the seek drops.
        self.consumer.resume(&list).map_err(|error| self.failed(error))?;
        seek(&self.consumer, &list).map_err(|error| self.failed(error))?;
        // A seek to the very beginning wakes nobody; a question does.
        for (partition, _) in offsets.iter().filter(|(_, offset)| **offset == 0) {
            self.ends(*partition);
        }
        Ok(())
    }

    /// The offset behind the partition's last record that is decided; `None` if the brokers do not tell at once.
    pub fn end(&self, partition: i32) -> Option<i64> {
        self.ends(partition).map(|(_, end)| end)
    }

    /// The offset of the partition's first record that is still there; `None` if the brokers do not tell at once.
    pub fn first(&self, partition: i32) -> Option<i64> {
        self.ends(partition).map(|(first, _)| first)
    }

    fn ends(&self, partition: i32) -> Option<(i64, i64)> {
        self.consumer.fetch_watermarks(&self.topic, partition, ASK_TIMEOUT).ok()
    }

    /// Stops reading from these partitions until [`Member::resume`] or [`Member::start`].
    pub fn pause(&self, partitions: &[i32]) -> Result<(), Error> {
        self.consumer
            .pause(&self.unset(partitions))
            .map_err(|error| self.failed(error))
    }

    pub fn resume(&self, partitions: &[i32]) -> Result<(), Error> {
        self.consumer
            .resume(&self.unset(partitions))
            .map_err(|error| self.failed(error))
    }

    /// Commits without a transaction.
    pub(super) fn commit(&self, offsets: &Offsets) -> Result<(), Error> {
        self.consumer
            .commit(&self.list(offsets)?, CommitMode::Sync)
            .map_err(|error| self.failed(error))
    }

    /// What the group's coordinator knows this member by.
    ///
    /// # Errors
    /// [`Error::Aborted`] if the group has not let it in.
    pub(super) fn standing(&self) -> Result<Standing, Error> {
        Standing::of(&self.consumer).ok_or_else(|| Error::Aborted {
            reason: "the group has not let this member in".to_owned(),
        })
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    fn list(&self, offsets: &Offsets) -> Result<TopicPartitionList, Error> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (partition, offset) in offsets {
            list.add_partition_offset(&self.topic, *partition, Offset::Offset(*offset))
                .map_err(|error| self.failed(error))?;
        }
        Ok(list)
    }

    fn unset(&self, partitions: &[i32]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            list.add_partition(&self.topic, *partition);
        }
        list
    }

    fn failed(&self, error: KafkaError) -> Error {
        Error::client(format!("the group's part of topic {}", self.topic), error)
    }
}

impl Drop for Member {
    /// Leaves the group. Whatever was not committed is another's.
    fn drop(&mut self) {
        self.consumer.context().leaving.store(true, Ordering::Relaxed);
        for change in lock(&self.consumer.context().noted).drain(..) {
            if let Change::Revoked(list) = change {
                // Where this fails, the group learns by the session's end that the member is gone.
                let _ = self.consumer.incremental_unassign(&list);
            }
        }
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(|element| element.partition()).collect()
}

/// Notes what librdkafka calls back about.
#[derive(Default)]
struct Changes {
    common: Context,
    noted: Mutex<VecDeque<Change>>,
    leaving: AtomicBool,
}

enum Change {
    Assigned(TopicPartitionList),
    Revoked(TopicPartitionList),
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientContext for Changes {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.common.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // The end of a partition is no error; whoever polls hears of it.
        if !matches!(error, KafkaError::PartitionEOF(_)) {
            self.common.error(error, reason);
        }
    }
}

impl ConsumerContext for Changes {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, kind: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let assigned = kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        tracing::debug!(assigned, partitions = ?partitions(list), "the group changes");
        if self.leaving.load(Ordering::Relaxed) {
            // Nobody will ask for the news any more, and librdkafka waits for an answer.
            let answered = match assigned {
                true => consumer.incremental_assign(list),
                false => consumer.incremental_unassign(list),
            };
            if let Err(error) = answered {
                tracing::debug!(%error, "leaving the group");
            }
            return;
        }
        let list = list.clone();
        lock(&self.noted).push_back(match assigned {
            true => Change::Assigned(list),
            false => Change::Revoked(list),
        });
    }
}
