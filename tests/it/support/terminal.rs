//! A terminal with somebody at it: `clp` in a pseudo-terminal of `script`, typed at and read along.

use std::io::{Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::clp::Clp;
use super::process::{Guarded, wait_for};
use super::secret_service::needed;

/// How long the next text may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// A question for a secret throws away what was typed before it was ready: then it is typed again.
const TYPE_AGAIN_AFTER: Duration = Duration::from_secs(2);

pub const ENTER: &str = "\r";
pub const DOWN: &str = "\x1b[B";
pub const CTRL_C: &str = "\x03";

pub struct Terminal {
    process: Guarded,
    keyboard: ChildStdin,
    screen: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
    /// Up to where the screen was read.
    seen: usize,
}

impl Terminal {
    /// Runs a command of a shell, in which `clp` is the built one, with a test's home.
    pub fn run(clp: &Clp, command: &str) -> Terminal {
        needed("script", "bsdutils");
        let program = env!("CARGO_BIN_EXE_clp").replace('\'', r"'\''");
        // Ctrl-C is for `clp`: the shell goes on, to tell how that ended.
        let script = format!("trap : INT; clp() {{ '{program}' \"$@\"; }}; {command}");
        let mut shell = Command::new("script");
        shell
            .args(["-q", "-e", "-f", "-c", &script, "/dev/null"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", clp.home())
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
            .current_dir(clp.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = Guarded::spawn(&mut shell, None);
        let keyboard = process.child.stdin.take().expect("a keyboard");
        let mut output = process.child.stdout.take().expect("a screen");
        let screen = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&screen);
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]);
                shared.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
            }
        });
        Terminal {
            process,
            keyboard,
            screen,
            reader,
            seen: 0,
        }
    }

    /// Waits until `text` is on the screen, behind what was waited for before.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Terminal {
        let deadline = Instant::now() + PATIENCE;
        while !self.has(text) {
            assert!(
                Instant::now() < deadline,
                "{text:?} is not on the screen:\n{}",
                self.text()
            );
            thread::sleep(Duration::from_millis(10));
        }
        self
    }

    pub fn types(&mut self, keys: &str) -> &mut Terminal {
        self.keyboard.write_all(keys.as_bytes()).expect("type");
        self.keyboard.flush().expect("type");
        self
    }

    /// Types a secret, and waits for the answer to it.
    #[track_caller]
    pub fn types_secret(&mut self, secret: &str, answer: &str) -> &mut Terminal {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            self.types(secret).types(ENTER);
            let again = Instant::now() + TYPE_AGAIN_AFTER;
            while Instant::now() < again {
                if self.has(answer) {
                    return self;
                }
                thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("{answer:?} is not on the screen:\n{}", self.text());
    }

    /// Everything that was on the screen, once the command has ended.
    pub fn ends(mut self) -> String {
        wait_for("the end of what runs in the terminal", PATIENCE, || {
            self.process.exited()
        });
        wait_for("the end of the screen", PATIENCE, || {
            self.reader.is_finished().then_some(())
        });
        self.text()
    }

    pub fn text(&self) -> String {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn has(&mut self, text: &str) -> bool {
        let screen = self.text();
        match screen[self.seen..].find(text) {
            Some(at) => {
                self.seen += at + text.len();
                true
            }
            None => false,
        }
    }
}
