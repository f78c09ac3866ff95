//! Completion in the shells themselves: the scripts as they are in the repository, and what each shell makes of them.
//!
//! The shells are run as a user's would be, with the lines of README.md that install the scripts.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::support::blobs::Blobs;
use crate::support::clp::{Clp, Invocation};
use crate::support::gz::blob_name;
use crate::support::services::azurite;
use crate::support::typed::{Typed, path};

/// Shell, its committed file, and how the shell reads a script without running it.
const SHELLS: [(&str, &str, &[&str]); 5] = [
    ("bash", "clp.bash", &["bash", "-n"]),
    ("zsh", "_clp", &["zsh", "-n"]),
    ("fish", "clp.fish", &["fish", "--no-execute"]),
    ("elvish", "clp.elv", &[]),
    ("powershell", "_clp.ps1", &[]),
];

/// Installs each script as README.md says.
const INSTALL: [(&str, &str); 3] = [
    (
        "bash",
        "mkdir -p ~/.local/share/bash-completion/completions\n\
         clp completions bash > ~/.local/share/bash-completion/completions/clp",
    ),
    (
        "zsh",
        "mkdir -p ~/.zfunc\n\
         clp completions zsh > ~/.zfunc/_clp\n\
         print 'fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit' >> ~/.zshrc",
    ),
    (
        "fish",
        "mkdir -p ~/.config/fish/completions\n\
         clp completions fish > ~/.config/fish/completions/clp.fish",
    ),
];

/// Runs a shell, which must be there.
#[track_caller]
fn shell(clp: &Clp, program: &str, args: &[&str]) -> Invocation {
    let there = Command::new(program).arg("--version").output().is_ok();
    assert!(
        there,
        "{program} is needed to test completion in it: apt-get install -y bash-completion zsh fish"
    );
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .env("HOME", clp.home())
        .env("PATH", path())
        .env("TERM", "xterm")
        .current_dir(clp.home());
    Invocation::of(command)
}

/// Two environments of one name, one of another, and one whose name has a blank and a colon in it.
fn configured() -> Clp {
    let account = |directory: &str| serde_json::json!({"storage_account": {"directory": directory}});
    Clp::bare()
        .set("subscriptions.cp2.environments.P1", account("p1"))
        .set("subscriptions.cp2.environments.D1", account("d1"))
        .set("subscriptions.cp3.environments.P1", account("other"))
        .set("subscriptions.cp2.environments.my env:x", account("spaced"))
        .set("kafka.topics.errors", "My.Errors")
}

#[test]
fn committed_completions_are_current() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file, _) in SHELLS {
        let script = Clp::bare().run(["completions", shell]).success().text();
        let found = fs::read_to_string(committed.join(file)).unwrap_or_default();
        assert!(
            found == script,
            "completions/{file} is not current; run `make completions`"
        );
        // What clap_complete itself says, and so what is documented for it, is the same.
        let asked = Clp::bare()
            .args::<&str>([])
            .env("COMPLETE", shell)
            .run()
            .success()
            .text();
        assert_eq!(asked, script, "{shell}");
    }
    assert_eq!(fs::read_dir(committed).unwrap().count(), SHELLS.len());
}

#[test]
fn shells_can_read_their_scripts() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let clp = Clp::bare();
    for (_, file, check) in SHELLS {
        let Some((program, args)) = check.split_first() else {
            continue;
        };
        let file = committed.join(file);
        let args = [args, &[file.to_str().unwrap()]].concat();
        let outcome = shell(&clp, program, &args).run().success();
        assert_eq!(outcome.stderr, "", "{program}");
    }
}

#[test]
fn the_readme_tells_how_to_install_them() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for (shell, lines) in INSTALL {
        for line in lines.lines() {
            assert!(readme.contains(line), "README.md lacks, for {shell}: {line}");
        }
    }
}

