//! `make dev-up` and what goes with it, as processes of this machine: what a newcomer runs first.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::clp::{Clp, Invocation};
use crate::support::process::{free_port, wait_for};
use crate::support::running::{Outcome, Running};
use crate::support::services::fetched;

const WITHIN: Duration = Duration::from_secs(240);
const PORTS: [&str; 4] = ["KAFKA_PORT", "KAFKA_CONTROLLER_PORT", "AZURITE_PORT", "OPENSEARCH_PORT"];

struct Dev {
    dir: TempDir,
    /// By the names of the variables that set them.
    ports: [(&'static str, u16); 4],
}

impl Dev {
    fn new() -> Dev {
        // The script would fetch them.
        for file in [
            "kafka/fetched.xml",
            "opensearch/libs/fetched.xml",
            "node_modules/.fetched.json",
        ] {
            fetched(file).unwrap_or_else(|e| panic!("{e}"));
        }
        Dev {
            dir: tempfile::Builder::new().prefix("clp-dev-").tempdir().unwrap(),
            ports: PORTS.map(|name| (name, free_port())),
        }
    }

    fn command(&self, what: &str) -> Invocation {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/dev/dev.sh"));
        command
            .arg(what)
            .env("DEV_ENGINE", "none")
            .env("OPENSEARCH", "1")
            .env("DEV_DIR", self.dir.path())
            .envs(self.ports.map(|(name, port)| (name, port.to_string())))
            .env("CLP", env!("CARGO_BIN_EXE_clp"));
        Invocation::of(command).deadline(WITHIN)
    }

    fn run(&self, what: &str) -> Outcome {
        self.command(what).run()
    }

    /// The servers belong to the group of the script that starts them, which is killed with what this gives, if not stopped
    /// before.
    fn up(&self) -> Running {
        let mut up = self.command("up").spawn();
        wait_for("dev-up", WITHIN, || up.has_exited().then_some(()));
        up
    }

    fn clp(&self, args: &[&str]) -> Outcome {
        let config = self.dir.path().join("config.yaml");
        let args = ["--config", config.to_str().unwrap()]
            .into_iter()
            .chain(args.iter().copied());
        Clp::bare().run(args)
    }
}

#[test]
fn servers_start_once_take_samples_and_stop() {
    let dev = Dev::new();
    let up = dev.up();
    assert!(
        up.stdout().contains("next: make dev-sample"),
        "{}\n{}",
        up.stdout(),
        up.stderr()
    );

    let again = dev.run("up").success().text();
    assert!(
        again.contains("kafka runs already\nazurite runs already\nopensearch runs already\n"),
        "{again}"
    );

    let sizes = || {
        let listed = dev.clp(&["list-blobs", "--format", "json"]).success().json_lines();
        let sizes = listed.iter().map(|blob| blob["size"].as_u64().unwrap());
        (listed.len(), sizes.sum::<u64>())
    };
    assert_eq!(sizes(), (0, 0));
    dev.run("sample").success();
    let (blobs, bytes) = sizes();
    assert!(blobs > 3, "{blobs}");
    dev.run("sample").success();
    // The demo's logs are of the time at which it runs, so those of two runs differ by some bytes.
    let (same, more) = sizes();
    assert!(
        same == blobs && more > bytes + bytes / 2,
        "{same} blobs, {more} bytes after {bytes}"
    );

    let (_, port) = dev.ports[3];
    let url = format!("http://127.0.0.1:{port}");
    let put = dev.clp(&["init-opensearch", "--url", &url]).success().text();
    assert!(put.contains("exists") && !put.contains("created"), "{put}");

    // Topics, rights and transactions: all that clp needs of the two is there.
    dev.clp(&["ingest", "--blob", "kubernetes/*api-*", "--resume"])
        .success();

    dev.run("down").success();
    let status = dev.run("status").success().text();
    assert!(
        status.contains("Kafka is not there\nAzurite is not there\nOpenSearch is not there\n"),
        "{status}"
    );
    drop(up);
}

#[test]
fn to_look_and_to_stop_builds_nothing() {
    let mut make = Command::new("make");
    make.args(["--dry-run", "--always-make", "dev-status", "dev-down", "dev-clean"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let said = Invocation::of(make).run().success().text();
    assert!(said.contains("dev.sh clean") && !said.contains("cargo"), "{said}");
}
