//! Requests to Kafka are held, copied and lost at random: every line is in Kafka once. `make faults SEEDS=200` looks for longer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::support::frames::Chaos;
use crate::support::late_frames::{Sender, Size, run_sized};
use crate::support::services::kafka;
use crate::support::tally::Tally;

const SEEDS: u64 = 12;
/// Most of a run's time is waiting for somebody's patience to end.
const AT_A_TIME: usize = 3;
const SIZE: Size = Size {
    lines: 20_000,
    transaction_bytes: 512 << 10,
};
const PER_MILLE: u64 = 50;

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}: {value} is no number")))
}

/// One seed's figures, and whether they are right.
fn try_seed(seed: u64) -> (String, u64, bool) {
    let sender = [Sender::OneShot, Sender::Worker, Sender::Extract][seed as usize % 3];
    let chaos = Chaos {
        seed,
        per_mille: PER_MILLE,
    };
    let tried = catch_unwind(AssertUnwindSafe(|| {
        run_sized(sender, kafka(), SIZE, "", |door, _| door.at_random(Some(chaos)))
    }));
    let Ok(left) = tried else {
        return (format!("seed {seed}, {sender:?}: did not end well"), 0, false);
    };
    let (did, starts) = (&left.did, left.outcomes.len());
    let figures = format!(
        "seed {seed}, {sender:?}: {} after {starts} starts; {} held, {} copied, {} answers and {} connections lost",
        left.tally, did.held, did.copied, did.answers_lost, did.ended
    );
    (figures, did.faults(), left.tally == Tally::exact(SIZE.lines as usize))
}

#[test]
fn late_frames_at_random() {
    let (first, count) = (
        variable("CLP_TEST_SEED").unwrap_or(1),
        variable("CLP_TEST_SEEDS").unwrap_or(SEEDS),
    );
    // A failure to start is not each seed's.
    kafka();
    let (next, faults) = (AtomicU64::new(first), AtomicU64::new(0));
    let inexact = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let (figures, of_seed, is_exact) = try_seed(seed);
                    eprintln!("{figures}");
                    faults.fetch_add(of_seed, Ordering::Relaxed);
                    if !is_exact {
                        inexact.lock().expect("the failures").push(figures);
                    }
                }
            });
        }
    });
    let inexact = inexact.into_inner().expect("the failures");
    assert!(
        inexact.is_empty(),
        "{} of {count} seeds:\n{}",
        inexact.len(),
        inexact.join("\n")
    );
    let faults = faults.into_inner();
    assert!(faults >= count, "only {faults} faults in {count} runs");
}