/// What bash would offer at the end of a line, by its own function and without a terminal. Readline's word is what stands
/// behind the last character that it breaks words at.
fn bash_offers(clp: &Clp, line: &str) -> Vec<String> {
    let escaped = line.replace("\\ ", "\0");
    let word = escaped.rsplit([' ', ':', '=']).next().unwrap().replace('\0', "\\ ");
    let script = r#"source <(clp completions bash); COMP_LINE=$1; COMP_POINT=${#1}; COMP_WORDS=(clp x); COMP_CWORD=1; _clp clp "$2" ""; printf '%s\n' "${COMPREPLY[@]}""#;
    let outcome = shell(clp, "bash", &["--norc", "-c", script, "bash", line, &word])
        .run()
        .success();
    assert_eq!(outcome.stderr, "");
    lines(&outcome.text())
}

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::to_owned)
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn bash_completes_from_the_configuration() {
    let clp = configured();
    for (line, wanted) in [
        ("clp list-b", &["list-blobs"][..]),
        ("clp ingest --on-c", &["--on-corrupt"]),
        ("clp ingest --on-corrupt ", &["fail", "skip"]),
        ("clp tail --env ", &["D1", "cp2/P1", r"my\ env:x", "cp3/P1"]),
        ("clp tail -s cp3 --env ", &["P1"]),
        ("clp tail --env cp2/", &["cp2/D1", "cp2/P1", r"cp2/my\ env:x"]),
        // What stands before readline's word is not said again.
        ("clp tail --env=cp3", &["cp3/P1"]),
        ("clp tail --env my\\ env:", &["x"]),
        ("clp tail --env D1,cp3", &["D1,cp3/P1"]),
        ("clp tail --subscription ", &["cp2", "cp3"]),
        (
            "clp tail --service back",
            &["backoffice", "background-processing", "backgroundprocessing"],
        ),
        ("clp tail --topics My", &["My.Errors"]),
        ("clp tail --topics errors,raw_p", &["errors,raw_proxy"]),
        ("clp ingest --topic Raw.P", &["Raw.ProxyLogs"]),
        ("clp status --date y", &["yesterday"]),
        ("clp config sh", &["show"]),
        ("clp tail --grep ", &[]),
        ("clp tail --group ", &[]),
        ("clp ingest --worker --group ", &["clp-ingest"]),
    ] {
        assert_eq!(bash_offers(&clp, line), wanted, "{line}");
    }
    let days = bash_offers(&clp, "clp list-blobs --date ");
    assert_eq!((days.len(), &days[0][..], &days[1][..]), (9, "today", "yesterday"));
    assert!(days[2] > days[3] && days[2].len() == 8, "{days:?}");
}

#[test]
fn the_configuration_of_the_line_counts() {
    let clp = configured();
    let other = clp.home().join("other dir/other.yaml");
    fs::create_dir_all(other.parent().unwrap()).unwrap();
    fs::write(
        &other,
        "subscriptions: {s: {environments: {Q1: {storage_account: {directory: d}}}}}",
    )
    .unwrap();
    for line in [
        "clp --config ~/other\\ dir/other.yaml tail --env ",
        "clp tail --config '~/other dir/other.yaml' --env ",
        "clp tail --config=\"$HOME/other dir/other.yaml\" --env ",
        "clp monitor other\\ dir/other.yaml --env ",
    ] {
        assert_eq!(bash_offers(&clp, line), ["Q1"], "{line}");
    }
    assert_eq!(bash_offers(&clp, "clp --config oth"), [r"other\ dir/"]);
    assert_eq!(
        bash_offers(&clp, "clp --config other\\ dir/o"),
        [r"other\ dir/other.yaml"]
    );
}

