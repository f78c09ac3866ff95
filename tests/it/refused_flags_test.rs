//! Flags that do not go together, before anything is asked of Kafka or storage.

use crate::support::clp::Clp;

#[test]
fn flags_of_one_shot_runs_and_of_workers_are_kept_apart() {
    let clp = Clp::bare();
    for (args, said) in [
        (&["--worker", "--force"][..], "'--force'"),
        (&["--worker", "--on-corrupt", "fail"], "'--on-corrupt <WHAT>'"),
        (&["--worker", "--format", "json"], "'--format <FORMAT>'"),
        (&["--worker", "--resume"], "'--resume'"),
        (&["--worker", "--group", ""], "'--group <GROUP>'"),
        (&["--blob", "x", "--align", "next"], "--align without --start-offset"),
        (
            &["--blob", "x", "--resume", "--align", "next"],
            "--align without --start-offset",
        ),
        (
            &["--worker", "--min-date", "20250607", "--max-date", "2025-06-06"],
            "error: --min-date 20250607 is after --max-date 20250606",
        ),
    ] {
        let stderr = clp.run(["ingest"].iter().chain(args).copied()).expect_code(2).stderr;
        assert!(stderr.contains(said), "{args:?}: {stderr}");
    }
    for flag in [
        &["--lanes", "2"],
        &["--group", "g"],
        &["--min-date", "20250606"],
        &["--max-date", "20250606"],
        &["--selector", "api"],
        &["--until-idle", "1"],
        &["--metrics-addr", ":0"],
    ] {
        // The blob may also be named by the predecessor's variable.
        for (with, said) in [(&["--blob", "x"][..], "--blob <NAME>"), (&[], "--worker")] {
            let args = ["ingest"].iter().chain(flag).chain(with).copied();
            let invocation = clp.args(args).env("AZURE_STORAGE_BLOB_NAME", "x");
            let stderr = invocation.run().expect_code(2).stderr;
            assert!(
                stderr.contains(flag[0]) && stderr.contains(said),
                "{flag:?} {with:?}: {stderr}"
            );
        }
    }
    let filters = clp.set("worker.filters.max_date", "2025-06-06");
    let mixed = filters.run(["ingest", "--worker", "--min-date", "20250607"]);
    let said = "--min-date 20250607 is after `worker.filters.max_date` 20250606";
    assert!(mixed.expect_code(2).stderr.contains(said));
    let configured = filters.set("worker.filters.min_date", "2025-06-07");
    let stderr = configured.run(["ingest", "--worker"]).expect_code(3).stderr;
    assert!(
        stderr.contains("20250607`, after `max_date` 20250606: no blob passes"),
        "{stderr}"
    );
}

/// The offset may also be the predecessor's variable.
#[test]
fn an_offset_of_the_environment_can_be_aligned() {
    let outcome = Clp::bare()
        .args(["ingest", "--blob", "x", "--align", "next"])
        .env("START_OFFSET", "5")
        .run();
    let stderr = outcome.expect_code(3).stderr;
    assert!(stderr.contains("no environment is configured"), "{stderr}");
}
