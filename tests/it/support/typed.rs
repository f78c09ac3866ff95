//! Programs on a terminal: as large as a test says, read as a person would and typed into.

use std::io::{Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::clp::{Clp, Invocation};
use super::process::{Guarded, wait_for};

const LIMIT: Duration = Duration::from_secs(30);
/// Of util-linux, which is on every Linux: it gives a program a terminal of its own.
const SCRIPT: &str = "script";

/// What a shell runs on a terminal of so many columns; standard error, and what is not there, goes nowhere.
fn on_terminal(clp: &Clp, columns: u16, shell_line: &str) -> Command {
    let line = format!("stty rows 50 cols {columns} && {shell_line}");
    let mut command = Command::new(SCRIPT);
    command
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env_clear()
        .env("HOME", clp.home())
        .env("PATH", path())
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .current_dir(clp.home());
    command
}

/// The directory of the built `clp` first: shells complete the program that they find.
pub fn path() -> String {
    let built = std::path::Path::new(env!("CARGO_BIN_EXE_clp"));
    let directory = built.parent().expect("a program in a directory");
    format!("{}:/usr/local/bin:/usr/bin:/bin", directory.display())
}

/// What `clp` shows on a terminal, without what it says on standard error.
pub fn shown(clp: &Clp, columns: u16, args: &[&str]) -> String {
    let quoted = args.iter().map(|arg| format!("'{arg}'"));
    let line = format!("clp {} 2>/dev/null", quoted.collect::<Vec<_>>().join(" "));
    let outcome = Invocation::of(on_terminal(clp, columns, &line)).hold_input().run();
    outcome.text().replace("\r\n", "\n")
}

/// A shell that is typed into. It ends with the test.
pub struct Typed {
    keys: ChildStdin,
    screen: Arc<Mutex<Vec<u8>>>,
    _shell: Guarded,
}

impl Typed {
    /// Starts a shell that prints `ready` before it reads.
    pub fn start(clp: &Clp, shell_line: &str, ready: &str) -> Typed {
        let mut command = on_terminal(clp, 200, shell_line);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut shell = Guarded::spawn(&mut command, None);
        let keys = shell.child.stdin.take().expect("a piped standard input");
        let mut output = shell.child.stdout.take().expect("a piped standard output");
        let screen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&screen);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                kept.lock().expect("the screen").extend_from_slice(&buffer[..count]);
            }
        });
        let typed = Typed {
            keys,
            screen,
            _shell: shell,
        };
        typed.wait_for(ready);
        typed
    }

    pub fn type_keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("type into the shell");
        self.keys.flush().expect("type into the shell");
    }

    /// All that is on the screen once `text` is.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let screen = || String::from_utf8_lossy(&self.screen.lock().expect("the screen")).into_owned();
        wait_for(&format!("{text:?} on the screen"), LIMIT, || {
            let screen = screen();
            screen.contains(text).then_some(screen)
        })
    }
}
