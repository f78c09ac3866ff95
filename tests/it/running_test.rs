//! The harness itself: how it runs `clp` and other programs.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::blobs::Blobs;
use crate::support::clp::{Clp, Invocation};
use crate::support::process::wait_for;
use crate::support::running::Outcome;
use crate::support::services::kafka;
use crate::support::topics::Topics;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_configuration_names_the_services_and_is_private() {
    let (blobs, topics) = (Blobs::new(), Topics::names(kafka()));
    let clp = Clp::new(kafka(), &blobs, &topics).set("kafka.delivery", "exactly-once");
    assert_eq!(
        clp.config_file().metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    let text = std::fs::read_to_string(clp.config_file()).unwrap();
    for part in [
        blobs.container(),
        &topics.errors,
        &kafka().brokers(),
        "devstoreaccount1",
        "exactly-once",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn clp_runs_without_any_environment() {
    Clp::bare().run(["--version"]).success();
}

#[test]
fn output_input_and_codes_are_those_of_the_program() {
    let outcome = sh("cat; echo problem >&2; exit 3").input("hello").run().expect_code(3);
    assert_eq!(
        (outcome.text().as_str(), outcome.stderr.as_str()),
        ("hello", "problem\n")
    );
    let running = sh("echo ready >&2; read -r _; exec sleep 100").input("x\n").spawn();
    assert_eq!(running.wait_for_stderr("re.dy", LIMIT), "ready");
    running.signal("TERM");
    assert_eq!(running.wait().signal, Some(15));
    assert_eq!(sh("exec sleep 100").spawn().kill_9().signal, Some(9));
}

#[test]
fn the_peak_of_memory_is_seen() {
    // A string of 64 MiB in the shell itself; then it says so and waits, as the peak is looked at from time to time.
    let script = "x=$(head -c 67108864 /dev/zero | tr '\\0' a); echo done; read -r _; : \"${#x}\"";
    let running = Invocation::of(shell(script)).hold_input().spawn();
    running.wait_for_stdout("done", LIMIT);
    wait_for("the peak", LIMIT, || {
        (running.peak_rss_bytes() > 64 << 20).then_some(())
    });
}

#[test]
#[should_panic(expected = "did not end within")]
fn a_program_that_hangs_is_killed() {
    let _: Outcome = sh("exec sleep 100").deadline(Duration::from_millis(50)).run();
}

#[test]
fn nothing_outlives_killed_tests() {
    // This very binary, running one test that waits for ever, is killed: what it started must end.
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--ignored",
        "--exact",
        "--nocapture",
        "running_test::starts_servers_and_waits",
    ]);
    let tests = Invocation::of(command).hold_input().spawn();
    let pid: u32 = tests.wait_for_stdout("child=[0-9]+;", LIMIT)[6..]
        .trim_end_matches(';')
        .parse()
        .unwrap();
    assert!(alive(pid));
    tests.kill_9();
    wait_for("the end of the killed tests' child", LIMIT, || {
        (!alive(pid)).then_some(())
    });
}

#[test]
#[ignore = "started by nothing_outlives_killed_tests, which kills it"]
fn starts_servers_and_waits() {
    let running = sh("exec sleep 1000").spawn();
    println!("child={};", running.pid());
    running.wait();
}

fn sh(script: &str) -> Invocation {
    Invocation::of(shell(script))
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args([OsStr::new("-c"), OsStr::new(script)]);
    command
}

/// A killed process may stay in the table for a while if nobody waits for it; it is not alive then.
fn alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
