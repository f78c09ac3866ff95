//! Which layer wins, and where files come from.

use super::*;
use crate::config::Keyring;
use crate::config::{AccountAccess, Delivery};
use crate::secret::Secret;

#[test]
fn no_file_at_all_is_fine() {
    let loaded = Machine::new().load().unwrap();
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.files.is_empty());
    assert_eq!(loaded.searched.len(), 3);
}

#[test]
fn flags_win_over_variables_over_files_over_defaults() {
    let machine = Machine::with("kafka: {brokers: file:1, producer: {linger.ms: 1}, properties: {client.id: file}}");
    assert_eq!(machine.config().kafka.brokers.to_string(), "file:1");
    let machine = machine.set("KAFKA_BROKERS", "old:1");
    assert_eq!(machine.config().kafka.brokers.to_string(), "old:1");
    let machine = machine.set("CLP_KAFKA_BROKERS", "new:1");
    assert_eq!(machine.config().kafka.brokers.to_string(), "new:1");
    let flags = Overrides {
        brokers: Some("flag:1".to_owned()),
        properties: vec![
            ("client.id".to_owned(), "flag".to_owned()),
            ("linger.ms".to_owned(), "9".to_owned()),
        ],
        ..Overrides::default()
    };
    let kafka = Config::load_with(&flags, &machine.environment()).unwrap().config.kafka;
    assert_eq!(kafka.brokers.to_string(), "flag:1");
    assert_eq!(kafka.client_properties(&Keyring::System).unwrap()["client.id"], "flag");
    assert_eq!(
        kafka.producer_properties(&Keyring::System).unwrap()["linger.ms"],
        "9",
        "-X wins over `producer` too"
    );
}

#[test]
fn every_scalar_key_is_a_variable() {
    let config = Machine::new()
        .set("CLP_KAFKA_TRANSACTION_BYTES", "1048576")
        .set("CLP_KAFKA_DELIVERY", "at-least-once")
        .set("CLP_KAFKA_TOPICS_BLOBS", "B")
        .set("CLP_GLOBAL_BLOB_CLOSING_ENABLED", "false")
        .set("CLP_DATE_RANGE_SPECIFIC_DATE", "20250606")
        .set("CLP_WORKER_CONSUMER_GROUP", "17")
        .set("CLP_KAFKA_PROPERTIES_SASL_PASSWORD", "12345")
        .set("CLP_MONITORING_LOG_LEVEL", "")
        .config();
    assert_eq!(config.kafka.transaction_bytes, 1 << 20);
    assert_eq!(config.kafka.delivery, Delivery::AtLeastOnce);
    assert_eq!(config.kafka.topics.blobs, "B");
    assert!(!config.global.blob_closing.enabled);
    assert_eq!(config.date_range.specific_date.unwrap().to_string(), "20250606");
    assert_eq!(config.worker.consumer_group, "17", "text stays text");
    assert_eq!(
        config.kafka.client_properties(&Keyring::System).unwrap()["sasl.password"],
        "12345"
    );
}

#[test]
fn accounts_take_variables_by_their_environments_names() {
    let config =
        Machine::with("subscriptions: {cp-2: {environments: {P1: {storage_account: {access_key_file: /nowhere}}}}}")
            .set(
                "CLP_SUBSCRIPTIONS_CP_2_ENVIRONMENTS_P1_STORAGE_ACCOUNT_ACCOUNT_NAME",
                "acc",
            )
            .set(
                "CLP_SUBSCRIPTIONS_CP_2_ENVIRONMENTS_P1_STORAGE_ACCOUNT_SAS_TOKEN",
                "sv=1&sig=2",
            )
            .config();
    let account = config.storage_account("cp-2", "P1").unwrap();
    assert_eq!(account.account_name, "acc");
    assert_eq!(
        account.access,
        AccountAccess::SasToken(Secret::new("sv=1&sig=2")),
        "a higher layer's credential wins"
    );
}

