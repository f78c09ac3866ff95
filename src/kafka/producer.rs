//! Records go to Kafka in transactions, or, where brokers have none, with acknowledged delivery.

use std::time::{Duration, Instant};

use rdkafka::{
    error::KafkaError,
    message::OwnedHeaders,
    producer::{BaseProducer, BaseRecord, Producer as _},
    types::RDKafkaErrorCode,
    util::Timeout,
};

use super::{
    Connection, Error, Member, Offsets, Severity, blocking::pause, connection::CONNECT_TIMEOUT, context::Context,
    dispose::Disposed, error::is_denied, outage::Outage,
};

/// What a commit promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// All records since the last commit become visible together or not at all.
    ExactlyOnce { transactional_id: String },
    /// All records since the last commit are in Kafka, perhaps some of them twice after a failure.
    AtLeastOnce,
}

/// One record. Its partition is chosen by the caller, its timestamp is the time of sending.
pub struct Record<'a> {
    pub topic: &'a str,
    pub partition: i32,
    pub key: Option<&'a [u8]>,
    /// `None` is a tombstone: a compacted topic forgets the key.
    pub payload: Option<&'a [u8]>,
    pub headers: Option<OwnedHeaders>,
}

/// A producer that works commit by commit. All its calls may block.
pub struct Producer {
    inner: Disposed<BaseProducer<Context>>,
    /// For messages.
    brokers: String,
    delivery: Delivery,
    /// When the first record since the last commit was sent.
    begun: Option<Instant>,
}

/// A killed producer's transaction holds readers up for no longer than this.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(20);
/// The most that waits in librdkafka to be sent; [`Producer::send`] blocks beyond it. Five batches on their way and one that
/// is filled: with more, records leave the processor's caches before they are compressed, which takes a fifth more of its time.
const QUEUE_BYTES: usize = 6 << 20;
/// The same in records: a short one costs librdkafka many times its bytes.
const QUEUE_MESSAGES: u32 = 20_000;
/// Between two looks at librdkafka's queue. Its own blocking poll spins through the last millisecond of any wait.
const QUEUE_POLL: Duration = Duration::from_millis(1);
const NEWS_WAIT: Duration = Duration::from_millis(20);
/// A commit that stays undecided is asked for again for so long.
const COMMIT_TRY: Duration = Duration::from_secs(5);
const COMMIT_PATIENCE: Duration = Duration::from_secs(300);
/// After a broker's start, transactions answer "coordinator load in progress" for a while.
const INIT_PATIENCE: Duration = Duration::from_secs(60);
const RETRY_DELAY: Duration = Duration::from_millis(200);

impl Producer {
    /// Connects. With [`Delivery::ExactlyOnce`], any older producer of the same transactional id is fenced off, and its
    /// open transaction is ended, before this returns: what is read then is the last word.
    ///
    /// `max_record_bytes` is the largest record of the topics, all included.
    ///
    /// # Errors
    /// [`Error::Property`] for a property that does not go with transactions, else what the brokers answered.
    pub fn open(connection: &Connection, delivery: Delivery, max_record_bytes: usize) -> Result<Self, Error> {
        let mut config = connection.client();
        for (key, value) in &connection.producer {
            config.set(key, value);
        }
        let set = |config: &mut rdkafka::ClientConfig, key: &str, value: &str| {
            if !connection.properties.contains_key(key) && !connection.producer.contains_key(key) {
                config.set(key, value);
            }
        };
        // A record that is larger than the queue would wait for ever.
        let queue_bytes = QUEUE_BYTES.max(2 * max_record_bytes);
        for (key, value) in [
            ("compression.type", "lz4"),
            ("linger.ms", "50"),
            ("batch.num.messages", "100000"),
            ("queue.buffering.max.messages", &QUEUE_MESSAGES.to_string()),
            ("queue.buffering.max.kbytes", &(queue_bytes >> 10).to_string()),
            ("message.max.bytes", &max_record_bytes.to_string()),
        ] {
            set(&mut config, key, value);
        }
        // What exactly-once rests on is not for the configuration to undo. All records are reported, not only those that
        // failed, because who takes the report frees the record: here, in the thread that made it, instead of the broker's
        // thread, which has most to do. That makes sending a sixth faster.
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("delivery.report.only.error", "false");
        if let Delivery::ExactlyOnce { transactional_id } = &delivery {
            config
                .set("transactional.id", transactional_id)
                .set("transaction.timeout.ms", TRANSACTION_TIMEOUT.as_millis().to_string());
        }
        let inner = config
            .create_with_context(Context::default())
            .map(Disposed::new)
            .map_err(Error::creation)?;
        let producer = Self {
            inner,
            brokers: connection.brokers.clone(),
            delivery,
            begun: None,
        };
        if producer.is_transactional() {
            // A client that looks for its coordinator before it is connected waits half a second until it looks again.
            // Whether this succeeds does not matter: the next call tells what is wrong.
            let _ = producer.inner.client().fetch_cluster_id(CONNECT_TIMEOUT);
            producer.insist(INIT_PATIENCE, "transactions", |inner| {
                inner.init_transactions(Timeout::After(Duration::from_secs(10)))
            })?;
        }
        Ok(producer)
    }

