//! The worker beside `zcat | kcat -P`, in turn, over the same lines into the same Kafka: `make bench-worker`.
//!
//! Two ways. At work: the worker is in its group and has sent lines already when the events come, as in its months of
//! service; timed is from the first event to the last commit. From its start: the events wait, and timed is from the
//! process's start to the last commit, joining the group included. kcat's time is that of its whole process. The worker reads
//! from Azurite and sends keys, headers, states and offsets in transactions; kcat reads files and sends lines only.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints figures, and says that it cannot go on by panicking, as the tests' support does"
)]

#[path = "../tests/it/support/mod.rs"]
mod support;

use std::{path::Path, time::Duration};

use support::{
    bench::{Cost, Meter, PARTITIONS, committed, compare, kcat_produces, lines, write_blob},
    gz,
    pipeline::{Pipeline, observed},
    process::{unique, wait_for},
    running::Running,
    scene::api_blob,
    services::{azurite, kafka},
    topics,
};

const LIMIT: Duration = Duration::from_secs(120);

fn main() {
    let topic = unique("bench.kcat");
    topics::create(kafka(), &topic, PARTITIONS, &[]);
    for lines in lines(&[200_000]) {
        for blobs in [1, 100] {
            let each = lines / blobs;
            let lines = each * blobs;
            let file = tempfile::NamedTempFile::new().expect("a temporary file");
            write_blob(file.path(), each);
            compare(
                &format!("worker over {blobs} blobs of {each} lines of 1.6 KB"),
                lines,
                vec![
                    (
                        "worker, at work",
                        Box::new(|| at_work(&scene(file.path(), blobs), lines)),
                    ),
                    (
                        "worker, from its start",
                        Box::new(|| from_its_start(&scene(file.path(), blobs), lines)),
                    ),
                    (
                        "`zcat \\| kcat -P`",
                        Box::new(|| kcat_produces(file.path(), &topic, blobs)),
                    ),
                ],
            );
        }
    }
}

/// Blobs that no event has told of yet.
struct Scene {
    run: Pipeline,
    blobs: Vec<String>,
}

fn scene(file: &Path, blobs: u64) -> Scene {
    let mut run = Pipeline::on(kafka(), PARTITIONS).configured("kafka.transaction_seconds", 5);
    run.clp = run.clp.storage(run.blobs.container(), &azurite().endpoint());
    let blobs: Vec<String> = (0..blobs).map(|n| api_blob(&format!("bench-{n}"))).collect();
    for name in &blobs {
        run.blobs.upload(name, file);
    }
    Scene { run, blobs }
}

impl Scene {
    fn tell(&self) {
        let events: Vec<_> = self.blobs.iter().map(|name| observed(&self.run.listed(name))).collect();
        self.run.tell(&events);
    }
}

fn at_work(scene: &Scene, lines: u64) -> Cost {
    let Scene { run, .. } = scene;
    let worker = run.worker(&[]);
    worker.wait_for_stderr("states are restored", LIMIT);
    let first = api_blob("first");
    run.blobs.append(&first, &gz::blob(0..10, 10));
    run.observe(&first);
    worker.wait_for_stderr("committed lane=", LIMIT);
    let before = committed(&worker.stderr());
    scene.tell();
    // The events were acknowledged just now; whoever told them needed half a second to connect.
    let meter = Meter::of(worker.pid());
    until_committed(worker, before + lines, &meter)
}

fn from_its_start(scene: &Scene, lines: u64) -> Cost {
    scene.tell();
    let worker = scene.run.worker(&[]);
    let meter = Meter::of(worker.pid());
    until_committed(worker, lines, &meter)
}

/// Stops it then.
fn until_committed(worker: Running, lines: u64, meter: &Meter) -> Cost {
    wait_for("all lines to be committed", LIMIT, || {
        (committed(&worker.stderr()) >= lines).then_some(())
    });
    let cost = meter.stop();
    worker.signal("TERM");
    let peak_bytes = worker.wait().success().peak_rss_bytes;
    Cost { peak_bytes, ..cost }
}