#[test]
fn nothing_is_said_about_a_configuration_that_can_not_be_read() {
    let offers = |clp: &Clp, args: &[&str]| {
        let args: Vec<&str> = ["--", "clp"].into_iter().chain(args.iter().copied()).collect();
        let outcome = clp.args(args).env("COMPLETE", "fish").run().success();
        assert_eq!(outcome.stderr, "");
        outcome.text()
    };
    let services = |clp: &Clp| assert!(offers(clp, &["tail", "--service", "ap"]).contains("api\tpods api-…"));
    let bare = Clp::bare();
    services(&bare);
    assert_eq!(offers(&bare, &["tail", "--env", ""]), "");
    assert_eq!(offers(&bare, &["tail", "--config", "/nowhere.yaml", "--env", ""]), "");
    bare.write_config("subscriptions: [\n  oh: {");
    services(&bare);
    // One wrong value, a typing error, and a secret that others could read: the environments are known all the same.
    bare.write_config(
        "subscriptions: {a: {environments: {E1: {storage_account: {account_name: x, access_key: Zm9vYmFyYmF6}}}}}\n\
         kafka: {partitions: many, brokrs: b}\n",
    );
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(bare.config_file(), open).unwrap();
    assert_eq!(offers(&bare, &["tail", "--env", ""]), "E1\taccount x\n");
    // A variable that is another program's is none of ours.
    let outcome = bare.args(["--version"]).env("COMPLETE", "tcsh").run().success();
    assert!(outcome.text().starts_with("clp "));
}

/// The line that bash has after keys were typed, Tab among them.
fn bash_line(clp: &Clp, rc: &str, keys: &str) -> String {
    let show = r#"bind -x '"\C-o": printf "\nLINE<%s>\n" "$READLINE_LINE"'"#;
    let rc = format!("{rc}\n{show}\nbind 'set bell-style none'\nPS1='ready> '\n");
    fs::write(clp.home().join("rc"), rc).unwrap();
    let mut bash = Typed::start(clp, "exec bash --rcfile rc -i", "ready> ");
    bash.type_keys(keys);
    bash.type_keys("\x0f");
    line_of(&bash.wait_for(">\r\n"))
}

fn line_of(screen: &str) -> String {
    let (_, line) = screen.rsplit_once("LINE<").unwrap_or_else(|| panic!("{screen}"));
    line.split_once(">\r\n").unwrap().0.to_owned()
}

const BASH_COMPLETION: &str = "/usr/share/bash-completion/bash_completion";

#[test]
fn bash_puts_in_what_was_meant() {
    let clp = configured();
    let (_, install) = INSTALL[0];
    shell(&clp, "bash", &["-c", install]).run().success();
    assert!(
        Path::new(BASH_COMPLETION).exists(),
        "bash-completion is needed: apt-get install -y bash-completion"
    );
    // As installed, by bash-completion; and sourced, without it.
    for rc in [&format!("source {BASH_COMPLETION}"), "source <(clp completions bash)"] {
        for (keys, wanted) in [
            ("clp tail --env cp3\t", "clp tail --env cp3/P1 "),
            ("clp tail --env=cp3\t", "clp tail --env=cp3/P1 "),
            ("clp tail --env my\t", r"clp tail --env my\ env:x "),
            ("clp tail > r\t", "clp tail > rc "),
            ("clp tail --env my\\ env\t", r"clp tail --env my\ env:x "),
            ("clp tail --env my\\ env:\t", r"clp tail --env my\ env:x "),
            ("clp tail --env \"my e\t", "clp tail --env \"my env:x\" "),
            ("clp tail --env 'my e\t", "clp tail --env 'my env:x' "),
            ("clp tail --env D1,cp3\t", "clp tail --env D1,cp3/P1 "),
            ("clp verify --da\t", "clp verify --date "),
            ("X=1 clp list-b\t", "X=1 clp list-blobs "),
            ("echo hi; clp list-b\t", "echo hi; clp list-blobs "),
        ] {
            assert_eq!(bash_line(&clp, rc, keys), wanted, "{rc}: {keys:?}");
        }
    }
}

