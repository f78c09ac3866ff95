//! `clp verify`: good data is found good, and each fault is found where it is.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::azurite;
use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::faults::{Direction, Faults};
use crate::support::gz;
use crate::support::pipeline::Pipeline;
use crate::support::process::wait_for;
use crate::support::records::Record;
use crate::support::running::Outcome;
use crate::support::scene::{Scene, api_blob};
use crate::support::services::{azurite, kafka};
use crate::support::topics::Topics;

const LIMIT: Duration = Duration::from_secs(30);

fn verify(clp: &Clp, more: &[&str]) -> Outcome {
    let args = ["verify", "--format", "json", "--date", "20250606"];
    clp.run(args.into_iter().chain(more.iter().copied()))
}

/// The verdict on the only blob, or on the first.
fn verdict(outcome: &Outcome) -> Value {
    outcome.json_lines().remove(0)
}

#[test]
fn blobs_of_all_shapes_are_found_whole() {
    let scene = Scene::new();
    let long = vec![b'x'; 2_500_000];
    let shapes: [(&str, Vec<u8>, u64); 6] = [
        ("logs", gz::blob(0..500, 40), 500),
        ("empty", Vec::new(), 0),
        ("parts", gz::member(&[b"short\n", &long[..], b"\nshort\n"].concat()), 3),
        (
            "over-members",
            [gz::member(b"a\nb, "), gz::member(b"b, "), gz::member(b"b\nc\n")].concat(),
            3,
        ),
        ("unterminated", gz::member(b"a\nb"), 2),
        ("bytes", gz::member(b"\xff\xfe\n\n\0\n"), 3),
    ];
    for (pod, bytes, _) in &shapes {
        scene.blobs.create(&api_blob(pod));
        if !bytes.is_empty() {
            scene.blobs.append(&api_blob(pod), bytes);
        }
    }
    scene.ingest("kubernetes/*", &[]).success();

    let deep = verify(&scene.clp, &["--deep"]).success();
    let verdicts = deep.json_lines();
    assert_eq!(verdicts.len(), shapes.len());
    for (pod, bytes, lines) in &shapes {
        let verdict = verdicts
            .iter()
            .find(|verdict| verdict["blob"] == api_blob(pod))
            .unwrap();
        assert_eq!(verdict["ok"], true, "{verdict}");
        assert_eq!(
            (&verdict["expected"], &verdict["found"]),
            (&json!(lines), &json!(lines)),
            "{verdict}"
        );
        assert_eq!(verdict["size"], bytes.len());
        assert_eq!(verdict["topic"], scene.topics.raw_application);
        for kind in [
            "missing",
            "duplicated",
            "different",
            "misnumbered",
            "foreign",
            "expired",
        ] {
            assert_eq!(verdict[kind], 0, "{verdict}");
        }
    }
    assert!(deep.stderr.contains("6 blobs, "), "{}", deep.stderr);
    assert!(deep.stderr.contains(", 511 lines compared, lag 0 B"), "{}", deep.stderr);

    let shallow = verify(&scene.clp, &["--service", "api"]).success().json_lines();
    assert_eq!(shallow.len(), shapes.len());
    let logs = shallow
        .iter()
        .find(|verdict| verdict["blob"] == api_blob("logs"))
        .unwrap();
    assert_eq!((&logs["expected"], &logs["found"]), (&Value::Null, &json!(500)));
    assert_eq!((&logs["missing"], &logs["ok"]), (&Value::Null, &json!(true)));
    assert!(verify(&scene.clp, &["--service", "jsapps"]).success().text().is_empty());
}

/// One blob that was ingested well, for copies of its topics with faults in them.
struct Good {
    scene: Scene,
    blob: String,
    raw: Vec<Record>,
    states: Vec<Record>,
    /// Of the second member.
    second: u64,
}

/// Lines of each of the two members; one more line in parts lies behind them.
const LINES: usize = 20;

