//! The figures of a service that works in lanes: transactions, rebalances, lanes.

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    metrics::{
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use serde::Serialize;

use super::labels::{Counters, Each, Labels, Operation, Rebalance, TransactionOutcome};

/// From 10 ms to 20 s, which is the timeout of transactions.
const TRANSACTION_SECONDS: (f64, f64, u16) = (0.01, 2.0, 12);

/// A handle; clones count into the same figures.
#[derive(Clone)]
pub struct LaneMetrics(Arc<Figures>);

struct Figures {
    transactions: Each<TransactionOutcome>,
    transaction_seconds: Histogram,
    retries: Each<Operation>,
    rebalances: Each<Rebalance>,
    lanes: Gauge,
    partitions: Gauge,
}

/// Plain values of one moment.
#[derive(Debug, Serialize)]
pub struct LanesOverview {
    pub lanes: i64,
    pub partitions: i64,
    /// Transactions since the start of the service.
    pub committed: u64,
    pub aborted: u64,
}

impl LaneMetrics {
    pub(super) fn overview(&self) -> LanesOverview {
        LanesOverview {
            lanes: self.0.lanes.get(),
            partitions: self.0.partitions.get(),
            committed: self.0.transactions.get(TransactionOutcome::Committed),
            aborted: self.0.transactions.get(TransactionOutcome::Aborted),
        }
    }

    /// `registry` has clp's prefix already.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let transactions = Counters::default();
        registry.register(
            "transactions",
            "Kafka transactions that were ended",
            transactions.clone(),
        );
        let (start, factor, length) = TRANSACTION_SECONDS;
        let transaction_seconds = Histogram::new(exponential_buckets(start, factor, length));
        registry.register_with_unit(
            "transaction",
            "From a transaction's first record to its end",
            Unit::Seconds,
            transaction_seconds.clone(),
        );
        let retries = Counters::default();
        registry.register("retries", "What was tried again after a failure", retries.clone());
        let rebalances = Counters::default();
        registry.register(
            "rebalances",
            "Rebalances of the consumer group, by lane",
            rebalances.clone(),
        );
        let lanes = Gauge::default();
        registry.register("lanes", "Members of the consumer group in this process", lanes.clone());
        let partitions = Gauge::default();
        registry.register(
            "assigned_partitions",
            "Partitions that the lanes of this process have",
            partitions.clone(),
        );
        let none = Labels::new();
        Self(Arc::new(Figures {
            transactions: Each::of(&transactions, &none),
            transaction_seconds,
            retries: Each::of(&retries, &none),
            rebalances: Each::of(&rebalances, &none),
            lanes,
            partitions,
        }))
    }

    pub fn committed(&self, took: Duration) {
        self.0.transactions.add(TransactionOutcome::Committed, 1);
        self.0.transaction_seconds.observe(took.as_secs_f64());
    }

    /// What was in the transaction comes again.
    pub fn aborted(&self, took: Duration) {
        self.0.transactions.add(TransactionOutcome::Aborted, 1);
        self.0.transaction_seconds.observe(took.as_secs_f64());
        self.0.retries.add(Operation::Transaction, 1);
    }

    /// A lane was given `partitions`, or had them taken away.
    pub fn rebalanced(&self, kind: Rebalance, partitions: usize) {
        self.0.rebalances.add(kind, 1);
        match kind {
            Rebalance::Assigned => self.0.partitions.inc_by(partitions as i64),
            Rebalance::Revoked | Rebalance::Lost => self.0.partitions.dec_by(partitions as i64),
        };
    }

    pub fn lane_started(&self) {
        self.0.lanes.inc();
    }

    pub fn lane_ended(&self) {
        self.0.lanes.dec();
    }
}
