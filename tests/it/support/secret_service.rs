//! A keyring of a test's own: a D-Bus that nobody else is on, and GNOME's keyring on it, unlocked.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::clp::Invocation;
use super::process::Server;

const START_WITHIN: Duration = Duration::from_secs(20);

/// Ends when it is dropped.
pub struct SecretService {
    address: String,
    // In the order in which they end.
    _daemon: Server,
    _bus: Server,
    _dir: TempDir,
}

impl SecretService {
    pub fn start() -> SecretService {
        needed("dbus-daemon", "dbus-daemon");
        needed("dbus-send", "dbus-bin");
        needed("gnome-keyring-daemon", "gnome-keyring");
        needed("secret-tool", "libsecret-tools");
        let dir = tempfile::Builder::new()
            .prefix("clp-keyring-")
            .tempdir()
            .expect("a directory for the keyring");
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).expect("a private directory");
        let socket = dir.path().join("bus");
        let address = format!("unix:path={}", socket.display());
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--nopidfile"])
            .arg(format!("--address={address}"));
        let mut bus = Server::spawn(bus, &dir.path().join("bus.log"), dir.path());
        bus.ready("dbus-daemon", START_WITHIN, || UnixStream::connect(&socket).ok())
            .unwrap_or_else(|e| panic!("{e}"));
        let password = dir.path().join("password");
        fs::write(&password, "password of the keyring").expect("write the password");
        let mut daemon = Command::new("/bin/sh");
        daemon
            .args([
                "-c",
                r#"exec gnome-keyring-daemon --foreground --components=secrets --unlock <"$1""#,
                "sh",
            ])
            .arg(&password);
        hermetic(&mut daemon, &address, dir.path());
        let mut daemon = Server::spawn(daemon, &dir.path().join("daemon.log"), dir.path());
        let owned = || {
            let mut ask = Command::new("dbus-send");
            ask.args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"])
                .args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]);
            hermetic(&mut ask, &address, dir.path());
            let answer = ask.output().expect("run dbus-send");
            String::from_utf8_lossy(&answer.stdout)
                .contains("boolean true")
                .then_some(())
        };
        daemon
            .ready("gnome-keyring-daemon", START_WITHIN, owned)
            .unwrap_or_else(|e| panic!("{e}"));
        SecretService {
            address,
            _daemon: daemon,
            _bus: bus,
            _dir: dir,
        }
    }

    /// The command, with this keyring.
    pub fn reached_by(&self, invocation: Invocation) -> Invocation {
        invocation.env("DBUS_SESSION_BUS_ADDRESS", &self.address)
    }

    /// What an independent program finds under the name.
    pub fn lookup(&self, entry: &str) -> Option<String> {
        let mut tool = Command::new("secret-tool");
        tool.args(["lookup", "service", "clp", "username", entry])
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        let output = tool.output().expect("run secret-tool");
        let secret = String::from_utf8(output.stdout).expect("a secret as text");
        output.status.success().then_some(secret)
    }
}

/// Neither the keyring nor the D-Bus of whoever runs the tests.
fn hermetic(command: &mut Command, address: &str, dir: &Path) {
    command
        .env("DBUS_SESSION_BUS_ADDRESS", address)
        .env("HOME", dir)
        .env("XDG_RUNTIME_DIR", dir)
        .env("XDG_DATA_HOME", dir.join("data"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY");
}

/// A program that the tests do not bring along.
pub fn needed(program: &str, package: &str) {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        let mut directories = std::env::split_paths(&path);
        directories.any(|directory| directory.join(program).is_file())
    });
    assert!(found, "{program} is not there; install it: apt-get install {package}");
}
