//! `clp man`: pages that `man` can show.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::clp::{Clp, Invocation};

fn written(clp: &Clp, directory: &str) -> Vec<PathBuf> {
    clp.run(["man", directory]).success();
    let files = fs::read_dir(clp.home().join(directory)).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_command_has_a_page_that_is_the_same_at_every_run() {
    let clp = Clp::bare();
    let pages = written(&clp, "share/man/man1");
    let again = written(&clp, "again");
    let names: Vec<&str> = pages
        .iter()
        .map(|page| page.file_name().unwrap().to_str().unwrap())
        .collect();
    for name in ["clp.1", "clp-tail.1", "clp-config.1", "clp-config-check.1"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert_eq!(pages.len(), again.len());
    for (page, again) in pages.iter().zip(&again) {
        assert!(
            fs::read(page).unwrap() == fs::read(again).unwrap(),
            "{}",
            page.display()
        );
    }
    let first = clp.run(["man"]).success();
    assert_eq!(first.stdout, fs::read(clp.home().join("again/clp.1")).unwrap());
    let tail = clp.run(["man", "clp-tail"]).success();
    assert_eq!(tail.stdout, fs::read(clp.home().join("again/clp-tail.1")).unwrap());
    assert!(!clp.home().join("clp-tail").exists());
    clp.run(["man", "again/clp.1"]).expect_code(1);
}

/// Where groff is, it must have nothing to object, and show what the page says. It is on most systems, with `man`.
#[test]
fn pages_are_formatted_without_a_warning() {
    let clp = Clp::bare();
    let pages = written(&clp, "pages");
    assert!(
        Command::new("groff").arg("--version").output().is_ok(),
        "groff is needed to look at manual pages: apt-get install -y groff"
    );
    for page in pages {
        let mut groff = Command::new("groff");
        groff.args(["-k", "-man", "-Tutf8", "-ww", "-P-cbou"]).arg(&page);
        let outcome = Invocation::of(groff).run().success();
        assert_eq!(outcome.stderr, "", "{}", page.display());
        let text = outcome.text();
        for section in [
            "SYNOPSIS",
            "EXAMPLES",
            "EXIT STATUS",
            "ENVIRONMENT",
            "FILES",
            "SEE ALSO",
        ] {
            assert!(
                text.lines().any(|line| line == section),
                "{}: {section}",
                page.display()
            );
        }
        if page.ends_with("clp-tail.1") {
            for told in [
                "clp-tail - Follow logs",
                "clp tail [OPTIONS]",
                "--no-follow",
                "'OrderService|Cart'",
                "clp(1), ",
            ] {
                assert!(text.contains(told), "{told} is not in\n{text}");
            }
        }
    }
}
