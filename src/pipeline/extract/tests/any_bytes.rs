//! Lines of any bytes, size and depth.

use std::time::{Duration, Instant};

use super::{APPLICATION, becomes, line};

#[test]
fn a_line_of_megabytes() {
    let text = "some words, no level \\u00e9 \\n ".repeat(200_000);
    let record = becomes(
        line(&format!(r#"{{"level":"l","loggerName":"n","message":"{text}"}}"#)),
        APPLICATION,
    );
    assert!(record.len() > 5_000_000 && record.starts_with("application {"));
}

#[test]
fn depth_is_no_error() {
    const DEPTH: usize = 1_000_000;
    let deep = "[".repeat(DEPTH) + &"]".repeat(DEPTH);
    for (logs, expected) in [
        (
            format!(r#"{{"level":"l","loggerName":"n","message":"m","other":{deep}}}"#),
            "application {",
        ),
        (
            format!(r#"{{"level":"l","loggerName":"n","message":{deep}}}"#),
            "application {",
        ),
        (deep, "application {"),
        ("[".repeat(DEPTH), "error {"),
        ("{\"logs\":".repeat(DEPTH), "error {"),
    ] {
        let begun = Instant::now();
        let record = becomes(line(&logs), APPLICATION);
        assert!(record.starts_with(expected), "{}", &record[..100]);
        // Quadratic time would be hours.
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