#[test]
fn azures_variables_fill_what_no_file_says() {
    let file = "subscriptions: {s: {environments: {
        own: {storage_account: {account_name: a, access_key: Zm9vYmFyYmF6cXV4Zm9v}},
        bare: {storage_account: {account_name: shared}},
        empty: {},
        other: {storage_account: {account_name: b}},
        local: {storage_account: {directory: /blobs}}}}}";
    let config = Machine::with(file)
        .set("AZURE_STORAGE_ACCOUNT", "shared")
        .set("AZURE_STORAGE_KEY", "YXp1cmVhenVyZWF6dXJl")
        .set("AZURE_STORAGE_CONTAINER_NAME", "c")
        .config();
    let key_of = |environment: &str| match config.storage_account("s", environment) {
        Ok(account) => format!("{} {:?}", account.account_name, account.access),
        Err(error) => error.to_string(),
    };
    for (environment, wanted) in [
        ("own", "a AccessKey(Zm9v****)"),
        ("bare", "shared AccessKey(YXp1****)"),
        ("empty", "shared AccessKey(YXp1****)"),
        ("other", "environment s/other has no credential for its storage account"),
        ("local", " Anonymous"),
        ("in-no-file", "shared AccessKey(YXp1****)"),
    ] {
        assert_eq!(key_of(environment), wanted, "{environment}");
    }
    assert_eq!(config.storage_account("x", "y").unwrap().container, "c");
}

#[test]
fn the_old_container_variable_beats_an_environments_own() {
    let file = "subscriptions: {s: {environments: {e: {storage_account: {directory: /d, container_name: own}}}}}";
    let container = |machine: Machine| machine.config().storage_account("s", "e").unwrap().container;
    assert_eq!(
        container(Machine::with(file).set("CLP_STORAGE_CONTAINER_NAME", "new")),
        "own"
    );
    assert_eq!(
        container(Machine::with(file).set("AZURE_STORAGE_CONTAINER_NAME", "old")),
        "old"
    );
}

#[test]
fn a_file_without_accounts_borrows_them() {
    let machine = Machine::new();
    let shared = machine.write("home/.config/commerce-logs-pipeline/config.yaml", ACCOUNTS);
    machine.write(
        "home/.commerce-logs-pipeline/config.yaml",
        "kafka: {brokers: not-this-one:1}",
    );
    let mine = machine.write("mine.yaml", "kafka: {brokers: mine:1}");
    let loaded = machine.load_file(&mine).unwrap();
    assert_eq!(loaded.files, [mine, shared]);
    assert_eq!(loaded.config.environments().len(), 2);
    assert_eq!(loaded.config.kafka.brokers.to_string(), "mine:1");
}

#[test]
fn paths_are_relative_to_their_file() {
    let file = "subscriptions: {s: {environments: {
        e: {storage_account: {directory: blobs}},
        h: {storage_account: {account_name: a, access_key_file: ~/key}}}}}";
    let machine = Machine::with(file);
    machine.write("home/key", "  Zm9vYmFyYmF6cXV4Zm9v\n");
    let config = machine.config();
    let directory = config.storage_account("s", "e").unwrap().directory.unwrap();
    assert_eq!(
        directory,
        machine.root.path().join("home/.commerce-logs-pipeline/blobs")
    );
    let access = config.storage_account("s", "h").unwrap().access;
    assert_eq!(access, AccountAccess::AccessKey(Secret::new("Zm9vYmFyYmF6cXV4Zm9v")));
}

#[test]
fn the_oldest_file_is_mentioned() {
    let machine = Machine::new();
    let old = machine.write("home/.cch-log-sync/config.yaml", ACCOUNTS);
    let loaded = machine.load().unwrap();
    assert_eq!(loaded.warnings.len(), 1);
    assert!(loaded.warnings[0].message.contains("setup-config --migrate"));
    let migrated = crate::config::migrate(&old).unwrap();
    assert_eq!(migrated.text, ACCOUNTS);
    assert_eq!(migrated.environments.len(), 2);
    let none = machine.write("none.yaml", "kafka: {}");
    assert!(matches!(
        crate::config::migrate(&none),
        Err(Error::NothingToMigrate { .. })
    ));
}
