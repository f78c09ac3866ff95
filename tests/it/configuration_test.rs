//! `clp setup-config` and `clp config`: a first configuration, private and whole, and no secret on any screen.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::clp::Clp;

const KEY: &str = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
const PASSWORD: &str = "correct-horse-battery";
/// What may be shown of the key.
const MASKED: &str = "c2Vj****";

fn real() -> String {
    format!(
        "kafka:\n  brokers: broker1:9092\n  properties:\n    sasl.password: {PASSWORD}\n\
         subscriptions:\n  cp2:\n    environments:\n      P1:\n        storage_account:\n          \
         account_name: prodlogs\n          access_key: {KEY}\n"
    )
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[track_caller]
fn shows_no_secret(text: &str) {
    assert!(!text.contains(KEY) && !text.contains(PASSWORD), "{text}");
}

#[test]
fn setup_config_writes_a_private_template() {
    let clp = Clp::bare();
    let text = clp.run(["setup-config"]).success().text();
    let file = clp.config_file();
    assert!(text.contains(&format!("wrote {}", file.display())), "{text}");
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let example = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.yaml")).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), example);
    // A template is no loss: it is written again, and told of where something is still to be filled in.
    clp.run(["setup-config"]).success();
    let stderr = clp.run(["list-blobs"]).expect_code(3).stderr;
    assert!(stderr.contains("placeholder"), "{stderr}");
    assert!(
        clp.run(["config", "check", "--offline"])
            .expect_code(3)
            .stderr
            .contains("placeholder")
    );
}

#[test]
fn setup_config_never_loses_credentials() {
    let clp = Clp::bare();
    let file = clp.config_file();
    write(&file, &real());
    let stderr = clp.run(["setup-config"]).expect_code(3).stderr;
    assert!(
        stderr.contains("is not overwritten") && stderr.contains("--force"),
        "{stderr}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), real());
    let text = clp.run(["setup-config", "--force"]).success().text();
    let backup = file.with_file_name("config.yaml.bak1");
    assert!(
        text.contains(&format!("the old file is kept as {}", backup.display())),
        "{text}"
    );
    assert_eq!((fs::read_to_string(&backup).unwrap(), mode(&backup)), (real(), 0o600));
    let elsewhere = clp.home().join("new/clp.yaml");
    clp.run([
        "setup-config".into(),
        "--config".into(),
        elsewhere.clone().into_os_string(),
    ])
    .success();
    assert_eq!(mode(&elsewhere), 0o600);
}

#[test]
fn setup_config_takes_a_file_over_and_sums_it_up_masked() {
    let clp = Clp::bare();
    let team = clp.home().join("team.yaml");
    write(&team, &real());
    let outcome = clp.run(["setup-config", "--from", "team.yaml"]).success();
    shows_no_secret(&outcome.text());
    let summary = format!("  cp2/P1: account prodlogs, access key {MASKED}\n");
    assert!(outcome.text().contains(&summary), "{}", outcome.text());
    assert_eq!(fs::read_to_string(clp.config_file()).unwrap(), real());

    let broken = clp.home().join("broken.yaml");
    write(&broken, "subscriptions:\n  cp2: [\n");
    let stderr = clp
        .run(["setup-config", "--force", "--from", "broken.yaml"])
        .expect_code(3)
        .stderr;
    assert!(stderr.contains("broken.yaml:"), "{stderr}");
    assert_eq!(fs::read_to_string(clp.config_file()).unwrap(), real());
}

#[test]
fn setup_config_migrates_the_oldest_tools_file() {
    let clp = Clp::bare();
    let stderr = clp.run(["setup-config", "--migrate"]).expect_code(3).stderr;
    assert!(stderr.contains("~/.cch-log-sync/config.yaml"), "{stderr}");
    let old = clp.home().join(".cch-log-sync/config.yaml");
    write(&old, &real());
    // As the old tools left it: everybody could read it.
    fs::set_permissions(&old, Permissions::from_mode(0o644)).unwrap();
    let outcome = clp.run(["setup-config", "--migrate"]).success();
    shows_no_secret(&(outcome.text() + &outcome.stderr));
    assert_eq!(
        (fs::read_to_string(clp.config_file()).unwrap(), mode(&clp.config_file())),
        (real(), 0o600)
    );
    assert!(old.exists(), "taking over deletes nothing");
    clp.run(["config", "check", "--offline"]).success();
}

#[test]
fn config_check_show_and_path() {
    let clp = Clp::bare();
    let stderr = clp.run(["config", "path"]).expect_code(3).stderr;
    for place in [
        ".commerce-logs-pipeline/config.yaml",
        ".config/commerce-logs-pipeline/config.yaml",
        "config.yaml",
    ] {
        assert!(stderr.contains(place), "{place} is not in {stderr}");
    }
    assert_eq!(
        clp.run(["config", "check"]).success().text(),
        "ok: no file, defaults only; 0 environments, 0 warnings\n"
    );
    write(&clp.config_file(), &real());
    assert_eq!(
        clp.run(["config", "path"]).success().text(),
        format!("{}\n", clp.config_file().display())
    );
    let checked = clp.run(["config", "check", "--offline"]).success().text();
    assert_eq!(
        checked,
        format!("ok: {}; 1 environment, 0 warnings\n", clp.config_file().display())
    );
    let shown = clp
        .args(["config", "show", "-X", "ssl.key.password=correct-horse-battery"])
        .env("CLP_KAFKA_DELIVERY", "at-least-once")
        .run()
        .success();
    let text = shown.text();
    shows_no_secret(&(shown.text() + &shown.stderr));
    for line in [
        &format!("access_key: {MASKED}"),
        "delivery: at-least-once",
        "broker1:9092",
        "ssl.key.password",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn a_broken_configuration_is_told_with_its_line() {
    let clp = Clp::bare();
    clp.write_config("kafka:\n  brokers: a:1\n  delivery: sometimes\n  brokrs: b:1\nglobal:\n  polling_interval: 0\n");
    let outcome = clp.run(["config", "check"]).expect_code(3);
    let file = clp.config_file().display().to_string();
    for said in [
        format!("{file}:3: `kafka.delivery`"),
        format!("{file}:6: `global.polling_interval` is `0`, expected a number from 1 to 86400"),
    ] {
        assert!(outcome.stderr.contains(&said), "{said} is not in\n{}", outcome.stderr);
    }
    clp.write_config("kafka:\n  brokrs: b:1\n");
    let outcome = clp.run(["config", "check", "--offline"]).success();
    let said = format!("{file}:2: unknown key `kafka.brokrs` (did you mean `brokers`?)");
    assert!(outcome.stderr.contains(&said), "{}", outcome.stderr);
    assert!(
        outcome.text().ends_with("; 0 environments, 1 warning\n"),
        "{}",
        outcome.text()
    );
    clp.write_config("kafka: [\n");
    assert!(
        clp.run(["list-blobs"])
            .expect_code(3)
            .stderr
            .contains(&format!("{file}:"))
    );
    // Others may read it: as with ssh's keys, that is refused.
    clp.write_config(&real());
    fs::set_permissions(clp.config_file(), Permissions::from_mode(0o640)).unwrap();
    let stderr = clp.run(["list-blobs"]).expect_code(3).stderr;
    assert!(
        stderr.contains("0640") && stderr.contains("hint: chmod 600"),
        "{stderr}"
    );
}
