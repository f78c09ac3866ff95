//! Identities of Entra ID: tokens from an endpoint of the tests, and an Azurite that wants them.

use serde_json::{Value, json};

use crate::support::azurite::ACCOUNT;
use crate::support::clp::Clp;
use crate::support::entra::{APPLICATION, CLIENT_SECRET, Entra, FEDERATED_TOKEN, IDENTITY_HEADER, TENANT};

const BLOB: &str = "kubernetes/20250606.api-674b9bdb88-vm775_default_platform-1.gz";

/// The same account twice, as two environments.
fn clp_with(identity: &Value) -> Clp {
    let entra = Entra::shared();
    let container = entra.container(&[BLOB]);
    ["P1", "D1"].into_iter().fold(Clp::bare(), |clp, environment| {
        clp.set(
            &format!("subscriptions.cp2.environments.{environment}.storage_account"),
            json!({
                "account_name": ACCOUNT,
                "endpoint": entra.endpoint(),
                "container_name": container,
                "entra": identity,
            }),
        )
    })
}

fn application(secret: &str) -> Value {
    json!({
        "tenant_id": TENANT,
        "client_id": APPLICATION,
        "client_secret": secret,
        "authority_host": Entra::shared().authority(),
    })
}

const LIST: [&str; 4] = ["list-blobs", "--format", "name", "-v"];

#[test]
fn an_application_with_a_secret_reads_blobs() {
    let entra = Entra::shared();
    let clp = clp_with(&application(CLIENT_SECRET));
    let before = entra.grants().iter().filter(|grant| *grant == "secret").count();
    let listed = entra.believed_by(clp.args(LIST)).run().success();
    assert_eq!(listed.text(), format!("{BLOB}\n{BLOB}\n"));
    assert!(!listed.stderr.contains(CLIENT_SECRET), "{}", listed.stderr);
    let shown = clp.run(["config", "show"]).success().text();
    assert!(
        shown.contains("client_secret: the ****") && !shown.contains(CLIENT_SECRET),
        "{shown}"
    );
    let after = entra.grants().iter().filter(|grant| *grant == "secret").count();
    // Tests of this file run side by side: at least one token, and the two environments share it.
    assert!(after > before);
}

#[test]
fn a_wrong_secret_is_told_and_never_shown() {
    let entra = Entra::shared();
    let wrong = "a wrong secret that nobody may see";
    let clp = clp_with(&application(wrong));
    let outcome = entra
        .believed_by(clp.args(["list-blobs", "--env", "P1", "-vv"]))
        .run()
        .expect_code(5);
    for said in [
        "of account devstoreaccount1",
        "no token for application application-1 (client secret): AADSTS7000215: Invalid client secret provided: …",
        "hint: check tenant_id, client_id and client_secret",
    ] {
        assert!(outcome.stderr.contains(said), "{said} is not in {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains(wrong), "{}", outcome.stderr);
    // Without the certificate, the endpoint is not believed.
    let stderr = clp.run(["list-blobs", "--env", "P1"]).expect_code(5).stderr;
    assert!(
        stderr.contains("no token for application application-1") && stderr.contains("certificate"),
        "{stderr}"
    );
}

#[test]
fn a_pod_reads_blobs_by_its_variables() {
    let entra = Entra::shared();
    let clp = clp_with(&json!({"method": "workload-identity"}));
    let token = clp.home().join("token");
    std::fs::write(&token, FEDERATED_TOKEN).unwrap();
    let in_pod = |args: &[&str]| {
        entra
            .believed_by(clp.args(args.iter().copied()))
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", APPLICATION)
            .env("AZURE_FEDERATED_TOKEN_FILE", &token)
            .env("AZURE_AUTHORITY_HOST", entra.authority())
    };
    let listed = in_pod(&LIST).run().success();
    assert_eq!(listed.text(), format!("{BLOB}\n{BLOB}\n"));
    assert!(entra.grants().iter().any(|grant| grant == "federated"));
    let stderr = in_pod(&["list-blobs", "-e", "P1"])
        .env("AZURE_FEDERATED_TOKEN_FILE", "/nowhere/token")
        .run()
        .expect_code(3)
        .stderr;
    assert!(stderr.contains("/nowhere/token"), "{stderr}");
    let stderr = clp.run(["list-blobs", "--env", "P1"]).expect_code(3).stderr;
    assert!(
        stderr.contains("`entra` with the method workload-identity has no `tenant_id`")
            && stderr.contains("AZURE_TENANT_ID"),
        "{stderr}"
    );
}

#[test]
fn a_machine_with_an_identity_reads_blobs() {
    let entra = Entra::shared();
    let clp = clp_with(&json!({"method": "managed-identity"}));
    let on_machine = |header: &str| {
        entra
            .believed_by(clp.args(LIST))
            .env("IDENTITY_ENDPOINT", format!("{}/msi", entra.authority()))
            .env("IDENTITY_HEADER", header)
    };
    assert_eq!(
        on_machine(IDENTITY_HEADER).run().success().text(),
        format!("{BLOB}\n{BLOB}\n")
    );
    let stderr = on_machine("another").run().expect_code(5).stderr;
    assert!(
        stderr.contains("no token for the system-assigned managed identity"),
        "{stderr}"
    );
}

#[test]
fn whoever_is_logged_in_reads_blobs() {
    let entra = Entra::shared();
    let clp = clp_with(&json!({"method": "azure-cli"}));
    let bin = clp.home().join("bin");
    let logged_in = entra.path_with_az(&bin, true);
    let listed = entra.believed_by(clp.args(LIST)).env("PATH", logged_in).run().success();
    assert_eq!(listed.text(), format!("{BLOB}\n{BLOB}\n"));
    let calls = std::fs::read_to_string(bin.join("az.calls")).unwrap();
    assert_eq!(
        calls.lines().count(),
        1,
        "one token is enough for both environments: {calls}"
    );
    assert!(calls.contains("https://storage.azure.com/.default"), "{calls}");
    let logged_out = entra.path_with_az(&bin, false);
    let stderr = entra
        .believed_by(clp.args(["list-blobs", "-e", "P1"]))
        .env("PATH", logged_out)
        .run()
        .expect_code(5)
        .stderr;
    assert!(
        stderr.contains("no token for the login of the Azure CLI: Please run 'az login'")
            && stderr.contains("hint: run `az login`"),
        "{stderr}"
    );
}

#[test]
fn two_credentials_and_plain_http_are_refused() {
    let mut identity = application(CLIENT_SECRET);
    let clp = clp_with(&identity).set(
        "subscriptions.cp2.environments.P1.storage_account.access_key",
        "a2V5a2V5",
    );
    let stderr = clp.run(["list-blobs"]).expect_code(3).stderr;
    assert!(
        stderr.contains("storage_account.entra` is there beside `access_key`"),
        "{stderr}"
    );
    identity["authority_host"] = json!("http://login.example");
    let stderr = clp_with(&identity).run(["list-blobs"]).expect_code(3).stderr;
    assert!(
        stderr.contains("expected an address that begins with https://"),
        "{stderr}"
    );
    let plain = clp_with(&application(CLIENT_SECRET)).set(
        "subscriptions.cp2.environments.P1.storage_account.endpoint",
        "http://127.0.0.1:1/a",
    );
    let stderr = plain.run(["list-blobs", "-e", "P1"]).expect_code(3).stderr;
    assert!(stderr.contains("sent over https only"), "{stderr}");
}
