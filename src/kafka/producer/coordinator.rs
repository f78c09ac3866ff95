//! Requests to the broker that coordinates a transaction or a group, asked until they are answered.

use std::time::{Duration, Instant};

use kafka_protocol::error::ResponseError as Code;
use tokio::time::sleep;

use super::{
    cluster::{Cluster, NodeId, Role},
    connection::{Lost, Unconnected},
    failure::{Failure, Verdict, of_coordinator, words},
    outbox::Backoff,
    wire::Ask,
};
use crate::kafka::outage::Outage;

/// Between two tries. The last transaction's end is a matter of milliseconds, as a rule.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(5),
    longest: Duration::from_millis(500),
};

/// Coordinators that move, or are just made, are no outage.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// Whom to ask for a transactional id or a group.
pub struct Coordinator {
    role: Role,
    key: String,
    node: Option<NodeId>,
}

/// What is asked, and how it is told of.
pub struct Question<'a, R: Ask> {
    /// For messages.
    pub what: &'a str,
    pub request: R,
    /// The newest version to be spoken.
    pub newest: i16,
    /// The worst code in an answer, 0 if all is well.
    pub code: fn(&R::Answer) -> i16,
    pub patience: Duration,
}

impl Coordinator {
    pub fn of(role: Role, key: &str) -> Self {
        Self {
            role,
            key: key.to_owned(),
            node: None,
        }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// Asks until there is an answer that another try would not change. A request may be executed more than once: those to
    /// coordinators bear that within their transaction.
    ///
    /// # Errors
    /// What the coordinator refused; [`Failure::Unreachable`] once the patience is over.
    pub async fn ask<R: Ask>(
        &mut self,
        cluster: &mut Cluster,
        question: &Question<'_, R>,
    ) -> Result<R::Answer, Failure> {
        let begun = Instant::now();
        let mut outage = Outage::default();
        let mut tries = 0;
        loop {
            let reason = match self.ask_once(cluster, question).await {
                Ok(answer) => match Code::try_from_code((question.code)(&answer)) {
                    None => return Ok(answer),
                    Some(code) => match of_coordinator(code, question.what) {
                        Verdict::Lost(failure) => return Err(failure),
                        Verdict::Elsewhere => {
                            self.node = None;
                            words(code)
                        }
                        Verdict::Of(_) => words(code),
                    },
                },
                Err(Trouble::Refused(failure)) => return Err(failure),
                Err(Trouble::Lost(reason)) => {
                    self.node = None;
                    if begun.elapsed() > TELL_AFTER && outage.sign(Instant::now()) {
                        tracing::warn!(
                            error = reason,
                            what = question.what,
                            "Kafka does not answer, trying again"
                        );
                    }
                    reason
                }
            };
            if begun.elapsed() > question.patience {
                return Err(Failure::Unreachable {
                    seconds: begun.elapsed().as_secs(),
                    reason,
                });
            }
            tracing::debug!(reason, what = question.what, "trying again");
            sleep(BACKOFF.after(tries)).await;
            tries += 1;
        }
    }

    async fn ask_once<R: Ask>(
        &mut self,
        cluster: &mut Cluster,
        question: &Question<'_, R>,
    ) -> Result<R::Answer, Trouble> {
        let node = match self.node {
            Some(node) => node,
            None => match cluster.coordinator(self.role, &self.key).await? {
                Ok(node) => *self.node.insert(node),
                Err(code) => match of_coordinator(code, question.what) {
                    Verdict::Lost(failure) => return Err(Trouble::Refused(failure)),
                    _ => return Err(Trouble::Lost(words(code))),
                },
            },
        };
        let connection = cluster.connect(node).await?;
        if connection.must_renew() {
            cluster.renew(&connection).await?;
        }
        let Some(version) = connection.versions.newest::<R>(question.newest) else {
            return Err(Trouble::Refused(Failure::Unsupported(format!("{:?}", R::KEY))));
        };
        Ok(connection.call(&question.request, version)?.await?)
    }
}

enum Trouble {
    Lost(String),
    Refused(Failure),
}

impl From<Lost> for Trouble {
    fn from(Lost(reason): Lost) -> Self {
        Self::Lost(reason)
    }
}

impl From<Unconnected> for Trouble {
    fn from(error: Unconnected) -> Self {
        match error {
            Unconnected::Lost(lost) => lost.into(),
            refused @ Unconnected::Refused { .. } => Self::Refused(Failure::Unauthenticated(refused.to_string())),
        }
    }
}
