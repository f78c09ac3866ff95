//! The labels that tell series of one name apart.

use prometheus_client::metrics::{counter::Counter, family::Family};

use crate::domain::EnvironmentId;

/// Names and values, in the order in which they are shown.
pub(super) type Labels = Vec<(&'static str, String)>;

pub(super) type Counters = Family<Labels, Counter>;

pub(super) fn of_environment(id: &EnvironmentId) -> Labels {
    vec![
        ("subscription", id.subscription.clone()),
        ("environment", id.environment.clone()),
    ]
}

/// A label of a few values that are all known, such as the kind of an error.
pub(super) trait Label: Copy + 'static {
    const NAME: &'static str;
    const ALL: &'static [Self];
    fn value(self) -> &'static str;

    /// `labels` and this one.
    fn on(self, labels: &Labels) -> Labels {
        let mut labels = labels.clone();
        labels.push((Self::NAME, self.value().to_owned()));
        labels
    }
}

/// A counter for each value of a label.
#[derive(Clone)]
pub(super) struct Each<L> {
    counters: Vec<Counter>,
    label: std::marker::PhantomData<L>,
}

impl<L: Label + PartialEq> Each<L> {
    pub fn of(family: &Counters, labels: &Labels) -> Self {
        Self {
            counters: L::ALL
                .iter()
                .map(|value| family.get_or_create_owned(&value.on(labels)))
                .collect(),
            label: std::marker::PhantomData,
        }
    }

    pub fn add(&self, value: L, count: u64) {
        if let Some(counter) = L::ALL
            .iter()
            .position(|known| *known == value)
            .and_then(|i| self.counters.get(i))
        {
            counter.inc_by(count);
        }
    }

    pub fn get(&self, value: L) -> u64 {
        let index = L::ALL.iter().position(|known| *known == value);
        index.and_then(|i| self.counters.get(i)).map_or(0, Counter::get)
    }

    pub fn total(&self) -> u64 {
        self.counters.iter().map(Counter::get).sum()
    }
}

/// Declares an enum that is a label.
macro_rules! label {
    ($(#[$doc:meta])* $name:ident = $label:literal { $($(#[$value_doc:meta])* $variant:ident = $value:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$value_doc])* $variant),+ }

        impl Label for $name {
            const NAME: &'static str = $label;
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn value(self) -> &'static str {
                match self { $(Self::$variant => $value),+ }
            }
        }
    };
}

label! {
    /// What an error was about.
    ErrorKind = "kind" {
        Storage = "storage",
        Kafka = "kafka",
        /// Damaged gzip members.
        Corrupt = "corrupt",
        /// A blob that shrank or changed, an event that can not be read.
        Data = "data",
        Configuration = "configuration",
    }
}

label! {
    /// An event of the monitor.
    EventKind = "kind" {
        Observed = "observed",
        Closed = "closed",
        Listed = "listed",
    }
}

label! {
    /// What was tried again.
    Operation = "operation" {
        Storage = "storage",
        Publish = "publish",
        Transaction = "transaction",
    }
}

label! {
    /// What a rebalance did to the partitions of a lane.
    Rebalance = "kind" {
        Assigned = "assigned",
        Revoked = "revoked",
        /// Given to others while this lane could not know.
        Lost = "lost",
    }
}

label! {
    /// How a transaction ended.
    TransactionOutcome = "outcome" {
        Committed = "committed",
        Aborted = "aborted",
    }
}

label! {
    /// What became of a raw line.
    Outcome = "outcome" {
        Application = "application",
        Http = "http",
        Proxy = "proxy",
        Error = "error",
        /// It was passed over, as the rules of extraction want it.
        Skipped = "skipped",
    }
}

label! {
    /// How a scan ended.
    ScanOutcome = "outcome" {
        Done = "done",
        Failed = "failed",
    }
}