    fn is_transactional(&self) -> bool {
        matches!(self.delivery, Delivery::ExactlyOnce { .. })
    }

    /// Queues one record, in the open transaction or in a new one; blocks while the queue is full.
    ///
    /// # Errors
    /// [`Error::Aborted`] if the transaction is lost; the caller then starts again from what is committed.
    pub fn send(&mut self, record: Record<'_>) -> Result<(), Error> {
        self.begin()?;
        let topic = record.topic;
        let mut queued = BaseRecord::<[u8], [u8]>::to(topic).partition(record.partition);
        queued.key = record.key;
        queued.payload = record.payload;
        queued.headers = record.headers;
        loop {
            match self.inner.send(queued) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    queued = back;
                    self.pause();
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => {
                    return Err(Error::TooLarge {
                        topic: topic.to_owned(),
                        reason: "more than max.message.bytes".to_owned(),
                    });
                }
                Err((error, _)) => return Err(self.classify(&format!("record for {topic}"), error)),
            }
        }
    }

    fn begin(&mut self) -> Result<(), Error> {
        if self.begun.is_some() {
            return Ok(());
        }
        if self.is_transactional() {
            self.inner
                .begin_transaction()
                .map_err(|error| self.classify("begin of a transaction", error))?;
        }
        self.begun = Some(Instant::now());
        Ok(())
    }

    /// Serves what librdkafka has to tell; to be called now and then while sending.
    pub fn poll(&self) {
        self.inner.poll(Duration::ZERO);
    }

    fn pause(&self) {
        self.poll();
        pause(QUEUE_POLL);
    }

    /// Makes everything sent so far final. Without a record since the last commit there is nothing to do.
    ///
    /// A commit whose outcome is not known is asked for again until it is.
    ///
    /// # Errors
    /// [`Error::Aborted`]: nothing since the last commit is in Kafka, and the next record starts a new transaction.
    /// Any other: the producer is lost; what is committed is known only after a new one was opened.
    pub fn commit(&mut self) -> Result<(), Error> {
        if self.begun.is_none() {
            return Ok(());
        }
        if !self.is_transactional() {
            return self.deliver();
        }
        self.flush()?;
        self.insist(COMMIT_PATIENCE, "commit", |inner| {
            inner.commit_transaction(Timeout::After(COMMIT_TRY))
        })?;
        self.begun = None;
        Ok(())
    }

    /// As [`Self::commit`], with a group's offsets, also if no record was sent.
    ///
    /// They are the last that goes into the transaction, and they go with the member's present generation: a member that
    /// has lost its partitions is refused by the brokers, whatever it had sent before.
    ///
    /// # Errors
    /// As [`Self::commit`]; [`Error::Aborted`] also if the member is no longer one. Without transactions the offsets
    /// follow once the records have arrived.
    pub fn commit_with(&mut self, member: &Member, offsets: &Offsets) -> Result<(), Error> {
        if !self.is_transactional() {
            self.deliver()?;
            return member.commit(offsets);
        }
        self.begin()?;
        self.flush()?;
        let (offsets, group) = (member.list(offsets)?, member.metadata()?);
        self.insist(COMMIT_PATIENCE, "offsets of the group", |inner| {
            inner.send_offsets_to_transaction(&offsets, &group, Timeout::After(COMMIT_TRY))
        })?;
        self.commit()
    }

    /// Waits until every record is acknowledged or has failed, which takes no longer than records may wait. The client's
    /// own flush looks ten times a second only, and a commit would wait for that.
    fn flush(&self) -> Result<(), Error> {
        loop {
            match self.inner.flush(Duration::ZERO) {
                Ok(()) => return Ok(()),
                Err(KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut)) => self.pause(),
                Err(error) => return Err(self.classify("flush", error)),
            }
        }
    }

    fn deliver(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.begun = None;
        match self.inner.context().take_failed_delivery() {
            None => Ok(()),
            Some(error) => Err(Error::client("delivery", error)),
        }
    }

    /// Undoes everything since the last commit.
    pub fn abort(&mut self) -> Result<(), Error> {
        if self.begun.is_none() {
            return Ok(());
        }
        self.begun = None;
        if !self.is_transactional() {
            return Ok(());
        }
        // A first try drops what is queued. The call can not end before that was reported, and the reports wait for us.
        if self.inner.abort_transaction(Timeout::After(QUEUE_POLL)).is_ok() {
            return Ok(());
        }
        let _ = self.flush();
        self.insist(COMMIT_PATIENCE, "abort", |inner| {
            inner.abort_transaction(Timeout::After(TRANSACTION_TIMEOUT))
        })
    }

    /// Repeats a call as long as the error says that it may help.
    ///
    /// # Errors
    /// [`Error::Unreachable`] once `patience` is over.
    fn insist(
        &self,
        patience: Duration,
        what: &str,
        call: impl Fn(&BaseProducer<Context>) -> Result<(), KafkaError>,
    ) -> Result<(), Error> {
        let start = Instant::now();
        let mut outage = Outage::default();
        loop {
            let error = match call(&self.inner) {
                Ok(()) => return Ok(()),
                Err(error) => self.classify(what, error),
            };
            if error.severity() != Severity::Retriable {
                return Err(error);
            }
            self.poll();
            let trouble = self.inner.context().last_trouble();
            if start.elapsed() > patience {
                return Err(Error::Unreachable {
                    brokers: self.brokers.clone(),
                    seconds: start.elapsed().as_secs(),
                    reason: trouble.unwrap_or_else(|| error.to_string()),
                });
            }
            if outage.sign(Instant::now()) {
                tracing::warn!(%error, trouble, "Kafka does not answer, trying again");
            }
            pause(RETRY_DELAY);
        }
    }

    fn classify(&self, what: &str, error: KafkaError) -> Error {
        let code = match &error {
            KafkaError::Transaction(transaction) => Some(transaction.code()),
            other => other.rdkafka_error_code(),
        };
        let fatal = self.inner.client().fatal_error();
        let fenced = |code| {
            matches!(
                code,
                RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::InvalidProducerEpoch
            )
        };
        if let Delivery::ExactlyOnce { transactional_id } = &self.delivery
            && (code.is_some_and(fenced) || fatal.as_ref().is_some_and(|(code, _)| fenced(*code)))
        {
            // The broker fences off a transaction that it timed out just as one that another run replaced.
            let id = transactional_id.clone();
            return match self.begun.is_some_and(|begun| begun.elapsed() >= TRANSACTION_TIMEOUT) {
                true => Error::Expired {
                    id,
                    seconds: TRANSACTION_TIMEOUT.as_secs(),
                },
                false => Error::Fenced { id },
            };
        }
        if let Some((code, reason)) = fatal {
            return match is_denied(code) {
                true => Error::Denied {
                    what: what.to_owned(),
                    reason,
                },
                // A new producer finds out what is committed.
                false => Error::Aborted { reason },
            };
        }
        if code == Some(RDKafkaErrorCode::State)
            && let Some(reason) = self.lost_because()
        {
            return match reason.contains("authorization failed") {
                true => Error::Denied {
                    what: what.to_owned(),
                    reason,
                },
                false => Error::Aborted { reason },
            };
        }
        let classified = Error::client(what, error);
        match classified.severity() {
            Severity::Abortable => Error::Aborted {
                reason: classified.to_string(),
            },
            _ => classified,
        }
    }

    /// Why the transaction is lost: that waits in the client's queue, perhaps behind other news.
    fn lost_because(&self) -> Option<String> {
        self.inner.poll(NEWS_WAIT);
        self.inner.context().last_trouble()
    }
}
