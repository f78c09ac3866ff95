//! Which time is a line's.

use super::{APPLICATION, becomes, error};

const DAY_NS: i64 = 1_749_168_000_000_000_000;

/// The time of a line with these keys at the top level and in `logs`.
fn ts_ns(top: &str, logs: &str) -> Option<i64> {
    let line = format!(
        r#"{{{top}"logs":{{{logs}"level":"l","loggerName":"n","message":"m"}},"kubernetes":{{"pod_name":"p"}}}}"#
    );
    let record = becomes(&line, APPLICATION);
    let Some((_, behind)) = record.split_once(r#"application {"ts_ns":"#) else {
        let expected = ("parse_error".to_owned(), "no usable timestamp".to_owned());
        assert_eq!(error(&line, APPLICATION), expected);
        return None;
    };
    Some(behind.split(',').next().unwrap().parse().unwrap())
}

const AT: &str = r#""@timestamp":"2025-06-06T00:00:03Z","#;
const TIME: &str = r#""time":"2025-06-06T00:00:04Z","#;
const INSTANT: &str = r#""instant":{"epochSecond":1749168001,"nanoOfSecond":5},"#;
const MILLIS: &str = r#""timeMillis":1749168002000,"#;

#[test]
fn the_first_that_is_readable() {
    let all = [AT, TIME].concat();
    let seconds = |ns: Option<i64>| (ns.unwrap() - DAY_NS) / 1_000_000_000;
    assert_eq!(ts_ns(&all, &[MILLIS, INSTANT].concat()), Some(DAY_NS + 1_000_000_005));
    for (top, logs, second) in [
        (&*all, MILLIS, 2),
        (&*all, "", 3),
        (TIME, "", 4),
        (&*all, r#""instant":"x","timeMillis":"y","#, 3),
        (
            &*all,
            r#""instant":{"epochSecond":"x"},"timeMillis":"1749168002000","#,
            2,
        ),
        (&*all, r#""instant":{"epochSecond":9223372036854775807},"#, 3),
        (&*all, r#""timeMillis":18446744073709551615,"#, 3),
        (r#""@timestamp":"never","time":"2025-06-06T00:00:04Z","#, "", 4),
        (r#""@timestamp":1749168003,"time":"2025-06-06T00:00:04Z","#, "", 4),
        (
            r#""@timestamp":"9999-01-01T00:00:00Z","time":"2025-06-06T00:00:04Z","#,
            "",
            4,
        ),
        ("", r#""time":"[2025-06-06T00:00:05Z]","#, 5),
        (r#""TIME":"2025-06-06T00:00:04Z","#, "", 4),
    ] {
        assert_eq!(seconds(ts_ns(top, logs)), second, "{top} {logs}");
    }
    assert_eq!(ts_ns("", ""), None);
    assert_eq!(ts_ns(r#""@timestamp":"","time":null,"#, r#""instant":{},"#), None);
}

#[test]
fn to_the_nanosecond() {
    for (top, logs, expected) in [
        (r#""time":"2025-06-06T00:00:00.123456789Z","#, "", DAY_NS + 123_456_789),
        (r#""time":"2025-06-06T02:00:00.1+02:00","#, "", DAY_NS + 100_000_000),
        (r#""time":"1969-12-31T23:59:59Z","#, "", -1_000_000_000),
        ("", r#""timeMillis":0,"#, 0),
        (
            "",
            r#""instant":{"epochSecond":"1749168000","nanoOfSecond":"7"},"#,
            DAY_NS + 7,
        ),
        ("", r#""instant":{"epochSecond":1749168000.0},"#, DAY_NS),
        (
            "",
            r#""instant":{"epochSecond":1749168000,"nanoOfSecond":"x"},"#,
            DAY_NS,
        ),
    ] {
        assert_eq!(ts_ns(top, logs), Some(expected), "{top} {logs}");
    }
}
