//! Kafka's releases that the tests run on, and their freshly formatted data directories.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use super::services::fetched;

/// Quick to start and small: no second compiler, no parallel collector, no statistics file. The JVM's own log is off, as
/// it would mix with what a tool prints, such as that the class archive is another JVM's.
const JVM: [&str; 6] = [
    "-Xmx512m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-Xlog:disable",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/// Which Kafka, and how it was formatted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    V4_1 {
        /// The level of the feature `transaction.version`, 0 to 2.
        transactions: u8,
    },
    V3_9,
}

impl Release {
    pub const NEWEST: Release = Release::V4_1 { transactions: 2 };

    /// Under tests/services.
    fn directory(self) -> &'static str {
        match self {
            Release::V4_1 { .. } => "kafka",
            Release::V3_9 => "kafka-3.9",
        }
    }

    /// A JVM with its jars; the class and its arguments are still to be added.
    pub(super) fn java(self) -> Result<Command, String> {
        let directory = self.directory();
        let jars = fetched(&format!("{directory}/libs"))?.join("*");
        let mut command = Command::new("java");
        command.args(JVM).arg("-cp").arg(jars);
        if let Ok(classes) = fetched(&format!("{directory}/classes.jsa")) {
            command.arg(format!("-XX:SharedArchiveFile={}", classes.display()));
        }
        Ok(command)
    }

    fn features(self) -> Vec<String> {
        match self {
            Release::V4_1 { transactions } => {
                vec!["--feature".to_owned(), format!("transaction.version={transactions}")]
            }
            Release::V3_9 => Vec::new(),
        }
    }

    /// Puts the files of a freshly formatted data directory there, for the node of this number.
    pub(super) fn format(self, data: &Path, node: u32) -> Result<(), String> {
        for (name, bytes) in self.formatted()?.iter() {
            let bytes = match (name.as_str(), String::from_utf8(bytes.clone())) {
                ("meta.properties", Ok(text)) => of_node(&text, node).into_bytes(),
                _ => bytes.clone(),
            };
            fs::write(data.join(name), bytes).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Formatting starts a JVM, so it is done once; every broker gets a copy and so the same cluster id, which none of
    /// them minds.
    fn formatted(self) -> Result<Arc<Files>, String> {
        static FORMATTED: Mutex<BTreeMap<Release, Result<Arc<Files>, String>>> = Mutex::new(BTreeMap::new());
        let mut formatted = FORMATTED.lock().unwrap_or_else(PoisonError::into_inner);
        let files = formatted.entry(self).or_insert_with(|| {
            let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
            format(self, dir.path())
                .map(Arc::new)
                .map_err(|e| format!("Kafka's data directory could not be formatted: {e}"))
        });
        files.clone()
    }
}

/// Names and contents.
type Files = Vec<(String, Vec<u8>)>;

/// The number, and another id of the directory: no two of a cluster may have the same.
fn of_node(properties: &str, node: u32) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some(("node.id", _)) => format!("node.id={node}\n"),
        // Base64: its first letter is one of many.
        Some(("directory.id", id)) => format!("directory.id={}{}\n", char::from(b'A' + node as u8), &id[1..]),
        _ => format!("{line}\n"),
    };
    properties.lines().map(line).collect()
}

fn format(release: Release, dir: &Path) -> Result<Files, String> {
    const CLUSTER_ID: &str = "Y2xwLXRlc3QtY2x1c3RlcQ";
    let data = dir.join("data");
    let properties = dir.join("server.properties");
    let text = format!(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:1\n\
         controller.listener.names=CONTROLLER\nlisteners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1\n\
         log.dirs={}\n",
        data.display()
    );
    fs::write(&properties, text).map_err(|e| e.to_string())?;
    let mut command = release.java()?;
    command
        .args(["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"])
        .arg(&properties)
        .args(release.features());
    let output = command
        .output()
        .map_err(|e| format!("java (17 or newer is needed): {e}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(&data).map_err(|e| e.to_string())? {
        let path = entry.map_err(|e| e.to_string())?.path();
        let name = path.file_name().expect("a file's name").to_string_lossy().into_owned();
        files.push((name, fs::read(&path).map_err(|e| e.to_string())?));
    }
    Ok(files)
}