#[test]
fn zsh_puts_in_what_was_meant() {
    let clp = configured();
    let (_, install) = INSTALL[1];
    shell(&clp, "zsh", &["-c", install]).run().success();
    let show =
        "_show() { print -r -- \"\nLINE<$BUFFER>\" }; zle -N _show; bindkey '^O' _show; unsetopt BEEP; PS1='ready> '\n";
    let rc = clp.home().join(".zshrc");
    let installed = format!("{}{show}", fs::read_to_string(&rc).unwrap());
    let sourced = format!("autoload -Uz compinit; compinit -u; source <(clp completions zsh)\n{show}");
    for text in [installed, sourced] {
        fs::write(&rc, &text).unwrap();
        for (keys, wanted) in [
            ("clp tail --env cp3\t", "clp tail --env cp3/P1 "),
            ("clp tail --env=cp3\t", "clp tail --env=cp3/P1 "),
            ("clp tail --env my\t", r"clp tail --env my\ env:x "),
            ("clp tail --env my\\ e\t", r"clp tail --env my\ env:x "),
            ("clp tail --env \"my e\t", "clp tail --env \"my env:x\" "),
            ("clp tail --env 'my env:\t", "clp tail --env 'my env:x' "),
            ("clp tail --env D1,cp3\t", "clp tail --env D1,cp3/P1 "),
            ("clp verify --da\t", "clp verify --date "),
            (
                "clp --config ~/.commerce-logs-pipeline/config.yaml status -s cp3 -e \t",
                "clp --config ~/.commerce-logs-pipeline/config.yaml status -s cp3 -e P1 ",
            ),
        ] {
            let mut zsh = Typed::start(&clp, "exec zsh -i", "ready> ");
            zsh.type_keys(keys);
            zsh.type_keys("\x0f");
            assert_eq!(line_of(&zsh.wait_for(">\r\n")), wanted, "{keys:?}");
        }
    }
}

/// What fish offers at the end of a line: the value, and behind a tab what it is.
fn fish_offers(clp: &Clp, line: &str) -> Vec<String> {
    let outcome = shell(clp, "fish", &["-c", "complete --do-complete $argv[1]", line])
        .run()
        .success();
    assert_eq!(outcome.stderr, "");
    lines(&outcome.text())
}

#[test]
fn fish_offers_values_and_what_they_are() {
    let clp = configured();
    let (_, install) = INSTALL[2];
    shell(&clp, "fish", &["-c", install]).run().success();
    let directory = |name: &str| {
        clp.home()
            .join(".commerce-logs-pipeline")
            .join(name)
            .display()
            .to_string()
    };
    let (d1, p1, spaced, other) = (
        directory("d1"),
        directory("p1"),
        directory("spaced"),
        directory("other"),
    );
    for (line, wanted) in [
        (
            "clp tail --env ",
            vec![
                format!("D1\tdirectory {d1}"),
                format!("cp2/P1\tdirectory {p1}"),
                format!("my env:x\tdirectory {spaced}"),
                format!("cp3/P1\tdirectory {other}"),
            ],
        ),
        ("clp tail --env=cp3", vec![format!("--env=cp3/P1\tdirectory {other}")]),
        ("clp tail --env my\\ e", vec![format!("my env:x\tdirectory {spaced}")]),
        ("clp tail --env 'my e", vec![format!("my env:x\tdirectory {spaced}")]),
        ("clp tail --env D1,cp3", vec![format!("D1,cp3/P1\tdirectory {other}")]),
        ("clp tail -s cp3 -e ", vec![format!("P1\tdirectory {other}")]),
        (
            "clp tail --topics My",
            vec!["My.Errors\tkafka.topics.errors".to_owned()],
        ),
        ("clp tail --grep ", vec![]),
    ] {
        assert_eq!(fish_offers(&clp, line), wanted, "{line}");
    }
    assert!(fish_offers(&clp, "clp list-b")[0].starts_with("list-blobs\tList blobs in storage"));
}

/// Blobs of today and of the day before, the newest last in `names`.
struct Named {
    clp: Clp,
    names: Vec<String>,
}

fn blobs_in_a_directory() -> Named {
    let clp = Clp::bare().set(
        "subscriptions.cp2.environments.P1.storage_account.directory",
        "../blobs",
    );
    let directory = clp.home().join("blobs/kubernetes");
    fs::create_dir_all(&directory).unwrap();
    let pods = [
        ("20250605", "api-1"),
        ("20250606", "api-2"),
        ("20250606", "backoffice-0"),
    ];
    let names: Vec<String> = pods.iter().map(|(day, pod)| blob_name(day, pod, "platform")).collect();
    for (age, name) in names.iter().rev().enumerate() {
        let path = clp.home().join("blobs").join(name);
        fs::write(&path, "x").unwrap();
        let then = SystemTime::now() - Duration::from_secs(60 * age as u64);
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(then)
            .unwrap();
    }
    Named { clp, names }
}

