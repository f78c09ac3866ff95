//! What is handed out, when, and in which order.

use super::*;
use crate::pipeline::worker::work::example;

const SECOND: Duration = Duration::from_secs(1);

fn of_day(day: u8, pod: &str) -> Work {
    let id = "0123456789abcdef".repeat(4);
    example(&format!("kubernetes/202506{day:02}.{pod}_default_platform-{id}.gz"))
}

fn in_environment(environment: &str, blob: &str) -> Work {
    let id = EnvironmentId::new("cp2", environment);
    Work {
        id: BlobHash::of(&id, blob),
        environment: Arc::new(id),
        ..example(blob)
    }
}

/// The day and the pod, or else the whole name.
fn name(work: &Work) -> String {
    let name = work.blob.strip_prefix("kubernetes/202506").unwrap_or(&work.blob);
    name.split('_').next().unwrap_or_default().to_owned()
}

/// Takes everything that can be had, and puts each down at once.
fn drain(backlog: &mut Backlog, now: Instant) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((_, work)) = backlog.take(now) {
        names.push(name(&work));
        backlog.put_down(work.id);
    }
    names
}

#[test]
fn days_come_in_order_and_blobs_of_a_day_as_they_arrive() {
    for (order, expected) in [
        (Order::NewestFirst, ["07.a", "06.b", "06.c", "05.d"]),
        (Order::OldestFirst, ["05.d", "06.b", "06.c", "07.a"]),
        (Order::Arrival, ["06.b", "05.d", "07.a", "06.c"]),
    ] {
        let mut backlog = Backlog::new(order);
        for (day, pod) in [(6, "b"), (5, "d"), (7, "a"), (6, "c")] {
            backlog.add(of_day(day, pod));
        }
        assert_eq!(backlog.len(), 4);
        assert_eq!(drain(&mut backlog, Instant::now()), expected, "{order:?}");
        assert_eq!(backlog.len(), 0);
    }
}

#[test]
fn what_its_environment_refuses_is_no_hope() {
    let (mut backlog, now) = (Backlog::new(Order::Arrival), Instant::now());
    let (dead, alive) = (in_environment("S1", "a"), in_environment("P1", "b"));
    backlog.add(dead.clone());
    assert!(backlog.has_hope(now) && backlog.is_hopeful(&dead.environment));
    backlog.rest(&dead.environment, |_| SECOND, now);
    // It may be tried, and that is not expected to help.
    let later = now + SECOND;
    assert!(backlog.next_rank(later).is_some() && !backlog.has_hope(later));
    assert!(!backlog.is_hopeful(&dead.environment));
    backlog.add(alive);
    assert!(backlog.has_hope(later));
    drain(&mut backlog, now);
    backlog.recover(&dead.environment);
    assert!(backlog.has_hope(now));
}

#[test]
fn only_another_days_turn_comes_earlier() {
    let [five, six]: [Date; 2] = ["20250605", "20250606"].map(|day| day.parse().unwrap());
    for (one, other, expected) in [
        (Rank::Newest(Reverse(six), 9), Rank::Newest(Reverse(five), 1), true),
        (Rank::Newest(Reverse(five), 1), Rank::Newest(Reverse(six), 9), false),
        (Rank::Newest(Reverse(six), 1), Rank::Newest(Reverse(six), 9), false),
        (Rank::Oldest(five, 9), Rank::Oldest(six, 1), true),
        (Rank::Oldest(five, 1), Rank::Oldest(five, 9), false),
        (Rank::Arrival(1), Rank::Arrival(9), false),
    ] {
        assert_eq!(one.is_of_earlier_turn(&other), expected, "{one:?} and {other:?}");
    }
}

#[test]
fn a_blob_waits_once_and_not_while_it_is_in_hand() {
    let (mut backlog, now) = (Backlog::default(), Instant::now());
    let event = |offset, size| Work {
        offsets: vec![offset],
        size,
        ..of_day(6, "a")
    };
    backlog.add(event(1, 10));
    backlog.add(event(2, 20));
    let (_, work) = backlog.take(now).unwrap();
    assert_eq!((work.size, work.offsets.as_slice()), (20, &[1, 2][..]));
    // What comes meanwhile waits for the first to be put down; another blob does not.
    backlog.add(event(3, 30));
    backlog.add(of_day(5, "b"));
    assert_eq!(drain(&mut backlog, now), ["05.b"]);
    assert_eq!((backlog.len(), backlog.next_rank(now)), (1, None));
    backlog.put_down(work.id);
    assert_eq!(backlog.take(now).unwrap().1.offsets, [3]);
}

