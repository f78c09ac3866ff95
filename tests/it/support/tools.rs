//! Programs that check what clp is deployed by. A machine may lack some: the tests then say, past the harness that captures what
//! they print, what they leave out. With `CLP_TEST_TOOLS=required`, as where changes are tested, that is a failure.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::running::Outcome;
use super::{clp::Invocation, services::fetched};

pub struct Tool {
    program: PathBuf,
}

impl Tool {
    /// Of tests/services/tools, or of the machine. `None` if it is nowhere.
    pub fn find(name: &str, how_to_get_it: &str) -> Option<Tool> {
        let installed = fetched(&format!("tools/installed/bin/{name}")).ok();
        let on_path = || {
            let path = std::env::var_os("PATH")?;
            std::env::split_paths(&path)
                .map(|dir| dir.join(name))
                .find(|file| file.is_file())
        };
        let program = installed.or_else(on_path);
        if program.is_none() {
            let left_out = format!("{name} is not there, so nothing is checked by it; {how_to_get_it}");
            assert!(
                std::env::var_os("CLP_TEST_TOOLS").is_none_or(|value| value != "required"),
                "{left_out}"
            );
            let _ = writeln!(std::io::stderr(), "note: {left_out}");
        }
        program.map(|program| Tool { program })
    }

    /// Runs it in the directory of the repository.
    #[track_caller]
    pub fn run<A: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(repository());
        Invocation::of(command).run()
    }
}

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the repository.
#[track_caller]
pub fn text_of(file: &str) -> String {
    std::fs::read_to_string(repository().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// Files below a directory of the repository that end so, by their paths in the repository.
pub fn files(below: &str, end: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(repository().join(below)).unwrap_or_else(|e| panic!("{below}: {e}")) {
        let path = entry.expect("an entry of a directory").path();
        let name = path.strip_prefix(repository()).expect("a path in the repository");
        let name = name.to_str().expect("a name in UTF-8").to_owned();
        match path.is_dir() {
            true => found.extend(files(&name, end)),
            false if name.ends_with(end) => found.push(name),
            false => {}
        }
    }
    found.sort();
    found
}
