//! A lane's producer: opened anew after each failure, under the same name as long as nobody else has it.

use std::time::{Duration, Instant};

use crate::{
    kafka::{self, Connection, Delivery, Producer, TopicLimits},
    pipeline::ingest::DeliveryMode,
};

/// After a failure of Kafka a lane rests for so long, doubled with each further one.
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// No lane stands still for much longer once the brokers are back.
const LONGEST_DELAY: Duration = Duration::from_secs(5);

pub struct LaneProducer {
    connection: Connection,
    delivery: DeliveryMode,
    /// Of the service and its group; the instance and the lane follow.
    name: String,
    instance: String,
    lane: u32,
    limits: TopicLimits,
    /// `None` after a failure, until it is opened again.
    pub inner: Option<Producer>,
    /// Failures of Kafka in a row, and when to go on after the last.
    failures: u32,
    resume_at: Option<Instant>,
}

impl LaneProducer {
    /// Opens it under a name made of the service, the group, the instance and the lane's number.
    ///
    /// # Errors
    /// Those of [`Producer::open`].
    pub fn open(
        connection: &Connection,
        delivery: DeliveryMode,
        [service, group, instance]: [&str; 3],
        lane: u32,
        limits: TopicLimits,
    ) -> Result<Self, kafka::Error> {
        let mut new = Self {
            connection: connection.clone(),
            delivery,
            name: format!("{service}:{group}"),
            instance: instance.to_owned(),
            lane,
            limits,
            inner: None,
            failures: 0,
            resume_at: None,
        };
        new.open_again()?;
        Ok(new)
    }

    /// Gives whether the time has come and it is open again.
    ///
    /// # Errors
    /// As [`Self::open`]; it stays closed.
    pub fn come_back(&mut self) -> Result<bool, kafka::Error> {
        if self.resume_at.is_some_and(|at| Instant::now() < at) {
            return Ok(false);
        }
        self.open_again()?;
        self.resume_at = None;
        Ok(true)
    }

    fn open_again(&mut self) -> Result<(), kafka::Error> {
        let delivery = match self.delivery {
            DeliveryMode::AtLeastOnce => Delivery::AtLeastOnce,
            DeliveryMode::ExactlyOnce => Delivery::ExactlyOnce {
                transactional_id: format!("{}:{}:{}", self.name, self.instance, self.lane),
            },
        };
        self.inner = Some(Producer::open(&self.connection, delivery, self.limits)?);
        Ok(())
    }

    /// Something was committed.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// As [`Self::abort`], where nothing depends on it: the brokers end a transaction by themselves as well.
    pub fn abort_if_possible(&mut self) {
        if let Err(error) = self.abort() {
            tracing::debug!(lane = self.lane, %error, "the brokers end the transaction themselves");
        }
    }

    /// Undoes the open transaction.
    pub fn abort(&mut self) -> Result<(), kafka::Error> {
        self.inner.as_mut().map_or(Ok(()), Producer::abort)
    }

    /// A transaction is lost, or its outcome is not known: rests, to be opened again later.
    pub fn fail(&mut self, error: &kafka::Error) {
        if matches!(error, kafka::Error::Fenced { .. }) {
            // Somebody works under the same name. That one keeps it.
            let now = jiff::Timestamp::now().as_millisecond();
            self.instance = format!("{}-{now}", std::process::id());
        }
        let delay = LONGEST_DELAY.min(FIRST_DELAY * 2_u32.pow(self.failures.min(10)));
        tracing::warn!(lane = self.lane, %error, ?delay, "beginning anew from what is committed");
        self.failures += 1;
        self.resume_at = Some(Instant::now() + delay);
        self.abort_if_possible();
        self.inner = None;
    }
}
