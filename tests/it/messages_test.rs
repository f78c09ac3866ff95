//! The messages of common mistakes, word by word, with the command that makes each and its exit code.

use std::fmt::Write;

use crate::support::azurite::ACCOUNT;
use crate::support::clp::Clp;
use crate::support::gz;
use crate::support::scene::{Scene, api_blob};
use crate::support::services::{azurite, kafka};

/// What a user sees, with what differs from run to run replaced.
struct Transcript {
    text: String,
    replaced: Vec<(String, &'static str)>,
}

impl Transcript {
    fn new(replaced: &[(&str, &'static str)]) -> Transcript {
        let replaced = replaced.iter().map(|(what, by)| ((*what).to_owned(), *by)).collect();
        Transcript {
            text: String::new(),
            replaced,
        }
    }

    fn run(&mut self, clp: &Clp, args: &[&str]) {
        let outcome = clp.run(args.iter().copied());
        let code = outcome.code.expect("an exit code");
        let mut said = format!("$ clp {}\n{}=> {code}\n\n", args.join(" "), outcome.stderr);
        said = said.replace(&clp.home().display().to_string(), "HOME");
        for (what, by) in &self.replaced {
            said = said.replace(what, by);
        }
        self.text.write_str(&said).expect("write to memory");
    }
}

#[test]
fn mistakes_about_blobs_and_offsets() {
    let scene = Scene::new();
    let good = api_blob("good");
    let first = gz::member(b"one\ntwo\n");
    scene
        .blobs
        .append(&good, &[&first[..], &gz::member(b"three\n")].concat());
    let bad = api_blob("bad");
    scene.blobs.append(&bad, &[&first[..], b"garbage garbage"].concat());
    let foreign = gz::blob_name("20250606", "solr-0", "solr");
    scene.blobs.append(&foreign, &first);
    let server = azurite().endpoint();
    let mut told = Transcript::new(&[
        (&good, "GOOD"),
        (&bad, "BAD"),
        (&foreign, "FOREIGN"),
        (scene.blobs.container(), "CONTAINER"),
        (&scene.topics.raw_application, "RAW"),
        (&server, "SERVER"),
        (ACCOUNT, "ACCOUNT"),
        (&kafka().brokers(), "BROKERS"),
    ]);
    for args in [
        &["ingest"][..],
        &["ingest", "--blob", "kubernetes/20250606.api-gone.gz"],
        &["ingest", "--blob", "kubernetes/2024*"],
        &["ingest", "--blob", "kubernetes/[x"],
        &["ingest", "--blob", &foreign],
        &["ingest", "--blob", &good, "--container", "no-such-container"],
        &["ingest", "--blob", &good, "--start-offset", "5"],
        &["ingest", "--blob", &good, "--start-offset", "1000"],
        &["ingest", "--blob", &good, "--start-offset", "5", "--resume"],
        &["ingest", "--blob", &bad, "-qq"],
        &["ingest", "--blob", &good, "--topic", "no-such-topic"],
        &["ingest", "--blob", &good, "--service", "aip"],
        &["list-blobs", "--service", "aip"],
        &["list-blobs", "--service", "tomcat"],
        &["list-blobs", "--service", "jsapps"],
        &["verify", "--service", "backofice"],
        &["tail", "--no-follow", "--topics", "raw_aplication"],
        &["ingest", "--blob", &good, "-X", "sasl.mechanism"],
        &["ingest", "--blob", &good, "-X", "linger.ms=soon"],
        &["ingest", "--blob", &good, "-X", "linger=5"],
    ] {
        told.run(&scene.clp, args);
    }
    insta::assert_snapshot!("messages-ingest", told.text);
}

#[test]
fn mistakes_about_the_configuration() {
    let server = azurite().endpoint();
    let mut told = Transcript::new(&[(&server, "SERVER"), (ACCOUNT, "ACCOUNT")]);
    let bare = Clp::bare();
    for args in [
        &["list-blobs"][..],
        &["list-blobs", "--env", "P1"],
        &["config", "path"],
        &["config", "check", "--config", "gone.yaml"],
        &["setup-config", "--migrate"],
        &["list-blob"],
        &["list-blobs", "--date", "yesteryear"],
        &["list-blobs", "--date", "yesterdy"],
        &["tail", "--since", "tody"],
        &["tail", "--level", "wran"],
        &["tail", "--levl", "warn"],
        &["test-kafka", "not a broker"],
    ] {
        told.run(&bare, args);
    }
    let accounts = ["cp2/P1", "cp2/D1", "cp3/P1"].into_iter().fold(Clp::bare(), |clp, id| {
        let (subscription, environment) = id.split_once('/').unwrap();
        clp.environment(subscription, environment, "no-such-container", &server)
    });
    let wrong_key = accounts.set(
        "subscriptions.cp2.environments.D1.storage_account.access_key",
        "d3Jvbmcga2V5LCBhYnNvbHV0ZWx5IHdyb25n",
    );
    for args in [
        &["list-blobs", "--env", "P1"][..],
        &["list-blobs", "--env", "X1"],
        &["list-blobs", "--env", "cp2/P1"],
        &["list-blobs", "--env", "D1"],
        &["ingest", "--blob", "x"],
        &["setup-config"],
    ] {
        told.run(&wrong_key, args);
    }
    insta::assert_snapshot!("messages-configuration", told.text);
}
