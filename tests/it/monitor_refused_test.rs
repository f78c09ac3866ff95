//! What `clp monitor` refuses or can not do: exit codes, and what it says.

use serde_json::json;

use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::services::{azurite, kafka};
use crate::support::topics::Topics;
use crate::support::watched::{Directory, api, monitored, story};

#[test]
fn what_can_not_be_meant_is_refused() {
    let topics = Topics::names(kafka());
    let clp = Directory::new(kafka(), &topics).clp;
    let none = json!([{"subscription": "cp2", "environment": "P1", "enabled": false}]);
    for (clp, args, code, said) in [
        (&clp, &["monitor", "--once"][..], 4, "clp init-topics\n"),
        (&clp, &["monitor"], 4, "missing topic: "),
        (&clp, &["monitor", "--dry-run", "--env", "X9"], 3, "no environment `X9`"),
        (&clp, &["monitor", "--dry-run", "-s", "cp9"], 3, "no subscription `cp9`"),
        (&clp, &["monitor", "--date", "06.06."], 2, "YYYYMMDD"),
        (
            &clp,
            &["monitor", "--date", "20250606", "--days-back", "2"],
            2,
            "cannot be used with",
        ),
        (
            &clp,
            &["monitor", "a.yaml", "--config", "b.yaml"],
            2,
            "a.yaml and b.yaml",
        ),
        (&clp, &["monitor", "missing.yaml"], 3, "missing.yaml"),
        (
            &Clp::bare(),
            &["monitor", "--dry-run"],
            3,
            "no environment is configured",
        ),
        (
            &Directory::new(kafka(), &topics)
                .clp
                .set("date_range.monitor_current_day", false),
            &["monitor", "--dry-run", "--days-back", "0"],
            2,
            "no day is left to scan",
        ),
        (
            &Directory::new(kafka(), &topics).clp.set("environments", none),
            &["monitor", "--dry-run"],
            3,
            "nothing to monitor",
        ),
    ] {
        let stderr = clp.run(args.iter().copied()).expect_code(code).stderr;
        assert!(stderr.contains(said), "{args:?}: {stderr}");
    }
}

#[test]
fn an_environment_that_fails_does_not_stop_the_others_of_one_scan() {
    let (topics, blobs) = (Topics::create(kafka()), Blobs::new());
    let blob = api("0");
    blobs.append(&blob, b"12345");
    let endpoint = azurite().endpoint();
    const KEY: &str = "d3Jvbmcga2V5LCBhYnNvbHV0ZWx5IHdyb25n";
    let clp = monitored(Clp::new(kafka(), &blobs, &topics))
        .environment("cp2", "D1", blobs.container(), &endpoint)
        .set("subscriptions.cp2.environments.D1.storage_account.access_key", KEY)
        .environment("cp2", "E1", blobs.container(), &endpoint)
        .set(
            "subscriptions.cp2.environments.E1.storage_account.access_key",
            "your_access_key_here",
        );
    let stderr = clp.run(["monitor", "--once"]).expect_code(7).stderr;
    assert!(story(kafka(), &topics, &blob).starts_with("observed 5"), "{stderr}");
    for said in [
        "error: environment cp2/D1: container",
        "still holds a placeholder",
        "2 of 3 environments failed",
    ] {
        assert!(stderr.contains(said), "{said} is not in {stderr}");
    }
    assert!(!stderr.contains(KEY), "{stderr}");
    // Alone, each fails as what it is.
    clp.run(["monitor", "--once", "--env", "D1"]).expect_code(5);
    clp.run(["monitor", "--once", "--env", "E1"]).expect_code(3);
    clp.run(["monitor", "--env", "E1"]).expect_code(3);
    let strict = clp.set("error_handling.continue_on_environment_error", false);
    let stderr = strict
        .run(["monitor", "--once", "-e", "D1", "-e", "P1"])
        .expect_code(5)
        .stderr;
    assert!(stderr.contains("environment cp2/D1"), "{stderr}");
}

#[test]
fn an_old_configuration_file_is_all_that_it_needs() {
    let (topics, blobs) = (Topics::create(kafka()), Blobs::new());
    let blob = api("0");
    blobs.append(&blob, b"12345");
    blobs.append(
        &crate::support::gz::blob_name("20250606", "zookeeper-0", "zookeeper"),
        b"x",
    );
    // The accounts are in the general configuration, as they always were; the monitor's own file says the rest.
    let clp = Clp::bare().storage("another-container", &azurite().endpoint());
    let clp = clp.set(
        "subscriptions.cp2.environments.P1.storage_account.container_name",
        serde_json::Value::Null,
    );
    let old = format!(
        r#"
kafka:
  brokers: "{}"
  topic: "{}"
  producer_config:
    acks: "all"
    retries: 3
global:
  polling_interval: 300  # 5 minutes
  timezone: "UTC"
  blob_closing:
    enabled: true
    timeout_minutes: 5
date_range:
  days_back: 0
  specific_date: "2025-06-06"
  monitor_current_day: true
environments:
  - subscription: "cp2"
    environment: "P1"
    enabled: true
    selectors:
      - "apache-proxy"
      - "api-service"
storage:
  container_name: "{}"
"#,
        kafka().brokers(),
        topics.blobs,
        blobs.container()
    );
    std::fs::write(clp.home().join("monitor.yaml"), old).unwrap();
    let running = clp.spawn(["monitor", "monitor.yaml"]);
    running.wait_for_stderr(
        "scanned environment=cp2/P1.*observed=1",
        std::time::Duration::from_secs(30),
    );
    running.signal("TERM");
    running.wait().success();
    assert_eq!(story(kafka(), &topics, &blob), "observed 5");
}