#[test]
fn work_that_gives_way_comes_back_with_what_came_meanwhile() {
    let (mut backlog, now) = (Backlog::default(), Instant::now());
    backlog.add(of_day(6, "a"));
    let (_, mut work) = backlog.take(now).unwrap();
    work.begun = Some((0, 0));
    backlog.add(Work {
        size: 99,
        ..of_day(6, "a")
    });
    let id = work.id;
    backlog.add(work);
    assert!(backlog.next_rank(now).is_none());
    backlog.put_down(id);
    let (_, work) = backlog.take(now).unwrap();
    assert_eq!((work.begun, work.size), (Some((0, 0)), 99));
    assert_eq!(backlog.len(), 0);
}

#[test]
fn what_failed_for_itself_comes_back_at_its_time() {
    let (mut backlog, now) = (Backlog::default(), Instant::now());
    assert!(backlog.retry(now + SECOND * 2, of_day(6, "late")));
    assert!(backlog.retry(now + SECOND, of_day(5, "soon")));
    assert_eq!((backlog.len(), backlog.iter().count()), (0, 2));
    backlog.wake(now);
    assert_eq!(drain(&mut backlog, now), [""; 0]);
    backlog.wake(now + SECOND);
    assert_eq!(drain(&mut backlog, now), ["05.soon"]);
    backlog.wake(now + SECOND * 9);
    assert_eq!(drain(&mut backlog, now), ["06.late"]);
    assert_eq!(backlog.iter().count(), 0);
}

#[test]
fn a_resting_environment_stands_in_no_ones_way_and_is_tried_by_one_blob() {
    let (mut backlog, now) = (Backlog::default(), Instant::now());
    for blob in ["a", "b", "c"] {
        backlog.add(in_environment("bad", blob));
    }
    let (_, failed) = backlog.take(now).unwrap();
    let bad = Arc::clone(&failed.environment);
    assert!(backlog.rest(&bad, |_| SECOND, now));
    backlog.put_down(failed.id);
    backlog.put_aside(failed);
    backlog.add(in_environment("good", "d"));
    assert_eq!(drain(&mut backlog, now), ["d"]);

    // Another than the one that failed; should it fail as well, the next.
    for blob in ["b", "c"] {
        let now = now + SECOND;
        backlog.wake(now);
        let (_, probe) = backlog.take(now).unwrap();
        backlog.probe(&bad, now);
        assert_eq!((name(&probe).as_str(), backlog.next_rank(now)), (blob, None));
        assert!(!backlog.rest(&bad, |_| Duration::ZERO, now));
        backlog.put_down(probe.id);
        backlog.put_aside(probe);
    }
    // Nothing else is left: those that failed try.
    let now = now + SECOND * 2;
    assert_eq!(backlog.next_rank(now), None);
    backlog.wake(now);
    assert_eq!(drain(&mut backlog, now), ["a", "b", "c"]);
}

#[test]
fn an_environment_that_answers_has_all_its_work_back() {
    let (mut backlog, now) = (Backlog::default(), Instant::now());
    let bad = Arc::clone(&in_environment("bad", "").environment);
    backlog.rest(&bad, |_| SECOND, now);
    backlog.put_aside(in_environment("bad", "failed"));
    backlog.add(in_environment("bad", "waits"));
    backlog.wake(now);
    assert_eq!(drain(&mut backlog, now), [""; 0]);
    backlog.recover(&bad);
    assert_eq!(drain(&mut backlog, now), ["waits", "failed"]);
}

#[test]
fn room_is_made_of_environments_that_rest_alone() {
    let (mut backlog, now) = (Backlog::default(), Instant::now());
    for blob in ["a", "b"] {
        backlog.add(in_environment("bad", blob));
        backlog.add(in_environment("good", blob));
    }
    let bad = Arc::clone(&in_environment("bad", "").environment);
    backlog.rest(&bad, |_| SECOND, now);
    let taken = backlog.take_resting();
    assert_eq!(taken.iter().map(name).collect::<Vec<_>>(), ["a", "b"]);
    assert!(taken.iter().all(|work| work.environment == bad));
    assert_eq!(backlog.len(), 2);
}

#[test]
fn nothing_stays_of_partitions_that_went() {
    let (mut backlog, now) = (Backlog::default(), Instant::now());
    let of = |partition, pod: &str| Work {
        partition,
        ..of_day(6, pod)
    };
    for partition in [0, 1] {
        backlog.add(of(partition, &format!("waits-{partition}")));
        backlog.retry(now, of(partition, &format!("later-{partition}")));
        backlog.put_aside(of(partition, &format!("aside-{partition}")));
    }
    backlog.forget(|partition| partition == 0);
    assert_eq!((backlog.len(), backlog.iter().count()), (1, 3));
    backlog.wake(now);
    let mut left = drain(&mut backlog, now);
    backlog.wake(now);
    left.extend(drain(&mut backlog, now));
    assert_eq!(left, ["06.waits-1", "06.later-1", "06.aside-1"]);
}
