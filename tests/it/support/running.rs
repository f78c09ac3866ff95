//! A started `clp`: what it says, how large it gets, how it ends.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use regex::Regex;
use serde_json::Value;

use super::process::{Guarded, signal};

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Killed when dropped.
pub struct Running {
    /// The command line, for messages.
    name: String,
    process: Guarded,
    started: Instant,
    deadline: Duration,
    stdout: Stream,
    stderr: Stream,
    /// The largest resident set seen so far, in bytes.
    peak: Arc<AtomicU64>,
    /// Where it exists, standard input stays open until this is dropped.
    _input: Option<mpsc::Sender<()>>,
    _last_words: LastWords,
}

/// Tells what a program said that was running when its test failed.
struct LastWords {
    name: String,
    stderr: Arc<(Mutex<Captured>, Condvar)>,
}

impl Drop for LastWords {
    fn drop(&mut self) {
        if thread::panicking() {
            let said = self
                .stderr
                .0
                .lock()
                .map(|said| String::from_utf8_lossy(&said.bytes).into_owned());
            eprintln!("{} said on standard error:\n{}", self.name, said.unwrap_or_default());
        }
    }
}

/// How a run ended.
pub struct Outcome {
    name: String,
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub took: Duration,
    /// The largest resident set: VmHWM, looked at every 5 ms; 0 where there is no /proc.
    pub peak_rss_bytes: u64,
}

impl Running {
    pub(super) fn new(
        name: String,
        mut process: Guarded,
        input: Vec<u8>,
        hold_input: bool,
        deadline: Duration,
    ) -> Running {
        let mut stdin = process.child.stdin.take().expect("a piped standard input");
        // Of its own thread, as a program may write before it has read all. It may also end without reading any.
        let (held, released) = mpsc::channel::<()>();
        thread::spawn(move || {
            let _ = stdin.write_all(&input);
            // Nothing is ever sent: this waits until the sender is dropped.
            let _ = released.recv();
        });
        let stdout = Stream::of(process.child.stdout.take().expect("a piped standard output"));
        let stderr = Stream::of(process.child.stderr.take().expect("a piped standard error"));
        let peak = Arc::new(AtomicU64::new(0));
        let (pid, seen) = (process.pid(), Arc::clone(&peak));
        thread::spawn(move || watch_peak(pid, &seen));
        let last_words = LastWords {
            name: name.clone(),
            stderr: Arc::clone(&stderr.shared),
        };
        Running {
            name,
            process,
            started: Instant::now(),
            deadline,
            stdout,
            stderr,
            peak,
            _input: hold_input.then_some(held),
            _last_words: last_words,
        }
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// By its name without `SIG`, such as `TERM` or `INT`.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Ends it as a crash does.
    pub fn kill_9(mut self) -> Outcome {
        self.process.child.kill().expect("kill a child");
        self.wait()
    }

    pub fn has_exited(&mut self) -> bool {
        self.process.exited().is_some()
    }

    /// Waits until standard error matches the regular expression, and gives what matched; panics with the output if it
    /// has not within `within`, or clp has ended without.
    #[track_caller]
    pub fn wait_for_stderr(&self, pattern: &str, within: Duration) -> String {
        self.wait_for_output(&self.stderr, pattern, within)
    }

    /// As [`Running::wait_for_stderr`], of standard output.
    #[track_caller]
    pub fn wait_for_stdout(&self, pattern: &str, within: Duration) -> String {
        self.wait_for_output(&self.stdout, pattern, within)
    }

    /// What it has written to standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// What it has written to standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// The largest resident set so far, in bytes.
    pub fn peak_rss_bytes(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// Waits for its end; kills it and panics with its output if that does not come within the deadline.
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        let deadline = Instant::now() + self.deadline;
        let status = loop {
            if let Some(status) = self.process.exited() {
                break status;
            }
            if Instant::now() > deadline {
                let _ = self.process.child.kill();
                panic!("{} did not end within {:?}\n{}", self.name, self.deadline, self.said());
            }
            thread::sleep(LOOK_EVERY);
        };
        self.ended(status)
    }

    fn ended(self, status: ExitStatus) -> Outcome {
        Outcome {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.finish(),
            stderr: String::from_utf8_lossy(&self.stderr.finish()).into_owned(),
            took: self.started.elapsed(),
            peak_rss_bytes: self.peak.load(Ordering::Relaxed),
            name: self.name,
        }
    }

    #[track_caller]
    fn wait_for_output(&self, stream: &Stream, pattern: &str, within: Duration) -> String {
        let regex = Regex::new(pattern).expect("a regular expression");
        match stream.wait_for(&regex, within) {
            Some(found) => found,
            None => panic!(
                "{} did not say {pattern:?} within {within:?}\n{}",
                self.name,
                self.said()
            ),
        }
    }

    fn said(&self) -> String {
        format!(
            "--- standard output\n{}\n--- standard error\n{}",
            self.stdout.text(),
            self.stderr.text()
        )
    }
}

impl Outcome {
    /// Panics with the output if the exit code is another.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Outcome {
        assert!(
            self.code == Some(code),
            "{} ended with {:?} (signal {:?}), expected was {code}\n--- standard output\n{}\n--- standard error\n{}",
            self.name,
            self.code,
            self.signal,
            self.text(),
            self.stderr
        );
        self
    }

