//! Records go to Kafka in transactions, or, where brokers have none, with acknowledged delivery.
//!
//! ```text
//!  send ──▶ a batch a partition, filled in place ──▶ Sender (a thread of its own): compressed, numbered, acknowledged
//!  conclude: the same, once all lines are acknowledged                    │
//!  commit: flush ▶ [offsets ▶] EndTxn ◀───────────────────────────────────┘
//! ```
//!
//! Why clp sends by itself, and what keeps it exact, is told in ARCHITECTURE.md; the rules are in [`transaction`] (epochs,
//! order) and [`outbox`] (sequence numbers).

mod batch;
mod cluster;
mod connection;
mod coordinator;
mod failure;
mod headers;
mod offsets;
mod outbox;
mod produce;
mod queues;
mod sasl;
mod sender;
mod settings;
mod shared;
mod tls;
mod transaction;
mod trouble;
mod varint;
mod wire;
mod writer;

use std::{
    sync::{Arc, mpsc as reply},
    thread,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::mpsc::{self, UnboundedSender};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(super) use self::failure::words;
use self::{
    batch::{Batch, Content},
    failure::Failure,
    offsets::GroupOffsets,
    sender::{Command, Reply, Sender},
    settings::{Settings, TRANSACTION_TIMEOUT},
    shared::Shared,
};
pub use self::{headers::RecordHeaders, settings::TopicLimits};
use super::{Connection, Error, Member, Offsets};

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
    pub headers: &'a RecordHeaders,
}

/// A producer that works commit by commit. All its calls may block.
pub struct Producer {
    commands: UnboundedSender<Command>,
    shared: Arc<Shared>,
    /// Ends the sending side, whatever it waits for.
    _sender: DropGuard,
    /// For messages.
    brokers: String,
    delivery: Delivery,
    limits: Limits,
    places: Vec<Place>,
    /// The place of the last record, which the next one has as well, as a rule.
    last: usize,
    /// Bytes of the batches that are being filled.
    filling: usize,
    /// When the first record since the last commit was sent.
    begun: Option<Instant>,
    /// Whether what ends the transaction is being sent.
    concludes: bool,
    /// Whether sequence numbers begin anew with each transaction.
    begins_anew: bool,
    /// For tests alone: what a transaction says of its lines does not wait for them.
    is_hasty: bool,
}

struct Limits {
    batch_bytes: usize,
    batch_records: usize,
    max_record_bytes: usize,
    linger: Duration,
}

/// A partition, and the batch for it that is being filled.
struct Place {
    topic: Arc<str>,
    partition: i32,
    batch: Option<Batch>,
    begun: Instant,
    /// Of the first record in the batch.
    sequence: i32,
}

/// Batches on their way take so much at most; [`Producer::send`] blocks beyond it.
const BYTES_ON_THEIR_WAY: usize = 2 << 20;
/// Batches that are being filled take so much at most together: then the largest is sent.
const BYTES_BEING_FILLED: usize = 8 << 20;
/// Batches that are compressed side by side.
const SEALING_THREADS: usize = 2;
/// Where clp is to leave out a rule, so that tests show what it is for; debug builds alone look at it.
const TEST_BREAK: &str = "CLP_TEST_BREAK";

fn is_broken(rule: &str) -> bool {
    cfg!(debug_assertions) && std::env::var(TEST_BREAK).is_ok_and(|rules| rules.split(',').any(|one| one == rule))
}

