//! `clp status --watch` on a real terminal.

use std::time::Duration;

use clp::cli::screen::{Screen, can_show};

use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::gz;
use crate::support::kafka::Kafka;
use crate::support::mixed::Mixed;
use crate::support::pipeline::Pipeline;
use crate::support::process::signal;
use crate::support::scene::{Scene, api_blob};
use crate::support::services::kafka;
use crate::support::tmux::Tmux;
use crate::support::topics::Topics;

const LIMIT: Duration = Duration::from_secs(90);

/// The terminal of somebody who has this configuration.
fn terminal(clp: &Clp, columns: u32, lines: u32, more: &[(&str, &str)]) -> Tmux {
    let home = clp.home().display().to_string();
    let own = [("HOME", home.as_str()), ("CLP", env!("CARGO_BIN_EXE_clp"))];
    Tmux::start(columns, lines, &[&own, more].concat())
}

/// Leaves it with `leave`, and sees that the shell has its terminal back.
#[track_caller]
fn leave(terminal: &Tmux, leave: impl FnOnce(), code: i32) {
    assert!(terminal.is_taken());
    leave();
    terminal.wait_for(&format!("ended with {code}\n"), LIMIT);
    terminal.wait_until_given_back();
    terminal.run("echo still $((40 + 2)) here");
    terminal.wait_for("still 42 here\n", LIMIT);
}

#[test]
fn a_worker_is_seen_catching_up_and_the_terminal_is_given_back() {
    let run = Pipeline::new().in_small_pieces();
    // Lines end with their members, as the collector writes them: only there do bytes count as ingested.
    const LINES: u64 = 40_000;
    let blob = api_blob("watched");
    run.blobs.append(&blob, &gz::blob(0..LINES, 200));
    run.close(&blob);
    let terminal = terminal(&run.clp, 120, 40, &[]);
    terminal.run("$CLP status --date 20250606 --watch 1; echo ended with $?");
    // Listed, and nothing ingested yet.
    terminal.wait_for(r"20250606\.api-watched.* new ", LIMIT);
    terminal.wait_for(r"up to date", LIMIT);
    terminal.wait_for(r"lag of all", LIMIT);

    run.storage.delay(Duration::from_millis(500));
    let worker = run.worker(&[]);
    // Some of it, and how fast.
    terminal.wait_for(r"20250606\.api-watched.*iB/s .* open ", LIMIT);
    run.storage.delay(Duration::ZERO);
    terminal.wait_for(r"20250606\.api-watched.* 0 +(-|[0-9.]+ \w+/s) .* closed ", LIMIT);

    terminal.keys(&["Enter"]);
    terminal.wait_for(&format!(r"lines +{LINES}\b"), LIMIT);
    terminal.wait_for(r"ingested .*100\.0 %", LIMIT);
    terminal.keys(&["Escape"]);
    leave(&terminal, || terminal.keys(&["q"]), 0);
    worker.signal("TERM");
    worker.wait().success();
}

/// A scene with two blobs, one of which has an error, shown on a terminal.
fn two_blobs(columns: u32, lines: u32, more: &[(&str, &str)]) -> (Scene, Tmux) {
    let scene = Scene::new();
    let [one, two] = ["one", "two"].map(api_blob);
    scene.blobs.append(&one, &gz::blob(0..30, 10));
    scene.summary(&one, &[]);
    scene.blobs.append(&two, &gz::blob(0..300, 10));
    let terminal = terminal(&scene.clp, columns, lines, more);
    (scene, terminal)
}

#[test]
fn keys_filter_sort_and_explain() {
    let (_scene, terminal) = two_blobs(100, 30, &[]);
    terminal.run("$CLP status --date 20250606 -w 1; echo ended with $?");
    terminal.wait_for(r"╭ 2 blobs by rate", LIMIT);
    terminal.keys(&["/"]);
    terminal.type_text("ONE");
    terminal.wait_for(r"1 of 2 blobs by rate, with “ONE”", LIMIT);
    terminal.wait_for(r"(?m)^/ONE█$", LIMIT);
    assert!(!terminal.screen().contains("api-two"));
    // Each Escape is seen by itself: with a key right behind it, it would be Alt and that key.
    terminal.keys(&["Enter", "Escape"]);
    terminal.wait_for(r"╭ 2 blobs by rate", LIMIT);
    terminal.keys(&["s", "s", "S"]);
    terminal.wait_for(r"(?s)2 blobs by size, reversed.*api-one.*api-two", LIMIT);
    terminal.keys(&["S"]);
    terminal.wait_for(r"(?s)2 blobs by size .*api-two.*api-one", LIMIT);
    terminal.keys(&["f", "f"]);
    terminal.wait_for(r"1 of 2 blobs by size, only lagging", LIMIT);
    terminal.keys(&["Escape"]);
    terminal.wait_for(r"╭ 2 blobs by size", LIMIT);
    terminal.keys(&["?"]);
    terminal.wait_for(r"one line up or down", LIMIT);
    terminal.keys(&["?", "p"]);
    terminal.wait_for("PAUSED", LIMIT);
    // Of any size, and back.
    terminal.resize(40, 10);
    terminal.wait_for(r"(?s)\A.{0,45}\n.*2 blobs by size", LIMIT);
    terminal.resize(3, 2);
    terminal.resize(130, 45);
    terminal.wait_for(r"lag of all", LIMIT);
    leave(&terminal, || terminal.keys(&["C-c"]), 0);
}

