//! Scans of a local directory, at times that the test says.

use std::{
    fs::{self, File},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use jiff::{Timestamp, tz::TimeZone};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use super::{Event, Events, Known, MonitorError, Schedule, Watch, events};
use crate::{
    domain::{EnvironmentId, Selectors},
    pipeline::{
        health::Health,
        metrics::{MonitorMetrics, registry},
    },
    storage::{Container, Location, RetryPolicy},
};

const TIMEOUT_MINUTES: u32 = 5;

/// A watch over a directory, and the hands of its clock.
struct Scene {
    directory: TempDir,
    now: Arc<Mutex<Timestamp>>,
    watch: Watch,
}

impl Scene {
    /// With no day back; the overlap is an hour.
    fn new(zone: &str, selectors: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("kubernetes")).unwrap();
        let location = Location::Directory {
            path: directory.path().to_owned(),
        };
        let now = Arc::new(Mutex::new(Timestamp::UNIX_EPOCH));
        let hands = Arc::clone(&now);
        let range = serde_yaml::from_str("{days_back: 0}").unwrap();
        let environment = EnvironmentId::new("cp2", "P1");
        let watch = Watch {
            polling_interval: Duration::from_secs(60),
            container: Container::open(&location, RetryPolicy::default()).unwrap(),
            selectors: selectors
                .iter()
                .map(|name| Selectors::default().resolve(name))
                .collect(),
            schedule: Schedule::new(range, 60, TimeZone::get(zone).unwrap()),
            close_after_minutes: Some(TIMEOUT_MINUTES),
            clock: Arc::new(move || *hands.lock().unwrap()),
            known: Known::default(),
            figures: MonitorMetrics::register(&mut registry()).environment(&environment),
            pulse: Health::default().part("the scan", Duration::MAX),
            environment,
        };
        Self { directory, now, watch }
    }

    fn path(&self, date: &str, pod: &str) -> PathBuf {
        let id = "0a".repeat(32);
        self.directory
            .path()
            .join(format!("kubernetes/{date}.{pod}_default_platform-{id}.gz"))
    }

    /// Writes a blob of so many bytes at `time`.
    fn write(&self, date: &str, pod: &str, bytes: usize, time: &str) {
        let path = self.path(date, pod);
        fs::write(&path, vec![0; bytes]).unwrap();
        let time: Timestamp = time.parse().unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::try_from(time).unwrap()).unwrap();
    }

    /// Scans at `time`; each event about a blob as `observed DATE.POD SIZE SELECTOR`.
    async fn scan(&mut self, time: &str) -> Vec<String> {
        *self.now.lock().unwrap() = time.parse().unwrap();
        let (events, mut batches) = events();
        let scanning = async {
            let scan = scan(&mut self.watch, &events).await;
            drop(events);
            scan
        };
        let taking = async {
            let mut told = Vec::new();
            while let Some(batch) = batches.recv().await {
                told.extend(batch.events.iter().filter_map(text));
                batch.arrived.send(()).unwrap();
            }
            told
        };
        let (scanned, told) = tokio::join!(scanning, taking);
        scanned.unwrap();
        told
    }
}

async fn scan(watch: &mut Watch, events: &Events) -> Result<(), MonitorError> {
    watch.scan(events, &Semaphore::new(1)).await.map(drop)
}

fn text(event: &Event) -> Option<String> {
    let (kind, name, size, selector) = match event {
        Event::BlobObserved(event) => (
            "observed",
            &event.blob_name,
            event.size_in_bytes,
            &event.service_selector,
        ),
        Event::BlobClosed(event) => ("closed", &event.blob_name, event.size_in_bytes, &event.service_selector),
        Event::BlobsListed(_) => return None,
    };
    let (stem, _) = name.trim_start_matches("kubernetes/").split_once('_').unwrap();
    Some(format!("{kind} {stem} {size} {selector}"))
}