impl Producer {
    /// Connects. With [`Delivery::ExactlyOnce`], any older producer of the same transactional id is fenced off, and its
    /// open transaction is ended, before this returns: what is read then is the last word.
    ///
    /// `limits` are those of the topics that records are for.
    ///
    /// # Errors
    /// [`Error::Property`] for a property that does not go with transactions, else what the brokers answered.
    pub fn open(connection: &Connection, delivery: Delivery, limits: TopicLimits) -> Result<Self, Error> {
        let transactional_id = match &delivery {
            Delivery::ExactlyOnce { transactional_id } => Some(transactional_id.clone()),
            Delivery::AtLeastOnce => None,
        };
        let settings = Settings::read(connection, transactional_id.is_some(), limits)?;
        let limits = Limits {
            batch_bytes: settings.batch_bytes,
            batch_records: settings.batch_records,
            max_record_bytes: settings.max_record_bytes,
            linger: settings.linger,
        };
        let shared = Arc::new(Shared::new(BYTES_ON_THEIR_WAY));
        let sender = Sender::new(
            Arc::new(settings),
            Arc::clone(&shared),
            transactional_id,
            is_broken("epochs"),
        );
        let (commands, received) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let spawned = thread::Builder::new().name("clp-producer".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .max_blocking_threads(SEALING_THREADS)
                .build();
            match runtime {
                Ok(runtime) => drop(runtime.block_on(stopped.run_until_cancelled_owned(sender.run(received)))),
                Err(error) => tracing::error!(%error, "no runtime for a producer"),
            }
        });
        if let Err(error) = spawned {
            return Err(Error::Properties {
                reason: format!("no thread for a producer: {error}"),
            });
        }
        let mut producer = Self {
            commands,
            shared,
            _sender: stop.drop_guard(),
            brokers: connection.brokers.clone(),
            delivery,
            limits,
            places: Vec::new(),
            last: 0,
            filling: 0,
            begun: None,
            concludes: false,
            begins_anew: false,
            is_hasty: is_broken("order"),
        };
        producer.begins_anew = producer.ask(Command::Open)?;
        Ok(producer)
    }

    fn is_transactional(&self) -> bool {
        matches!(self.delivery, Delivery::ExactlyOnce { .. })
    }

    /// Gives a command and waits for what comes of it.
    fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Error> {
        let (reply, answer) = reply::sync_channel(1);
        self.give(command(reply))?;
        match answer.recv() {
            Ok(answer) => answer.map_err(|failure| self.error(failure)),
            Err(_) => Err(Error::Cancelled),
        }
    }

    fn give(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).map_err(|_| Error::Cancelled)
    }

    /// Puts one record into the open transaction or a new one; blocks while too much is on its way.
    ///
    /// # Errors
    /// [`Error::Aborted`] if the transaction is lost; the caller then starts again from what is committed.
    pub fn send(&mut self, record: Record<'_>) -> Result<(), Error> {
        debug_assert!(
            !self.concludes || self.is_hasty,
            "nothing follows what ends a transaction"
        );
        self.put(&record)
    }

    /// As [`Producer::send`], for what a transaction says of its other records, such as how far a blob has come: it is sent
    /// once all of those are acknowledged, so that it can never be final without them.
    ///
    /// # Errors
    /// As [`Producer::send`]; also those of the records before.
    pub fn conclude(&mut self, record: Record<'_>) -> Result<(), Error> {
        if !self.concludes && !self.is_hasty {
            self.flush()?;
        }
        self.concludes = true;
        self.put(&record)
    }

    fn put(&mut self, record: &Record<'_>) -> Result<(), Error> {
        self.refuse_failed()?;
        self.begun.get_or_insert_with(Instant::now);
        let content = Content {
            timestamp: now_in_ms(),
            key: record.key,
            value: record.payload,
            headers: record.headers,
        };
        let largest = Batch::largest(&content);
        if largest > self.limits.max_record_bytes {
            return Err(Error::TooLarge {
                topic: record.topic.to_owned(),
                reason: "more than max.message.bytes".to_owned(),
            });
        }
        let number = self.place(record.topic, record.partition)?;
        let place = &self.places[number];
        if let Some(batch) = &place.batch
            && (batch.len() + largest > self.limits.batch_bytes || batch.count() as usize >= self.limits.batch_records)
        {
            self.dispatch(number)?;
        }
        let place = &mut self.places[number];
        let batch = place.batch.get_or_insert_with(|| {
            place.begun = Instant::now();
            Batch::within(self.shared.memory())
        });
        let before = batch.len();
        batch.push(&content);
        self.filling += batch.len() - before;
        while self.filling > BYTES_BEING_FILLED {
            self.dispatch_largest()?;
        }
        Ok(())
    }

    /// The number of a partition's place.
    fn place(&mut self, topic: &str, partition: i32) -> Result<usize, Error> {
        let is_it = |place: &Place| place.partition == partition && &*place.topic == topic;
        if self.places.get(self.last).is_none_or(|place| !is_it(place)) {
            self.last = match self.places.iter().position(is_it) {
                Some(number) => number,
                None => {
                    let topic: Arc<str> = Arc::from(topic);
                    self.give(Command::Place(Arc::clone(&topic), partition))?;
                    self.places.push(Place {
                        topic,
                        partition,
                        batch: None,
                        begun: Instant::now(),
                        sequence: 0,
                    });
                    self.places.len() - 1
                }
            };
        }
        Ok(self.last)
    }

    /// Hands a batch over to be sent.
    fn dispatch(&mut self, number: usize) -> Result<(), Error> {
        let place = &mut self.places[number];
        let Some(batch) = place.batch.take() else {
            return Ok(());
        };
        let base_sequence = place.sequence;
        // They count on from 0 after the largest one.
        place.sequence = base_sequence.wrapping_add(batch.count()) & i32::MAX;
        self.filling = self.filling.saturating_sub(batch.len() - batch::HEADER_BYTES);
        let reserved = self.shared.reserve(batch.len());
        reserved.map_err(|failure| self.error(failure))?;
        self.give(Command::Batch {
            place: number,
            batch,
            base_sequence,
        })
    }

    fn dispatch_largest(&mut self) -> Result<(), Error> {
        let filled = self.places.iter().enumerate();
        let largest = filled.max_by_key(|(_, place)| place.batch.as_ref().map_or(0, Batch::len));
        match largest.map(|(number, _)| number) {
            Some(number) => self.dispatch(number),
            None => Ok(()),
        }
    }

    fn dispatch_all(&mut self) -> Result<(), Error> {
        (0..self.places.len()).try_for_each(|number| self.dispatch(number))
    }

    /// Sends batches on that have been filled for long enough; to be called now and then while sending.
    ///
    /// # Errors
    /// As [`Producer::send`].
    pub fn poll(&mut self) -> Result<(), Error> {
        for number in 0..self.places.len() {
            let place = &self.places[number];
            if place.batch.is_some() && place.begun.elapsed() >= self.limits.linger {
                self.dispatch(number)?;
            }
        }
        self.refuse_failed()
    }

    fn refuse_failed(&self) -> Result<(), Error> {
        match self.shared.failure() {
            None => Ok(()),
            Some(failure) => Err(self.error(failure)),
        }
    }

    /// Waits until every record is acknowledged or has failed, which takes no longer than records may wait.
    fn flush(&mut self) -> Result<(), Error> {
        self.dispatch_all()?;
        self.ask(Command::Flush)
    }

    /// Makes everything sent so far final. Without a record since the last commit there is nothing to do.
    ///
    /// A commit whose outcome is not known is asked for again until it is.
    ///
    /// # Errors
    /// [`Error::Aborted`]: nothing since the last commit is in Kafka, and the next record starts a new transaction, once
    /// this one is aborted. Any other: the producer is lost; what is committed is known only after a new one was opened.
    pub fn commit(&mut self) -> Result<(), Error> {
        if self.begun.is_none() {
            return Ok(());
        }
        self.flush()?;
        self.end()
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
            self.commit()?;
            return member.commit(offsets);
        }
        self.begun.get_or_insert_with(Instant::now);
        self.flush()?;
        let offsets = GroupOffsets {
            standing: member.standing()?,
            topic: member.topic().to_owned(),
            offsets: offsets
                .iter()
                .map(|(partition, offset)| (*partition, *offset))
                .collect(),
        };
        self.ask(|reply| Command::Offsets(offsets, reply))?;
        self.end()
    }

    fn end(&mut self) -> Result<(), Error> {
        self.ask(Command::Commit)?;
        self.begin_anew(self.begins_anew);
        Ok(())
    }

    fn begin_anew(&mut self, resets_sequences: bool) {
        self.begun = None;
        self.concludes = false;
        if resets_sequences {
            for place in &mut self.places {
                place.sequence = 0;
            }
        }
    }

    /// Undoes everything since the last commit.
    ///
    /// # Errors
    /// The brokers do not say that it is undone. They end the transaction by themselves, or for the next producer of the
    /// same name.
    pub fn abort(&mut self) -> Result<(), Error> {
        for place in &mut self.places {
            place.batch = None;
        }
        self.filling = 0;
        if self.begun.is_none() || !self.is_transactional() {
            self.begun = None;
            return Ok(());
        }
        self.ask(Command::Abort)?;
        self.begin_anew(true);
        Ok(())
    }

    fn error(&self, failure: Failure) -> Error {
        match failure {
            Failure::Fenced(reason) => match &self.delivery {
                Delivery::AtLeastOnce => Error::Aborted { reason },
                Delivery::ExactlyOnce { transactional_id } => {
                    // The broker fences off a transaction that it timed out just as one that another run replaced.
                    let id = transactional_id.clone();
                    if self.begun.is_some_and(|begun| begun.elapsed() >= TRANSACTION_TIMEOUT) {
                        let seconds = TRANSACTION_TIMEOUT.as_secs();
                        Error::Expired { id, seconds }
                    } else {
                        Error::Fenced { id }
                    }
                }
            },
            Failure::Aborted(reason) => Error::Aborted { reason },
            Failure::Denied { what, reason } => Error::Denied { what, reason },
            Failure::Unauthenticated(reason) => Error::Unauthenticated {
                brokers: self.brokers.clone(),
                reason,
            },
            Failure::TooLarge { topic, reason } => Error::TooLarge { topic, reason },
            Failure::Unreachable { seconds, reason } => Error::Unreachable {
                brokers: self.brokers.clone(),
                seconds,
                reason,
            },
            Failure::Unsupported(what) => Error::Unsupported { what },
            Failure::Refused { what, code } => Error::Refused { what, code },
        }
    }
}

fn now_in_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}