#[test]
fn signals_give_the_terminal_back_too() {
    let (_scene, terminal) = two_blobs(80, 24, &[]);
    for (name, code) in [("TERM", 0), ("INT", 0), ("HUP", 0), ("QUIT", 0)] {
        terminal.run("clear; $CLP status --date 20250606 --watch; echo ended with $?");
        terminal.wait_for(r"╭ 2 blobs by rate", LIMIT);
        leave(&terminal, || signal(terminal.child(), name), code);
    }
}

#[test]
fn it_stops_and_goes_on_as_a_shell_wants_it() {
    let (_scene, terminal) = two_blobs(80, 24, &[]);
    terminal.run("$CLP status --date 20250606 --watch; echo ended with $?");
    terminal.wait_for(r"╭ 2 blobs by rate", LIMIT);
    let stops: [&dyn Fn(); 2] = [&|| terminal.keys(&["C-z"]), &|| signal(terminal.child(), "TSTP")];
    for stop in stops {
        stop();
        terminal.wait_for(r"Stopped", LIMIT);
        terminal.wait_until_given_back();
        terminal.run("fg");
        terminal.wait_for(r"╭ 2 blobs by rate", LIMIT);
        assert!(terminal.is_taken());
        // It takes keys again.
        terminal.keys(&["?"]);
        terminal.wait_for(r"one line up or down", LIMIT);
        terminal.keys(&["Escape"]);
        terminal.wait_for(r"environments ", LIMIT);
    }
    terminal.keys(&["q"]);
    terminal.wait_until_given_back();
}

#[test]
fn an_outage_shows_what_was_known_and_goes_on() {
    let kafka = Kafka::private();
    let mut run = Pipeline::on(kafka, 1);
    let blob = Mixed::new(20, 5);
    run.put(&blob);
    run.work(&[]);
    let terminal = terminal(&run.clp, 110, 30, &[]);
    terminal.run("$CLP status --date 20250606 --watch 1; echo ended with $?");
    terminal.wait_for(r"(?s)up to date.*api-00000005", LIMIT);
    run.storage.refuse();
    terminal.wait_for(
        r"(?s)storage of P1 does not answer.*api-00000005.*storage of cp2/P1 ",
        LIMIT,
    );
    run.storage.accept();
    terminal.wait_for(r"up to date", LIMIT);
    run.kafka.stop();
    terminal.wait_for(
        r"(?s)Kafka does not answer, as of \d+s ago.*api-00000005.*Kafka ",
        LIMIT,
    );
    // Keys are obeyed at once all the while.
    terminal.keys(&["?"]);
    terminal.wait_for(r"one line up or down", Duration::from_secs(5));
    terminal.keys(&["Escape"]);
    run.kafka.start();
    terminal.wait_for(r"up to date", LIMIT);
    leave(&terminal, || terminal.keys(&["q"]), 0);
}

/// Whether anything on the screen has another colour than the terminal's own.
fn is_colored(terminal: &Tmux) -> bool {
    let color = regex::Regex::new(r"\x1b\[([0-9]+;)*([34][0-8]|9[0-7])(;[0-9]+)*m").unwrap();
    color.is_match(&terminal.screen_with_escapes())
}

#[test]
fn no_colour_and_no_log_line_is_seen_where_they_are_not_wanted() {
    let (_scene, terminal) = two_blobs(80, 24, &[("NO_COLOR", "1")]);
    terminal.run("$CLP -vv status --date 20250606 --watch 1; echo ended with $?");
    terminal.wait_for(r"up to date", LIMIT);
    assert!(!is_colored(&terminal), "{}", terminal.screen_with_escapes());
    // What was logged meanwhile is not on the screen, but on the page of the log.
    assert!(!terminal.screen().contains("DEBUG"), "{}", terminal.screen());
    terminal.keys(&["L"]);
    terminal.wait_for(r" log ", LIMIT);
    terminal.keys(&["q"]);
    leave(&terminal, || terminal.keys(&["q"]), 0);
    terminal.run("clear; NO_COLOR= $CLP --color always status --date 20250606 --watch 1; echo ended with $?");
    terminal.wait_for(r"up to date", LIMIT);
    assert!(is_colored(&terminal), "{}", terminal.screen_with_escapes());
    leave(&terminal, || terminal.keys(&["q"]), 0);
}

#[test]
fn what_is_wrong_from_the_start_is_told_without_a_screen() {
    let (blobs, topics) = (Blobs::new(), Topics::names(kafka()));
    let clp = Clp::new(kafka(), &blobs, &topics);
    let terminal = terminal(&clp, 100, 30, &[]);
    terminal.run("$CLP status --watch; echo ended with $?");
    terminal.wait_for(r"(?s)error: missing topic.*ended with 4", LIMIT);
    assert!(!terminal.is_taken());
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_seen() {
    let terminal = Tmux::start(100, 30, &[]);
    let program = std::env::current_exe().unwrap();
    let test = "status_watch_test::panics_with_a_screen_up";
    terminal.run(&format!(
        "{} --ignored --exact {test} --nocapture; echo ended with $?",
        program.display()
    ));
    terminal.wait_for(r"(?s)a thread of the test.*ended with 101", LIMIT);
    terminal.wait_until_given_back();
}

/// Not a test of its own: a program with a screen, for [`a_panic_gives_the_terminal_back_and_is_seen`].
#[test]
#[ignore = "it is started by another test, on a terminal"]
fn panics_with_a_screen_up() {
    if !can_show() {
        return;
    }
    let mut screen = Screen::enter(true).unwrap();
    screen.draw(|_| {}).unwrap();
    let thread = std::thread::spawn(|| panic!("a thread of the test panics"));
    assert!(thread.join().is_err());
    // Nothing is drawn over what was said.
    assert!(screen.draw(|_| {}).is_err());
    panic!("and so does the test");
}
