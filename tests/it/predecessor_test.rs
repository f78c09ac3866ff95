//! What the predecessor's users have in their fingers and scripts works: its environment variables, its topics, its
//! configuration in the home directory.

use serde_json::json;

use crate::support::azurite::{ACCESS_KEY, ACCOUNT};
use crate::support::clp::Clp;
use crate::support::gz;
use crate::support::scene::{Scene, api_blob, expect_log_lines, lines_in};
use crate::support::services::{azurite, kafka};

const TOPIC: &str = "commerce-logs";

#[test]
fn a_run_by_environment_variables_alone() {
    // The names of the topics are the defaults, so no other test may look at all that is in them.
    let scene = Scene::new();
    let clp = Clp::bare();
    let configuration = json!({"subscriptions": {"cp2": {"name": "Commerce", "environments": {"P1": {
        "name": "Production",
        // An endpoint is the one thing that Azurite needs beyond the old layout.
        "storage_account": {"account_name": ACCOUNT, "access_key": ACCESS_KEY, "endpoint": azurite().endpoint()},
    }}}}});
    clp.write_config(&serde_yaml::to_string(&configuration).unwrap());
    let brokers = kafka().brokers();
    clp.run(["init-topics", "--topic", TOPIC, "--brokers", &brokers])
        .success();

    let first = api_blob(scene.blobs.container());
    let second = api_blob(&format!("{}-2", scene.blobs.container()));
    for blob in [&first, &second] {
        scene.blobs.append(blob, &gz::blob(0..30, 10));
    }
    let run = |blob: &str, offset: &str| {
        clp.args(["ingest"])
            .env("SUBSCRIPTION_ID", "cp2")
            .env("ENVIRONMENT", "P1")
            .env("AZURE_STORAGE_CONTAINER_NAME", scene.blobs.container())
            .env("AZURE_STORAGE_BLOB_NAME", blob)
            .env("KAFKA_BROKERS", &brokers)
            .env("KAFKA_TOPIC", TOPIC)
            .env("START_OFFSET", offset)
            .run()
    };
    let text = run(&first, "").success().text();
    assert!(
        text.contains("30 lines") && text.contains("sent to commerce-logs"),
        "{text}"
    );
    let offset = gz::blob(0..10, 10).len();
    // Without the directory, as the predecessor's messages named blobs.
    run(second.strip_prefix("kubernetes/").unwrap(), &offset.to_string()).success();

    let lines = lines_in(TOPIC);
    expect_log_lines(&lines[&first], 0..30);
    let rest: Vec<String> = lines[&second]
        .iter()
        .map(|line| String::from_utf8_lossy(&line.bytes).into_owned())
        .collect();
    assert_eq!(rest, (10..30).map(gz::log_line).collect::<Vec<_>>());
    let keys: Vec<String> = kafka()
        .read_committed("Ingestion.Blobs")
        .iter()
        .map(|record| record.key_text().to_owned())
        .collect();
    for (blob, from) in [(&first, 0), (&second, offset)] {
        let name = blob.strip_prefix("kubernetes/").unwrap();
        let key = format!("cp2:P1:offset{from}-completion:{name}");
        assert!(keys.contains(&key), "{key} is not in {keys:?}");
    }

    let stderr = run("kubernetes/no-such-blob.gz", "").expect_code(5).stderr;
    assert!(stderr.contains("no-such-blob.gz"), "{stderr}");
}
