//! The loop of one run, and what it does when Kafka fails it.

use std::{
    sync::{Arc, mpsc::RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use super::{
    Control, DeliveryMode, Done, IngestError, Job, Start, Summary,
    plan::{Beginning, beginning_inside},
    read_ahead::{Items, read_ahead},
    sink::{Reached, Sink},
    source, state,
};
use crate::{
    domain::{Checkpoint, event::BlobState},
    kafka::{self, Connection, Delivery, Producer, TopicLimits},
    pipeline::lines::{End, Item},
};

/// Tries that bring no line further, before the run gives up.
const FRUITLESS_TRIES: u32 = 5;
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(500);
const LONGEST_RETRY_DELAY: Duration = Duration::from_secs(8);
const CANCEL_POLL: Duration = Duration::from_millis(100);
/// Brings a blob's lines into Kafka, from the job's start to the blob's listed end.
///
/// # Errors
/// See [`IngestError`]. Whatever was committed before stays, and a run with [`Start::Resume`] goes on behind it.
pub async fn run(connection: Connection, job: Job, control: Control) -> Result<Summary, IngestError> {
    kafka::blocking(move || Run::new(connection, Arc::new(job), control)?.to_the_end()).await
}

struct Run {
    connection: Connection,
    job: Arc<Job>,
    control: Control,
    start: Start,
}

/// What an attempt left behind.
struct Attempt {
    /// In Kafka for certain.
    committed: Reached,
    /// In Kafka too, if the commit whose outcome is not known went through.
    undecided: Option<Reached>,
    /// The brokers ended its transaction for its age: another run may be at work by now.
    expired: bool,
}

impl Attempt {
    fn of(committed: Reached) -> Self {
        Self {
            committed,
            undecided: None,
            expired: false,
        }
    }
}

impl Run {
    fn new(connection: Connection, job: Arc<Job>, control: Control) -> Result<Self, IngestError> {
        let start = source::aligned(&job)?;
        Ok(Self {
            connection,
            job,
            control,
            start,
        })
    }

    fn to_the_end(&self) -> Result<Summary, IngestError> {
        let mut fruitless = 0;
        let mut last: Option<Attempt> = None;
        loop {
            let (attempt, result) = match self.try_once(last.as_ref()) {
                Ok(tried) => tried,
                Err(error) => {
                    fruitless += 1;
                    self.wait_or_give_up(fruitless, error)?;
                    continue;
                }
            };
            let Err(error) = result else {
                return Ok(attempt.committed.summary);
            };
            let brought = last.as_ref().map_or(0, |before| before.committed.summary.lines);
            fruitless = if attempt.committed.summary.lines > brought {
                1
            } else {
                fruitless + 1
            };
            self.wait_or_give_up(fruitless, error)?;
            last = Some(attempt);
        }
    }

    fn wait_or_give_up(&self, fruitless: u32, error: IngestError) -> Result<(), IngestError> {
        if !error.is_restartable() || fruitless >= FRUITLESS_TRIES || self.control.cancel.is_cancelled() {
            return Err(error);
        }
        let delay = LONGEST_RETRY_DELAY.min(FIRST_RETRY_DELAY * 2_u32.pow(fruitless));
        tracing::warn!(blob = self.job.blob.name, %error, ?delay, "starting again from the last commit");
        #[expect(clippy::disallowed_methods, reason = "on a thread that may block, between two tries")]
        thread::sleep(delay);
        Ok(())
    }

    /// Opens a producer, which fences off all before it, reads what is committed, and goes on from there.
    fn try_once(&self, last: Option<&Attempt>) -> Result<(Attempt, Result<(), IngestError>), IngestError> {
        let job = &*self.job;
        // Where the first line is does not hang on the state: inflate while Kafka gets ready.
        let early = match (last, self.start) {
            (None, Start::Offset(offset)) => Some(read_ahead(&self.job, Checkpoint::at(offset))),
            _ => None,
        };
        if let Some(last) = last.filter(|last| last.expired) {
            // Whoever was away for so long must not fence off the run that may have taken its place.
            let latest = state::connect(&self.connection, job)?;
            self.stopped_at(last, state::read(&latest, job)?)?;
        }
        let (latest, producer) = thread::scope(|scope| {
            let latest = scope.spawn(|| state::connect(&self.connection, job));
            let producer = Producer::open(&self.connection, delivery(job), TopicLimits::of([job.max_record_bytes]));
            (latest.join(), producer)
        });
        let producer = producer?;
        tracing::debug!(blob = job.blob.name, "older runs are fenced off");
        let latest = latest.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let state = state::read(&latest, job)?;
        drop(latest);
        tracing::debug!(blob = job.blob.name, known = state.is_some(), "the state is read");
        let mut reached = match last {
            None => Reached {
                state,
                ..Reached::default()
            },
            Some(last) => self.stopped_at(last, state)?,
        };
        if reached.is_end {
            return Ok((Attempt::of(reached), Ok(())));
        }
        let start = if reached.is_own { Start::Resume } else { self.start };
        let beginning = beginning_inside(job, start, reached.state.as_ref())?;
        if last.is_none() {
            reached.summary.from = beginning.checkpoint;
            reached.summary.to = beginning.checkpoint;
            self.announce(&beginning);
        }
        let mut sink = Sink::new(job, producer, beginning, reached);
        let items = early.unwrap_or_else(|| read_ahead(&self.job, beginning.checkpoint));
        let result = self.stream(&items, &mut sink);
        let (committed, undecided) = sink.into_reached();
        let attempt = Attempt {
            undecided,
            expired: matches!(&result, Err(IngestError::Kafka(kafka::Error::Expired { .. }))),
            ..Attempt::of(committed)
        };
        Ok((attempt, result))
    }

    /// Where an attempt stopped, by the state that is in Kafka now.
    ///
    /// # Errors
    /// [`kafka::Error::Fenced`] if another run wrote the state since: the blob is that one's. Without transactions there
    /// is no fence, and what the other one sent counts as sent.
    fn stopped_at(&self, last: &Attempt, state: Option<BlobState>) -> Result<Reached, IngestError> {
        let known = last.undecided.iter().chain([&last.committed]);
        if let Some(reached) = known.into_iter().find(|reached| reached.state == state) {
            return Ok(reached.clone());
        }
        match delivery(&self.job) {
            Delivery::ExactlyOnce { transactional_id: id } => Err(kafka::Error::Fenced { id }.into()),
            Delivery::AtLeastOnce => Ok(Reached {
                state,
                is_own: true,
                is_end: false,
                summary: last.committed.summary,
            }),
        }
    }

    fn announce(&self, beginning: &Beginning) {
        let (blob, topic) = (&self.job.blob.name, &self.job.topics.raw.0);
        if beginning.sent_before > 0 {
            tracing::warn!(
                blob,
                topic,
                "an earlier run sent {} lines of this blob: those behind {} will be there twice; --resume goes on instead",
                beginning.sent_before,
                beginning.checkpoint,
            );
        }
        let Checkpoint { member, lines } = beginning.checkpoint;
        tracing::info!(
            blob,
            topic,
            from = member,
            skip_lines = lines,
            to = self.job.blob.size,
            "ingesting"
        );
    }

    fn stream(&self, items: &Items, sink: &mut Sink<'_>) -> Result<(), IngestError> {
        let job = &*self.job;
        let mut may_cut = true;
        // All was sent: the end follows at once, and what it has to say belongs into the same transaction.
        let mut awaits_end = false;
        loop {
            let patience = sink.due_at().map_or(CANCEL_POLL, |due| {
                CANCEL_POLL.min(due.saturating_duration_since(Instant::now()))
            });
            match items.recv_timeout(patience) {
                Ok(Ok(Item::Batch(batch))) => {
                    sink.send(&batch)?;
                    may_cut = batch.whole;
                    awaits_end = may_cut && batch.after == Checkpoint::at(job.blob.size);
                    if may_cut && !awaits_end && sink.is_due() {
                        sink.commit(None)?;
                    }
                    self.control.progress.update(batch.read_to, sink.sent().lines);
                }
                Ok(Ok(Item::Skipped { from, to, reason })) => {
                    warn_of_skipped(job, from, to, &reason);
                    sink.skip(to - from, to);
                }
                Ok(Ok(Item::End(end))) => {
                    warn_of_tail(job, &end);
                    sink.commit(Some(&end))?;
                    self.control.progress.update(job.blob.size, sink.sent().lines);
                    return Ok(());
                }
                Ok(Err(error)) => {
                    self.settle(sink, may_cut)?;
                    let done = Done::Sent(sink.committed().lines);
                    return Err(IngestError::of_lines(error, &job.blob.name, done));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if may_cut && !awaits_end && sink.due_at().is_some_and(|due| Instant::now() >= due) {
                        sink.commit(None)?;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(kafka::Error::Cancelled.into()),
            }
            if self.control.cancel.is_cancelled() && !awaits_end {
                self.settle(sink, may_cut)?;
                return Err(interrupted(job, Done::Sent(sink.committed().lines)));
            }
        }
    }

    /// Before the run ends early: what ends with a line stays, half a line does not.
    fn settle(&self, sink: &mut Sink<'_>, may_cut: bool) -> Result<(), kafka::Error> {
        if may_cut { sink.commit(None) } else { sink.abort() }
    }
}

fn delivery(job: &Job) -> Delivery {
    match job.delivery {
        DeliveryMode::AtLeastOnce => Delivery::AtLeastOnce,
        DeliveryMode::ExactlyOnce => Delivery::ExactlyOnce {
            transactional_id: format!(
                "clp-ingest:{}:{}:{}:{}",
                job.topics.raw.0, job.environment.subscription, job.environment.environment, job.blob.name
            ),
        },
    }
}

pub(super) fn interrupted(job: &Job, done: Done) -> IngestError {
    IngestError::Interrupted {
        blob: job.blob.name.clone(),
        done,
    }
}

pub(super) fn warn_of_skipped(job: &Job, from: u64, to: u64, reason: &str) {
    tracing::warn!(blob = job.blob.name, from, to, reason, "corrupt bytes were passed over");
}

fn warn_of_tail(job: &Job, end: &End) {
    if end.torn_bytes > 0 {
        tracing::warn!(
            blob = job.blob.name,
            from = end.checkpoint.member,
            torn_bytes = end.torn_bytes,
            "the last member is not complete; --resume takes it once the rest has come"
        );
    }
}
