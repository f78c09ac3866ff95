//! The built `clp`, run where nothing of this machine reaches it: no environment, a home of its own.

use std::ffi::OsString;
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::azurite::{ACCESS_KEY, ACCOUNT};
use super::blobs::Blobs;
use super::kafka::Kafka;
use super::process::{Guarded, unique};
use super::running::{Outcome, Running};
use super::services::azurite;
use super::topics::Topics;

/// The subscription and the environment of every test's storage.
pub const SUBSCRIPTION: &str = "cp2";
pub const ENVIRONMENT: &str = "P1";

const DEADLINE: Duration = Duration::from_secs(60);

/// One test's installation of `clp`: a home with a configuration in it. Commands are made from it with [`Clp::args`];
/// several may run at once.
pub struct Clp {
    home: TempDir,
    config: Value,
    variables: Vec<(String, String)>,
}

impl Clp {
    /// Without a configuration.
    pub fn bare() -> Clp {
        let home = tempfile::Builder::new()
            .prefix("clp-home-")
            .tempdir()
            .expect("a temporary directory");
        fs::set_permissions(home.path(), Permissions::from_mode(0o700)).expect("a private home");
        fs::create_dir(home.path().join("tmp")).expect("a directory for temporary files");
        Clp {
            home,
            config: json!({}),
            variables: Vec::new(),
        }
    }

    /// Configured for a test's container (as subscription `cp2`, environment `P1`) and for its topics.
    pub fn new(kafka: &Kafka, blobs: &Blobs, topics: &Topics) -> Clp {
        Clp::bare()
            .storage(blobs.container(), &azurite().endpoint())
            .kafka(kafka, topics)
    }

    /// Configured for a test's topics.
    pub fn kafka(self, kafka: &Kafka, topics: &Topics) -> Clp {
        let topics: serde_json::Map<_, _> = topics
            .by_configuration_key()
            .into_iter()
            .map(|(key, name)| (key.to_owned(), json!(name)))
            .collect();
        self.set("kafka.brokers", kafka.brokers())
            .set("kafka.topics", Value::Object(topics))
            // One-shot runs refuse to work beside workers of the same group, whose topics they may be.
            .set("worker.consumer_group", unique("group"))
    }

    /// Puts (or replaces) a value into the configuration, at keys joined by dots.
    pub fn set(mut self, path: &str, value: impl Into<Value>) -> Clp {
        let mut place = &mut self.config;
        for key in path.split('.') {
            place = &mut place[key];
        }
        *place = value.into();
        self.write();
        self
    }

    /// Sets a variable of all commands to come.
    pub fn variable(mut self, name: &str, value: &str) -> Clp {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Storage at another endpoint, such as that of `Faults`; see [`super::azurite::endpoint`].
    pub fn storage(self, container: &str, endpoint: &str) -> Clp {
        self.environment(SUBSCRIPTION, ENVIRONMENT, container, endpoint)
    }

    /// One more environment, or another storage for one that is there.
    pub fn environment(self, subscription: &str, environment: &str, container: &str, endpoint: &str) -> Clp {
        let path = format!("subscriptions.{subscription}.environments.{environment}.storage_account");
        let account = json!({
            "account_name": ACCOUNT,
            "access_key": ACCESS_KEY,
            "endpoint": endpoint,
            "container_name": container,
        });
        self.set(&path, account)
    }

    /// Where the configuration is: one of the places in which `clp` looks by itself.
    pub fn config_file(&self) -> PathBuf {
        self.home().join(".commerce-logs-pipeline/config.yaml")
    }

    /// Replaces the whole configuration file by this text.
    pub fn write_config(&self, text: &str) {
        let path = self.config_file();
        fs::create_dir_all(path.parent().expect("a file in a directory")).expect("make the configuration's directory");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&path).expect("open the configuration");
        file.write_all(text.as_bytes()).expect("write the configuration");
    }

    /// The home directory, which is also the working directory of every command.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A command with these arguments.
    pub fn args<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Invocation {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clp"));
        command
            .env_clear()
            .env("HOME", self.home())
            .env("TMPDIR", self.home().join("tmp"))
            // Without it the D-Bus, and so the keyring, of whoever runs the tests would be asked.
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home())
            .args(args.into_iter().map(Into::into));
        Invocation {
            command,
            input: Vec::new(),
            hold_input: false,
            deadline: DEADLINE,
        }
    }

    /// Runs with these arguments to the end.
    pub fn run<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        self.args(args).run()
    }

    /// Starts with these arguments.
    pub fn spawn<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Running {
        self.args(args).spawn()
    }

    fn write(&self) {
        self.write_config(&serde_yaml::to_string(&self.config).expect("a configuration as YAML"));
    }
}

/// One command, not started yet.
pub struct Invocation {
    command: Command,
    input: Vec<u8>,
    hold_input: bool,
    deadline: Duration,
}

impl Invocation {
    /// Of any program, for comparisons; a `clp` comes from [`Clp::args`].
    pub fn of(command: Command) -> Invocation {
        Invocation {
            command,
            input: Vec::new(),
            hold_input: false,
            deadline: DEADLINE,
        }
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Invocation {
        self.command.env(name, value.into());
        self
    }

    /// What it reads on standard input; nothing otherwise.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Invocation {
        self.input = bytes.into();
        self
    }

    /// Leaves standard input open, as on a terminal at which nobody types; it ends with the [`Running`].
    pub fn hold_input(mut self) -> Invocation {
        self.hold_input = true;
        self
    }

    /// How long [`Invocation::run`] and [`Running::wait`] wait before they kill it and panic with its output; 60 s
    /// otherwise.
    pub fn deadline(mut self, deadline: Duration) -> Invocation {
        self.deadline = deadline;
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Outcome {
        self.spawn().wait()
    }

    /// Starts it.
    pub fn spawn(mut self) -> Running {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let name = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let process = Guarded::spawn(&mut self.command, None);
        Running::new(name, process, self.input, self.hold_input, self.deadline)
    }
}
