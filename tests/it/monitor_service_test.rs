//! `clp monitor` as a service: blobs that grow meanwhile, crashes, failing environments, brokers that are away.

use std::time::{Duration, Instant};

use crate::support::azurite;
use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::faults::Faults;
use crate::support::gz;
use crate::support::kafka::Kafka;
use crate::support::process::wait_for;
use crate::support::running::Running;
use crate::support::services::{self, kafka};
use crate::support::topics::Topics;
use crate::support::watched::{Directory, api, monitored, story, text, told};

const LIMIT: Duration = Duration::from_secs(60);

/// A container, topics, and a `clp` that watches the one and tells the others.
fn scene() -> (Blobs, Topics, Clp) {
    let (blobs, topics) = (Blobs::new(), Topics::create(kafka()));
    let clp = monitored(Clp::new(kafka(), &blobs, &topics));
    (blobs, topics, clp)
}

fn wait_for_story(kafka: &Kafka, topics: &Topics, blob: &str, wanted: &str) {
    wait_for(&format!("`{wanted}` of {blob}"), LIMIT, || {
        story(kafka, topics, blob).ends_with(wanted).then_some(())
    });
}

/// Ends a service, which must be quick and without an error.
#[track_caller]
fn stop(running: Running) {
    let begun = Instant::now();
    running.signal("TERM");
    running.wait().success();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_blob_that_another_writes_to_is_told_each_time_it_has_grown() {
    let (blobs, topics, clp) = scene();
    let running = clp.spawn(["monitor"]);
    running.wait_for_stderr("scanned", LIMIT);
    let blob = api("0");
    // The writer would panic at an answer that is not a yes.
    let (mut size, begun) = (0, Instant::now());
    let mut appended = 0;
    while begun.elapsed() < Duration::from_secs(4) {
        let member = gz::blob(appended..appended + 3, 3);
        blobs.append(&blob, &member);
        (size, appended) = (size + member.len() as u64, appended + 1);
    }
    wait_for_story(kafka(), &topics, &blob, &format!("observed {size}"));
    let scans = running.stderr().matches("scanned").count();
    stop(running);
    let sizes: Vec<u64> = told(kafka(), &topics)[&blob].iter().map(|told| told.size).collect();
    assert!(
        sizes.windows(2).all(|pair| pair[0] < pair[1]),
        "only news is told: {sizes:?}"
    );
    assert!(
        sizes.len() > 1 && sizes.len() <= scans + 1,
        "{} of {scans} scans, {appended} appends",
        sizes.len()
    );
}

#[test]
fn a_monitor_that_was_killed_goes_on_where_it_was() {
    let (blobs, topics, clp) = scene();
    let many: Vec<String> = (0..1200).map(|pod| api(&format!("{pod:04}"))).collect();
    blobs.fill(&many, b"12345");
    let running = clp.spawn(["monitor"]);
    wait_for("some events", LIMIT, || {
        (!told(kafka(), &topics).is_empty()).then_some(())
    });
    running.kill_9();
    let after_crash = told(kafka(), &topics).len();
    let running = clp.spawn(["monitor"]);
    running.wait_for_stderr("scanned", LIMIT);
    let (grown, new) = (&many[7], api("new"));
    blobs.append(grown, b"678");
    blobs.append(&new, b"1");
    wait_for_story(kafka(), &topics, grown, "observed 8");
    wait_for_story(kafka(), &topics, &new, "observed 1");
    stop(running);
    let told = told(kafka(), &topics);
    assert_eq!(told.len(), many.len() + 1);
    for (blob, events) in &told {
        let wanted = match blob {
            blob if blob == grown => "observed 5, observed 8",
            blob if *blob == new => "observed 1",
            _ => "observed 5",
        };
        assert_eq!(
            text(events),
            wanted,
            "{blob}; {after_crash} blobs were told before the crash"
        );
    }
}

#[test]
fn an_environment_that_fails_does_not_stop_the_others() {
    let (blobs, topics, clp) = scene();
    let dead = Faults::to(services::azurite().address());
    dead.refuse();
    let clp = clp
        .environment("cp2", "D1", blobs.container(), &azurite::endpoint(dead.address()))
        .environment("cp2", "X1", "no-such-container", &services::azurite().endpoint())
        .set("error_handling.max_azure_retries", 0);
    let running = clp.spawn(["monitor"]);
    running.wait_for_stderr("WARN scan failed, next try in 1 s environment=cp2/D1", LIMIT);
    running.wait_for_stderr(
        "ERROR scan failed, next try in 1 s environment=cp2/X1.*container_name",
        LIMIT,
    );
    let blob = api("0");
    blobs.append(&blob, b"12345");
    wait_for_story(kafka(), &topics, &blob, "observed 5");
    assert!(!running.stderr().contains("scanned environment=cp2/D1"));
    // It comes back by itself.
    dead.accept();
    running.wait_for_stderr("scanned environment=cp2/D1", LIMIT);
    stop(running);
    dead.refuse();
    let strict = clp.set("error_handling.continue_on_environment_error", false);
    let stderr = strict.run(["monitor", "-e", "P1", "-e", "D1"]).expect_code(5).stderr;
    assert!(stderr.contains("error: environment cp2/D1"), "{stderr}");
}

#[test]
fn a_blob_closes_once_and_opens_again() {
    let topics = Topics::create(kafka());
    let directory = Directory::new(kafka(), &topics);
    let blob = api("0");
    directory.write(&blob, 10, 0);
    let running = directory.clp.spawn(["monitor"]);
    wait_for_story(kafka(), &topics, &blob, "observed 10");
    directory.write(&blob, 20, 2);
    wait_for_story(kafka(), &topics, &blob, "observed 20, closed 20");
    directory.write(&blob, 30, 0);
    wait_for_story(kafka(), &topics, &blob, "closed 20, observed 30");
    directory.write(&blob, 30, 1);
    wait_for_story(kafka(), &topics, &blob, "observed 30, closed 30");
    stop(running);
    let whole = story(kafka(), &topics, &blob);
    assert_eq!(whole.matches("closed").count(), 2, "{whole}");
}

#[test]
fn no_event_is_lost_while_the_brokers_are_away() {
    let mut kafka = Kafka::private();
    let topics = Topics::create(&kafka);
    let directory = Directory::new(&kafka, &topics);
    let clp = directory.clp.args(["monitor", "-X", "delivery.timeout.ms=2000"]);
    let (before, meanwhile) = (api("before"), api("meanwhile"));
    directory.write(&before, 10, 0);
    let running = clp.spawn();
    wait_for_story(&kafka, &topics, &before, "observed 10");
    kafka.stop();
    directory.write(&meanwhile, 10, 0);
    running.wait_for_stderr("the events have not arrived, they are sent again", LIMIT);
    kafka.start();
    wait_for_story(&kafka, &topics, &meanwhile, "observed 10");
    kafka.kill_9();
    directory.write(&meanwhile, 20, 2);
    kafka.start();
    wait_for_story(&kafka, &topics, &meanwhile, "closed 20");
    assert_eq!(story(&kafka, &topics, &before), "observed 10");
    stop(running);
    // Nor does it wait long for brokers that stay away when it is told to end.
    let running = directory.clp.spawn(["monitor"]);
    running.wait_for_stderr("scanned", LIMIT);
    kafka.stop();
    directory.write(&before, 20, 0);
    running.signal("TERM");
    running.wait().success();
}

#[test]
fn two_monitors_at_once_do_no_harm() {
    let (blobs, topics, clp) = scene();
    let many: Vec<String> = (0..50).map(|pod| api(&pod.to_string())).collect();
    let both = [(); 2].map(|()| clp.spawn(["monitor"]));
    for running in &both {
        running.wait_for_stderr("scanned", LIMIT);
    }
    blobs.fill(&many, b"12345");
    wait_for("all blobs to be told", LIMIT, || {
        let told = told(kafka(), &topics);
        let all = many
            .iter()
            .all(|blob| told.get(blob).is_some_and(|events| text(events).ends_with('5')));
        all.then_some(())
    });
    both.into_iter().for_each(stop);
    for (blob, mut events) in told(kafka(), &topics) {
        // Made empty, then written to: at worst each monitor has told of both.
        assert!(events.len() <= 4, "{blob}: {events:?}");
        events.sort_by_key(|told| told.size);
        assert!(
            events.chunk_by(|a, b| a == b).all(|same| same.len() <= 2),
            "{blob}: {events:?}"
        );
    }
}
