//! Secrets in the keyring of the operating system: a real Secret Service, and machines that have none.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::azurite::{ACCESS_KEY, ACCOUNT};
use crate::support::blobs::Blobs;
use crate::support::clp::{Clp, Invocation};
use crate::support::secret_service::SecretService;
use crate::support::services::{azurite, kafka};

const BLOB: &str = "kubernetes/20250606.api-674b9bdb88-vm775_default_platform-1.gz";
const ENTRY: &str = "cp2/P1/access_key";

fn setup(clp: &Clp, blobs: &Blobs) -> Invocation {
    let endpoint = azurite().endpoint();
    clp.args([
        "setup-config",
        "--keyring",
        "--subscription",
        "cp2",
        "--env",
        "P1",
        "--account-name",
        ACCOUNT,
        "--secret-stdin",
        "--endpoint",
        &endpoint,
        "--container",
        blobs.container(),
    ])
    .input(ACCESS_KEY)
}

#[test]
fn keys_go_into_the_keyring_and_come_from_there() {
    let keyring = SecretService::start();
    let blobs = Blobs::new();
    blobs.append(BLOB, b"x");
    let clp = Clp::bare();
    let outcome = keyring.reached_by(setup(&clp, &blobs)).run().success();
    let said = outcome.text() + &outcome.stderr;
    assert!(
        said.contains(&format!("the keyring has {ENTRY} (service clp)")),
        "{said}"
    );
    assert!(said.contains("Eby8**** in the keyring"), "{said}");
    assert_eq!(keyring.lookup(ENTRY).as_deref(), Some(ACCESS_KEY));
    let file = fs::read_to_string(clp.config_file()).unwrap();
    assert!(
        file.contains(&format!("access_key: {{keyring: \"{ENTRY}\"}}")) && !file.contains(ACCESS_KEY),
        "{file}"
    );
    // There is no secret in the file, so others may read it.
    fs::set_permissions(clp.config_file(), Permissions::from_mode(0o644)).unwrap();
    let listed = keyring
        .reached_by(clp.args(["list-blobs", "--format", "name"]))
        .run()
        .success();
    assert_eq!(listed.text(), format!("{BLOB}\n"));
    let shown = keyring.reached_by(clp.args(["config", "show"])).run().success().text();
    assert!(
        shown.contains(&format!("keyring: {ENTRY}")) && !shown.contains("Eby8"),
        "{shown}"
    );
    let checked = keyring.reached_by(clp.args(["config", "check"])).run().success().text();
    assert!(checked.contains("1 blob"), "{checked}");

    let other = clp.set(
        "subscriptions.cp2.environments.P1.storage_account",
        json!({
            "account_name": ACCOUNT, "access_key": {"keyring": "cp2/P1/gone"}, "endpoint": azurite().endpoint(),
        }),
    );
    let stderr = keyring
        .reached_by(other.args(["list-blobs"]))
        .run()
        .expect_code(3)
        .stderr;
    assert!(
        stderr.contains("environment cp2/P1: `access_key`: the keyring has no entry `cp2/P1/gone`")
            && stderr.contains("secret-tool store"),
        "{stderr}"
    );
}

#[test]
fn migrate_moves_the_keys_and_the_kafka_password() {
    let keyring = SecretService::start();
    let clp = Clp::bare();
    let old = clp.home().join(".cch-log-sync/config.yaml");
    fs::create_dir_all(old.parent().unwrap()).unwrap();
    let text = format!(
        "# the team's\nkafka:\n  brokers: \"{}\"\n  properties:\n    sasl.username: clp\n    sasl.password: 'correct-horse'   # \
         of May\nsubscriptions:\n  cp2:\n    environments:\n      P1:\n        storage_account: {{account_name: \
         {ACCOUNT}, access_key: {ACCESS_KEY}}}\n",
        kafka().brokers()
    );
    fs::write(&old, &text).unwrap();
    let outcome = keyring
        .reached_by(clp.args(["setup-config", "--migrate", "--keyring"]))
        .run()
        .success();
    assert!(!(outcome.text() + &outcome.stderr).contains("correct-horse"));
    assert_eq!(keyring.lookup(ENTRY).as_deref(), Some(ACCESS_KEY));
    assert_eq!(keyring.lookup("kafka/sasl.password").as_deref(), Some("correct-horse"));
    let file = fs::read_to_string(clp.config_file()).unwrap();
    assert!(!file.contains(ACCESS_KEY) && !file.contains("correct-horse"), "{file}");
    assert!(
        file.starts_with("# the team's\n") && file.contains("# of May"),
        "{file}"
    );
    assert_eq!(
        fs::read_to_string(&old).unwrap(),
        text,
        "taking over changes nothing of the old file"
    );
    // The password is asked for where Kafka is, and nowhere else.
    keyring.reached_by(clp.args(["test-kafka"])).run().success();
    let stderr = clp.run(["test-kafka"]).expect_code(3).stderr;
    assert!(
        stderr.contains("Kafka's property `sasl.password`: no keyring service runs here") && stderr.contains("_file"),
        "{stderr}"
    );
    // Again, and the keys of a file that is there already are moved.
    clp.write_config(&text);
    let outcome = keyring
        .reached_by(clp.args(["setup-config", "--keyring"]))
        .run()
        .success();
    assert!(outcome.text().contains("still holds the secrets"), "{}", outcome.text());
    assert!(!fs::read_to_string(clp.config_file()).unwrap().contains(ACCESS_KEY));
}

#[test]
fn without_a_keyring_service_nothing_is_written_and_the_way_out_is_told() {
    let blobs = Blobs::new();
    let clp = Clp::bare();
    let stderr = setup(&clp, &blobs).run().expect_code(3).stderr;
    assert!(
        stderr.contains("--keyring: no keyring service runs here") && stderr.contains("--secret-file"),
        "{stderr}"
    );
    assert!(!clp.config_file().exists());

    // One environment whose key is in the keyring is not in the way of another, nor of commands that need none.
    blobs.append(BLOB, b"x");
    let clp = clp
        .environment("cp2", "D1", blobs.container(), &azurite().endpoint())
        .set(
            "subscriptions.cp2.environments.P1.storage_account",
            json!({
                "account_name": ACCOUNT, "access_key": {"keyring": ENTRY},
            }),
        );
    assert_eq!(
        clp.run(["list-blobs", "--env", "D1", "--format", "name"])
            .success()
            .text(),
        format!("{BLOB}\n")
    );
    clp.run(["config", "show"]).success();
    let stderr = clp.run(["list-blobs", "--env", "P1"]).expect_code(3).stderr;
    assert!(
        stderr.contains("environment cp2/P1: `access_key`: no keyring service runs here") && stderr.contains("_file"),
        "{stderr}"
    );
    clp.run(["list-blobs"]).expect_code(7);
}
