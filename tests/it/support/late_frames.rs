//! Runs behind a network that delays and doubles single requests, and what is in Kafka then.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::json;

use super::clp::Clp;
use super::doors::Door;
use super::extraction::{Extraction, raw};
use super::frames::{Api, Did, Kind, Rule, after, before};
use super::ingested::Ingestion;
use super::kafka::Kafka;
use super::mixed::Mixed;
use super::pipeline::Pipeline;
use super::running::Outcome;
use super::scene::api_blob;
use super::tally::Tally;

/// What a run ends with that Kafka failed.
const KAFKA_FAILED: i32 = 4;
/// An operator who starts it again so often, and no more, takes it for broken.
const STARTS: usize = 8;
const LIMIT: Duration = Duration::from_secs(480);

/// Several transactions, each of several requests.
pub const LINES: u64 = 60_000;
const TRANSACTION_BYTES: u64 = 4 << 20;

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    OneShot,
    Worker,
    Extract,
}

/// How much a run has to do.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub lines: u64,
    pub transaction_bytes: u64,
}

impl Size {
    pub const FULL: Size = Size {
        lines: LINES,
        transaction_bytes: TRANSACTION_BYTES,
    };
}

/// Something that the network does to a run, by the topics of its lines (or extracted records) and of its states.
#[derive(Clone, Copy)]
pub struct Fault {
    pub rules: fn(&Written) -> Vec<Rule>,
    /// Requests that reach the broker late.
    pub late: u64,
}

/// The topics that a run writes to.
pub struct Written {
    pub lines: String,
    pub states: String,
}

impl Written {
    fn lines(&self) -> Kind {
        Kind::produce_to(&self.lines)
    }

    fn states(&self) -> Kind {
        Kind::produce_to(&self.states)
    }
}

/// The commit of the second transaction is held, the client's next try wins, and the first comes when lines of the third
/// transaction are there.
pub const LATE_COMMIT: Fault = Fault {
    rules: |to| vec![Rule::nth(Api::EndTxn, 2).hold([after(to.lines(), 1)])],
    late: 1,
};

/// As [`LATE_COMMIT`], of a later transaction and when more of its lines are there.
pub const LATER_COMMIT: Fault = Fault {
    rules: |to| vec![Rule::nth(Api::EndTxn, 3).hold([after(to.lines(), 2)])],
    late: 1,
};

/// As [`LATE_COMMIT`], but the client is told nothing: it waits until its own patience is over.
pub const SILENT_COMMIT: Fault = Fault {
    rules: |to| vec![Rule::nth(Api::EndTxn, 2).hold_silently([after(to.lines(), 1)])],
    late: 1,
};

/// The commit is done, its answer is lost; the client's next try is held, its third wins.
pub const LATE_RETRY: Fault = Fault {
    rules: |to| {
        let held = Rule::nth(Api::EndTxn, 3).hold([after(to.lines(), 1)]);
        vec![Rule::nth(Api::EndTxn, 2).lose_answer(), held]
    },
    late: 1,
};

/// The commit is done and answered, and a copy of it comes in the middle of the next transaction.
pub const COPIED_COMMIT: Fault = Fault {
    rules: |to| vec![Rule::nth(Api::EndTxn, 2).copy([after(to.lines(), 1)])],
    late: 1,
};

/// The held commit comes before anything of the next transaction.
pub const COMMIT_BEFORE_LINES: Fault = Fault {
    rules: |_| vec![Rule::nth(Api::EndTxn, 2).hold([before(Api::Produce, 1)])],
    late: 1,
};

/// The held commit comes right behind the next transaction's state, while lines may still wait to be sent, as they are slow.
pub const COMMIT_BEHIND_STATE: Fault = Fault {
    rules: |to| {
        let slow = Rule::each(to.lines()).delay(Duration::from_millis(20));
        let held = Rule::nth(Api::EndTxn, 2).hold([after(to.states(), 1)]);
        vec![slow, held]
    },
    late: 1,
};

/// As [`COMMIT_BEHIND_STATE`], of a later transaction.
pub const LATER_COMMIT_BEHIND_STATE: Fault = Fault {
    rules: |to| {
        let slow = Rule::each(to.lines()).delay(Duration::from_millis(20));
        let held = Rule::nth(Api::EndTxn, 4).hold([after(to.states(), 1)]);
        vec![slow, held]
    },
    late: 1,
};