    /// Panics with the output if the exit code is not 0.
    #[track_caller]
    pub fn success(self) -> Outcome {
        self.expect_code(0)
    }

    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output as NDJSON: one value a line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}"));
        self.text().lines().map(parse).collect()
    }
}

/// An output stream, read as it comes, so that the program never waits for its reader.
struct Stream {
    shared: Arc<(Mutex<Captured>, Condvar)>,
    reader: JoinHandle<()>,
}

#[derive(Default)]
struct Captured {
    bytes: Vec<u8>,
    ended: bool,
}

impl Stream {
    fn of(mut from: impl Read + Send + 'static) -> Stream {
        let shared = Arc::<(Mutex<Captured>, Condvar)>::default();
        let writer = Arc::clone(&shared);
        let reader = thread::spawn(move || {
            let (captured, changed) = &*writer;
            let mut chunk = vec![0; 64 * 1024];
            loop {
                let count = from.read(&mut chunk).unwrap_or(0);
                let mut captured = captured.lock().expect("the output");
                captured.bytes.extend_from_slice(&chunk[..count]);
                captured.ended = count == 0;
                changed.notify_all();
                if captured.ended {
                    return;
                }
            }
        });
        Stream { shared, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shared.0.lock().expect("the output").bytes).into_owned()
    }

    fn wait_for(&self, pattern: &Regex, within: Duration) -> Option<String> {
        let deadline = Instant::now() + within;
        let (captured, changed) = &*self.shared;
        let mut captured = captured.lock().expect("the output");
        loop {
            if let Some(found) = pattern.find(&String::from_utf8_lossy(&captured.bytes)) {
                return Some(found.as_str().to_owned());
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            if captured.ended {
                return None;
            }
            captured = changed.wait_timeout(captured, left).expect("the output").0;
        }
    }

    fn finish(self) -> Vec<u8> {
        self.reader.join().expect("the reader of an output");
        std::mem::take(&mut self.shared.0.lock().expect("the output").bytes)
    }
}

/// Until the process is gone. The kernel's own high-water mark only rises, so only the last moments can be missed.
pub(super) fn watch_peak(pid: u32, seen: &AtomicU64) {
    let status = format!("/proc/{pid}/status");
    while let Some(kilobytes) = std::fs::read_to_string(&status)
        .ok()
        .as_deref()
        .and_then(high_water_kilobytes)
    {
        seen.fetch_max(kilobytes * 1024, Ordering::Relaxed);
        thread::sleep(LOOK_EVERY);
    }
}

/// `None` for a process that has ended: it has no memory any more.
fn high_water_kilobytes(status: &str) -> Option<u64> {
    let (_, rest) = status.split_once("VmHWM:")?;
    rest.trim_start().split(' ').next()?.parse().ok()
}
