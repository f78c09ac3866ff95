//! Workers that die at any moment, while blobs grow: every line is in Kafka once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::gz;
use crate::support::kafka::Kafka;
use crate::support::mixed::Dice;
use crate::support::pipeline::Pipeline;
use crate::support::process::let_pass;
use crate::support::running::Running;
use crate::support::scene::{api_blob, expect_log_lines};

const BLOBS: usize = 24;
const KILLS: usize = 24;
const WORKERS: usize = 3;

/// Appends to the blobs in turn until it is told to stop; gives how many lines each has then. Members end anywhere.
fn write<K: std::borrow::Borrow<Kafka>>(
    run: &Pipeline<K>,
    names: &[String],
    stop: &AtomicBool,
) -> BTreeMap<String, u64> {
    let mut dice = Dice(7);
    let mut lines = BTreeMap::new();
    for name in names.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let count: &mut u64 = lines.entry(name.clone()).or_default();
        let more = 1 + dice.roll(120);
        let text: String = (*count..*count + more)
            .map(|index| gz::log_line(index) + "\n")
            .collect();
        let cut = dice.roll(text.len() as u64) as usize;
        let mut flush = gz::member(&text.as_bytes()[..cut]);
        flush.extend(gz::member(&text.as_bytes()[cut..]));
        run.blobs.append(name, &flush);
        *count += more;
    }
    lines
}

#[test]
fn workers_and_the_monitor_may_die_at_any_moment() {
    let run = Pipeline::new()
        .configured("global.polling_interval", 1)
        .configured("date_range.specific_date", "2025-06-06")
        .configured("kafka.transaction_bytes", 256 << 10);
    let names: Vec<String> = (0..BLOBS).map(|n| api_blob(&format!("chaos-{n}"))).collect();
    let stop = AtomicBool::new(false);
    let monitor = || run.clp.args(["monitor"]).deadline(Duration::from_secs(600)).spawn();
    let lines = thread::scope(|scope| {
        let writer = scope.spawn(|| write(&run, &names, &stop));
        let mut dice = Dice(11);
        let mut monitor_now = monitor();
        let mut workers: Vec<Running> = (0..WORKERS).map(|_| run.worker(&["--lanes", "2"])).collect();
        for _ in 0..KILLS {
            let_pass(Duration::from_millis(300 + dice.roll(1_700)));
            let victim = workers.swap_remove(dice.roll(WORKERS as u64) as usize);
            let dead = victim.kill_9();
            assert!(!dead.stderr.contains("panicked"), "{}", dead.stderr);
            workers.push(run.worker(&["--lanes", "2"]));
            if dice.roll(5) == 0 {
                monitor_now.kill_9();
                monitor_now = monitor();
            }
        }
        stop.store(true, Ordering::Relaxed);
        let lines = writer.join().expect("the writer");
        monitor_now.kill_9();
        run.clp.run(["monitor", "--once"]).success();
        for worker in workers {
            worker.signal("TERM");
            let stopped = worker.wait().success();
            assert!(!stopped.stderr.contains("panicked"), "{}", stopped.stderr);
        }
        lines
    });
    run.work(&[]);
    let found = run.lines();
    assert_eq!(found.len(), BLOBS);
    for (blob, count) in &lines {
        expect_log_lines(&found[blob], 0..*count);
    }
    run.clp.run(["verify", "--deep", "--date", "20250606"]).success();
}