impl Good {
    fn new() -> Good {
        let scene = Scene::new();
        let blob = api_blob("faults");
        let members = [gz::blob(0..LINES as u64, LINES as u64), gz::blob(20..40, 20)];
        let long = gz::member(&[&vec![b'y'; 2_000_000][..], b"\n"].concat());
        scene.blobs.append(&blob, &[&members.concat()[..], &long].concat());
        scene.summary(&blob, &[]);
        let raw: Vec<Record> = kafka().read_committed(&scene.topics.raw_application);
        assert_eq!(raw.len(), 2 * LINES + 2, "the last line comes in two parts");
        let states = kafka().read_committed(&scene.topics.blob_state);
        Good {
            second: members[0].len() as u64,
            scene,
            blob,
            raw,
            states,
        }
    }

    /// Verifies topics in which the edited records are.
    fn verify_edited(&self, edit: impl FnOnce(&mut Vec<Record>)) -> Outcome {
        let mut raw = self.raw.clone();
        edit(&mut raw);
        let topics = Topics::create(kafka());
        kafka().append(&topics.raw_application, &raw);
        kafka().append(&topics.blob_state, &self.states);
        let clp = Clp::new(kafka(), &self.scene.blobs, &topics);
        verify(&clp.set("worker.filters.min_date", "2025-06-01"), &["--deep"])
    }

    fn line(&self, kind: &str, member: u64, line: u64) -> Value {
        json!({"kind": kind, "member": member, "line": line})
    }
}

fn set_header(record: &mut Record, name: &str, value: &str) {
    let (_, bytes) = record.headers.iter_mut().find(|(key, _)| key == name).unwrap();
    *bytes = value.as_bytes().to_vec();
}

#[test]
fn each_fault_of_a_line_is_found_where_it_is() {
    let good = Good::new();
    type Edit = fn(&mut Vec<Record>);
    let second = good.second;
    let cases: [(&str, Edit, &str, Vec<Value>); 9] = [
        ("nothing", |_| {}, "", vec![]),
        ("another order", |raw| raw[..2 * LINES].reverse(), "", vec![]),
        (
            "missing",
            |raw| drop(raw.remove(LINES + 3)),
            "lines: 1 missing",
            vec![good.line("missing", second, 3)],
        ),
        (
            "doubled",
            |raw| {
                let again = raw[4].clone();
                raw.extend([again.clone(), again]);
            },
            "lines: 2 duplicated",
            vec![good.line("duplicated", 0, 4)],
        ),
        (
            "different",
            |raw| raw[5].value = Some(b"altered".to_vec()),
            "lines: 1 different",
            vec![good.line("different", 0, 5)],
        ),
        (
            "foreign",
            |raw| {
                let mut other = raw[6].clone();
                set_header(&mut other, "blob-line", "999");
                raw.push(other);
            },
            "lines: 1 foreign",
            vec![good.line("foreign", 0, 999)],
        ),
        (
            "misnumbered",
            |raw| {
                let key = raw[7].key_text().replace(":line-8:", ":line-80:");
                raw[7].key = Some(key.into_bytes());
            },
            "lines: 2 misnumbered",
            vec![good.line("misnumbered", 0, 7), good.line("misnumbered", 0, 8)],
        ),
        (
            "two faults",
            |raw| {
                raw[2].value = Some(Vec::new());
                raw.remove(0);
            },
            "lines: 1 missing, 1 different",
            vec![good.line("missing", 0, 0), good.line("different", 0, 2)],
        ),
        (
            "an altered part",
            |raw| {
                let last = raw.last_mut().unwrap();
                last.value.as_mut().unwrap()[17] = b'z';
            },
            "lines: 1 different",
            vec![],
        ),
    ];
    for (fault, edit, reason, differences) in cases {
        let outcome = good
            .verify_edited(edit)
            .expect_code(if reason.is_empty() { 0 } else { 6 });
        let verdict = verdict(&outcome);
        assert_eq!(verdict["blob"], good.blob.as_str());
        assert_eq!(verdict["expected"], 2 * LINES + 1, "{fault}: {verdict}");
        assert_eq!(verdict["ok"], reason.is_empty(), "{fault}: {verdict}");
        assert_eq!(verdict["reason"].as_str().unwrap_or_default(), reason, "{fault}");
        if !differences.is_empty() {
            assert_eq!(verdict["differences"], json!(differences), "{fault}");
        }
        assert_eq!(outcome.json_lines().len(), 1, "{fault}");
    }
}

