//! Brokers go and come back, and work goes on soon after that, whatever it was doing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::json;

use crate::support::kafka::Kafka;
use crate::support::log_end::LogEnd;
use crate::support::mixed::Mixed;
use crate::support::pipeline::Pipeline;
use crate::support::process::{let_pass, unique, wait_for};
use crate::support::records::Read;
use crate::support::running::Running;

/// The longest that nothing is committed once the brokers are back.
const SOON: Duration = Duration::from_secs(15);
const HANG: Duration = Duration::from_secs(10);
/// Of the services, over all rounds.
const DEADLINE: Duration = Duration::from_secs(3600);
const PARTITIONS: i32 = 2;
/// More rounds than one of each fault: a number in this variable.
const ROUNDS: &str = "CLP_LIVENESS_ROUNDS";

#[derive(Clone, Copy, Debug)]
enum Fault {
    Hangs,
    Crashes,
    Restarts,
}

#[test]
fn work_goes_on_soon_after_a_broker_that_hung_crashed_or_was_restarted() {
    let rounds: u64 = std::env::var(ROUNDS).map_or(1, |rounds| rounds.parse().expect("a number of rounds"));
    let extract_group = unique("extract");
    let mut run = Pipeline::on(Kafka::private(), PARTITIONS)
        .in_small_pieces()
        .configured("worker.lanes", 2)
        .configured("processing.consumer_group", extract_group.as_str())
        // As it is without any configuration.
        .configured("kafka.consumer", json!({}));
    let mut worker = run.worker(&[]);
    let extractor = run.clp.args(["extract", "-v"]).deadline(DEADLINE).spawn();
    let mut blobs = Vec::new();
    for round in 0..rounds {
        for (number, fault) in (0..).zip([Fault::Hangs, Fault::Crashes, Fault::Restarts]) {
            let blob = Mixed::new(8_000, 100 + 3 * round + number);
            run.storage.delay(Duration::from_millis(150));
            run.put(&blob);
            run.log_end(&blob).wait_for_more(&mut worker, 1_500);
            fail(&mut run.kafka, fault);
            let back = Instant::now();
            run.storage.delay(Duration::ZERO);
            let worst = watch(&run, &extract_group, &blob, back, [&worker, &extractor]);
            eprintln!(
                "round {round}, {fault:?}: the worker committed nothing for {:?}, the extractor for {:?}",
                worst[0], worst[1]
            );
            blobs.push(blob);
        }
    }
    for running in [worker, extractor] {
        running.signal("TERM");
        running.wait().success();
    }
    run.assert_ingested_once(&blobs.iter().collect::<Vec<_>>());
}

/// Waits until the blob is ingested and extracted; panics if either committed nothing for too long. Gives the longest such times.
fn watch(
    run: &Pipeline<Kafka>,
    extract_group: &str,
    blob: &Mixed,
    back: Instant,
    [worker, extractor]: [&Running; 2],
) -> [Duration; 2] {
    let mut watched = Watched::new(run, extract_group, blob, back);
    wait_for("the end of the blob", 20 * SOON, || {
        let is_done = watched.look(run);
        if let Some(who) = watched.stalled().filter(|_| !is_done) {
            panic!(
                "{who} stands still for {SOON:?}\n--- worker\n{}\n--- extractor\n{}",
                worker.stderr(),
                extractor.stderr()
            );
        }
        is_done.then_some(watched.worst)
    })
}

/// Returns when the broker is back.
fn fail(kafka: &mut Kafka, fault: Fault) {
    match fault {
        Fault::Hangs => {
            kafka.pause();
            let_pass(HANG);
            kafka.resume();
        }
        Fault::Crashes => {
            kafka.kill_9();
            kafka.start();
        }
        Fault::Restarts => {
            kafka.stop();
            kafka.start();
        }
    }
}

/// What both have committed, and since when it has been the same.
struct Watched<'a> {
    blob: &'a Mixed,
    lines: LogEnd,
    group: BaseConsumer,
    worker: Progress,
    extractor: Progress,
    /// The longest time without a commit, of the worker and of the extractor.
    worst: [Duration; 2],
}

struct Progress {
    /// `None` before the first look, which may come long after the broker is back.
    reached: Option<i64>,
    since: Instant,
}

impl Progress {
    /// Gives how long it had been the same.
    fn note(&mut self, reached: i64) -> Duration {
        let stood = self.since.elapsed();
        if self.reached.is_some_and(|before| before != reached) {
            self.since = Instant::now();
        }
        self.reached = Some(reached);
        stood
    }
}

impl<'a> Watched<'a> {
    fn new(run: &Pipeline<Kafka>, extract_group: &str, blob: &'a Mixed, back: Instant) -> Watched<'a> {
        let fresh = || Progress {
            reached: None,
            since: back,
        };
        Watched {
            blob,
            lines: run.committed_end(blob),
            group: run
                .client()
                .set("group.id", extract_group)
                .create()
                .expect("a consumer"),
            worker: fresh(),
            extractor: fresh(),
            worst: [Duration::ZERO; 2],
        }
    }

    /// Whether the worker has committed the blob's last line, and the extractor what came of it.
    fn look(&mut self, run: &Pipeline<Kafka>) -> bool {
        let (lines, extracted) = (self.lines.now(), self.extracted(run));
        let stood = [self.worker.note(lines), self.extractor.note(extracted.values().sum())];
        let ingested = run.lines_told(self.blob) >= self.blob.lines.len() as u64;
        for (worst, stood) in self.worst.iter_mut().zip(stood) {
            *worst = stood.max(*worst);
        }
        ingested && {
            let lines = run.kafka.read(&run.topics.raw_application, Read::CommittedNow);
            lines.iter().all(|line| line.offset < extracted[&line.partition])
        }
    }

    /// How far the extractor's group has committed each partition of lines.
    fn extracted(&self, run: &Pipeline<Kafka>) -> BTreeMap<i32, i64> {
        let topic = &run.topics.raw_application;
        wait_for("the extractor's offsets", SOON, || {
            let mut all = TopicPartitionList::new();
            all.add_partition_range(topic, 0, PARTITIONS - 1);
            let committed = self.group.committed_offsets(all, Duration::from_secs(2)).ok()?;
            let offset = |offset: Offset| offset.to_raw().unwrap_or(-1).max(0);
            let elements = committed.elements();
            Some(
                elements
                    .iter()
                    .map(|at| (at.partition(), offset(at.offset())))
                    .collect(),
            )
        })
    }

    /// Who has not committed anything for too long.
    fn stalled(&self) -> Option<&'static str> {
        let stands = |progress: &Progress| progress.since.elapsed() > SOON;
        match (stands(&self.worker), stands(&self.extractor)) {
            (true, _) => Some("the worker"),
            (_, true) => Some("the extractor"),
            _ => None,
        }
    }
}