/// Lines of a transaction come, once more, in the middle of the next one.
pub const LATE_LINES: Fault = Fault {
    rules: |to| {
        let steps = [after(Api::EndTxn, 1), after(to.lines(), 1)];
        vec![Rule::nth(to.lines(), 4).hold(steps)]
    },
    late: 1,
};

/// The run's registration comes once more, in the middle of a transaction.
pub const COPIED_REGISTRATION: Fault = Fault {
    rules: |to| {
        let steps = [after(Api::EndTxn, 1), after(to.lines(), 1)];
        vec![Rule::nth(Api::InitProducerId, 1).copy(steps)]
    },
    late: 1,
};

/// Each commit of the group's offsets comes once more, behind those of the next transaction and right before its end.
pub const COPIED_OFFSETS: Fault = Fault {
    rules: |_| vec![Rule::each(Api::TxnOffsetCommit).copy([before(Api::EndTxn, 2)])],
    late: MANY,
};

/// As [`COPIED_OFFSETS`], right before the offsets of the next transaction.
pub const OFFSETS_BEFORE_OFFSETS: Fault = Fault {
    rules: |_| vec![Rule::each(Api::TxnOffsetCommit).copy([before(Api::TxnOffsetCommit, 1)])],
    late: MANY,
};

/// More than one; of the last ones, nothing comes that they wait for.
const MANY: u64 = u64::MAX;

/// What a run left in Kafka, and what was done to it.
pub struct Left {
    pub tally: Tally,
    pub did: Did,
    /// Of the late requests, those that still waited when the run was over.
    pub at_the_end: u64,
    /// Of each start.
    pub outcomes: Vec<Outcome>,
}

impl Left {
    /// Panics with the figures unless each of so many lines is there once.
    #[track_caller]
    pub fn assert_exact(&self, size: Size) {
        let said: Vec<&str> = self.outcomes.iter().map(|outcome| outcome.stderr.as_str()).collect();
        assert!(
            self.tally == Tally::exact(size.lines as usize),
            "{} of {} ({:?})\n{}",
            self.tally,
            size.lines,
            self.did,
            said.join("--- started again\n")
        );
    }
}

/// Runs a sender until it is done, with the fault in its way.
#[track_caller]
pub fn run(sender: Sender, kafka: &Kafka, fault: Fault) -> Left {
    run_broken(sender, kafka, fault, "")
}

/// As [`run`], of a `clp` without some of what keeps it exact: `CLP_TEST_BREAK`.
#[track_caller]
pub fn run_broken(sender: Sender, kafka: &Kafka, fault: Fault, without: &str) -> Left {
    let left = run_sized(sender, kafka, Size::FULL, without, |door, written| {
        door.set((fault.rules)(written));
    });
    let did = &left.did;
    let (asked, came) = (did.held + did.copied, did.late.len() as u64 - left.at_the_end);
    match fault.late {
        MANY => assert!(came > 1, "what they wait for never came: {did:?}"),
        late => assert_eq!((asked, came), (late, late), "what they wait for never came: {did:?}"),
    }
    assert!(did.late.iter().all(|late| late.answered), "{did:?}");
    left
}

/// Runs a sender until it is done, with whatever `disturb` does to its way. What waits at the end is delivered then.
#[track_caller]
pub fn run_sized(sender: Sender, kafka: &Kafka, size: Size, without: &str, disturb: impl Fn(&Door, &Written)) -> Left {
    let door = kafka.door();
    match sender {
        Sender::OneShot => one_shot(kafka, &door, size, without, &disturb),
        Sender::Worker => worker(kafka, &door, size, without, &disturb),
        Sender::Extract => extract(kafka, &door, size, without, &disturb),
    }
}

type Disturb<'a> = &'a dyn Fn(&Door, &Written);

fn one_shot(kafka: &Kafka, door: &Door, size: Size, without: &str, disturb: Disturb<'_>) -> Left {
    let mut run = Ingestion::new(kafka, lines(size.lines))
        .configured("kafka.brokers", door.brokers())
        .configured("kafka.properties", properties())
        .configured("kafka.transaction_bytes", size.transaction_bytes)
        .configured("kafka.transaction_seconds", 10)
        .configured("storage.range_bytes", 1 << 20);
    run.clp = broken(run.clp, without);
    let written = Written {
        lines: run.topics.raw_application.clone(),
        states: run.topics.blob_state.clone(),
    };
    disturb(door, &written);
    let outcomes = until_done(|start| {
        let more: &[&str] = if start == 0 { &[] } else { &["--resume"] };
        run.start_within(LIMIT, more).wait()
    });
    let at_the_end = door.deliver_rest();
    Left {
        tally: Tally::of_lines(kafka, &written.lines, &run.blob),
        did: door.did(),
        at_the_end,
        outcomes,
    }
}

