//! A page in a real browser that is talked to: what is on it, what a click does, how it looks on a phone.
//!
//! Chromium takes the commands of its DevTools protocol from one pipe and answers on another, each message ended by a zero byte.
//! So the tests need no driver and no port.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::browser::{FLAGS, View, program};
use super::process::{Guarded, wait_for};

/// A start on a busy machine, or an answer.
const LIMIT: Duration = Duration::from_secs(120);

/// A page that is open. It and its browser are gone once it is dropped.
pub struct Page {
    commands: File,
    answers: Receiver<Value>,
    session: Option<String>,
    asked: u64,
    /// What the page's scripts, and the browser about them, said on the console.
    pub console: Vec<String>,
    _browser: Guarded,
    _home: TempDir,
}

impl Page {
    /// Opens the page; its scripts may still be at work.
    pub fn open(url: &str, view: View) -> Page {
        let home = tempfile::Builder::new().prefix("browser-").tempdir();
        let home = home.expect("a temporary directory");
        let [from, to] = ["commands", "answers"].map(|name| home.path().join(name));
        let made = Command::new("mkfifo").args([&from, &to]).status();
        assert!(made.expect("run mkfifo").success());
        let mut command = Command::new("/bin/sh");
        command
            .args([
                "-c",
                r#"commands=$1 answers=$2; shift 2; exec "$@" 3<"$commands" 4>"$answers""#,
                "sh",
            ])
            .args([&from, &to])
            .arg(program())
            .args(FLAGS)
            .args(["--remote-debugging-pipe", "about:blank"])
            .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let browser = Guarded::spawn(&mut command, None);
        // Each waits for the browser's side.
        let commands = File::options().write(true).open(&from).expect("the way to the browser");
        let answers = read(&to);
        let mut page = Page {
            commands,
            answers,
            session: None,
            asked: 0,
            console: Vec::new(),
            _browser: browser,
            _home: home,
        };
        page.attach();
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            page.ask(domain, json!({}));
        }
        page.set_view(view);
        page.ask("Page.navigate", json!({ "url": url }));
        page
    }

    fn attach(&mut self) {
        let target = self.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = self.ask(
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        );
        self.session = attached["sessionId"].as_str().map(str::to_owned);
    }

    /// Shows it so large, and in such colours.
    pub fn set_view(&mut self, view: View) {
        let size =
            json!({ "width": view.width, "height": view.height, "deviceScaleFactor": 1, "mobile": view.width < 500 });
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = if view.dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.ask("Emulation.setEmulatedMedia", media);
    }

    /// What a script's expression is on the page; promises are waited for.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let answer = self.evaluate(expression);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    #[track_caller]
    fn evaluate(&mut self, expression: &str) -> Value {
        let how = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        self.ask("Runtime.evaluate", how)
    }

    /// What is to be read on the page, as somebody reads it.
    #[track_caller]
    pub fn text(&mut self) -> String {
        let text = self.value("document.body ? document.body.innerText : ''");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression is true; it may fail before that, as on a page that is not whole yet.
    #[track_caller]
    pub fn wait_until(&mut self, expression: &str, within: Duration) {
        let mut last = String::new();
        let deadline = std::time::Instant::now() + within;
        while std::time::Instant::now() < deadline {
            if self.evaluate(expression)["result"]["value"] == true {
                return;
            }
            last = self.text();
            super::process::let_pass(Duration::from_millis(100));
        }
        panic!(
            "waited {within:?} in vain for {expression}; the page says:\n{last}\nand its console: {:?}",
            self.console
        );
    }

    /// Types into the field that a selector names.
    #[track_caller]
    pub fn type_into(&mut self, selector: &str, text: &str) {
        self.value(&format!("document.querySelector({selector:?}).focus()"));
        self.ask("Input.insertText", json!({ "text": text }));
    }

    /// Clicks where the first element of a selector is.
    #[track_caller]
    pub fn click(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{ block: 'center' }}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", event);
        }
    }

    /// A picture of the whole page, as PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let answer = self.ask("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        let picture = answer["data"].as_str().expect("a picture");
        base64::engine::general_purpose::STANDARD
            .decode(picture)
            .expect("a picture")
    }

    #[track_caller]
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let mut command = json!({ "id": self.asked, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let mut message = command.to_string().into_bytes();
        message.push(0);
        self.commands.write_all(&message).expect("tell the browser");
        loop {
            let answer = self.answers.recv_timeout(LIMIT);
            let mut answer = answer.unwrap_or_else(|e| panic!("the browser did not answer {method}: {e}"));
            if answer["id"] == self.asked {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            if ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"]
                .map(Value::from)
                .contains(&answer["method"])
            {
                self.console.push(answer["params"].to_string());
            }
        }
    }
}

/// Its messages as they come, each ended by a zero byte.
fn read(from: &Path) -> Receiver<Value> {
    let (tx, rx) = mpsc::channel();
    let file = wait_for("the browser's pipe", LIMIT, || File::open(from).ok());
    thread::spawn(move || {
        for message in BufReader::new(file).split(0) {
            let Ok(message) = message else { return };
            let message = serde_json::from_slice(&message).expect("a message of the browser");
            if tx.send(message).is_err() {
                return;
            }
        }
    });
    rx
}
