//! Signals while a command waits for Kafka at its start: it ends at once, a service well, any other with 130.

use std::time::{Duration, Instant};

use crate::support::clp::Clp;
use crate::support::faults::Faults;
use crate::support::process::wait_for;
use crate::support::services::kafka;
use crate::support::topics::Topics;
use crate::support::watched::Directory;

const LIMIT: Duration = Duration::from_secs(10);
/// Well below the five seconds for which Kafka is waited for.
const AT_ONCE: Duration = Duration::from_secs(2);

#[test]
fn a_signal_ends_what_waits_for_kafka() {
    let clp = Directory::new(kafka(), &Topics::names(kafka())).clp;
    for (args, signal, code) in [
        (&["monitor"][..], "TERM", 0),
        (&["monitor"], "INT", 0),
        (&["monitor", "--once"], "INT", 130),
        (&["ingest", "--worker"], "TERM", 0),
        (&["ingest", "--worker"], "INT", 0),
        (&["ingest", "--blob", "x"], "INT", 130),
        (&["status"], "INT", 130),
        (&["verify"], "TERM", 130),
        (&["init-topics"], "INT", 130),
        (&["test-kafka"], "INT", 130),
    ] {
        let faults = Faults::to(kafka().address());
        faults.stall();
        let brokers = faults.address().to_string();
        let args = args.iter().copied().chain(["--brokers", &brokers]);
        ended_by(&clp, args, &faults, signal, code);
    }
}

#[track_caller]
fn ended_by<'a>(clp: &Clp, args: impl Iterator<Item = &'a str>, faults: &Faults, signal: &str, code: i32) {
    let running = clp.spawn(args);
    wait_for("a connection", LIMIT, || (faults.connections() > 0).then_some(()));
    let asked = Instant::now();
    running.signal(signal);
    let outcome = running.wait().expect_code(code);
    let took = asked.elapsed();
    assert!(took < AT_ONCE, "{took:?}\n{}", outcome.stderr);
    assert!(!outcome.stderr.contains("error: Kafka"), "{}", outcome.stderr);
}
