//! Workers that die at any moment, while blobs grow: every line is in Kafka once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::gz;
use crate::support::kafka::Kafka;
use crate::support::mixed::Dice;
use crate::support::pipeline::Pipeline;
use crate::support::process::{let_pass, wait_for};
use crate::support::running::Running;
use crate::support::scene::{api_blob, expect_log_lines};

const BLOBS: usize = 50;
const KILLS: usize = 24;
const WORKERS: usize = 3;
/// A minute for blobs to be quiet, before they are closed, and the rest for what is behind.
const SETTLED: Duration = Duration::from_secs(180);

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

/// Whether `clp status` tells that nothing is behind, and nothing is written any more.
fn is_settled<K: std::borrow::Borrow<Kafka>>(run: &Pipeline<K>) -> bool {
    let status = run.clp.run(["status", "--date", "20250606", "--format", "json"]);
    let blobs = status.json_lines();
    let settled = |blob: &Value| blob["lag_bytes"] == 0 && blob["status"] == "closed";
    status.code == Some(0) && blobs.len() == BLOBS && blobs.iter().all(settled)
}

#[test]
fn workers_and_the_monitor_may_die_at_any_moment() {
    let run = Pipeline::new()
        .configured("global.polling_interval", 1)
        .configured("date_range.specific_date", "2025-06-06")
        .configured("date_range.monitor_current_day", false)
        .configured("global.blob_closing.timeout_minutes", 1)
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
        wait_for("all blobs to be ingested and closed", SETTLED, || {
            is_settled(&run).then_some(())
        });
        for service in workers.into_iter().chain([monitor_now]) {
            service.signal("TERM");
            let stopped = service.wait().success();
            assert!(!stopped.stderr.contains("panicked"), "{}", stopped.stderr);
        }
        lines
    });
    let found = run.lines();
    assert_eq!(found.len(), BLOBS);
    for (blob, count) in &lines {
        expect_log_lines(&found[blob], 0..*count);
    }
    run.clp.run(["verify", "--deep", "--date", "20250606"]).success();
}
