//! As whom batches are written: by a producer with transactions, an idempotent one, or one that brokers know nothing of.

use std::{sync::Arc, time::Instant};

use kafka_protocol::{
    error::ResponseError as Code,
    messages::{InitProducerIdRequest, ProducerId, TransactionalId},
};
use tokio::time::sleep;

use super::{
    batch::Identity,
    cluster::Cluster,
    connection::{Lost, Unconnected},
    failure::{Failure, Verdict, of_coordinator, words},
    offsets::GroupOffsets,
    settings::Settings,
    transaction::{Epochs, Transactions},
    trouble::Trouble,
    wire,
};

pub struct Writer {
    settings: Arc<Settings>,
    transactional_id: Option<String>,
    has_one_epoch: bool,
    transactions: Option<Transactions>,
    /// Without transactions, once it is known.
    identity: Option<Identity>,
}

impl Writer {
    /// `has_one_epoch` is for tests alone: all transactions share one.
    pub fn new(settings: Arc<Settings>, transactional_id: Option<String>, has_one_epoch: bool) -> Self {
        Self {
            settings,
            transactional_id,
            has_one_epoch,
            transactions: None,
            identity: None,
        }
    }

    /// With transactions, fences off older producers. Gives whether each transaction has an epoch of its own.
    ///
    /// # Errors
    /// Those of [`Transactions::open`].
    pub async fn open(&mut self, cluster: &mut Cluster) -> Result<bool, Failure> {
        let Some(id) = &self.transactional_id else {
            return Ok(false);
        };
        let opened = Transactions::open(cluster, id, self.has_one_epoch).await?;
        let opened = self.transactions.insert(opened);
        Ok(opened.epochs != Epochs::One)
    }

    /// Who writes the batches of now.
    ///
    /// # Errors
    /// The brokers give no producer id, or no new epoch.
    pub async fn identity(&mut self, cluster: &mut Cluster, trouble: &mut Trouble) -> Result<Identity, Failure> {
        if let Some(transactions) = &mut self.transactions {
            transactions.begin(cluster).await?;
            return Ok(transactions.identity);
        }
        match self.identity {
            Some(identity) => Ok(identity),
            None => {
                let identity = self.idempotent(cluster, trouble).await?;
                Ok(*self.identity.insert(identity))
            }
        }
    }

    /// A producer id without transactions; none where brokers do not give any.
    async fn idempotent(&self, cluster: &mut Cluster, trouble: &mut Trouble) -> Result<Identity, Failure> {
        let begun = Instant::now();
        loop {
            match ask_idempotent(cluster).await {
                Ok(answered) => return answered,
                Err(error) => trouble.meet(&error)?,
            }
            if begun.elapsed() > self.settings.delivery_timeout {
                return Err(Failure::Unreachable {
                    seconds: begun.elapsed().as_secs(),
                    reason: trouble.reason(),
                });
            }
            sleep(self.settings.retry_backoff_max).await;
        }
    }

    pub fn is_transactional(&self) -> bool {
        self.transactions.is_some()
    }

    /// Batches that may be on their way to one partition: without sequence numbers, brokers keep no order but that of the
    /// answers.
    pub fn most_on_their_way(&self) -> usize {
        let has_numbers = self.is_transactional() || self.identity.is_some_and(|identity| identity != Identity::NONE);
        if has_numbers { self.settings.max_in_flight } else { 1 }
    }

    /// Of the next Produce, which brokers may take as the begin of a transaction, and its newest version.
    pub fn begin_request(&mut self) -> (Option<TransactionalId>, i16) {
        match &mut self.transactions {
            None => (None, i16::MAX),
            Some(transactions) => {
                transactions.touch();
                let id = TransactionalId(wire::text(transactions.id()));
                (Some(id), transactions.newest_produce())
            }
        }
    }

    /// Tells the coordinator of partitions, where it has to be told, all at once.
    ///
    /// # Errors
    /// What it refused.
    pub async fn add(
        &mut self,
        cluster: &mut Cluster,
        partitions: impl Iterator<Item = (Arc<str>, i32)>,
    ) -> Result<(), Failure> {
        let Some(transactions) = &mut self.transactions else {
            return Ok(());
        };
        let to_add = transactions.to_add(partitions);
        if to_add.is_empty() {
            return Ok(());
        }
        transactions.add(cluster, to_add).await
    }

    /// # Errors
    /// Those of [`Transactions::send_offsets`].
    pub async fn send_offsets(&mut self, cluster: &mut Cluster, offsets: &GroupOffsets) -> Result<(), Failure> {
        let Some(transactions) = &mut self.transactions else {
            return Ok(());
        };
        transactions.begin(cluster).await?;
        transactions.send_offsets(cluster, offsets).await
    }

    /// # Errors
    /// Those of [`Transactions::end`].
    pub async fn end(&mut self, cluster: &mut Cluster, commits: bool) -> Result<(), Failure> {
        match &mut self.transactions {
            Some(transactions) => transactions.end(cluster, commits).await,
            None => Ok(()),
        }
    }
}

async fn ask_idempotent(cluster: &mut Cluster) -> Result<Result<Identity, Failure>, Unconnected> {
    cluster.refresh().await?;
    let Some(connection) = cluster.any_connection() else {
        return Err(Lost("the connection was closed".to_owned()).into());
    };
    let Some(version) = connection.versions.newest::<InitProducerIdRequest>(i16::MAX) else {
        tracing::info!("the brokers know no idempotent producers: a batch that is sent again may come twice");
        return Ok(Ok(Identity::NONE));
    };
    let request = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(i32::MAX)
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1);
    let answer = connection.call(&request, version)?.await?;
    Ok(match Code::try_from_code(answer.error_code) {
        None => Ok(Identity {
            producer_id: answer.producer_id.0,
            epoch: answer.producer_epoch,
        }),
        Some(code) => match of_coordinator(code, "producer id") {
            Verdict::Lost(failure) => Err(failure),
            _ => return Err(Lost(words(code)).into()),
        },
    })
}
