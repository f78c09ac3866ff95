//! The page of `clp analyze-logs --html`, in a real browser.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::browser::{self, View};
use crate::support::clp::Clp;
use crate::support::gz;

const LINES: u64 = 4000;

fn with_page() -> Clp {
    let clp = Clp::bare();
    let mut lines: Vec<String> = (0..LINES).map(gz::log_line).collect();
    let evil = gz::application_line(6).replace(" 6\"", " <script>document.title='owned'</script><b id=owned>\"");
    assert!(evil.contains("<script>"));
    lines.push(evil.replace("\"level\":\"", "\"level\":\"ERROR\",\"x\":\""));
    lines.push("x".repeat(3000));
    fs::write(clp.home().join("api.log"), lines.join("\n")).unwrap();
    let outcome = clp.run(["analyze-logs", "api.log", "--html", "page.html"]).success();
    assert!(
        outcome.stderr.starts_with("wrote ") && outcome.stderr.contains("page.html"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.text().contains("Levels over time"), "the table comes as well");
    clp
}

#[test]
fn a_browser_shows_the_page_and_runs_nothing_of_the_logs() {
    let clp = with_page();
    let url = browser::file_url(&clp.home().join("page.html"));
    let dom = browser::dump_dom(&url);
    assert!(dom.contains("<title>api.log – logs</title>"), "{dom}");
    assert!(!dom.contains("<b id=\"owned\""));
    // The page's own script has run.
    assert!(dom.contains("class=\"tip\""));
    for heading in [
        "What broke",
        "When",
        "For whom",
        "Exceptions",
        "Failing paths",
        "Busiest clients",
        "Lines by level",
    ] {
        assert!(dom.contains(heading), "{heading}");
    }
    for view in [View::PHONE, View::DESKTOP] {
        assert_eq!(browser::page_width(&url, view), view.width, "no scrolling sideways");
    }
    let (light, dark) = (
        browser::screenshot(&url, View::PHONE),
        browser::screenshot(&url, View::PHONE.dark()),
    );
    assert!(light.starts_with(b"\x89PNG") && dark.starts_with(b"\x89PNG"));
    assert_ne!(light, dark);
}

#[test]
fn a_page_is_whole_or_as_it_was() {
    let clp = with_page();
    let page = clp.home().join("page.html");
    let mode = fs::metadata(&page).unwrap().permissions().mode();
    assert_eq!(mode & 0o600, 0o600);
    fs::write(&page, "old").unwrap();
    fs::create_dir(clp.home().join("folder")).unwrap();
    for (to, code, said) in [
        ("folder", 2, "folder is a directory"),
        ("no/such/page.html", 1, "cannot write no/such/page.html"),
    ] {
        let outcome = clp.run(["analyze-logs", "api.log", "--html", to]).expect_code(code);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        assert!(outcome.stdout.is_empty(), "nothing is read in vain");
    }
    assert_eq!(fs::read_to_string(&page).unwrap(), "old");
    clp.run(["analyze-logs", "api.log", "--html", "page.html"]).success();
    assert!(fs::read_to_string(&page).unwrap().starts_with("<!doctype html>"));
    // A device is written to, and stays one; a link stays, too.
    clp.run(["analyze-logs", "api.log", "--html", "/dev/null"]).success();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    std::os::unix::fs::symlink("page.html", clp.home().join("link.html")).unwrap();
    clp.run(["analyze-logs", "api.log", "--html", "link.html"]).success();
    assert!(fs::symlink_metadata(clp.home().join("link.html")).unwrap().is_symlink());
    let left: Vec<String> = fs::read_dir(clp.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".clp-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
