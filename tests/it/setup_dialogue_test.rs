//! `clp setup-config` at a terminal: the dialogue, its mistakes mended, and Ctrl-C in the middle of it.

use std::fs;
use std::net::TcpListener;

use crate::support::azurite::{ACCESS_KEY, ACCOUNT};
use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::services::{azurite, kafka};
use crate::support::terminal::{CTRL_C, DOWN, ENTER, Terminal};

const WRONG_KEY: &str = "d3Jvbmcga2V5LCBhYnNvbHV0ZWx5IHdyb25n";

fn begin(terminal: &mut Terminal) {
    terminal.sees("name for the subscription").types("cp2").types(ENTER);
    terminal.sees("name for the environment").types("P1").types(ENTER);
    terminal.sees("What opens the storage account?").types(ENTER);
    terminal.sees("Name of the storage account").types(ACCOUNT).types(ENTER);
}

#[test]
fn a_dialogue_tries_every_answer_and_lets_mistakes_be_mended() {
    let blobs = Blobs::new();
    blobs.append("kubernetes/20250606.a", b"x");
    let clp = Clp::bare();
    let mut terminal = Terminal::run(&clp, "clp setup-config; echo code=$?");
    begin(&mut terminal);
    terminal
        .sees("Access key (not shown)")
        .types_secret(WRONG_KEY, "36 characters");
    terminal.sees("Another endpoint or container").types("y");
    terminal
        .sees("Address of the blob service")
        .types(&azurite().endpoint())
        .types(ENTER);
    terminal.sees("Container").types(blobs.container()).types(ENTER);
    terminal.sees("does not work:").sees("403").sees("hint:");
    terminal.sees("What now?").types(DOWN).types(ENTER);
    terminal
        .sees("Access key (not shown)")
        .types_secret(ACCESS_KEY, "88 characters");
    terminal.sees("works: container").sees("1 blob");
    terminal.sees("Add another environment?").types("n");
    terminal.sees("Set up Kafka as well?").types("y");
    // Nobody answers at the first address.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    terminal
        .sees("Brokers")
        .types(&"\x7f".repeat(20))
        .types(&gone.to_string())
        .types(ENTER);
    terminal.sees("How are the brokers protected?").types(ENTER);
    terminal.sees("does not work: Kafka at").sees("What now?").types(ENTER);
    terminal
        .sees("Brokers")
        .types(&"\x7f".repeat(30))
        .types(&kafka().brokers())
        .types(ENTER);
    terminal.sees("How are the brokers protected?").types(ENTER);
    terminal.sees("works: 1 broker").sees("wrote ").sees("code=0");
    let screen = terminal.ends();
    assert!(!screen.contains(ACCESS_KEY) && !screen.contains(WRONG_KEY), "{screen}");
    let checked = clp.run(["config", "check"]).success().text();
    assert!(checked.contains("1 blob") && checked.contains("kafka"), "{checked}");

    // What is there is kept, and asked for no more.
    let mut terminal = Terminal::run(&clp, "clp setup-config; echo code=$?");
    terminal
        .sees("It has cp2/P1 already")
        .sees("Add an environment?")
        .types("y");
    terminal.sees("name for the subscription").types(ENTER);
    terminal.sees("name for the environment").types("L1").types(ENTER);
    terminal
        .sees("What opens the storage account?")
        .types(&DOWN.repeat(8))
        .types(ENTER);
    fs::create_dir(clp.home().join("logs")).unwrap();
    terminal.sees("Directory with the blobs").types("logs").types(ENTER);
    terminal
        .sees("works: directory")
        .sees("Add another environment?")
        .types("n");
    terminal.sees("Kafka is at").types("n");
    terminal.sees("wrote ").sees("code=0");
    terminal.ends();
    let text = fs::read_to_string(clp.config_file()).unwrap();
    assert!(
        text.contains(ACCESS_KEY) && text.contains("logs") && text.contains(&kafka().brokers()),
        "{text}"
    );
}

#[test]
fn ctrl_c_writes_nothing_and_gives_the_terminal_back() {
    for at_the_secret in [true, false] {
        let clp = Clp::bare();
        let mut terminal = Terminal::run(&clp, "clp setup-config; echo code=$?; stty -a");
        if at_the_secret {
            begin(&mut terminal);
            terminal
                .sees("Access key (not shown)")
                .types_secret("", "nothing was typed");
            terminal.sees("Access key (not shown)");
        } else {
            terminal.sees("name for the subscription").types("cp2");
        }
        terminal
            .types(CTRL_C)
            .sees("interrupted; nothing was written")
            .sees("code=130");
        let screen = terminal.ends();
        let (_, settings) = screen.split_once("code=130").unwrap();
        let settings: Vec<&str> = settings.split_ascii_whitespace().collect();
        for setting in ["icanon", "echo", "isig"] {
            assert!(settings.contains(&setting), "{setting} is not in {settings:?}");
        }
        assert!(!clp.config_file().exists());
    }
}
