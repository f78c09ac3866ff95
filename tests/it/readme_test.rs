//! The README's commands, typed as they stand there, one after the other.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::support::blobs::Blobs;
use crate::support::clp::{Clp, Invocation};
use crate::support::gz;
use crate::support::process::unique;
use crate::support::services::kafka;
use crate::support::topics::Topics;

const README: &str = include_str!("../../README.md");
const LIMIT: Duration = Duration::from_secs(120);
/// What follows without an end is interrupted after so many seconds.
const LONG_ENOUGH: &str = "3";

/// Not typed here, and where they are tried instead.
const NOT_HERE: [(&str, &str); 2] = [
    ("clp setup-config", "setup_dialogue_test: it asks"),
    (
        "clp init-opensearch --url http://localhost:9200",
        "init_opensearch_test",
    ),
];
/// What is shown because it fails, with its exit code.
const FAILS: [(&str, i32); 1] = [("clp config check --config broken.yaml", 3)];

/// The commands of clp in the README's blocks for shells, without their comments.
fn commands() -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<&str> = None;
    let mut lines = README.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            block = block.is_none().then_some(kind);
            continue;
        }
        let typed = match block {
            Some("sh") => Some(line),
            Some("console") => line.strip_prefix("$ "),
            _ => None,
        };
        let Some(typed) = typed else { continue };
        let mut command = typed.to_owned();
        while let Some(begun) = command.strip_suffix('\\') {
            command = format!(
                "{begun}{}",
                lines.next().expect("a line behind a backslash").trim_start()
            );
        }
        let command = command.split(" # ").next().unwrap_or_default().trim().to_owned();
        if command.starts_with("clp ") || command.contains("| clp ") {
            found.push(command);
        }
    }
    found
}

/// Whether it goes on until it is interrupted.
fn is_endless(command: &str) -> bool {
    let is = |name: &str| command.starts_with(&format!("clp {name}"));
    let has = |flag: &str| command.contains(flag);
    is("monitor") && !has("--once")
        || is("ingest --worker") && !has("--until-idle")
        || is("extract") && !has("--until-idle") && !has("--input")
        || is("tail") && !has("--no-follow")
        || has("--watch")
}

/// What a reader puts in for the names of the README.
struct Names {
    blob: String,
    replay: String,
    secrets: String,
}

impl Names {
    fn put_in(&self, command: &str) -> String {
        let mut words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        for word in &mut words {
            // A name whose end is left out for the reader.
            if word == "NAME" || word.contains('…') {
                word.clone_from(&self.blob);
            }
        }
        words
            .join(" ")
            .replace("--topic replay", &format!("--topic {}", self.replay))
            .replace("/run/secrets", &self.secrets)
            .replace("localhost:9092", &kafka().brokers())
            .replace("--metrics-addr :9400", "--metrics-addr 127.0.0.1:0")
            .replace("--until-idle 60", "--until-idle 1")
    }
}

/// Types it into bash, in the home directory.
fn typed(clp: &Clp, command: &str) -> Invocation {
    let program = Path::new(env!("CARGO_BIN_EXE_clp"));
    let path = format!(
        "{}:{}",
        program.parent().expect("a directory").display(),
        std::env::var("PATH").expect("a PATH")
    );
    let command = match is_endless(command) {
        true => command.replacen(
            "clp ",
            &format!("timeout --preserve-status -s INT {LONG_ENOUGH} clp "),
            1,
        ),
        false => command.to_owned(),
    };
    let mut shell = Command::new("bash");
    shell
        .env_clear()
        .env("PATH", path)
        .env("HOME", clp.home())
        .current_dir(clp.home())
        .args(["-c", &command]);
    Invocation::of(shell).deadline(LIMIT)
}

/// Blobs of the day of the examples, of yesterday and of today, two services, all of it in Kafka.
fn operator(blobs: &Blobs, topics: &Topics, names: &Names) -> Clp {
    let day = |days_ago: i64| {
        let then = Timestamp::now() - SignedDuration::from_hours(24 * days_ago);
        then.strftime("%Y%m%d").to_string()
    };
    for date in ["20250606".to_owned(), day(1), day(0)] {
        let proxy = gz::blob_name(&date, "apache2-igc-674b9bdb88-x2x9k", "proxy");
        let lines: Vec<String> = (0..40).map(gz::proxy_line).collect();
        blobs.append(&proxy, &gz::blob_of(&lines, 20));
        let api = gz::blob_name(&date, "api-my-blob", "platform");
        let lines: Vec<String> = (0..40).map(gz::application_line).collect();
        blobs.append(&api, &gz::blob_of(&lines, 20));
    }
    let lines: Vec<String> = (0..40).map(gz::application_line).collect();
    blobs.append(&names.blob, &gz::blob_of(&lines, 20));
    let clp = Clp::new(kafka(), blobs, topics)
        .set("processing.consumer_group", unique("group"))
        .set("worker.filters.min_date", "2025-06-01");
    clp.run(["init-topics", "--topic", &names.replay]).success();
    for date in ["20250606", "yesterday", "today"] {
        clp.run(["monitor", "--once", "--date", date]).success();
    }
    clp.run(["ingest", "--worker", "--until-idle", "1"]).success();
    clp.run(["extract", "--until-idle", "1"]).success();
    clp
}

