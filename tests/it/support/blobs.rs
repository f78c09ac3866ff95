//! The independent writer of blobs: Azure's JavaScript client in one Node process, driven over its standard streams.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};

use super::azurite::{ACCESS_KEY, ACCOUNT};
use super::process::{Guarded, unique};
use super::services::{azurite, fetched};

/// What storage tells about a blob.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Listed {
    pub name: String,
    pub size: u64,
    /// RFC 3339.
    pub last_modified: String,
    pub created: Option<String>,
}

/// One container of a test, in the shared Azurite. Every method panics with the storage's answer if it is refused.
pub struct Blobs {
    container: String,
}

impl Blobs {
    /// A new container of a name of its own.
    pub fn new() -> Blobs {
        Blobs::named(&unique("blobs"))
    }

    /// This container, made if it is not there.
    pub fn named(container: &str) -> Blobs {
        ask(json!({"op": "container", "container": container}), &[]);
        Blobs {
            container: container.to_owned(),
        }
    }

    pub fn container(&self) -> &str {
        &self.container
    }

    /// Makes an empty append blob, if it is not there.
    pub fn create(&self, name: &str) {
        ask(json!({"op": "create", "container": self.container, "blob": name}), &[]);
    }

    /// Appends as a writer's flush does: in one block up to 4 MiB, in several beyond. Makes the blob if it is not there.
    pub fn append(&self, name: &str, bytes: &[u8]) {
        ask(
            json!({"op": "append", "container": self.container, "blob": name}),
            bytes,
        );
    }

    /// Appends a file's content in blocks of 4 MiB, without holding it in memory.
    pub fn upload(&self, name: &str, file: &Path) {
        ask(
            json!({"op": "upload", "container": self.container, "blob": name, "path": file}),
            &[],
        );
    }

    /// Makes many blobs with the same content.
    pub fn fill(&self, names: &[String], bytes: &[u8]) {
        ask(
            json!({"op": "fill", "container": self.container, "blobs": names}),
            bytes,
        );
    }

    pub fn delete(&self, name: &str) {
        ask(json!({"op": "delete", "container": self.container, "blob": name}), &[]);
    }

    /// `None` if there is no such blob.
    pub fn properties(&self, name: &str) -> Option<Listed> {
        let found = ask(
            json!({"op": "properties", "container": self.container, "blob": name}),
            &[],
        );
        serde_json::from_value(found).expect("properties as blob.mjs writes them")
    }

    /// The blobs whose name begins so, by name.
    pub fn list(&self, prefix: &str) -> Vec<Listed> {
        let found = ask(
            json!({"op": "list", "container": self.container, "prefix": prefix}),
            &[],
        );
        serde_json::from_value(found).expect("a list as blob.mjs writes it")
    }
}

/// The Node process.
pub(super) struct Writer {
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    _process: Guarded,
}

fn ask(request: Value, payload: &[u8]) -> Value {
    static WRITER: OnceLock<Mutex<Writer>> = OnceLock::new();
    // A panic in another test, at a refused request, leaves the writer as good as before.
    let mut writer = WRITER
        .get_or_init(|| Mutex::new(Writer::start(&azurite().endpoint(), None)))
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let answer = writer.ask(&request, payload);
    drop(writer);
    match answer.get("ok") {
        Some(value) => value.clone(),
        None => panic!("storage refused {request}: {answer}"),
    }
}

impl Writer {
    /// For an Azurite of its own; over TLS with the certificate.
    pub(super) fn start(endpoint: &str, certificate: Option<&Path>) -> Writer {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services/blob.mjs");
        fetched("node_modules/@azure/storage-blob").unwrap_or_else(|e| panic!("{e}"));
        let mut command = Command::new("node");
        command.arg(program).args([endpoint, ACCOUNT, ACCESS_KEY]);
        if let Some(certificate) = certificate {
            command.env("NODE_EXTRA_CA_CERTS", certificate);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Guarded::spawn(&mut command, None);
        let requests = process.child.stdin.take().expect("a piped standard input");
        let answers = BufReader::new(process.child.stdout.take().expect("a piped standard output"));
        Writer {
            requests,
            answers,
            _process: process,
        }
    }

    pub(super) fn ask(&mut self, request: &Value, payload: &[u8]) -> Value {
        let mut request = request.clone();
        request["bytes"] = json!(payload.len());
        writeln!(self.requests, "{request}").expect("write to blob.mjs");
        self.requests.write_all(payload).expect("write to blob.mjs");
        self.requests.flush().expect("write to blob.mjs");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("read from blob.mjs");
        serde_json::from_str(&answer).unwrap_or_else(|e| panic!("blob.mjs answered {answer:?}: {e}"))
    }
}
