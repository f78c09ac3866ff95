//! SIGINT and SIGTERM: what was sent is committed, the run says how much that is, and another goes on behind it.

use std::time::Duration;

use crate::support::ingested::Ingestion;
use crate::support::mixed::Mixed;
use crate::support::services::kafka;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_signal_ends_a_run_behind_what_it_sent() {
    let run = Ingestion::new(kafka(), Mixed::new(20_000, 3)).configured("kafka.transaction_seconds", 15);
    let log_end = run.log_end();
    let mut before = 0;
    run.storage.delay(Duration::from_millis(60));
    for signal in ["INT", "TERM"] {
        let mut running = run.start(&["--resume"]);
        log_end.wait_for_more(&mut running, 3_000);
        running.signal(signal);
        running.wait_for_stderr("again to stop at once", LIMIT);
        let outcome = running.wait().expect_code(130);
        let said = outcome
            .stderr
            .split_once("interrupted; this run sent ")
            .unwrap_or_else(|| panic!("{}", outcome.stderr));
        let lines: u64 = said.1.split_once(' ').unwrap().0.parse().unwrap();
        assert!(lines > 0);
        before += lines;
        assert!(outcome.stderr.contains("hint: --resume"), "{}", outcome.stderr);
        assert_eq!(run.committed_lines().len() as u64, before, "after SIG{signal}");
        assert_eq!(run.state(None).unwrap()["totalLinesIngested"], before);
        assert!(run.completions().is_empty());
    }
    run.storage.delay(Duration::ZERO);
    let last = run.run(&["--resume"]).success();
    run.assert_complete(&last);
    assert_eq!(last.json_lines()[0]["lines"], run.blob.lines.len() as u64 - before);
}
