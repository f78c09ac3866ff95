//! What is watched, gathered beside the drawing, which waits neither for Kafka nor for storage.
//!
//! ```text
//!  Ingestion.BlobState ── what is new, each interval ────────────┐
//!                                                                ├─▶ Look ─▶ Report ─▶ the screen, which takes the last one
//!  storage ── a list of each environment, now and then ─▶ Stored ┘
//! ```
//!
//! A source that fails leaves what it told before, with its error; it is asked again at the next turn.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{
    cli::in_words,
    commands::gather::{self, LISTED_AT_ONCE, Selections},
    domain::{Date, EnvironmentId, Selectors},
    kafka::{self, Connection},
    pipeline::{
        inventory::{self, Selection, StateFollower},
        status::{self, Listing, Look, Looks},
    },
    storage::Container,
};

/// Everything that is known now.
#[derive(Clone, Default)]
pub(super) struct Report {
    /// `None` before the first one.
    pub look: Option<Arc<Look>>,
    pub kafka: Source,
    pub storage: BTreeMap<EnvironmentId, Source>,
}

/// How a source answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    /// When it last answered well.
    pub seen_at: Option<Timestamp>,
    /// Why it did not, the last time it was asked.
    pub error: Option<String>,
}

/// How often everything is looked at; each change is a wish to look now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub interval: Duration,
}

/// What is to be gathered.
pub(in crate::commands::status) struct Plan {
    pub connection: Connection,
    pub state_topic: (String, u32),
    pub selections: Selections,
    pub selectors: Selectors,
    /// Where they move on with the time.
    pub days: Option<Days>,
    /// Or why it can not be opened.
    pub containers: BTreeMap<EnvironmentId, Result<Container, String>>,
}

/// The days to be listed as of now.
pub(in crate::commands::status) type Days = Arc<dyn Fn() -> Vec<Date> + Send + Sync>;

/// What storage told, by environment.
type Stored = Arc<Mutex<BTreeMap<EnvironmentId, (Option<Arc<Listing>>, Source)>>>;

/// Listing takes at most one part in so many of the time: an environment of tens of thousands of blobs, which takes seconds, is
/// listed once in a minute or two, however short the interval.
const LISTING_SHARE: u32 = 20;

impl Source {
    fn answered(&mut self) {
        self.seen_at = Some(Timestamp::now());
        self.error = None;
    }

    fn failed(&mut self, error: String) {
        self.error = Some(error);
    }

    fn was_asked(&self) -> bool {
        self.seen_at.is_some() || self.error.is_some()
    }
}

/// Gathers until the returned tasks are dropped. They end by themselves only if they panic.
pub(super) fn start(plan: Plan, pace: &watch::Sender<Pace>) -> (watch::Receiver<Report>, JoinSet<()>) {
    let (reports, receiver) = watch::channel(Report::default());
    let stored = Stored::default();
    let slots = Arc::new(Semaphore::new(LISTED_AT_ONCE));
    let mut tasks = JoinSet::new();
    for (environment, container) in plan.containers {
        let entry = (None, Source::default());
        lock(&stored).insert(environment.clone(), entry);
        let Some(selection) = plan.selections.get(&environment).cloned() else {
            continue;
        };
        let environment = Listed {
            environment,
            container,
            selection,
            days: plan.days.clone(),
            stored: Arc::clone(&stored),
            slots: Arc::clone(&slots),
        };
        tasks.spawn(environment.follow(pace.subscribe()));
    }
    let gathering = Gathering {
        connection: plan.connection,
        state_topic: plan.state_topic,
        selections: Arc::new(plan.selections),
        selectors: plan.selectors,
        stored,
        follower: None,
        failures: 0,
        looks: Looks::default(),
    };
    tasks.spawn(follow_states(gathering, pace.subscribe(), reports));
    (receiver, tasks)
}

/// One environment's storage.
struct Listed {
    environment: EnvironmentId,
    container: Result<Container, String>,
    selection: Selection,
    days: Option<Days>,
    stored: Stored,
    slots: Arc<Semaphore>,
}

impl Listed {
    async fn follow(mut self, mut pace: watch::Receiver<Pace>) {
        loop {
            let slot = self.slots.acquire().await;
            let asked_at = Instant::now();
            if let Some(days) = &self.days {
                self.selection.days = days();
            }
            let listed = match &self.container {
                Ok(container) => inventory::list(container, &self.selection)
                    .await
                    .map_err(|error| in_a_line(&error.into())),
                Err(reason) => Err(reason.clone()),
            };
            drop(slot);
            self.note(asked_at, listed);
            let rest = asked_at.elapsed() * LISTING_SHARE;
            wait(&mut pace, rest).await;
        }
    }

