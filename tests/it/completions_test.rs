//! Completions: current in the repository, and programs that their shells can read.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::clp::{Clp, Invocation};

/// Shell, its committed file, and how the shell reads a script without running it.
const SHELLS: [(&str, &str, &[&str]); 5] = [
    ("bash", "clp.bash", &["bash", "-n"]),
    ("zsh", "_clp", &["zsh", "-n"]),
    ("fish", "clp.fish", &["fish", "--no-execute"]),
    ("elvish", "clp.elv", &["elvish", "-compileonly"]),
    ("powershell", "_clp.ps1", &[]),
];

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
    }
    assert_eq!(fs::read_dir(committed).unwrap().count(), SHELLS.len());
}

#[test]
fn shells_can_read_their_completions() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let mut checked = 0;
    for (_, file, check) in SHELLS {
        let Some((program, args)) = check.split_first() else {
            continue;
        };
        let there = Command::new(program).arg("--version").output().is_ok();
        if there {
            let mut command = Command::new(program);
            command.args(args).arg(committed.join(file));
            Invocation::of(command).run().success();
            checked += 1;
        }
    }
    assert!(checked > 0, "bash is everywhere");
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/clp.bash");
    let complete = |words: &[&str]| {
        let mut bash = Command::new("bash");
        let line = "source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                    _clp clp \"${COMP_WORDS[$COMP_CWORD]}\" \"${COMP_WORDS[$COMP_CWORD - 1]}\"; echo \"${COMPREPLY[@]}\"";
        bash.args(["-c", line]).arg(&script).args(words);
        Invocation::of(bash).run().success().text()
    };
    assert_eq!(complete(&["clp", "list"]), "list-blobs list-services\n");
    assert_eq!(complete(&["clp", "ingest", "--on-c"]), "--on-corrupt\n");
    assert_eq!(complete(&["clp", "ingest", "--on-corrupt", ""]), "fail skip\n");
}