#[tokio::test]
async fn a_day_in_berlin() {
    let mut scene = Scene::new("Europe/Berlin", &["api"]);
    scene.write("20250606", "api-0", 10, "2025-06-06T21:50:00Z");
    scene.write("20250606", "api-1", 10, "2025-06-06T21:57:00Z");
    // It is 23:58 there.
    assert_eq!(
        scene.scan("2025-06-06T21:58:00Z").await,
        [
            "observed 20250606.api-0 10 api",
            "closed 20250606.api-0 10 api",
            "observed 20250606.api-1 10 api"
        ]
    );
    assert!(scene.scan("2025-06-06T21:59:00Z").await.is_empty());
    // The new day has begun; the old one's last lines come late, and a new pod's blob of the old day even later.
    scene.write("20250606", "api-1", 20, "2025-06-06T22:00:30Z");
    scene.write("20250607", "api-1", 1, "2025-06-06T22:00:30Z");
    assert_eq!(
        scene.scan("2025-06-06T22:01:00Z").await,
        ["observed 20250607.api-1 1 api", "observed 20250606.api-1 20 api"]
    );
    scene.write("20250606", "api-2", 5, "2025-06-06T22:58:00Z");
    assert_eq!(
        scene.scan("2025-06-06T22:59:00Z").await,
        [
            "closed 20250607.api-1 1 api",
            "closed 20250606.api-1 20 api",
            "observed 20250606.api-2 5 api"
        ]
    );
    // The overlap is over, but the day holds a blob that is open.
    assert!(scene.scan("2025-06-06T23:01:00Z").await.is_empty());
    assert_eq!(
        scene.scan("2025-06-06T23:03:00Z").await,
        ["closed 20250606.api-2 5 api"]
    );
    assert!(scene.scan("2025-06-06T23:04:00Z").await.is_empty());
    // All of it was told; the old day is not looked at any more, and nothing is kept of it.
    assert_eq!(scene.watch.known.count(), 1);
}

#[tokio::test]
async fn a_closed_blob_that_grows_opens_and_closes_again() {
    let mut scene = Scene::new("UTC", &["api"]);
    scene.write("20250606", "api-0", 10, "2025-06-06T12:00:00Z");
    let mut told = Vec::new();
    for (time, bytes) in [
        ("12:00", 10),
        ("12:05", 10),
        ("12:06", 20),
        ("12:07", 20),
        ("12:30", 20),
    ] {
        if bytes == 20 {
            scene.write("20250606", "api-0", 20, "2025-06-06T12:06:00Z");
        }
        told.extend(scene.scan(&format!("2025-06-06T{time}:00Z")).await);
    }
    assert_eq!(
        told,
        [
            "observed 20250606.api-0 10 api",
            "closed 20250606.api-0 10 api",
            "observed 20250606.api-0 20 api",
            "closed 20250606.api-0 20 api"
        ]
    );
}

#[tokio::test]
async fn a_blob_is_told_for_every_selector_that_it_matches() {
    let mut scene = Scene::new("UTC", &["api", "api-0", "zookeeper"]);
    scene.write("20250606", "api-0", 10, "2025-06-06T12:00:00Z");
    scene.write("20250606", "api-1", 10, "2025-06-06T12:00:00Z");
    assert_eq!(
        scene.scan("2025-06-06T12:01:00Z").await,
        [
            "observed 20250606.api-0 10 api",
            "observed 20250606.api-1 10 api",
            "observed 20250606.api-0 10 api-0"
        ]
    );
}

#[tokio::test]
async fn what_did_not_arrive_is_told_again() {
    let mut scene = Scene::new("UTC", &["api"]);
    scene.write("20250606", "api-0", 10, "2025-06-06T12:00:00Z");
    *scene.now.lock().unwrap() = "2025-06-06T12:00:00Z".parse().unwrap();
    let (events, mut batches) = events();
    let losing = async {
        let batch = batches.recv().await.unwrap();
        assert_eq!(batch.events.len(), 1);
        drop(batch);
    };
    let (scanned, ()) = tokio::join!(scan(&mut scene.watch, &events), losing);
    assert!(matches!(scanned, Err(MonitorError::Gone(_))));
    let again = scene.scan("2025-06-06T12:01:00Z").await;
    assert_eq!(again, ["observed 20250606.api-0 10 api"]);
}
