//! A real OpenSearch: one node, without passwords and TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::process::{Server, free_port};
use super::services::fetched;

/// A JVM that starts beside others on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(120);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

pub struct OpenSearch {
    /// First, so that the server has ended when the directory is removed.
    _server: Server,
    port: u16,
    _dir: TempDir,
}

impl OpenSearch {
    /// One of its own, empty.
    pub fn start() -> OpenSearch {
        OpenSearch::try_start().unwrap_or_else(|e| panic!("{e}"))
    }

    fn try_start() -> Result<OpenSearch, String> {
        fetched("opensearch/libs/fetched.xml")?;
        let dir = tempfile::Builder::new()
            .prefix("clp-opensearch-")
            .tempdir()
            .map_err(|e| e.to_string())?;
        let port = free_port();
        let mut command = Command::new(fetched("opensearch/run.sh")?);
        command.arg(dir.path()).arg(port.to_string());
        let mut server = Server::spawn(command, &dir.path().join("log"), dir.path());
        server.ready("OpenSearch", START_WITHIN, || {
            let (status, health) = try_request(port, "GET", "/_cluster/health", "").ok()?;
            (status == 200 && health["status"] == "green").then_some(())
        })?;
        Ok(OpenSearch {
            _server: server,
            port,
            _dir: dir,
        })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The answer's JSON; panics with it if the status is not one of success.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, answer) = try_request(self.port, method, path, body).expect("an answer of OpenSearch");
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }
}

fn try_request(port: u16, method: &str, path: &str, body: &str) -> std::io::Result<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(REQUEST_TIMEOUT))?;
    // HTTP/1.0: the answer ends with the connection, and comes in no chunks.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let unreadable = || std::io::Error::other(format!("no HTTP: {answer}"));
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(unreadable)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let json = serde_json::from_str(body).map_err(|_| unreadable())?;
    Ok((status.ok_or_else(unreadable)?, json))
}
