//! `clp setup-config` by flags: what scripts do.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::clp::Clp;

const KEY: &str = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";

fn file(clp: &Clp) -> String {
    fs::read_to_string(clp.config_file()).unwrap()
}

#[test]
fn calls_add_up_and_lose_nothing() {
    let clp = Clp::bare();
    let args = [
        "setup-config",
        "-s",
        "cp2",
        "-e",
        "P1",
        "--account-name",
        "prodlogs",
        "--secret-stdin",
    ];
    let outcome = clp.args(args).input(format!("{KEY}\n")).run().success();
    let said = outcome.text() + &outcome.stderr;
    assert!(
        said.contains("cp2/P1: account prodlogs, access key c2Vj****") && !said.contains(KEY),
        "{said}"
    );
    assert_eq!(
        clp.config_file().metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    let marked = file(&clp).replace("subscriptions:", "# all of ours\nsubscriptions:");
    clp.write_config(&marked);

    fs::write(clp.home().join("sas"), "sv=1&sig=abc").unwrap();
    clp.run([
        "setup-config",
        "-e",
        "cp2/D1",
        "--account-name",
        "devlogs",
        "--credential",
        "sas-token",
        "--secret-file",
        "sas",
        "--container",
        "commerce-logging",
    ])
    .success();
    clp.run([
        "setup-config",
        "-e",
        "cp3/P1",
        "--account-name",
        "shop",
        "--credential",
        "managed-identity",
        "--client-id",
        "c",
    ])
    .success();
    clp.run(["setup-config", "-e", "cp3/L1", "--directory", "logs"])
        .success();
    let password = clp.args([
        "setup-config",
        "--brokers",
        "b1:9094,b2:9094",
        "-X",
        "security.protocol=SASL_SSL",
        "-X",
        "sasl.mechanism=PLAIN",
        "-X",
        "sasl.username=clp",
        "--kafka-password-stdin",
    ]);
    let outcome = password.input("correct-horse").run().success();
    assert!(!(outcome.text() + &outcome.stderr).contains("correct-horse"));

    let text = file(&clp);
    for part in [
        "# all of ours",
        KEY,
        "sas_token_file: ",
        "container_name: commerce-logging",
        "method: managed-identity",
        "correct-horse",
        "b1:9094,b2:9094",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let shown = clp.run(["config", "show"]).success().text();
    assert!(
        shown.contains(&format!("sas_token_file: {}", clp.home().join("sas").display())),
        "{shown}"
    );
    assert!(
        shown.contains(&format!("directory: {}", clp.home().join("logs").display())),
        "{shown}"
    );
    // Each call kept the file that it found.
    assert!(
        fs::read_to_string(clp.config_file().with_file_name("config.yaml.bak1"))
            .unwrap()
            .contains(KEY)
    );
    // An environment is replaced, its neighbours stay.
    clp.args(args).input("bmV3LWtleS1uZXcta2V5LW5ldy1rZXk=").run().success();
    let text = file(&clp);
    assert!(
        !text.contains(KEY) && text.contains("bmV3LWtl") && text.contains("devlogs"),
        "{text}"
    );
}

#[test]
fn secrets_and_other_things_that_are_missing_or_wrong() {
    let clp = Clp::bare();
    for (args, code, said) in [
        (
            &["--env", "P1", "--account-name", "a", "--secret-stdin"][..],
            2,
            "--subscription is needed",
        ),
        (&["--env", "cp2/P1", "--secret-stdin"], 2, "--account-name is needed"),
        (
            &["--env", "cp2/P1", "--account-name", "a"],
            2,
            "the access key is needed",
        ),
        (
            &["--env", "cp2/P1", "--account-name", "a", "--secret-stdin"],
            2,
            "no secret on standard input",
        ),
        (&["--account-name", "a"], 2, "--env is needed"),
        (&["--client-id", "c"], 2, "--env is needed"),
        (
            &[
                "--env",
                "cp2/P1",
                "--account-name",
                "a",
                "--credential",
                "azure-cli",
                "--secret-file",
                "f",
            ],
            2,
            "has none",
        ),
        (&["-X", "sasl.password=hunter2"], 2, "secrets are no flags"),
        (&["-X", "lingr.ms=5"], 3, "is unknown"),
        (&["--brokers", "a b"], 2, "no list of brokers"),
        (
            &["--from", "-", "--env", "cp2/P1"],
            3,
            "no configuration with storage accounts",
        ),
        (
            &["--credential", "directory", "--env", "cp2/P1"],
            2,
            "--directory DIR is needed",
        ),
    ] {
        let outcome = clp.args(["setup-config"].iter().chain(args)).run().expect_code(code);
        assert!(outcome.stderr.contains(said), "{args:?}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("hunter2"), "{args:?}");
        assert!(!clp.config_file().exists(), "{args:?}");
    }
}

#[test]
fn a_configuration_comes_from_standard_input() {
    let clp = Clp::bare();
    let text = format!(
        "subscriptions: {{cp2: {{environments: {{P1: {{storage_account: {{account_name: a, access_key: {KEY}}}}}}}}}}}\n"
    );
    clp.args(["setup-config", "--from", "-"])
        .input(text.clone())
        .run()
        .success();
    assert_eq!(file(&clp), text);
    let stderr = clp
        .args(["setup-config", "--from", "-", "--force"])
        .input("a: [")
        .run()
        .expect_code(3)
        .stderr;
    assert!(stderr.contains("standard input"), "{stderr}");
    assert_eq!(file(&clp), text);
}
