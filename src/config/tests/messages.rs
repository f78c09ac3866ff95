//! What is told of a configuration, word by word.

use super::*;

#[test]
fn unknown_keys_are_warnings_with_a_guess() {
    let yaml = "kafka:\n  brokrs: a:1\n  topics:\n    blob: B\ntimezone: UTC\nfoo: {bar: 1}\nworker:\n  nothing:\n";
    let told = Machine::with(yaml).told();
    assert_eq!(
        told,
        [
            "config.yaml:2: unknown key `kafka.brokrs` (did you mean `brokers`?)",
            "config.yaml:4: unknown key `kafka.topics.blob` (did you mean `blobs`?)",
            "config.yaml:5: unknown key `timezone` (did you mean `global.timezone`?)",
            "config.yaml:6: unknown key `foo`",
            "config.yaml:8: unknown key `worker.nothing`",
        ]
    );
}

#[test]
fn wrong_values_are_told_all_at_once() {
    let yaml = r#"
kafka:
  brokers: "a b"
  delivery: sometimes
  transaction_seconds: 60
  transaction_bytes: many
  topic: "no spaces"
  properties:
    security.protocol: tls
    sasl.password: [hunter2]
    sasl.usrname: me
global:
  timezone: Mars/Olympus
  blob_closing: true
date_range:
  specific_date: 2025-02-30
environments:
  - subscription: cp2
    selectors: []
worker:
  filters:
    selectors: ["a(b"]
    environments: P1
error_handling:
  retry_strategy: never
"#;
    let told = Machine::with(yaml).told();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn values_of_variables_and_flags_are_told_with_their_names() {
    let machine = Machine::with(ACCOUNTS)
        .set("CLP_KAFKA_TRANSACTION_SECONDS", "soon")
        .set("CLP_KAFKA_BROKRS", "a:1")
        .set("CLP_UNRELATED", "x")
        .set("CLP_GLOBAL_POLLING_INTERVAL", "0");
    assert_eq!(
        machine.told(),
        [
            "CLP_GLOBAL_POLLING_INTERVAL: `global.polling_interval` is `0`, expected a number from 1 to 86400",
            "CLP_KAFKA_TRANSACTION_SECONDS: `kafka.transaction_seconds` is `soon`, expected a whole number from 0",
        ]
    );
    let odd = Machine::new().set("CLP_KAFKA_BROKRS", "a:1").set("CLP_UNRELATED", "x");
    assert_eq!(
        odd.told(),
        ["CLP_KAFKA_BROKRS: no key has this variable (did you mean `CLP_KAFKA_BROKERS`?)"]
    );
    // Of an environment that no file knows, other configurations may.
    let account = Machine::with(ACCOUNTS)
        .set(
            "CLP_SUBSCRIPTIONS_CP2_ENVIRONMENTS_P1_STORAGE_ACCOUNT_ACCES_KEY",
            "Zm9v",
        )
        .set(
            "CLP_SUBSCRIPTIONS_CP9_ENVIRONMENTS_P1_STORAGE_ACCOUNT_ACCES_KEY",
            "Zm9v",
        );
    let known = "CLP_SUBSCRIPTIONS_CP2_ENVIRONMENTS_P1_STORAGE_ACCOUNT_ACCES";
    assert_eq!(
        account.told(),
        [format!(
            "{known}_KEY: no key has this variable (did you mean `{known}S_KEY`?)"
        )]
    );
    let flags = Overrides {
        brokers: Some("::".to_owned()),
        properties: vec![("sasl.mechanim".to_owned(), "PLAIN".to_owned())],
        ..Overrides::default()
    };
    let error = Config::load_with(&flags, &Machine::new().environment())
        .unwrap_err()
        .to_string();
    assert!(error.contains("\n  --brokers: `kafka.brokers` is `::`"), "{error}");
    assert!(
        error.contains("\n  -X sasl.mechanim: `kafka.properties.sasl.mechanim` is unknown"),
        "{error}"
    );
}

#[test]
fn ambiguous_variables_are_refused() {
    let machine = Machine::with("subscriptions: {s: {environments: {a-b: {}, a_b: {}}}}")
        .set("CLP_SUBSCRIPTIONS_S_ENVIRONMENTS_A_B_STORAGE_ACCOUNT_ACCESS_KEY", KEY);
    let told = machine.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("could mean any of"), "{told:?}");
    assert!(!told[0].contains(KEY));
}

#[test]
fn broken_and_doubled_files_name_the_place() {
    for (yaml, told) in [
        (
            "kafka:\n  brokers: [a\nstorage: {}\n",
            "config.yaml:3:8: this is not YAML",
        ),
        (
            "kafka: {}\nstorage: {}\nkafka: {}\n",
            "config.yaml:3:1: this key is here for the second time",
        ),
        ("just text\n", "config.yaml: a configuration is a mapping"),
    ] {
        let all = Machine::with(yaml).told();
        assert!(all.len() == 1 && all[0].starts_with(told), "{yaml:?}: {all:?}");
    }
}

