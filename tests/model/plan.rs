//! The project's own decisions, asked once for everything that a scenario can ask them: they are pure.

use clp::{
    domain::{
        BlobHash, Checkpoint, Date, EnvironmentId,
        event::{BlobState, BlobStatus},
    },
    pipeline::{
        ingest::{Start, beginning},
        worker::{Cursor, Decision, Known, Work, decide},
    },
};
use jiff::Timestamp;

use crate::rules::Scenario;

/// Compressed bytes of a member. Each event of a blob tells of one member more.
const MEMBER: u64 = 100;

pub struct Plan {
    /// By event, then by lines that are in: whether there is something to read.
    reads: Vec<Vec<bool>>,
    /// By a state's lines: how many a run that resumes takes to be in.
    resumes: Vec<u8>,
}

impl Plan {
    pub fn new(scenario: &Scenario) -> Self {
        let checkpoints = checkpoints(scenario.events);
        let works: Vec<Work> = (0..scenario.events.len()).map(work).collect();
        let reads = works.iter().map(|work| {
            let lines = 0..checkpoints.len();
            let known = lines.map(|lines| (lines > 0).then(|| known(&checkpoints, lines)));
            known.map(|known| reads(work, known.as_ref())).collect()
        });
        let resumes = (0..checkpoints.len()).map(|lines| {
            let state = (lines > 0).then(|| state(&checkpoints, lines));
            let beginning = beginning(Start::Resume, state.as_ref());
            assert_eq!(beginning.lines_before, lines as u64);
            lines_at(&checkpoints, beginning.checkpoint)
        });
        Self {
            reads: reads.collect(),
            resumes: resumes.collect(),
        }
    }

    /// How many lines are left of an event.
    pub fn left(&self, scenario: &Scenario, event: u8, lines: u8) -> u8 {
        let event = usize::from(event);
        match self.reads[event][usize::from(lines)] {
            true => scenario.events[event] - lines,
            false => 0,
        }
    }

    pub fn resumes(&self, lines: u8) -> u8 {
        self.resumes[usize::from(lines)]
    }

    /// The offset to commit after an event was seen, and perhaps finished.
    pub fn offset(&self, event: u8, is_finished: bool) -> u8 {
        let event = i64::from(event);
        let mut cursor = Cursor::at(event);
        cursor.see(event);
        if is_finished {
            cursor.finish(event);
        }
        cursor.committed() as u8
    }
}

fn checkpoints(events: &[u8]) -> Vec<Checkpoint> {
    let mut all = vec![Checkpoint::at(0)];
    for line in 1..=events.last().copied().unwrap_or(0) {
        let ends = events.iter().position(|lines| *lines == line);
        let before = all[all.len() - 1];
        all.push(ends.map_or(before.after_line(), |member| {
            Checkpoint::at((member as u64 + 1) * MEMBER)
        }));
    }
    all
}

fn lines_at(checkpoints: &[Checkpoint], checkpoint: Checkpoint) -> u8 {
    let place = checkpoints.iter().position(|known| *known == checkpoint);
    place.expect("a checkpoint is one of the blob's") as u8
}

fn written(event: usize) -> Timestamp {
    Timestamp::from_second(1_749_168_000 + event as i64).expect("a second of June 2025")
}

fn work(event: usize) -> Work {
    let environment = EnvironmentId::new("cp2", "P1");
    let blob = "kubernetes/20250606.api-1_default_platform-01.gz";
    Work {
        id: BlobHash::of(&environment, blob),
        environment: environment.into(),
        blob: blob.into(),
        service: "api".into(),
        partition: 0,
        size: (event as u64 + 1) * MEMBER,
        last_modified: written(event),
        created: None,
        observed: written(event),
        closed: false,
        offsets: vec![event as i64],
        begun: None,
        failures: 0,
        told: None,
    }
}

fn reads(work: &Work, known: Option<&Known>) -> bool {
    let oldest: Date = "20250101".parse().expect("a date");
    match decide(work, known, oldest) {
        Decision::Read => true,
        Decision::Nothing => false,
        other => panic!("{other:?} is no part of the model: {work:?}, {known:?}"),
    }
}

fn known(checkpoints: &[Checkpoint], lines: usize) -> Known {
    Known::of(0, &state(checkpoints, lines))
}

/// The state after so many lines, as the event says that told of the last of them.
fn state(checkpoints: &[Checkpoint], lines: usize) -> BlobState {
    let Checkpoint { member, lines: inside } = checkpoints[lines];
    let event = (member / MEMBER + inside.min(1) - 1) as usize;
    BlobState {
        subscription: "cp2".into(),
        environment: "P1".into(),
        blob_name: "kubernetes/20250606.api-1_default_platform-01.gz".into(),
        status: BlobStatus::Open,
        last_updated: written(event),
        size_in_bytes: (event as u64 + 1) * MEMBER,
        last_modified_date: written(event),
        service_selector: "api".into(),
        last_ingested_offset: member,
        checkpoint_lines: inside,
        total_lines_ingested: lines as u64,
        creation_date: None,
        last_processed_date: None,
        first_observed_date: written(0),
        last_observed_date: written(event),
        last_error: None,
        skipped_bytes: 0,
        unterminated_at: None,
    }
}
