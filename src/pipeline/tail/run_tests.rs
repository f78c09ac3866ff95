//! When lines are shown, by a clock of its own.

use std::time::Duration;

use jiff::SignedDuration;

use super::{
    Plan,
    scripted::{Line, Partitions, Scripted, begin, following, line, run, secs},
};

/// A live line is shown within this: the window, and a few looks.
const SOON: Duration = Duration::from_millis(450);

/// `every` so often a line in each of the partitions, not all at the same moment.
fn steady(partitions: usize, every: Duration, total: Duration) -> Vec<Vec<Line>> {
    let feed = |index: usize| {
        let count = total.as_micros() / every.as_micros();
        let lines = (1..=count as u32).map(move |n| {
            let at = every * n + every * index as u32 / partitions as u32;
            line(at, format!("{}", at.as_micros()))
        });
        lines.collect()
    };
    (0..partitions).map(feed).collect()
}

#[test]
fn what_comes_is_shown_soon_whatever_the_number_of_partitions() {
    for partitions in [1, 2, 12, 24] {
        for every in [5.0, 1.0, 0.2, 0.05] {
            let clock = Scripted::new();
            let feeds = steady(partitions, secs(every), secs(20.0));
            let expected: usize = feeds.iter().map(Vec::len).sum();
            let mut source = Partitions::new(&clock, feeds);
            let plan = Plan {
                max_messages: Some(expected as u64),
                ..following()
            };
            let run = run(&clock, &mut source, &plan);
            assert_eq!(run.seen.len(), expected);
            let times: Vec<u64> = run.texts().iter().map(|text| text.parse().unwrap()).collect();
            assert!(times.is_sorted(), "{partitions} partitions, each {every} s");
            let late = run
                .seen
                .iter()
                .map(|(seen, came)| *seen - Duration::from_micros(came.parse().unwrap()))
                .max();
            assert!(
                late.unwrap() < SOON,
                "{partitions} partitions, each {every} s: {late:?}"
            );
        }
    }
}

#[test]
fn one_busy_partition_among_idle_and_dead_ones_does_not_wait_for_them() {
    for dead in [vec![], vec![5, 7]] {
        let clock = Scripted::new();
        let mut feeds = vec![Vec::new(); 12];
        feeds[3] = steady(1, secs(0.05), secs(20.0)).remove(0);
        let count = feeds[3].len();
        let mut source = Partitions::new(&clock, feeds);
        // What has no leader may hold older lines: it is waited for, once.
        let patience = if dead.is_empty() { Duration::ZERO } else { secs(10.0) };
        source.dead = dead;
        let run = run(
            &clock,
            &mut source,
            &Plan {
                max_messages: Some(count as u64),
                ..following()
            },
        );
        for (seen, came) in run.seen {
            let came = Duration::from_micros(came.parse().unwrap());
            assert!(seen < came.max(patience) + SOON, "{came:?} was seen at {seen:?}");
        }
    }
}

#[test]
fn what_was_there_is_in_order_and_then_comes_what_comes() {
    let clock = Scripted::new();
    // Two partitions, one of which is far ahead, and begins to say something only after a while.
    let there = |seconds: std::ops::Range<u64>| {
        seconds
            .map(|n| Line {
                ts: Duration::from_secs(n),
                ..line(Duration::ZERO, n.to_string())
            })
            .collect::<Vec<_>>()
    };
    let mut first = there(0..500);
    first.push(Line {
        ts: secs(2000.0),
        ..line(secs(5.0), "2000")
    });
    let mut source = Partitions::new(&clock, vec![first, there(500..1000)]);
    let run = run(
        &clock,
        &mut source,
        &Plan {
            max_messages: Some(1001),
            ..following()
        },
    );
    let numbers: Vec<u64> = run.texts().iter().map(|text| text.parse().unwrap()).collect();
    assert!(numbers.is_sorted());
    assert_eq!((numbers.len(), numbers[1000]), (1001, 2000));
    assert!(run.took < secs(5.0) + SOON, "{:?}", run.took);
}

#[test]
fn it_ends_by_itself_when_the_time_is_over() {
    for partitions in [1, 2, 12, 24] {
        for every in [5.0, 1.0, 0.2, 0.05, 0.002] {
            let clock = Scripted::new();
            let feeds = steady(partitions, secs(every), secs(4.0));
            let until = secs(2.0);
            let before = feeds.iter().flatten().filter(|line| line.at <= until).count();
            let mut source = Partitions::new(&clock, feeds);
            let time = begin() + SignedDuration::try_from(until).unwrap();
            let run = run(
                &clock,
                &mut source,
                &Plan {
                    until: Some(time),
                    ..following()
                },
            );
            // Which of them are wanted is for `Select` to tell.
            assert!(run.seen.len() >= before, "{} of {before}", run.seen.len());
            assert!(
                run.took < secs(3.5),
                "{partitions} partitions, each {every} s: {:?}",
                run.took
            );
        }
    }
}

#[test]
fn lines_of_one_blob_keep_their_order() {
    let clock = Scripted::new();
    let key = |n: u64, blob: &str| Some(format!("cp2:P1:line-{n}:{blob}"));
    let of = |n: u64, ts: f64, blob: &str| Line {
        ts: secs(ts),
        key: key(n, blob),
        ..line(secs(1.0), format!("{blob}{n}"))
    };
    let feeds = vec![
        vec![
            of(1, 0.5, "a"),
            of(1, 0.3, "b"),
            of(2, 0.2, "a"),
            of(2, 0.9, "b"),
            of(3, 0.6, "a"),
        ],
        vec![of(1, 0.55, "c"), of(2, 0.1, "c")],
    ];
    let mut source = Partitions::new(&clock, feeds);
    let run = run(
        &clock,
        &mut source,
        &Plan {
            max_messages: Some(7),
            ..following()
        },
    );
    assert_eq!(run.texts(), ["b1", "a1", "a2", "c1", "c2", "a3", "b2"]);
}

#[test]
fn it_ends_after_so_many_lines() {
    for count in [0, 1, 7] {
        let clock = Scripted::new();
        let mut source = Partitions::new(&clock, steady(12, secs(0.2), secs(20.0)));
        let run = run(
            &clock,
            &mut source,
            &Plan {
                max_messages: Some(count),
                ..following()
            },
        );
        assert_eq!(run.seen.len() as u64, count);
        assert!(run.took < secs(1.5), "{:?}", run.took);
    }
}
