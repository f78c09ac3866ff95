use super::*;
use crate::kafka::RecordHeaders;

/// `a2/3:text` is a part of the line with the key `a`, `a:text` a whole one.
fn record(text: &str) -> (Consumed, Option<Part>) {
    let (head, value) = text.split_once(':').unwrap();
    let (key, part) = head.split_at(1);
    let record = Consumed {
        partition: 0,
        offset: 0,
        key: Some(key.as_bytes().to_vec()),
        timestamp: None,
        value: Some(value.as_bytes().to_vec()),
        headers: RecordHeaders::new(),
    };
    (record, Part::parse(part))
}

fn told(joined: Joined) -> String {
    let text = |record: Consumed| {
        let key = String::from_utf8(record.key.unwrap()).unwrap();
        format!("{key}:{}", String::from_utf8(record.value.unwrap()).unwrap())
    };
    match joined.broken {
        None => text(joined.record),
        Some(Part { number: have, of }) => format!("{}!{have}/{of}", text(joined.record)),
    }
}

#[test]
fn parts_become_lines() {
    for (records, lines, unfinished) in [
        ("a:x b:y", "a:x b:y", false),
        ("a1/3:x a2/3:y a3/3:z", "a:xyz", false),
        ("a1/1:x", "a:x", false),
        // Those of several workers mix.
        ("a1/2:x b:y c1/2:u a2/2:z c2/2:v", "a:xz b:y c:uv", false),
        ("a1/2:x c1/2:u c2/2:v a2/2:z b:y", "a:xz c:uv b:y", false),
        // Read on from c, the rest of a would be there without its beginning.
        ("a1/2:x b:y c1/2:u a2/2:z b:w", "", true),
        ("a1/2:x c1/2:u a2/2:z d1/2:s c2/2:v b:y", "", true),
        ("a1/2:x c1/2:u a2/2:z c2/2:v d1/2:s b:y", "a:xz c:uv", true),
        ("a1/2:x b:y", "", true),
        ("a1/2:x a2/2:z b:y c1/2:u b:w", "a:xz b:y", true),
        // A run that was killed without transactions begins the line again.
        ("a1/3:x a2/3:y a1/3:x a2/3:y a3/3:z", "a:xy!2/3 a:xyz", false),
        // Retention took the first one.
        ("a2/3:y a3/3:z b:u", "a:y!2/3 a:z!3/3 b:u", false),
        ("a1/3:x a3/3:z", "a:x!1/3 a:z!3/3", false),
        ("a1/2:x a2/3:y", "a:x!1/2 a:y!2/3", false),
    ] {
        let (mut joiner, mut found) = (Joiner::default(), Vec::new());
        for (offset, (mut record, part)) in (0..).zip(records.split(' ').map(record)) {
            record.offset = offset;
            joiner.take(record, part, Instant::now(), |joined| found.push(told(joined)));
        }
        assert_eq!(
            (found.join(" "), !joiner.is_empty()),
            (lines.to_owned(), unfinished),
            "{records}"
        );
    }
}

#[test]
fn a_rest_that_does_not_come_is_given_up() {
    let (mut joiner, now, mut found) = (Joiner::default(), Instant::now(), Vec::new());
    for (offset, (text, at)) in (0..).zip([
        ("a1/2:x", now),
        ("b:y", now),
        ("c1/2:u", now + PATIENCE / 2),
        ("d:z", now + PATIENCE),
    ]) {
        let (mut record, part) = record(text);
        record.offset = offset;
        joiner.take(record, part, at, |_| panic!("all waits for the first"));
    }
    assert!(!joiner.is_late(now + PATIENCE / 2));
    joiner.give_up(now + PATIENCE / 2, |_| panic!("it may still come"));
    assert!(joiner.is_late(now + PATIENCE));
    joiner.give_up(now + PATIENCE, |joined| found.push(told(joined)));
    assert_eq!((found.join(" "), joiner.is_empty()), ("a:x!1/2 b:y".to_owned(), false));
    assert!(!joiner.is_late(now + PATIENCE));
    joiner.give_up(now + 2 * PATIENCE, |joined| found.push(told(joined)));
    assert_eq!(
        (found.join(" "), joiner.is_empty()),
        ("a:x!1/2 b:y c:u!1/2 d:z".to_owned(), true)
    );
    assert_eq!(joiner.bytes(), 0);
}

#[test]
fn the_first_part_that_is_held_is_told() {
    let mut joiner = Joiner::default();
    let mut firsts = Vec::new();
    for (offset, text) in (10..).zip(["b:y", "a1/2:x", "c1/2:u", "b:y", "a2/2:z", "c2/2:v", "d1/2:x"]) {
        let (mut record, part) = record(text);
        record.offset = offset;
        joiner.take(record, part, Instant::now(), drop);
        firsts.push(joiner.first_held());
    }
    assert_eq!(firsts, [None, Some(11), Some(11), Some(11), Some(11), None, Some(16)]);
}

#[test]
fn what_has_parts_among_those_of_another_is_not_apart() {
    let (mut joiner, mut found) = (Joiner::default(), Vec::new());
    for (offset, text) in (0..).zip([
        "b:y", "a1/2:x", "b:y", "c1/2:u", "a2/2:z", "b:y", "c2/2:v", "b:y", "d1/2:x", "b:y", "d2/2:y",
    ]) {
        let (mut record, part) = record(text);
        record.offset = offset;
        joiner.take(record, part, Instant::now(), |joined| {
            found.push((joined.record.offset, joined.is_apart))
        });
    }
    let expected = [
        (0, true),
        (1, true),
        (2, false),
        (3, false),
        (5, false),
        (7, true),
        (8, true),
        (9, false),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_line_with_too_much_behind_it_is_given_up() {
    let (mut joiner, now, mut found) = (Joiner::default(), Instant::now(), Vec::new());
    let count = MOST_HELD_BYTES / (1 << 20) + 1;
    for number in 0..=count {
        let (mut record, part) = record(if number == 0 { "a1/2:x" } else { "b:y" });
        record.offset = number as i64;
        record.value = Some(vec![b'x'; if number == 0 { 1 } else { 1 << 20 }]);
        joiner.take(record, part, now, |joined| found.push(joined.broken.is_some()));
    }
    assert_eq!((found.len(), found[0], joiner.bytes()), (count + 1, true, 0));
    assert!(found[1..].iter().all(|is_broken| !is_broken));
}

#[test]
fn a_line_beyond_all_bounds_comes_in_pieces() {
    let (mut joiner, now, mut found) = (Joiner::default(), Instant::now(), Vec::new());
    for number in 1..=2 {
        let (mut part, _) = record("a:x");
        part.offset = number as i64;
        part.value = Some(vec![b'x'; LONGEST_LINE_BYTES / 2 + 1]);
        joiner.take(part, Some(Part { number, of: 2 }), now, |joined| found.push(joined));
    }
    let found: Vec<_> = found.into_iter().map(|joined| joined.broken).collect();
    let part = |number| Some(Part { number, of: 2 });
    assert_eq!(found, [part(1), part(2)]);
}
