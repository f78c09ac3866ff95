//! A real terminal with a shell in it, as somebody sits in front of: keys go in, the screen is looked at.
//!
//! It is one of tmux: a pseudo-terminal whose screen is kept up to date by a terminal emulator that knows alternate screens, cursors
//! and wide characters.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use regex::Regex;
use tempfile::TempDir;

use super::process::{Guarded, let_pass, wait_for};

const LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What the shell says when it waits for a command.
const PROMPT: &str = "READY> ";

/// Gone, with all that runs in it, once it is dropped.
pub struct Tmux {
    socket: PathBuf,
    _server: Guarded,
    _home: TempDir,
}

impl Tmux {
    /// With a shell that has these variables and no others.
    pub fn start(columns: u32, lines: u32, variables: &[(&str, &str)]) -> Tmux {
        let home = tempfile::Builder::new().prefix("tmux-").tempdir();
        let home = home.expect("a temporary directory");
        let socket = home.path().join("socket");
        let mut command = Command::new("tmux");
        command
            .args(["-u", "-f", "/dev/null", "-D", "-S"])
            .arg(&socket)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        assert!(
            Command::new("tmux").arg("-V").output().is_ok(),
            "no tmux is there for the tests of terminals; install it (apt-get install tmux)"
        );
        let server = Guarded::spawn(&mut command, None);
        let terminal = Tmux {
            socket,
            _server: server,
            _home: home,
        };
        let (columns, lines) = (columns.to_string(), lines.to_string());
        let mut shell: Vec<String> = ["exec", "env", "-i", "TERM=screen", "PATH=/usr/bin:/bin"]
            .map(str::to_owned)
            .into();
        shell.push(format!("'PS1={PROMPT}'"));
        shell.extend(variables.iter().map(|(name, value)| format!("'{name}={value}'")));
        // With job control, as a login shell has it.
        shell.push("/bin/sh -i".to_owned());
        wait_for("tmux", LIMIT, || {
            let args = [
                "new-session",
                "-d",
                "-s",
                "it",
                "-x",
                &columns,
                "-y",
                &lines,
                &shell.join(" "),
            ];
            terminal.tmux(&args).status.success().then_some(())
        });
        terminal.tmux(&["set-option", "-g", "status", "off"]);
        // The line of the status has been counted off.
        terminal.resize_to(&columns, &lines);
        terminal.wait_for(r"READY>", LIMIT);
        terminal
    }

    /// Types a command line and lets the shell run it.
    pub fn run(&self, line: &str) {
        self.type_text(line);
        self.keys(&["Enter"]);
    }

    pub fn type_text(&self, text: &str) {
        let sent = self.tmux(&["send-keys", "-t", "it", "-l", "--", text]);
        assert!(sent.status.success(), "{sent:?}");
    }

    /// Keys by tmux's names: `Enter`, `Escape`, `C-c`, `PageDown`, `q`.
    pub fn keys(&self, keys: &[&str]) {
        let sent = self.tmux(&[&["send-keys", "-t", "it"], keys].concat());
        assert!(sent.status.success(), "{sent:?}");
    }

    pub fn resize(&self, columns: u32, lines: u32) {
        self.resize_to(&columns.to_string(), &lines.to_string());
    }

    fn resize_to(&self, columns: &str, lines: &str) {
        let resized = self.tmux(&["resize-window", "-t", "it", "-x", columns, "-y", lines]);
        assert!(resized.status.success(), "{resized:?}");
    }

    /// What is to be seen now, without blanks at the ends of lines.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.tmux(&["capture-pane", "-p", "-t", "it"]).stdout).into_owned()
    }

    /// The same with colours and other attributes.
    pub fn screen_with_escapes(&self) -> String {
        String::from_utf8_lossy(&self.tmux(&["capture-pane", "-p", "-e", "-t", "it"]).stdout).into_owned()
    }

    /// Waits until the screen matches; gives what matched.
    #[track_caller]
    pub fn wait_for(&self, pattern: &str, within: Duration) -> String {
        let regex = Regex::new(pattern).expect("a regular expression");
        let deadline = Instant::now() + within;
        loop {
            let screen = self.screen();
            if let Some(found) = regex.find(&screen) {
                return found.as_str().to_owned();
            }
            assert!(
                Instant::now() < deadline,
                "waited {within:?} in vain for {pattern:?}; the screen:\n{screen}"
            );
            let_pass(LOOK_EVERY);
        }
    }

    /// Waits until the terminal is as a shell wants it: its own screen, a cursor, and what is typed is seen.
    #[track_caller]
    pub fn wait_until_given_back(&self) {
        let deadline = Instant::now() + LIMIT;
        loop {
            let (alternate, cursor) = (self.told("#{alternate_on}"), self.told("#{cursor_flag}"));
            let modes = self.modes();
            let has_mode = |mode: &str| modes.split_ascii_whitespace().any(|word| word == mode);
            if alternate == "0" && cursor == "1" && has_mode("echo") && has_mode("isig") && has_mode("opost") {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "alternate screen {alternate}, cursor {cursor}, modes {modes}; the screen:\n{}",
                self.screen()
            );
            let_pass(LOOK_EVERY);
        }
    }

    /// Whether a program has the whole screen.
    pub fn is_taken(&self) -> bool {
        self.told("#{alternate_on}") == "1"
    }

    /// The process that the shell has started.
    pub fn child(&self) -> u32 {
        let shell = self.told("#{pane_pid}");
        wait_for("a child of the shell", LIMIT, || {
            let listed = Command::new("ps")
                .args(["-A", "-o", "pid=,ppid="])
                .output()
                .expect("run ps");
            let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
            let child = listed.lines().find_map(|line| {
                let (pid, parent) = line.trim().split_once(' ')?;
                (parent.trim() == shell).then(|| pid.to_owned())
            });
            child?.parse().ok()
        })
    }

    /// As the kernel has them, without the shell's own line editing.
    fn modes(&self) -> String {
        let terminal = self.told("#{pane_tty}");
        let told = Command::new("stty")
            .args(["-a", "-F", &terminal])
            .output()
            .expect("run stty");
        String::from_utf8_lossy(&told.stdout).replace(';', " ")
    }

    fn told(&self, what: &str) -> String {
        let told = self.tmux(&["display-message", "-p", "-t", "it", what]);
        String::from_utf8_lossy(&told.stdout).trim().to_owned()
    }

    fn tmux(&self, args: &[&str]) -> Output {
        // A server that it started itself, because ours does not listen yet, would never end.
        Command::new("tmux")
            .args(["-N", "-u", "-S"])
            .arg(&self.socket)
            .args(args)
            .output()
            .expect("run tmux")
    }
}