    fn note(&self, asked_at: Instant, listed: Result<Vec<crate::storage::BlobProperties>, String>) {
        let mut stored = lock(&self.stored);
        let (listing, source) = stored.entry(self.environment.clone()).or_default();
        match listed {
            Ok(blobs) => {
                *listing = Some(Arc::new(Listing {
                    asked_at,
                    selection: self.selection.clone(),
                    blobs,
                }));
                source.answered();
            }
            Err(error) => source.failed(error),
        }
    }
}

/// Kafka's side, and what is made of both.
struct Gathering {
    connection: Connection,
    state_topic: (String, u32),
    selections: Arc<Selections>,
    selectors: Selectors,
    stored: Stored,
    follower: Option<StateFollower>,
    /// Looks in a row that failed.
    failures: u32,
    looks: Looks,
}

async fn follow_states(mut gathering: Gathering, mut pace: watch::Receiver<Pace>, reports: watch::Sender<Report>) {
    loop {
        let work = move || {
            let looked = gathering.look();
            Ok::<_, kafka::Error>((gathering, looked))
        };
        let Ok((back, looked)) = kafka::blocking(work).await else {
            return;
        };
        gathering = back;
        reports.send_modify(|report| {
            match looked {
                Ok(look) => {
                    report.look = Some(Arc::new(look));
                    report.kafka.answered();
                }
                Err(error) => report.kafka.failed(in_a_line(&error.into())),
            }
            let stored = lock(&gathering.stored);
            report.storage = stored
                .iter()
                .map(|(id, (_, source))| (id.clone(), source.clone()))
                .collect();
        });
        // While storage has not answered for the first time, its news is not made to wait for a whole interval.
        let is_whole = lock(&gathering.stored).values().all(|(_, source)| source.was_asked());
        match is_whole {
            true => wait(&mut pace, Duration::ZERO).await,
            false => tokio::time::sleep(FIRST_LOOKS).await,
        }
    }
}

/// A client that failed so many looks in a row may ask a broker that is no more: a new one begins anew.
const OPEN_ANEW_AFTER: u32 = 3;
/// Between looks, while the storage of some environment has never answered.
const FIRST_LOOKS: Duration = Duration::from_millis(300);

/// Until the interval is over, or `at_least` if that is longer, or somebody wants to look now.
async fn wait(pace: &mut watch::Receiver<Pace>, at_least: Duration) {
    let interval = pace.borrow_and_update().interval.max(at_least);
    tokio::select! {
        () = tokio::time::sleep(interval) => {}
        // Nobody is left to gather for: whoever started this drops it.
        changed = pace.changed() => if changed.is_err() {
            std::future::pending::<()>().await;
        },
    }
}

impl Gathering {
    fn look(&mut self) -> Result<Look, kafka::Error> {
        let follower = match &mut self.follower {
            Some(follower) => follower,
            None => {
                let selections = Arc::clone(&self.selections);
                let wants: inventory::Wants = Box::new(move |environment, state| {
                    let selection = selections.get(environment);
                    selection.is_some_and(|selection| selection.wants_state(state))
                });
                let (topic, partitions) = &self.state_topic;
                let opened = StateFollower::open(&self.connection, topic, *partitions, wants)?;
                self.follower.insert(opened)
            }
        };
        if let Err(error) = follower.catch_up() {
            self.failures += 1;
            if self.failures >= OPEN_ANEW_AFTER {
                self.follower = None;
            }
            return Err(error);
        }
        self.failures = 0;
        let now = (Timestamp::now(), Instant::now());
        let (listings, is_whole) = {
            let stored = lock(&self.stored);
            let listings = stored
                .iter()
                .filter_map(|(id, (listing, _))| Some((id.clone(), Arc::clone(listing.as_ref()?))));
            let is_whole = stored.values().all(|(_, source)| source.was_asked());
            (listings.collect(), is_whole)
        };
        let rows = status::rows(&listings, follower.states(), |name| {
            gather::service_of(&self.selectors, name)
        });
        Ok(self.looks.take(now, rows, self.selections.keys().cloned(), is_whole))
    }
}

/// An error without its hint.
pub(in crate::commands::status) fn in_a_line(error: &anyhow::Error) -> String {
    in_words(error).0.replace('\n', " ")
}

/// A panic elsewhere while the lock was held leaves these plain values usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
