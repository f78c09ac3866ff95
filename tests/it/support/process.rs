//! Child processes that never outlive the tests, and waiting for conditions.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How often a condition is looked at that nothing announces.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const LOG_TAIL_BYTES: u64 = 8 * 1024;

/// Waits until `condition` gives a value; panics with `what` if it has not after `within`.
#[track_caller]
pub fn wait_for<T>(what: &str, within: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {within:?} in vain for {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Waits for so long, on purpose: where time itself is what a test is about, such as the moment of a crash or the length
/// of a hang. Never to let something else get ready.
pub fn let_pass(time: Duration) {
    let end = Instant::now() + time;
    wait_for("some time to pass", time * 2 + Duration::from_secs(1), || {
        (Instant::now() >= end).then_some(())
    });
}

/// A port that is free now. Taken from below the ports that the system gives to outgoing connections: a client that
/// reconnects to a stopped server could otherwise be given the server's own port.
pub fn free_port() -> u16 {
    listen().local_addr().expect("the port of a listener").port()
}

/// Listens on such a port.
pub fn listen() -> TcpListener {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let own_start = std::process::id().wrapping_mul(97);
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = (FIRST + own_start.wrapping_add(step) % COUNT) as u16;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener;
        }
    }
    panic!("no free port from {FIRST} to {}", FIRST + COUNT);
}

/// A name that no other test, and no other run at the same time, uses. Fit for topics and containers.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!(
        "{prefix}-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

/// Sends a signal by its name without `SIG`.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("/bin/sh")
        .args(["-c", r#"kill -s "$1" "$2""#, "sh", name, &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .expect("run sh");
    assert!(sent.success(), "process {pid} is not there to take SIG{name}");
}

/// Kills a process and its group when this process ends, in whatever way, also by SIGKILL: a shell waits for the end of a pipe that
/// only this process holds. Destructors of statics never run, so the shared servers end in this way always.
struct Guard {
    shell: Child,
}

impl Guard {
    /// Also removes `dir` then, which the killed server may still be filling for a moment.
    fn over(pid: u32, dir: Option<&Path>) -> Guard {
        const SCRIPT: &str = r#"
            read -r _
            kill -9 "-$1"
            for _ in 1 2 3 4 5 6 7 8 9; do
                [ -n "$2" ] && [ -e "$2" ] || break
                rm -rf "$2" || sleep 0.1
            done"#;
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "guard", &pid.to_string()])
            .arg(dir.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C ends the tests; the guard must see that and not be ended with them.
            .process_group(0)
            .spawn()
            .expect("start the guard's shell");
        Guard { shell }
    }
}

impl Drop for Guard {
    /// The guarded process has been waited for, so its id may be another's by now: the shell must not kill any more.
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// A child that is killed when this is dropped or the tests end.
pub struct Guarded {
    pub child: Child,
    _guard: Guard,
}

impl Guarded {
    pub fn spawn(command: &mut Command, dir: Option<&Path>) -> Guarded {
        let child = command
            .process_group(0)
            .spawn()
            .unwrap_or_else(|e| panic!("start {command:?}: {e}"));
        let guard = Guard::over(child.id(), dir);
        Guarded { child, _guard: guard }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("look after a child")
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server: a guarded process with its output in a log file.
pub struct Server {
    process: Guarded,
    log: PathBuf,
}

impl Server {
    /// Starts it with `log` appended to; `dir` is removed if the tests end before the server does.
    pub fn spawn(mut command: Command, log: &Path, dir: &Path) -> Server {
        let out = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("open the server's log");
        let err = out.try_clone().expect("share the server's log");
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        Server {
            process: Guarded::spawn(&mut command, Some(dir)),
            log: log.to_owned(),
        }
    }

    /// Waits until `probe` gives a value; an error with the end of the log if the server exits or takes too long.
    pub fn ready<T>(
        &mut self,
        name: &str,
        within: Duration,
        mut probe: impl FnMut() -> Option<T>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.process.exited() {
                return Err(format!(
                    "{name} ended when it should start ({status}); its log:\n{}",
                    self.log_tail()
                ));
            }
            if let Some(value) = probe() {
                return Ok(value);
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "{name} was not ready after {within:?}; its log:\n{}",
                    self.log_tail()
                ));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    pub fn signal(&self, name: &str) {
        signal(self.process.pid(), name);
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Waits for the end of a server that was told to end.
    pub fn wait(mut self, within: Duration) {
        wait_for("a server's end", within, || self.process.exited());
    }

    fn log_tail(&self) -> String {
        let mut file = File::open(&self.log).expect("open the server's log");
        let length = fs::metadata(&self.log).map_or(0, |m| m.len());
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))
            .expect("seek in the log");
        let mut tail = Vec::new();
        file.read_to_end(&mut tail).expect("read the server's log");
        String::from_utf8_lossy(&tail).into_owned()
    }
}
