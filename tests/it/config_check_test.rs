//! `clp config check`: every connection is tried, what works is told, and the exit code says the rest.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::azurite::ACCOUNT;
use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::process::free_port;
use crate::support::services::{azurite, kafka};
use crate::support::topics::Topics;

const WRONG_KEY: &str = "d3Jvbmcga2V5LCBhYnNvbHV0ZWx5IHdyb25n";

fn row<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("{name} is not in\n{text}"))
        .split_ascii_whitespace()
        .collect()
}

#[test]
fn all_connections_are_tried() {
    let blobs = Blobs::new();
    blobs.append("kubernetes/20250606.a", b"x");
    blobs.append("kubernetes/20250606.b", b"x");
    let topics = Topics::create(kafka());
    let clp = Clp::new(kafka(), &blobs, &topics);
    let text = clp.run(["config", "check"]).success().text();
    assert_eq!(row(&text, "cp2/P1")[1], "ok");
    assert!(row(&text, "cp2/P1").ends_with(&["2", "blobs"]), "{text}");
    assert_eq!(row(&text, "kafka")[1], "ok");
    assert!(text.contains("transactions, all topics"), "{text}");
    assert!(text.ends_with("; 1 environment, 0 warnings\n"), "{text}");

    let rows = clp.run(["config", "check", "--format", "json"]).success().json_lines();
    let [storage, cluster] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    assert_eq!(
        (&storage["check"], &storage["environment"]),
        (&json!("storage"), &json!("P1"))
    );
    assert_eq!(storage["storage"]["blobs"], 2);
    assert_eq!(
        (&cluster["check"], &cluster["kafka"]["transactions"]),
        (&json!("kafka"), &json!(true))
    );
    assert!(
        rows.iter().all(|row| row["ok"] == true && row["error"] == Value::Null),
        "{rows:?}"
    );
}

#[test]
fn what_fails_is_told_beside_what_works() {
    let blobs = Blobs::new();
    let account = "subscriptions.cp2.environments.D1.storage_account.access_key";
    let clp = Clp::bare()
        .storage(blobs.container(), &azurite().endpoint())
        .environment("cp2", "D1", blobs.container(), &azurite().endpoint())
        .set(account, WRONG_KEY);
    let outcome = clp.run(["config", "check"]).expect_code(7);
    let text = outcome.text();
    assert_eq!((row(&text, "cp2/P1")[1], row(&text, "cp2/D1")[1]), ("ok", "failed"));
    assert!(!text.contains("kafka"), "nobody has named brokers:\n{text}");
    assert!(
        outcome.stderr.contains("environment cp2/D1")
            && outcome.stderr.contains("403")
            && outcome.stderr.contains("hint:"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains(WRONG_KEY));
    let rows = clp
        .run(["config", "check", "--format", "json"])
        .expect_code(7)
        .json_lines();
    assert!(
        rows[0]["error"].as_str().unwrap().contains("403") && rows[0]["hint"].is_string(),
        "{rows:?}"
    );
    // Off line, the key has the form of one.
    clp.run(["config", "check", "--offline"]).success();
    // A mistake in the configuration counts for more than a connection that does not work.
    let clp = clp.set(account, "your_access_key_here");
    let stderr = clp.run(["config", "check"]).expect_code(3).stderr;
    assert!(stderr.contains("placeholder"), "{stderr}");
    clp.run(["config", "check", "--offline"]).expect_code(3);
}

#[test]
fn the_exit_code_of_one_connection_is_its_own() {
    let no_container = Clp::bare().storage("no-such-container", &azurite().endpoint());
    let stderr = no_container.run(["config", "check"]).expect_code(5).stderr;
    assert!(stderr.contains("404 ContainerNotFound"), "{stderr}");
    let no_broker = Clp::bare().set("kafka.brokers", format!("127.0.0.1:{}", free_port()));
    let stderr = no_broker.run(["config", "check"]).expect_code(4).stderr;
    assert!(stderr.contains("did not answer"), "{stderr}");
}

#[test]
fn servers_that_say_nothing_take_a_bounded_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let clp = ["P1", "D1", "S1"].into_iter().fold(Clp::bare(), |clp, environment| {
        clp.environment("cp2", environment, "logs", &format!("http://{address}/{ACCOUNT}"))
    });
    let outcome = clp.run(["config", "check"]).expect_code(5);
    assert_eq!(
        outcome.stderr.matches("no answer within 15 s").count(),
        3,
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.took.as_secs() < 25,
        "{:?}: they are tried side by side",
        outcome.took
    );
}