#[test]
fn records_that_are_no_line_of_the_blob_are_told() {
    let good = Good::new();
    type Edit = fn(&mut Vec<Record>);
    let cases: [(Edit, &[&str]); 5] = [
        (
            |raw| raw.last_mut().unwrap().partition = (raw[0].partition + 1) % 4,
            // The part that is left makes no line.
            &[
                "it is not in the blob's partition",
                "the parts of its line are not whole",
            ],
        ),
        (
            |raw| {
                raw.pop();
            },
            &["the parts of its line are not whole"],
        ),
        (
            |raw| raw[3].headers.clear(),
            &["its headers name another environment than its key"],
        ),
        (
            |raw| raw[3].headers.retain(|(key, _)| key != "blob-offset"),
            &["it has no position"],
        ),
        (|raw| raw[3].value = None, &["it is a tombstone"]),
    ];
    for (edit, reasons) in cases {
        let outcome = good.verify_edited(edit).expect_code(6);
        let verdict = verdict(&outcome);
        assert_eq!(
            (&verdict["foreign"], &verdict["missing"]),
            (&json!(reasons.len()), &json!(1)),
            "{reasons:?}: {verdict}"
        );
        let told = verdict["differences"].as_array().unwrap().iter();
        let mut told: Vec<&Value> = told.filter(|told| told["kind"] == "foreign").collect();
        told.sort_by_key(|told| told["reason"].to_string());
        assert_eq!(told.len(), reasons.len());
        for (told, reason) in told.into_iter().zip(reasons) {
            assert_eq!(told["reason"], *reason);
            let said = format!(
                "  foreign: record {} of partition {}: {reason}\n",
                told["offset"], told["partition"]
            );
            assert!(outcome.stderr.contains(&said), "{said}\n{}", outcome.stderr);
        }
    }
}