fn cache(clp: &Clp) -> Vec<fs::DirEntry> {
    let files = fs::read_dir(clp.home().join(".cache/clp/blobs"));
    files
        .map(|files| files.map(Result::unwrap).collect())
        .unwrap_or_default()
}

#[test]
fn names_of_blobs_are_completed() {
    let Named { clp, names } = blobs_in_a_directory();
    let newest_first: Vec<String> = names.iter().rev().cloned().collect();
    // Nothing is known yet: storage is asked.
    assert_eq!(bash_offers(&clp, "clp ingest --env P1 --blob "), newest_first);
    let files = cache(&clp);
    assert_eq!(files.len(), 1);
    let mode = std::os::unix::fs::PermissionsExt::mode(&files[0].metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // Known ones are offered without asking, by the name with or without its directory.
    fs::remove_dir_all(clp.home().join("blobs")).unwrap();
    assert_eq!(
        bash_offers(&clp, "clp verify --blob kubernetes/20250606.b"),
        &newest_first[..1]
    );
    let without: Vec<&str> = newest_first
        .iter()
        .map(|name| name.split_once('/').unwrap().1)
        .collect();
    assert_eq!(bash_offers(&clp, "clp verify -e P1 -b 20250606."), &without[..2]);
    assert_eq!(bash_offers(&clp, "clp verify -e P1 -b '2025*"), Vec::<String>::new());
    // A file that is no such file is as good as none.
    fs::write(files[0].path(), "clp-blob-names 1 9999999999\nnonsense").unwrap();
    assert_eq!(bash_offers(&clp, "clp verify --blob "), Vec::<String>::new());
}

#[test]
fn what_a_command_lists_is_offered_next() {
    let Named { clp, names } = blobs_in_a_directory();
    clp.run(["list-blobs", "--date", "20250606"]).success();
    assert_eq!(cache(&clp).len(), 1);
    fs::remove_dir_all(clp.home().join("blobs")).unwrap();
    assert_eq!(bash_offers(&clp, "clp verify --blob "), [names[2].as_str(), &names[1]]);
    // Of another configuration nothing is known.
    fs::write(
        clp.home().join("c.yaml"),
        fs::read_to_string(clp.config_file()).unwrap(),
    )
    .unwrap();
    assert_eq!(
        bash_offers(&clp, "clp --config c.yaml verify --blob "),
        Vec::<String>::new()
    );
}

#[test]
fn names_are_not_kept_where_that_is_not_wanted() {
    let Named { clp, .. } = blobs_in_a_directory();
    clp.args(["list-blobs"]).env("CLP_NO_CACHE", "1").run().success();
    let asked = clp.args(["--", "clp", "verify", "--blob", ""]);
    let outcome = asked.env("COMPLETE", "fish").env("CLP_NO_CACHE", "1").run().success();
    assert_eq!((outcome.text().as_str(), cache(&clp).len()), ("", 0));
}

#[test]
fn names_in_azure_are_completed_and_a_silent_storage_holds_nobody_up() {
    let blobs = Blobs::new();
    let name = blob_name("20250606", "api-1", "platform");
    blobs.append(&name, b"x");
    let clp = Clp::bare().storage(blobs.container(), &azurite().endpoint());
    assert_eq!(bash_offers(&clp, "clp ingest --env P1 --blob "), [name]);
    // It takes connections, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/devstoreaccount1", silent.local_addr().unwrap());
    let held = Clp::bare().storage(blobs.container(), &endpoint);
    let asked = held
        .args(["--", "clp", "verify", "--blob", ""])
        .env("COMPLETE", "fish")
        .run()
        .success();
    assert_eq!((asked.text().as_str(), asked.stderr.as_str()), ("", ""));
    assert!(asked.took < Duration::from_secs(4), "{:?}", asked.took);
    // Having asked in vain, it does not ask again at the next key.
    let again = held
        .args(["--", "clp", "verify", "--blob", ""])
        .env("COMPLETE", "fish")
        .run()
        .success();
    assert!(again.took < Duration::from_millis(1500), "{:?}", again.took);
}
