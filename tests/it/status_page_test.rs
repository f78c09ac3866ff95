//! The page of `--metrics-addr`, in a real browser.

use serde_json::Value;

use crate::metrics_test::{address_of, get};
use crate::support::browser::View;
use crate::support::devtools::Page;
use crate::support::extraction::{Extraction, raw};
use crate::support::gz;
use crate::support::mixed::Mixed;
use crate::support::pipeline::{LIMIT, Pipeline, observed};
use crate::support::running::Running;
use crate::support::scene::{Scene, api_blob};

fn open(service: &Running) -> (String, Page) {
    let address = address_of(service);
    let page = Page::open(&format!("http://{address}/"), View::DESKTOP);
    (address, page)
}

/// Waits until this is to be read on the page.
#[track_caller]
fn wait_for_text(page: &mut Page, text: &str) {
    page.wait_until(&format!("document.body.innerText.includes({text:?})"), LIMIT);
}

/// Keeps a picture where somebody who looks after the page wants it.
fn keep_picture(page: &mut Page, name: &str) {
    let picture = page.picture();
    assert_eq!(&picture[1..4], b"PNG");
    if let Some(directory) = std::env::var_os("CLP_PICTURES") {
        std::fs::write(std::path::Path::new(&directory).join(name), picture).unwrap();
    }
}

/// Panics if the page is wider than its window, which would have to be scrolled sideways.
#[track_caller]
fn assert_fits(page: &mut Page, view: View) {
    page.set_view(view);
    let width = page.value("document.documentElement.scrollWidth");
    assert!(width.as_u64().unwrap() <= view.width.into(), "{width} in {view:?}");
}

#[track_caller]
fn assert_quiet(page: &Page) {
    assert!(page.console.is_empty(), "{:?}", page.console);
}

#[test]
fn a_worker_shows_its_lag_its_blobs_and_its_errors() {
    let run = Pipeline::new().configured("kafka.transaction_seconds", 1);
    let worker = run.worker(&["--lanes", "2", "--metrics-addr", "127.0.0.1:0"]);
    let (address, mut page) = open(&worker);
    wait_for_text(&mut page, "ready");
    let blob = Mixed::new(3000, 0xb1);
    run.put(&blob);
    // Its name is markup to whoever takes it for such.
    let vanished = api_blob("<b>bold<script>alert(1)</script>");
    run.blobs.append(&vanished, &gz::blob(0..10, 5));
    let listed = run.listed(&vanished);
    run.blobs.delete(&vanished);
    run.tell(&[observed(&listed)]);
    run.wait_until_ingested(&blob);

    wait_for_text(&mut page, "api-000000b1-3000");
    wait_for_text(&mut page, "api-<b>bold<script>alert(1)</script>");
    wait_for_text(&mut page, "BlobNotFound");
    assert_eq!(
        page.value("document.querySelectorAll('#blobs b, #blobs script, #log script').length"),
        0
    );
    page.wait_until("document.querySelector('#tiles').innerText.includes('Lag\\n')", LIMIT);
    wait_for_text(&mut page, "cp2/P1");
    wait_for_text(&mut page, "2 lanes, 4 partitions");
    // Two lanes, each ready.
    wait_for_text(&mut page, "lane 1");
    page.wait_until("document.querySelector('#first-chart polyline') !== null", LIMIT);
    keep_picture(&mut page, "worker-light.png");
    page.set_view(View::DESKTOP.dark());
    keep_picture(&mut page, "worker-dark.png");
    assert_fits(&mut page, View::PHONE);
    keep_picture(&mut page, "worker-phone.png");
    assert_fits(&mut page, View::DESKTOP);

    let rows = "document.querySelectorAll('#blobs tbody tr').length";
    assert_eq!(page.value(rows), 2);
    page.type_into("#filter", "BOLD p1");
    assert_eq!(page.value(rows), 1);
    page.value("document.querySelector('#filter').value = ''; document.querySelector('#filter').dispatchEvent(new Event('input'))");
    assert_eq!(page.value(rows), 2);
    page.click("#failed");
    assert_eq!(page.value(rows), 1);
    page.click("#failed");
    let first = "document.querySelector('#blobs tbody tr').innerText.includes('api-000000b1')";
    page.click("#blobs th:nth-child(1) button");
    // Punctuation comes before digits.
    assert_eq!(page.value(first), false);
    page.click("#blobs th:nth-child(1) button");
    assert_eq!(page.value(first), true);
    let sorted = "document.querySelector('#blobs th:nth-child(1)').getAttribute('aria-sort')";
    assert_eq!(page.value(sorted), "descending");

    let (status, body) = get(&address, "/status.json");
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &told["service"]), (200, &Value::from("worker")));
    let of = &told["environments"][0];
    assert_eq!(
        (&of["environment"], &of["lines"]),
        (&Value::from("P1"), &Value::from(3000))
    );
    let of_blob = told["blobs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|told| told["blob"] == blob.name);
    assert_eq!(of_blob.unwrap()["status"], "closed");
    assert!(!body.contains("AccountKey") && !body.contains(crate::support::azurite::ACCESS_KEY));
    assert_quiet(&page);

    worker.signal("TERM");
    worker.wait().success();
    wait_for_text(&mut page, "The service does not answer for");
    page.wait_until("document.querySelector('#health').innerText === 'no answer'", LIMIT);
    assert!(page.text().contains("api-000000b1"), "what was known is still there");
    keep_picture(&mut page, "worker-stale.png");
}

#[test]
fn a_monitor_shows_its_scans() {
    let scene = Scene::new();
    scene.blobs.append(&api_blob("seen"), &gz::member(b"one\ntwo\n"));
    let clp = scene.clp.set("global.polling_interval", 1);
    let monitor = clp.spawn(["monitor", "--date", "20250606", "--metrics-addr", "127.0.0.1:0"]);
    let (_, mut page) = open(&monitor);
    wait_for_text(&mut page, "the scan of cp2/P1");
    page.wait_until(
        "document.querySelector('#tiles').innerText.includes('Blobs\\n1')",
        LIMIT,
    );
    page.wait_until(
        "document.querySelector('#environments').innerText.includes(' s ago')",
        LIMIT,
    );
    assert_eq!(page.value("document.querySelector('#blobs-part').hidden"), true);
    assert_fits(&mut page, View::PHONE);
    keep_picture(&mut page, "monitor-phone.png");
    assert_quiet(&page);
    monitor.signal("TERM");
    monitor.wait().success();
}

#[test]
fn an_extractor_shows_what_becomes_of_lines() {
    let run = Extraction::new();
    let extractor = run.clp.spawn(["extract", "--metrics-addr", "127.0.0.1:0"]);
    let (_, mut page) = open(&extractor);
    run.append(&run.topics.raw_application, &raw(&api_blob("shown"), 0..10));
    page.wait_until(
        "document.querySelector('#tiles').innerText.includes('Records since start\\n10')",
        LIMIT,
    );
    page.wait_until("document.querySelector('#health').innerText === 'ready'", LIMIT);
    assert_fits(&mut page, View::PHONE);
    keep_picture(&mut page, "extract-phone.png");
    assert_quiet(&page);
    extractor.signal("TERM");
    extractor.wait().success();
}
