//! Brokers that ask for TLS and SASL: every protocol and mechanism carries one-shot runs, workers and extractors, with
//! transactions. What is in Kafka then is read by another, plain listener.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::certificates::KEY_PASSWORD;
use crate::support::extraction::Extraction;
use crate::support::gz;
use crate::support::kafka::Kafka;
use crate::support::mixed::Mixed;
use crate::support::pipeline::Pipeline;
use crate::support::process::{let_pass, unique};
use crate::support::scene::{api_blob, expect_log_lines};
use crate::support::secured::{SESSION_MS, Secured, Way, user, user_over_tls, with};

const LINES: u64 = 300;

/// A pipeline of its own whose program goes this way.
fn pipeline(way: Way, properties: Value) -> Pipeline<&'static Kafka> {
    let secured = Secured::shared();
    let mut run = Pipeline::on(&secured.kafka, 4);
    run.clp = secured.configured(run.clp, way, properties);
    run
}

/// Puts a blob into storage and sends it by a one-shot run.
fn ingest(run: &Pipeline<&'static Kafka>) -> String {
    let blob = api_blob("one");
    run.blobs.append(&blob, &gz::blob(0..LINES, 100));
    let outcome = run.clp.run(["ingest", "--format", "json", "--blob", &blob]).success();
    let summary = &outcome.json_lines()[0];
    assert_eq!(
        (&summary["lines"], &summary["delivery"]),
        (&json!(LINES), &json!("exactly-once"))
    );
    blob
}

fn expect_lines(run: &Pipeline<&'static Kafka>, blobs: &[String]) {
    let mut found = run.lines();
    for blob in blobs {
        expect_log_lines(&found.remove(blob).unwrap_or_default(), 0..LINES);
    }
    assert!(found.is_empty(), "lines of other blobs: {:?}", found.keys());
}

