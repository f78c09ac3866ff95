//! Brokers that ask for TLS and SASL, and clients that do not have what they ask for: each is told what is missing, soon, and
//! no secret is told to anybody.

use std::time::Duration;

use regex::Regex;
use serde_json::{Value, json};

use crate::support::blobs::Blobs;
use crate::support::certificates::KEY_PASSWORD;
use crate::support::clp::Clp;
use crate::support::gz;
use crate::support::running::{Outcome, Running};
use crate::support::scene::api_blob;
use crate::support::secured::{PASSWORD, Secured, Way, user, user_over_tls, with};
use crate::support::topics::Topics;

const WRONG: &str = "letmein-letmein-letmein";
/// A client that is refused tries for five seconds whether that lasts.
const BOUND: Duration = Duration::from_secs(10);

const ASKS_WHO: &str = "sasl.mechanism, sasl.username and sasl.password";
const ASKS_FOR_AUTHORITY: &str = "ssl.ca.location .* name";
const ASKS_FOR_CERTIFICATE: &str = "ssl.certificate.location and ssl.key.location";
const ASKS_FOR_PROTOCOL: &str = "security.protocol .* SASL_SSL";

/// What is wrong, and what is said of it: the reason and the hint, as regular expressions.
type Case = (Way, Value, &'static str, &'static str);

/// Blobs and topics that are there, so that nothing is wrong but what a case says.
struct Scene {
    blobs: Blobs,
    topics: Topics,
    blob: String,
}

impl Scene {
    fn new() -> Scene {
        let (blobs, topics) = (Blobs::new(), Topics::create(&Secured::shared().kafka));
        let blob = api_blob("one");
        blobs.append(&blob, &gz::blob(0..10, 10));
        Scene { blobs, topics, blob }
    }

    /// The log at its most talkative would tell a secret if anything does.
    fn commands(&self) -> [Vec<&str>; 2] {
        [
            vec!["-vvv", "test-kafka"],
            vec!["-vvv", "ingest", "--format", "json", "--blob", &self.blob],
        ]
    }

    fn clp(&self) -> Clp {
        Clp::new(&Secured::shared().kafka, &self.blobs, &self.topics)
    }
}

/// All at once: most of their time they wait.
#[track_caller]
fn are_refused(cases: &[Case]) {
    let scene = Scene::new();
    let clps: Vec<Clp> = cases
        .iter()
        .map(|(way, properties, ..)| Secured::shared().configured(scene.clp(), *way, properties.clone()))
        .collect();
    let runs: Vec<[Running; 2]> = clps
        .iter()
        .map(|clp| scene.commands().map(|args| clp.spawn(args)))
        .collect();
    for ((way, properties, reason, hint), runs) in cases.iter().zip(runs) {
        for run in runs {
            let case = format!("{way:?} by {properties}");
            is_refusal(&run.wait().expect_code(4), &case, reason, hint);
        }
    }
}

#[track_caller]
fn is_refusal(outcome: &Outcome, case: &str, reason: &str, hint: &str) {
    assert!(outcome.took < BOUND, "{case}: {:?}", outcome.took);
    let said = [outcome.text(), outcome.stderr.clone()].concat();
    for secret in [PASSWORD, WRONG, KEY_PASSWORD] {
        assert!(!said.contains(secret), "{case}: {said}");
    }
    for (begin, pattern) in [("error: ", reason), ("hint: ", hint)] {
        let line = said.lines().find(|line| line.starts_with(begin));
        let line = line.unwrap_or_else(|| panic!("{case}: no {begin:?} in {said}"));
        assert!(Regex::new(pattern).unwrap().is_match(line), "{case}: {line}");
    }
}

#[test]
fn wrong_users_and_passwords() {
    const REASON: &str = "Authentication failed";
    let password = json!({"sasl.password": WRONG});
    let nobody = json!({"sasl.username": "nobody"});
    let plain = || user("SASL_PLAINTEXT", "PLAIN");
    let scram = || user("SASL_PLAINTEXT", "SCRAM-SHA-256");
    are_refused(&[
        (Way::SaslPlaintext, with(plain(), password.clone()), REASON, ASKS_WHO),
        (Way::SaslPlaintext, with(plain(), nobody.clone()), REASON, ASKS_WHO),
        (Way::SaslPlaintext, with(scram(), password.clone()), REASON, ASKS_WHO),
        (Way::SaslPlaintext, with(scram(), nobody), REASON, ASKS_WHO),
        (
            Way::SaslSsl,
            with(user_over_tls("SCRAM-SHA-512"), password),
            REASON,
            ASKS_WHO,
        ),
    ]);
}

#[test]
fn wrong_certificates() {
    let ssl = || json!({"security.protocol": "SSL", "ssl.ca.location": "ca.pem"});
    let stranger = with(user_over_tls("PLAIN"), json!({"ssl.ca.location": "stranger.pem"}));
    // Its own certificate is one, but of another authority.
    let unknown = json!({"ssl.certificate.location": "stranger.pem", "ssl.key.location": "stranger.key"});
    const UNVERIFIED: &str = "certificate verify failed";
    const UNKNOWN: &str = "certificate|unknown ca";
    are_refused(&[
        (Way::SaslSsl, stranger, UNVERIFIED, ASKS_FOR_AUTHORITY),
        (Way::Elsewhere, ssl(), UNVERIFIED, ASKS_FOR_AUTHORITY),
        (Way::Ssl, ssl(), "certificate", ASKS_FOR_CERTIFICATE),
        (Way::Ssl, with(ssl(), unknown), UNKNOWN, ASKS_FOR_CERTIFICATE),
    ]);
}

#[test]
fn wrong_protocols() {
    let ssl = || json!({"security.protocol": "SSL", "ssl.ca.location": "ca.pem"});
    let plain = || json!({});
    const SASL: &str = "its listener may want SASL";
    const TLS: &str = "its listener may want TLS";
    are_refused(&[
        (Way::SaslPlaintext, plain(), SASL, ASKS_FOR_PROTOCOL),
        (Way::SaslSsl, ssl(), SASL, ASKS_FOR_PROTOCOL),
        (Way::SaslSsl, plain(), TLS, ASKS_FOR_PROTOCOL),
        (Way::Ssl, plain(), TLS, ASKS_FOR_PROTOCOL),
        (Way::SaslSsl, user("SASL_PLAINTEXT", "PLAIN"), TLS, ASKS_FOR_PROTOCOL),
        (
            Way::SaslPlaintext,
            ssl(),
            "PLAINTEXT broker listener",
            ASKS_FOR_PROTOCOL,
        ),
        (
            Way::SaslPlaintext,
            user_over_tls("PLAIN"),
            "PLAINTEXT broker listener",
            ASKS_FOR_PROTOCOL,
        ),
        (
            Way::Plain,
            user("SASL_PLAINTEXT", "PLAIN"),
            "current SASL state",
            ASKS_FOR_PROTOCOL,
        ),
    ]);
}

/// No broker is asked for that: what is wrong is in the configuration.
#[test]
fn a_wrong_password_of_a_key() {
    let scene = Scene::new();
    let properties = json!({
        "security.protocol": "SSL", "ssl.ca.location": "ca.pem", "ssl.certificate.location": "client.pem",
        "ssl.key.location": "client.encrypted.key", "ssl.key.password": WRONG,
    });
    let clp = Secured::shared().configured(scene.clp(), Way::Ssl, properties);
    for args in scene.commands() {
        is_refusal(
            &clp.run(args).expect_code(3),
            "a key's password",
            "ssl.key.location",
            ".",
        );
    }
}