/// The files that the commands name.
fn put_files(clp: &Clp) {
    let home = clp.home();
    let of = |line: fn(u64) -> String| gz::blob_of(&(0..40).map(line).collect::<Vec<_>>(), 20);
    let write = |name: &str, bytes: &[u8]| fs::write(home.join(name), bytes).unwrap();
    write("api.gz", &of(gz::application_line));
    write("proxy-1.gz", &of(gz::proxy_line));
    write("20250606.api-1_default_platform-0a.gz", &of(gz::application_line));
    for directory in [
        "demo/logs/kubernetes",
        ".local/share/bash-completion/completions",
        ".zfunc",
        ".config/fish/completions",
    ] {
        fs::create_dir_all(home.join(directory)).unwrap();
    }
    let demo = gz::blob_name("20250606", "api-demo", "platform");
    write(&format!("demo/logs/{demo}"), &of(gz::application_line));
    let account =
        "subscriptions:\n  demo:\n    environments:\n      D1:\n        storage_account:\n          directory: logs\n";
    write("demo/config.yaml", account.as_bytes());
    write("broken.yaml", b"kafka:\n  partitions: twelve\n");
    fs::copy(clp.config_file(), home.join("config.yaml")).unwrap();
}

#[test]
fn its_commands_work_in_their_order() {
    let (blobs, topics) = (Blobs::new(), Topics::names(kafka()));
    // Setting up is for one who has no configuration yet.
    let newcomer = Clp::bare();
    let names = Names {
        blob: gz::blob_name("20250606", "api-674b9bdb88-vm775", "platform"),
        replay: unique("replay"),
        secrets: newcomer.home().display().to_string(),
    };
    let clp = operator(&blobs, &topics, &names);
    put_files(&clp);
    for (name, secret) in [
        ("key.txt", "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"),
        ("d1-sas", "sv=2024-01-01&ss=b&srt=sco&sp=rl&sig=c2ln"),
        ("password.txt", "hunter2"),
    ] {
        fs::write(newcomer.home().join(name), secret).unwrap();
    }
    let all = commands();
    assert!(all.len() > 50, "{all:?}");
    for command in all.iter().map(String::as_str) {
        if NOT_HERE.iter().any(|(not_here, _)| *not_here == command) {
            continue;
        }
        let at = match command.starts_with("clp setup-config") {
            true => &newcomer,
            false => &clp,
        };
        let outcome = typed(at, &names.put_in(command)).run();
        let wanted = FAILS
            .iter()
            .find(|(fails, _)| *fails == command)
            .map_or(0, |(_, code)| *code);
        let interrupted = is_endless(command) && outcome.code == Some(130);
        let said = outcome.stderr.clone();
        assert!(
            outcome.code == Some(wanted) || interrupted,
            "{command}: {:?}\n{said}",
            outcome.code
        );
        assert_eq!(
            said.contains("error: ") && !interrupted,
            wanted != 0,
            "{command}\n{said}"
        );
    }
    for named in NOT_HERE
        .iter()
        .map(|(command, _)| *command)
        .chain(FAILS.map(|(command, _)| command))
    {
        assert!(
            all.iter().any(|command| command == named),
            "{named} is not in the README any more"
        );
    }
}

#[test]
fn its_example_of_the_library_runs() {
    let built = Path::new(env!("CARGO_BIN_EXE_clp")).with_file_name("examples/storage_account");
    assert!(
        built.exists(),
        "the example is not built: cargo build --locked --examples"
    );
    let clp = Clp::bare();
    clp.write_config(
        "subscriptions:\n  cp2:\n    environments:\n      P1:\n        storage_account:\n          \
         account_name: prodlogs\n          access_key: Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4\n",
    );
    let example = |environment: &str| {
        let mut command = Command::new(&built);
        command.env_clear().env("HOME", clp.home()).args(["cp2", environment]);
        Invocation::of(command).run()
    };
    let text = example("P1").success().text();
    assert!(text.contains("account     prodlogs"), "{text}");
    assert!(!text.contains("YmF6cXV4"), "{text}");
    example("P9").expect_code(3);
}