#[test]
fn old_maps_may_hold_what_is_not_librdkafkas() {
    let yaml = "kafka:\n  producer:\n    acks: 1\n    buffer_memory: 33554432\n  consumer:\n    group_id: g\n";
    let told = Machine::with(yaml).told();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("config.yaml:3: `kafka.producer.acks` has no effect, clp sets it itself"));
    assert!(told[1].starts_with("config.yaml:4: `kafka.producer.buffer_memory` has no effect: librdkafka"));
    assert!(told[2].contains("use `worker.consumer_group`"));
}

#[test]
fn contradictions_are_found() {
    for (yaml, told) in [
        (
            "kafka: {topics: {errors: X, blobs: X}}",
            "`kafka.topics.errors` is `X`, which `kafka.topics.blobs` is too",
        ),
        (
            "kafka: {app_topic: X, proxy_topic: X, output_topic: Y, proxy_output_topic: Y}",
            "`kafka.proxy_topic` is `X`, which `kafka.app_topic` is too: extract takes",
        ),
        (
            "kafka: {properties: sasl.password=hunter2}",
            "`kafka.properties` is wrong, expected a section",
        ),
        (
            "worker: {filters: {min_date: 20250102, max_date: 20250101}}",
            "after `max_date` 20250101",
        ),
        (
            "date_range: {days_back: 0, monitor_current_day: false}",
            "no day is left to scan",
        ),
        (
            "subscriptions: {s: {environments: {e: {storage_account: {access_key: a, sas_token: b}}}}}",
            "`subscriptions.s.environments.e.storage_account.sas_token` is there beside `access_key`",
        ),
        (
            "subscriptions: {s: {environments: {e: {storage_account: {endpoint: 'host:1'}}}}}",
            "expected an address that begins with https:// or http://",
        ),
        (
            "subscriptions: {s: {environments: {e: {storage_account: {endpoint: 'https://h?sig=hunter2'}}}}}",
            "storage_account.endpoint` has a `?`, expected an address alone: what follows it goes into `sas_token`",
        ),
        (
            "subscriptions: {s: {environments: {e: {}}}}\nenvironments: [{subscription: s, environment: E1}]",
            "config.yaml:2: `environments[0]` is s/E1, which `subscriptions` has not; there is `s/e`",
        ),
        (
            "environments: [{subscription: s, environment: e, selectors: [apache-prxy]}]",
            "(did you mean `apache-proxy`?)",
        ),
    ] {
        let all = Machine::with(yaml).told();
        assert!(all.len() == 1 && all[0].contains(told), "{yaml}: {all:?}");
    }
}

#[test]
fn secrets_are_in_no_message() {
    let yaml = "
subscriptions: {s: {environments: {e: {storage_account: {access_key: 1234567890123456789}}}}}
kafka: {properties: {sasl.password: {hunter2: hunter2}, ssl.key.pem: [hunter2]}}";
    let machine = Machine::with(yaml);
    let told = machine.told().join("\n");
    assert_eq!(told.lines().count(), 3, "{told}");
    assert!(!told.contains("hunter2") && !told.contains("123456"), "{told}");
    let secrets = format!("{ACCOUNTS}\nkafka: {{properties: {{sasl.password: hunter2-hunter2-hunter2}}}}");
    let config = Machine::with(&secrets).config();
    let shown = format!("{config:?} {}", config.show());
    assert!(!shown.contains(KEY) && !shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("access_key: Zm9v****"), "{shown}");
}

#[cfg(unix)]
#[test]
fn files_with_credentials_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let placeholder = ACCOUNTS.replace(KEY, "your_access_key_here");
    let in_kafka = "kafka: {properties: {sasl.password: hunter2}}";
    for (yaml, mode, refused) in [
        (ACCOUNTS, 0o600, false),
        (ACCOUNTS, 0o400, false),
        (ACCOUNTS, 0o640, true),
        (ACCOUNTS, 0o604, true),
        (in_kafka, 0o644, true),
        (&placeholder, 0o644, false),
        ("kafka: {brokers: a:1}", 0o644, false),
    ] {
        let machine = Machine::new();
        let path = machine.write("odd name/c.yaml", yaml);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let result = machine.load_file(&path);
        assert_eq!(result.is_err(), refused, "{mode:o} {yaml}");
        if let Err(error) = result {
            assert!(error.to_string().contains(&format!("mode {mode:04o}")), "{error}");
            assert_eq!(error.hint().unwrap(), format!("chmod 600 '{}'", path.display()));
        }
    }
}
