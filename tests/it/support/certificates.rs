//! Certificates made by openssl for one run of the tests: authorities, brokers, a client with its keys.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::secret_service::needed;

/// Of the client's encrypted key and of its PKCS#12 file.
pub const KEY_PASSWORD: &str = "the password of the client's key";

/// The names in the certificate of [`Certificates::key_and_chain`] with this name.
pub const BROKER: &str = "broker";
/// A broker of another name.
pub const ELSEWHERE: &str = "elsewhere";

/// What the certificates are for; the names of the sections are those of the files.
const CONFIGURATION: &str = "\
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[broker]
subjectAltName = DNS:localhost, IP:127.0.0.1
[elsewhere]
subjectAltName = DNS:elsewhere.invalid
[client]
extendedKeyUsage = clientAuth
";

/// Files by their names: `ca.pem` of the authority that signed all, `stranger.pem` of another one, `authorities/` as
/// OpenSSL reads a directory; `client.pem` and `client.key`, the key encrypted in `client.encrypted.key`, both in
/// `client.p12`; and `broker` and `elsewhere` likewise. In memory, as whoever uses them needs them elsewhere.
pub struct Certificates {
    files: BTreeMap<String, Vec<u8>>,
}

impl Certificates {
    pub fn make() -> Certificates {
        needed("openssl", "openssl");
        let made = tempfile::tempdir().expect("a directory for certificates");
        let dir = made.path();
        fs::write(dir.join("openssl.cnf"), CONFIGURATION).expect("write openssl.cnf");
        for authority in ["ca", "stranger"] {
            certify(dir, authority, "ca", &[]);
        }
        for name in [BROKER, ELSEWHERE, "client"] {
            certify(dir, name, name, &["-CA", "ca.pem", "-CAkey", "ca.key"]);
        }
        let password = format!("pass:{KEY_PASSWORD}");
        openssl(
            dir,
            &[
                "pkcs8",
                "-topk8",
                "-in",
                "client.key",
                "-passout",
                &password,
                "-out",
                "client.encrypted.key",
            ],
        );
        let client = ["-in", "client.pem", "-inkey", "client.key", "-certfile", "ca.pem"];
        openssl(
            dir,
            &[
                &["pkcs12", "-export", "-passout", &password, "-out", "client.p12"],
                &client[..],
            ]
            .concat(),
        );
        let hash = openssl(dir, &["x509", "-in", "ca.pem", "-noout", "-hash"]);
        fs::create_dir(dir.join("authorities")).expect("make a directory");
        fs::copy(dir.join("ca.pem"), dir.join(format!("authorities/{}.0", hash.trim()))).expect("copy a certificate");
        Certificates { files: files_in(dir) }
    }

    /// Writes all files into an existing directory.
    pub fn write_to(&self, directory: &Path) {
        for (name, bytes) in &self.files {
            let file = directory.join(name);
            fs::create_dir_all(file.parent().expect("a file in a directory")).expect("make a directory");
            fs::write(file, bytes).expect("write a certificate");
        }
    }

    pub fn text(&self, file: &str) -> &str {
        std::str::from_utf8(&self.files[file]).expect("PEM")
    }
}

/// A new key and its certificate, signed by itself or by an authority.
fn certify(dir: &Path, name: &str, section: &str, authority: &[&str]) {
    let (subject, key, certificate) = (format!("/CN={name}"), format!("{name}.key"), format!("{name}.pem"));
    let request = [
        "req",
        "-x509",
        "-config",
        "openssl.cnf",
        "-extensions",
        section,
        "-days",
        "2",
        "-nodes",
    ];
    let made = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-subj",
        &subject,
        "-keyout",
        &key,
        "-out",
        &certificate,
    ];
    openssl(dir, &[&request[..], &made[..], authority].concat());
}

fn openssl(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(args)
        .current_dir(dir)
        .output()
        .expect("run openssl");
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn files_in(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("read a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a file's name").to_string_lossy().into_owned();
        if path.is_dir() {
            files.extend(
                files_in(&path)
                    .into_iter()
                    .map(|(file, bytes)| (format!("{name}/{file}"), bytes)),
            );
        } else {
            files.insert(name, fs::read(&path).expect("read a file"));
        }
    }
    files
}
