//! Entra ID and a storage that believes it: a token endpoint of the tests and an Azurite, both over TLS with a certificate
//! made for them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::azurite::Azurite;
use super::blobs::Writer;
use super::clp::Invocation;
use super::process::{Server, unique};
use super::secret_service::needed;
use super::services::fetched;

pub const TENANT: &str = "tenant-1";
pub const APPLICATION: &str = "application-1";
pub const CLIENT_SECRET: &str = "the client secret of the tests";
pub const FEDERATED_TOKEN: &str = "the federated token of the tests";
pub const IDENTITY_HEADER: &str = "the header of the managed identity";

const START_WITHIN: Duration = Duration::from_secs(60);

pub struct Entra {
    azurite: Azurite,
    authority: String,
    dir: TempDir,
    _tokens: Server,
}

impl Entra {
    /// The one of this binary; started by the first test that asks.
    pub fn shared() -> &'static Entra {
        static SHARED: OnceLock<Entra> = OnceLock::new();
        SHARED.get_or_init(Entra::start)
    }

    fn start() -> Entra {
        needed("openssl", "openssl");
        let dir = tempfile::Builder::new()
            .prefix("clp-entra-")
            .tempdir()
            .expect("a directory for Entra ID");
        let (certificate, key) = (dir.path().join("certificate.pem"), dir.path().join("key.pem"));
        make_certificate(&certificate, &key);
        let azurite = Azurite::with_tokens(&certificate, &key).unwrap_or_else(|e| panic!("{e}"));
        let log = dir.path().join("server.log");
        let mut tokens = Command::new("node");
        tokens
            .arg(fetched("entra.mjs").unwrap_or_else(|e| panic!("{e}")))
            .args([&certificate, &key])
            .arg(dir.path().join("grants"));
        let mut tokens = Server::spawn(tokens, &log, dir.path());
        let port = tokens.ready("the token endpoint", START_WITHIN, || {
            let log = fs::read_to_string(&log).ok()?;
            log.strip_prefix("listening ")?.trim().parse::<u16>().ok()
        });
        let port = port.unwrap_or_else(|e| panic!("{e}"));
        Entra {
            azurite,
            authority: format!("https://127.0.0.1:{port}"),
            dir,
            _tokens: tokens,
        }
    }

    /// A new container in that Azurite, with these blobs; gives its name.
    pub fn container(&self, blobs: &[&str]) -> String {
        let container = unique("entra");
        let mut writer = Writer::start(&self.endpoint(), Some(&self.certificate()));
        writer.ask(&json!({"op": "container", "container": container}), &[]);
        for blob in blobs {
            writer.ask(&json!({"op": "append", "container": container, "blob": blob}), b"x");
        }
        container
    }

    pub fn endpoint(&self) -> String {
        self.azurite.endpoint().replace("http://", "https://")
    }

    /// Where tokens are asked for.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("certificate.pem")
    }

    /// The command, which believes the certificate.
    pub fn believed_by(&self, invocation: Invocation) -> Invocation {
        invocation.env("SSL_CERT_FILE", self.certificate())
    }

    /// What tokens were given for so far, in order: `secret`, `federated`, `managed`, `refused`.
    pub fn grants(&self) -> Vec<String> {
        let grants = fs::read_to_string(self.dir.path().join("grants")).unwrap_or_default();
        grants.lines().map(str::to_owned).collect()
    }

    /// A `PATH` on which `az` is one that is logged in, or not.
    pub fn path_with_az(&self, directory: &Path, is_logged_in: bool) -> String {
        fs::create_dir_all(directory).expect("make a directory");
        let az = directory.join("az");
        let script = fetched("entra.mjs").unwrap_or_else(|e| panic!("{e}"));
        let text = match is_logged_in {
            true => format!(
                "#!/bin/sh\necho \"$@\" >>'{}.calls'\nexec node '{}' az\n",
                az.display(),
                script.display()
            ),
            false => "#!/bin/sh\necho \"WARNING: old\nERROR: Please run 'az login' to setup account.\" >&2\nexit 1\n"
                .to_owned(),
        };
        fs::write(&az, text).expect("write az");
        fs::set_permissions(&az, fs::Permissions::from_mode(0o755)).expect("make az a program");
        let usual = std::env::var("PATH").expect("a PATH");
        format!("{}:{usual}", directory.display())
    }
}

fn make_certificate(certificate: &Path, key: &Path) {
    let mut openssl = Command::new("openssl");
    openssl
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"])
        .arg("-keyout")
        .arg(key)
        .arg("-out")
        .arg(certificate);
    let made = openssl.output().expect("run openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