/// The way from blobs to extracted records, with every command that has a part in it.
fn carries_all(way: Way, properties: Value) {
    let run = pipeline(way, properties);
    let answer = run
        .clp
        .run(["test-kafka", "--format", "json"])
        .success()
        .json_lines()
        .remove(0);
    assert_eq!(
        (&answer["transactions"], &answer["transactions_error"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(answer["brokers"], json!([Secured::shared().brokers(way)]));

    let mut blobs = vec![ingest(&run)];
    for pod in ["two", "three"] {
        let blob = api_blob(pod);
        run.blobs.append(&blob, &gz::blob(0..LINES, 100));
        run.close(&blob);
        blobs.push(blob);
    }
    run.work(&[]);
    expect_lines(&run, &blobs);
    for blob in &blobs[1..] {
        run.assert_done_with(blob);
    }

    let Pipeline { kafka, topics, clp, .. } = run;
    let group = unique("extract");
    let clp = clp
        .set("processing.consumer_group", group.as_str())
        .set("processing.max_concurrency", 1);
    let extraction = Extraction {
        group,
        kafka,
        topics,
        clp,
    };
    extraction.extract();
    extraction.assert_extracted_once(&blobs, LINES);
}

/// A one-shot run only, where the rest would be the same.
fn carries_a_run(way: Way, properties: Value) {
    let run = pipeline(way, properties);
    let blob = ingest(&run);
    expect_lines(&run, &[blob]);
}

fn client_certificate(key: Value) -> Value {
    let certificate = json!({
        "security.protocol": "SSL", "ssl.ca.location": "ca.pem", "ssl.certificate.location": "client.pem",
    });
    with(certificate, key)
}

#[test]
fn ssl_with_a_client_certificate() {
    carries_all(Way::Ssl, client_certificate(json!({"ssl.key.location": "client.key"})));
}

#[test]
fn ssl_with_an_encrypted_key() {
    let key = json!({"ssl.key.location": "client.encrypted.key", "ssl.key.password": KEY_PASSWORD});
    carries_a_run(Way::Ssl, client_certificate(key));
}

#[test]
fn ssl_with_a_keystore() {
    carries_all(
        Way::Ssl,
        json!({
            "security.protocol": "SSL", "ssl.ca.location": "ca.pem",
            "ssl.keystore.location": "client.p12", "ssl.keystore.password": KEY_PASSWORD,
        }),
    );
}

#[test]
fn ssl_with_certificates_in_properties() {
    let pem = |file| Secured::shared().pem(file);
    let properties = json!({
        "security.protocol": "SSL", "ssl.ca.pem": pem("ca.pem"), "ssl.certificate.pem": pem("client.pem"),
    });
    carries_a_run(
        Way::Ssl,
        with(properties.clone(), json!({"ssl.key.pem": pem("client.key")})),
    );
    let encrypted = json!({"ssl.key.pem": pem("client.encrypted.key"), "ssl.key.password": KEY_PASSWORD});
    carries_a_run(Way::Ssl, with(properties, encrypted));
}

/// OpenSSL finds an authority in a directory by its hash.
#[test]
fn ssl_with_authorities_in_a_directory() {
    carries_a_run(
        Way::SaslSsl,
        with(user_over_tls("PLAIN"), json!({"ssl.ca.location": "authorities"})),
    );
}

#[test]
fn checks_of_certificates_can_be_left_out() {
    let elsewhere = json!({"security.protocol": "SSL", "ssl.ca.location": "ca.pem"});
    carries_a_run(
        Way::Elsewhere,
        with(elsewhere, json!({"ssl.endpoint.identification.algorithm": "none"})),
    );
    let stranger = json!({
        "security.protocol": "SSL", "ssl.ca.location": "stranger.pem", "enable.ssl.certificate.verification": "false",
    });
    carries_a_run(Way::Elsewhere, stranger);
}

#[test]
fn sasl_plain() {
    carries_all(Way::SaslPlaintext, user("SASL_PLAINTEXT", "PLAIN"));
}

#[test]
fn sasl_scram_sha_256() {
    carries_all(Way::SaslPlaintext, user("SASL_PLAINTEXT", "SCRAM-SHA-256"));
}

/// By the other name of the property as well, and by another spelling of the protocol.
#[test]
fn sasl_scram_sha_512() {
    let properties = json!({
        "security.protocol": "sasl_plaintext", "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": user("", "")["sasl.username"], "sasl.password": user("", "")["sasl.password"],
    });
    carries_all(Way::SaslPlaintext, properties);
}

#[test]
fn sasl_plain_over_tls() {
    carries_all(Way::SaslSsl, user_over_tls("PLAIN"));
}

#[test]
fn sasl_scram_sha_256_over_tls() {
    carries_a_run(Way::SaslSsl, user_over_tls("SCRAM-SHA-256"));
}

#[test]
fn sasl_scram_sha_512_over_tls() {
    carries_all(Way::SaslSsl, user_over_tls("SCRAM-SHA-512"));
}

/// Long enough for a session to end three times.
const SESSIONS: Duration = Duration::from_millis(3 * SESSION_MS + SESSION_MS / 2);
/// A slow way to storage makes a blob last for several sessions.
const DELAY: Duration = Duration::from_millis(500);

/// A one-shot run while sessions end, then a worker that has nothing to do for as long and then goes on. `in_between` is
/// told when the worker begins to rest and when it is done.
fn outlasts_sessions(way: Way, properties: Value, mut in_between: impl FnMut()) {
    let run = pipeline(way, properties).in_small_pieces();
    let long = Mixed::new(30_000, 1_501);
    run.blobs.append(&long.name, &long.bytes);
    run.storage.delay(DELAY);
    let begun = Instant::now();
    let mut running = run.clp.spawn(["ingest", "--format", "json", "--blob", &long.name]);
    run.log_end(&long).wait_for_more(&mut running, 1);
    let_pass(SESSIONS.saturating_sub(begun.elapsed()));
    assert!(!running.has_exited(), "the run was over before its sessions were");
    run.storage.delay(Duration::ZERO);
    running.wait().success();
    run.assert_ingested_once(&[&long]);

    let blobs = [Mixed::new(2_000, 1_502), Mixed::new(2_000, 1_503)];
    let worker = run.worker(&[]);
    run.put(&blobs[0]);
    run.wait_until_ingested(&blobs[0]);
    in_between();
    let_pass(SESSIONS);
    run.put(&blobs[1]);
    run.wait_until_ingested(&blobs[1]);
    in_between();
    worker.signal("TERM");
    worker.wait().success();
    run.assert_ingested_once(&[&long, &blobs[0], &blobs[1]]);
}

#[test]
fn sessions_that_end_are_renewed() {
    let requests = &Secured::shared().requests;
    let mut seen = Vec::new();
    outlasts_sessions(Way::ShortSessions, user("SASL_PLAINTEXT", "SCRAM-SHA-512"), || {
        seen.push((requests.connections(), requests.authentications()));
    });
    // Each connection says once who it is, and again for each session: the worker keeps those that it has.
    let [(connections, authentications), (more_connections, more_authentications)] = seen[..] else {
        panic!("{seen:?}")
    };
    let opened = more_connections - connections;
    let renewed = (more_authentications - authentications).saturating_sub(opened);
    assert!(
        renewed >= 3 && opened <= 4,
        "{renewed} sessions renewed, {opened} connections opened"
    );
}

#[test]
fn sessions_over_tls_that_end_are_renewed() {
    let passed = &Secured::shared().passed;
    let mut seen = Vec::new();
    outlasts_sessions(Way::ShortSessionsSsl, user_over_tls("PLAIN"), || {
        seen.push(passed.connections());
    });
    // Of five clients at least and three sessions.
    let opened = seen[1] - seen[0];
    assert!(opened <= 4, "{opened} connections opened: {seen:?}");
}
