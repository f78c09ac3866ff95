//! A real browser without a window: what a page becomes in it, how wide it is, and how it looks.
//!
//! Chromium's own window is never narrower than 500 pixels, so a page is shown in a frame of the wanted size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::process::{Guarded, wait_for};

/// The names that Chromium goes by.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// One start of the browser on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// What asks nobody on the network, and leaves nothing behind.
pub(super) const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    // So that the page of a file can be measured in its frame.
    "--allow-file-access-from-files",
];

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Pixels.
    pub width: u32,
    pub height: u32,
    /// As by somebody who asked the system for dark colours.
    pub dark: bool,
}

impl View {
    /// A phone, held upright.
    pub const PHONE: View = View {
        width: 360,
        height: 740,
        dark: false,
    };
    pub const DESKTOP: View = View {
        width: 1280,
        height: 900,
        dark: false,
    };

    pub fn dark(self) -> View {
        View { dark: true, ..self }
    }
}

/// The address of a file.
pub fn file_url(path: &Path) -> String {
    let path = fs::canonicalize(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    format!("file://{}", path.display())
}

/// The page's document as HTML, once its scripts have run.
pub fn dump_dom(url: &str) -> String {
    let home = home();
    String::from_utf8_lossy(&run(
        home.path(),
        View::DESKTOP,
        &["--dump-dom".to_owned(), url.to_owned()],
    ))
    .into_owned()
}

/// How wide a file's page is in a view, in pixels: more than the view if it has to be scrolled sideways. The browser does
/// not let a frame look into pages from a server: fetch such a page into a file.
pub fn page_width(url: &str, view: View) -> u32 {
    let home = home();
    let frame = frame(home.path(), url, view);
    let dom = run(home.path(), view, &["--dump-dom".to_owned(), frame]);
    let dom = String::from_utf8_lossy(&dom);
    let measured = dom
        .split_once("data-width=\"")
        .and_then(|(_, rest)| rest.split_once('"'));
    let (width, _) = measured.unwrap_or_else(|| panic!("{url} was not measured: {dom}"));
    width.parse().unwrap_or_else(|e| panic!("{url} is {width:?} wide: {e}"))
}

/// A picture of the page, as PNG.
pub fn screenshot(url: &str, view: View) -> Vec<u8> {
    let home = home();
    let picture = home.path().join("picture.png");
    let frame = frame(home.path(), url, view);
    run(
        home.path(),
        view,
        &[format!("--screenshot={}", picture.display()), frame],
    );
    fs::read(&picture).unwrap_or_else(|e| panic!("no picture of {url}: {e}"))
}

/// A page that shows another in a frame, and notes how wide that one is.
fn frame(home: &Path, url: &str, view: View) -> String {
    let View { width, height, .. } = view;
    let page = format!(
        r#"<!doctype html><meta name="color-scheme" content="light dark"><style>html, body {{ margin: 0 }} iframe {{ display: block; border: 0 }}</style>
<iframe src="{url}" width="{width}" height="{height}" onload="document.body.dataset.width = this.contentDocument.documentElement.scrollWidth"></iframe>"#
    );
    let file = home.join("frame.html");
    fs::write(&file, page).expect("write the frame");
    file_url(&file)
}

fn home() -> tempfile::TempDir {
    let directory = tempfile::Builder::new().prefix("browser-").tempdir();
    directory.expect("a temporary directory")
}

/// What it wrote to standard output.
fn run(home: &Path, view: View, args: &[String]) -> Vec<u8> {
    let output = home.join("output");
    let mut command = Command::new(program());
    command
        .args(FLAGS)
        .args(view.dark.then_some("--force-dark-mode"))
        .arg(format!("--user-data-dir={}", home.join("profile").display()))
        .arg(format!("--window-size={},{}", view.width.max(500), view.height))
        .args(args)
        .env("HOME", home)
        .stdin(Stdio::null())
        .stdout(fs::File::create(&output).expect("the browser's output"))
        .stderr(Stdio::null());
    let mut browser = Guarded::spawn(&mut command, None);
    let status = wait_for("the browser", LIMIT, || browser.exited());
    assert!(status.success(), "the browser ended with {status}: {args:?}");
    fs::read(&output).expect("the browser's output")
}

pub(super) fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path);
    let mut programs = places.flat_map(|place| PROGRAMS.map(|name| place.join(name)));
    programs.find(|program| program.is_file()).unwrap_or_else(|| {
        panic!(
            "no Chromium is there for the tests of pages; install it (apt-get install chromium), or run `make services`"
        )
    })
}