fn worker(kafka: &Kafka, door: &Door, size: Size, without: &str, disturb: Disturb<'_>) -> Left {
    let mut run = Pipeline::on(kafka, 1)
        .configured("kafka.brokers", door.brokers())
        .configured("kafka.properties", properties())
        .configured("kafka.transaction_bytes", size.transaction_bytes)
        .configured("kafka.transaction_seconds", 10);
    run.clp = broken(run.clp, without);
    let blob = lines(size.lines);
    let written = Written {
        lines: run.topics.raw_application.clone(),
        states: run.topics.blob_state.clone(),
    };
    run.put(&blob);
    disturb(door, &written);
    let args = ["ingest", "--worker", "-v", "--lanes", "1", "--until-idle", "2"];
    let is_done = || run.lines_told(&blob) >= size.lines;
    let outcomes = until(is_done, |_| run.clp.args(args).deadline(LIMIT).run());
    let at_the_end = door.deliver_rest();
    Left {
        tally: Tally::of_lines(kafka, &written.lines, &blob),
        did: door.did(),
        at_the_end,
        outcomes,
    }
}

/// Started once more at the end, as after an update: what it does then follows from the group's offsets.
fn extract(kafka: &Kafka, door: &Door, size: Size, without: &str, disturb: Disturb<'_>) -> Left {
    let mut run = Extraction::on(kafka)
        .configured("kafka.brokers", door.brokers())
        .configured("kafka.properties", properties())
        .configured("kafka.transaction_bytes", size.transaction_bytes)
        .configured("kafka.transaction_seconds", 10);
    run.clp = broken(run.clp, without);
    let blobs = vec![api_blob("late")];
    run.append(&run.topics.raw_application, &raw(&blobs[0], 0..size.lines));
    let written = Written {
        lines: run.topics.extracted_application.clone(),
        states: run.topics.blob_state.clone(),
    };
    disturb(door, &written);
    let args = ["extract", "-v", "--until-idle", "2"];
    let is_done = || run.committed(&run.topics.raw_application) == kafka.ends(&run.topics.raw_application);
    let mut outcomes = until(is_done, |_| run.clp.args(args).deadline(LIMIT).run());
    door.set([]);
    door.at_random(None);
    let at_the_end = door.deliver_rest();
    outcomes.push(run.clp.args(args).deadline(LIMIT).run().success());
    Left {
        tally: Tally::of_extracted(kafka, &written.lines, &blobs, size.lines),
        did: door.did(),
        at_the_end,
        outcomes,
    }
}

/// The variable by which a debug build leaves out what keeps it exact.
const BREAK: &str = "CLP_TEST_BREAK";

fn broken(clp: Clp, without: &str) -> Clp {
    if without.is_empty() {
        clp
    } else {
        clp.variable(BREAK, without)
    }
}

fn properties() -> serde_json::Value {
    // A request that is not answered is given up soon, and a connection that ended is made anew soon.
    json!({"socket.timeout.ms": "5000", "reconnect.backoff.max.ms": "200"})
}

/// The same for all tests: making it takes longer than sending it.
fn lines(count: u64) -> Arc<Mixed> {
    static FULL: OnceLock<Arc<Mixed>> = OnceLock::new();
    match count {
        LINES => Arc::clone(FULL.get_or_init(|| Arc::new(Mixed::new(LINES, 71)))),
        _ => Arc::new(Mixed::new(count, 72)),
    }
}

/// As an operator does: what Kafka failed is started again.
#[track_caller]
pub fn until_done(run: impl Fn(usize) -> Outcome) -> Vec<Outcome> {
    until(|| true, run)
}

/// As [`until_done`], of a service, which also ends when it had nothing to do for a while: on a busy machine before it was
/// given anything.
#[track_caller]
fn until(is_done: impl Fn() -> bool, run: impl Fn(usize) -> Outcome) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for start in 0..STARTS {
        let outcome = run(start);
        if outcome.code == Some(KAFKA_FAILED) {
            outcomes.push(outcome);
            continue;
        }
        outcomes.push(outcome.success());
        if is_done() {
            return outcomes;
        }
    }
    let said = &outcomes.last().expect("an outcome").stderr;
    panic!("started {STARTS} times and not done:\n{said}");
}
