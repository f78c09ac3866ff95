//! Azurite, Microsoft's own emulator of Azure Blob Storage.

use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::process::Server;
use super::services::fetched;

/// The account and key that every Azurite has.
pub const ACCOUNT: &str = "devstoreaccount1";
pub const ACCESS_KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const START_WITHIN: Duration = Duration::from_secs(60);

pub struct Azurite {
    address: SocketAddr,
    log: PathBuf,
    _server: Server,
    _dir: TempDir,
}

impl Azurite {
    pub fn start() -> Result<Azurite, String> {
        Azurite::with_args(std::iter::empty())
    }

    /// With TLS, so that it takes tokens of Entra ID too: it looks at their issuer, audience and times.
    pub fn with_tokens(certificate: &Path, key: &Path) -> Result<Azurite, String> {
        let args: [&OsStr; 6] = [
            "--oauth".as_ref(),
            "basic".as_ref(),
            "--cert".as_ref(),
            certificate.as_ref(),
            "--key".as_ref(),
            key.as_ref(),
        ];
        Azurite::with_args(args.into_iter())
    }

    fn with_args<'a>(args: impl Iterator<Item = &'a OsStr>) -> Result<Azurite, String> {
        let program = fetched("node_modules/azurite/dist/src/blob/main.js")?;
        let dir = tempfile::Builder::new()
            .prefix("clp-azurite-")
            .tempdir()
            .map_err(|e| e.to_string())?;
        let log = dir.path().join("log");
        let mut command = Command::new("node");
        command
            .arg(program)
            .args(["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"])
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0"])
            .args(args)
            .current_dir(dir.path());
        let mut server = Server::spawn(command, &log, dir.path());
        let address = server.ready("Azurite", START_WITHIN, || {
            listening_at(&fs::read_to_string(&log).ok()?)
        })?;
        Ok(Azurite {
            address,
            log,
            _server: server,
            _dir: dir,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The account's endpoint, as it is put into a configuration.
    pub fn endpoint(&self) -> String {
        endpoint(self.address)
    }

    /// The log lines of the requests so far whose URL has `part` in it, such as a container or a blob's name; method,
    /// URL and status are in each.
    pub fn requests(&self, part: &str) -> Vec<String> {
        let log = fs::read_to_string(&self.log).expect("read Azurite's log");
        log.lines()
            .filter(|line| line.contains(part) && line.contains("HTTP/1.1"))
            .map(str::to_owned)
            .collect()
    }
}

/// The endpoint of the account by way of an address in front of Azurite, such as that of [`super::faults::Faults`].
pub fn endpoint(address: SocketAddr) -> String {
    format!("http://{address}/{ACCOUNT}")
}

/// Azurite chooses the port itself and says it once it listens.
fn listening_at(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once("successfully listens on http")?;
    let (_, rest) = rest.split_once("://")?;
    let (address, _) = rest.split_once('\n')?;
    address.trim().parse().ok()
}