#[test]
fn lines_of_unknown_blobs_and_keys_are_told() {
    let good = Good::new();
    let stranger = api_blob("stranger");
    let short = |name: &str| name.strip_prefix("kubernetes/").unwrap().to_owned();
    let outcome = good
        .verify_edited(|raw| {
            let mut unknown = raw[0].clone();
            let key = unknown.key_text().replace(&short(&good.blob), &short(&stranger));
            unknown.key = Some(key.into_bytes());
            // Another day's blob is not what is asked for.
            let mut unasked = raw[0].clone();
            unasked.key = Some(unasked.key_text().replace(":20250606.", ":20250607.").into_bytes());
            let mut keyless = raw[0].clone();
            keyless.key = None;
            raw.extend([unknown, unasked, keyless]);
        })
        .expect_code(6);
    let verdicts = outcome.json_lines();
    assert_eq!(verdicts.len(), 3, "{verdicts:?}");
    assert_eq!(verdicts[0]["ok"], true);
    assert_eq!(
        (&verdicts[1]["blob"], &verdicts[1]["foreign"]),
        (&json!(stranger), &json!(1))
    );
    assert_eq!(
        (&verdicts[2]["blob"], &verdicts[2]["foreign"]),
        (&Value::Null, &json!(1))
    );
    assert!(
        outcome
            .stderr
            .contains("error: 2 of 3 are not as they should be in Kafka\n"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn lines_are_foreign_also_where_no_blob_belongs() {
    let good = Good::new();
    let stray = Record {
        partition: 0,
        offset: 0,
        key: None,
        value: Some(b"stray".to_vec()),
        headers: Vec::new(),
        timestamp: 0,
    };
    kafka().append(&good.scene.topics.raw_proxy, &[stray]);
    let found = verify(&good.scene.clp, &["--deep"]).expect_code(6);
    let of_topic = found.json_lines().pop().unwrap();
    assert_eq!((&of_topic["blob"], &of_topic["foreign"]), (&Value::Null, &json!(1)));
    assert_eq!(of_topic["topic"], good.scene.topics.raw_proxy.as_str());
    // Unless only the partitions of some blobs are asked for.
    verify(&good.scene.clp, &["--deep", "--service", "api"]).success();
}

#[test]
fn of_days_for_which_no_states_are_kept_only_blobs_with_one_are_judged() {
    let scene = Scene::new();
    let old = |pod: &str| gz::blob_name("20250506", &format!("api-{pod}"), "platform");
    for pod in ["ingested", "unknown"] {
        scene.blobs.append(&old(pod), &gz::blob(0..5, 5));
    }
    scene.summary(&old("ingested"), &[]);
    // Its state has expired, but not the lines.
    scene.blobs.append(&old("forgotten"), &gz::blob(0..5, 5));
    scene.summary(&old("forgotten"), &[]);
    let states = kafka().read_committed(&scene.topics.blob_state).into_iter();
    let forgotten: Vec<Record> = states
        .filter(|record| record.key_text().ends_with(&old("forgotten")))
        .map(|record| Record { value: None, ..record })
        .collect();
    kafka().append(&scene.topics.blob_state, &forgotten);
    let outcome = scene.clp.run(["verify", "--deep", "--format", "json"]).success();
    let verdicts = outcome.json_lines();
    assert_eq!(verdicts.len(), 1, "{verdicts:?}");
    assert_eq!(verdicts[0]["blob"], old("ingested"));
    let told = "not looked at: 2 blobs of days before 20250601";
    assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
}

#[test]
fn a_run_from_an_offset_leaves_the_lines_before_it_out() {
    let scene = Scene::new();
    let blob = api_blob("late");
    let first = gz::blob(0..30, 30);
    scene.blobs.append(&blob, &[&first[..], &gz::blob(30..50, 10)].concat());
    scene.summary(&blob, &["--start-offset", &first.len().to_string()]);

    // The state says that it is at the end.
    verify(&scene.clp, &[]).success();
    let outcome = verify(&scene.clp, &["--deep"]).expect_code(6);
    let found = verdict(&outcome);
    assert_eq!((&found["expected"], &found["found"]), (&json!(50), &json!(20)));
    assert_eq!(found["missing"], 30);
    let told = found["differences"].as_array().unwrap();
    assert_eq!(told.len(), 10, "the first ones");
    assert_eq!(told[9], json!({"kind": "missing", "member": 0, "line": 9}));

    // From the start on it is whole, and the lines that came twice are told.
    scene.summary(&blob, &[]);
    let found = verdict(&verify(&scene.clp, &["--deep"]).expect_code(6));
    assert_eq!((&found["missing"], &found["duplicated"]), (&json!(0), &json!(20)));
}

#[test]
fn lines_that_retention_took_are_not_proved() {
    let scene = Scene::new();
    let blob = api_blob("expired");
    scene.blobs.append(&blob, &gz::blob(0..30, 10));
    scene.summary(&blob, &[]);
    let records = kafka().read_committed(&scene.topics.raw_application);
    let eighth = &records[8];
    kafka().delete_before(&scene.topics.raw_application, eighth.partition, eighth.offset);
    let found = verdict(&verify(&scene.clp, &["--deep"]).expect_code(6));
    assert_eq!(
        (&found["expired"], &found["missing"]),
        (&json!(8), &json!(0)),
        "{found}"
    );
    assert_eq!(found["reason"], "lines: 8 expired");
}

#[test]
fn states_that_can_not_be_right_are_found_without_a_look_at_lines() {
    let good = Good::new();
    let size = good.scene.blobs.properties(&good.blob).unwrap().size;
    let end = size.to_string();
    for (field, value, reason) in [
        ("status", json!("closed"), None),
        ("lastError", json!("broken"), Some("its last error: broken".to_owned())),
        (
            "skippedBytes",
            json!(77),
            Some("77 corrupt bytes were passed over".to_owned()),
        ),
        (
            "lastIngestedOffset",
            json!(size + 1),
            Some(format!(
                "it has {end} bytes, but was ingested up to {}: it is not the same blob",
                size + 1
            )),
        ),
        // Open, and written to a moment ago.
        ("lastIngestedOffset", json!(good.second), None),
    ] {
        let topics = Topics::create(kafka());
        let mut state = good.states.last().unwrap().clone();
        let mut json = state.json();
        json[field] = value;
        state.value = Some(json.to_string().into_bytes());
        kafka().append(&topics.blob_state, &[state]);
        let clp = Clp::new(kafka(), &good.scene.blobs, &topics);
        let outcome = verify(&clp, &[]).expect_code(if reason.is_some() { 6 } else { 0 });
        assert_eq!(verdict(&outcome)["reason"], json!(reason), "{field}");
    }

    let topics = Topics::create(kafka());
    let mut state = good.states.last().unwrap().clone();
    let mut json = state.json();
    json["status"] = json!("closed");
    json["lastIngestedOffset"] = json!(good.second);
    state.value = Some(json.to_string().into_bytes());
    kafka().append(&topics.blob_state, &[state]);
    let clp = Clp::new(kafka(), &good.scene.blobs, &topics);
    let outcome = verify(&clp, &[]).expect_code(6);
    let lag = size - good.second;
    assert_eq!(verdict(&outcome)["lag_bytes"], lag);
    let said = format!(
        "not ok: cp2/P1 {}: it is closed, and {lag} bytes of it are not ingested\n",
        good.blob
    );
    assert!(outcome.stderr.contains(&said), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("hint: --deep compares every line"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn what_a_growing_blob_lacks_is_a_lag() {
    let scene = Scene::new();
    let (blob, new) = (api_blob("grows"), api_blob("new"));
    scene.blobs.append(&blob, &gz::blob(0..30, 10));
    scene.summary(&blob, &[]);
    let more = gz::blob(30..60, 10);
    scene.blobs.append(&blob, &more);
    scene.blobs.append(&new, &more);
    let verdicts = verify(&scene.clp, &["--deep"]).success().json_lines();
    for (blob, expected) in [(&blob, 30), (&new, 0)] {
        let verdict = verdicts
            .iter()
            .find(|verdict| verdict["blob"] == blob.as_str())
            .unwrap();
        assert_eq!(verdict["expected"], expected, "{verdict}");
        assert_eq!(verdict["found"], expected, "{verdict}");
        assert_eq!(verdict["lag_bytes"], more.len(), "{verdict}");
    }
}

#[test]
fn corrupt_members_that_were_passed_over_are_told_and_a_checkpoint_may_be_inside_a_member() {
    let scene = Scene::new();
    let (skipped, stopped) = (api_blob("skipped"), api_blob("stopped"));
    let damage = [0; 100];
    let members = [
        gz::member(b"one\ntwo, which goes on "),
        damage.to_vec(),
        gz::member(b"three\n"),
    ];
    scene.blobs.append(&skipped, &members.concat());
    scene.summary(&skipped, &["--on-corrupt", "skip"]);
    // The run stops behind `one`, inside the first member.
    scene.blobs.append(&stopped, &members.concat());
    scene.ingest(&stopped, &[]).expect_code(6);

    let outcome = verify(&scene.clp, &["--deep"]).expect_code(6);
    let of = |blob: &str| {
        let mut all = outcome.json_lines().into_iter();
        all.find(|verdict| verdict["blob"] == blob).unwrap()
    };
    let found = of(&skipped);
    assert_eq!(
        (&found["expected"], &found["missing"]),
        (&json!(2), &json!(0)),
        "{found}"
    );
    assert_eq!(found["skipped_bytes"], damage.len());
    let found = of(&stopped);
    assert_eq!((&found["expected"], &found["found"]), (&json!(1), &json!(1)), "{found}");
}

#[test]
fn a_line_that_was_sent_without_its_end_and_went_on_is_as_it_should_be() {
    let run = Pipeline::new();
    let (by_worker, by_hand) = (api_blob("by-worker"), api_blob("by-hand"));
    let members = [&b"one\ntwo, which"[..], b" goes on\nthree\n", b"four\n"].map(gz::member);
    for member in members {
        run.blobs.append(&by_worker, &member);
        run.close(&by_worker);
        run.work(&[]);
        run.blobs.append(&by_hand, &member);
        let args = ["ingest", "--blob", &by_hand, "--resume", "--force"];
        run.clp.run(args).success();
    }
    for verdict in verify(&run.clp, &["--deep"]).success().json_lines() {
        assert_eq!(
            (&verdict["expected"], &verdict["found"]),
            (&json!(5), &json!(5)),
            "{verdict}"
        );
    }
}

#[test]
fn blobs_by_name_and_exit_codes() {
    let scene = Scene::new();
    let (one, two) = (api_blob("one"), api_blob("two"));
    for blob in [&one, &two] {
        scene.blobs.append(blob, &gz::blob(0..5, 5));
        scene.summary(blob, &[]);
    }
    let run = |more: &[&str]| {
        scene
            .clp
            .run(["verify", "--format", "json"].into_iter().chain(more.iter().copied()))
    };
    assert_eq!(run(&["--blob", &one, "--deep"]).success().json_lines().len(), 1);
    assert_eq!(
        run(&["--blob", "kubernetes/*.api-*", "--deep"])
            .success()
            .json_lines()
            .len(),
        2
    );
    run(&["--blob", "kubernetes/none.gz"]).expect_code(5);
    run(&["--env", "nowhere"]).expect_code(3);
    run(&["--blob", &one, "--date", "20250606"]).expect_code(2);
    let no_kafka = run(&["--brokers", "127.0.0.1:1"]).expect_code(4);
    assert!(no_kafka.took < Duration::from_secs(20), "{:?}", no_kafka.took);
    let table = scene.clp.run(["verify", "--date", "20250606"]).success().text();
    assert!(table.lines().nth(1).unwrap().contains(&one), "{table}");
    let no_topics = Clp::new(kafka(), &scene.blobs, &Topics::names(kafka()));
    let stderr = verify(&no_topics, &["--deep"]).expect_code(4).stderr;
    assert!(stderr.contains("hint: clp init-topics"), "{stderr}");
}

#[test]
fn blobs_that_are_gone_from_storage_are_not_judged() {
    let scene = Scene::new();
    let (kept, gone) = (api_blob("kept"), api_blob("gone"));
    for blob in [&kept, &gone] {
        scene.blobs.append(blob, &gz::blob(0..5, 5));
        scene.summary(blob, &[]);
    }
    scene.blobs.delete(&gone);
    let outcome = verify(&scene.clp, &["--deep"]).success();
    assert_eq!(outcome.json_lines().len(), 1);
    assert!(
        outcome.stderr.contains("not looked at: 1 blob that Kafka"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn it_can_be_interrupted_while_storage_hangs() {
    let (blobs, topics) = (Blobs::new(), Topics::create(kafka()));
    let network = Faults::to(azurite().address());
    let clp = Clp::new(kafka(), &blobs, &topics).storage(blobs.container(), &azurite::endpoint(network.address()));
    let blob = api_blob("slow");
    blobs.append(&blob, &gz::blob(0..5000, 500));
    clp.run(["ingest", "--blob", &blob]).success();
    let passed = network.passed(Direction::Down);
    network.delay(Duration::from_millis(20));
    let running = clp.spawn(["verify", "--deep", "--blob", &blob]);
    wait_for("the blob to be read", LIMIT, || {
        (network.passed(Direction::Down) > passed + 20_000).then_some(())
    });
    network.stall();
    running.signal("INT");
    let outcome = running.wait().expect_code(130);
    assert!(outcome.stderr.contains("error: interrupted"), "{}", outcome.stderr);
}

#[test]
fn a_worker_that_is_at_work_is_no_fault() {
    let run = Pipeline::new();
    let blobs = ["busy-1", "busy-2", "busy-3"].map(api_blob);
    let worker = run.worker(&[]);
    let mut lines = 0;
    for _ in 0..5 {
        for blob in &blobs {
            run.blobs.append(blob, &gz::blob(lines..lines + 2000, 100));
            run.observe(blob);
        }
        lines += 2000;
        let verdicts = verify(&run.clp, &["--deep"]).success().json_lines();
        assert_eq!(verdicts.len(), blobs.len());
    }
    blobs.iter().for_each(|blob| run.close(blob));
    let whole = wait_for("all to be ingested", LIMIT, || {
        let outcome = verify(&run.clp, &["--deep"]);
        let all = outcome.json_lines();
        let done = |verdict: &Value| verdict["lag_bytes"] == 0 && verdict["status"] == "closed";
        all.iter().all(done).then(|| outcome.success())
    });
    for verdict in whole.json_lines() {
        assert_eq!(
            (&verdict["expected"], &verdict["found"]),
            (&json!(lines), &json!(lines))
        );
    }
    worker.signal("TERM");
    worker.wait().success();
}
