//! Lines that become errors: nothing of them is lost.

use super::{APPLICATION, PROXY, RECEIVED_NS, becomes, error, line};

#[test]
fn what_is_no_json_object() {
    for text in [
        "",
        " ",
        "plain text",
        "[]",
        "[{}]",
        "null",
        "17",
        "\"text\"",
        "{",
        "{}x",
        "{\"a\":1",
        "{\"a\":tru}",
        "{'a':1}",
        "{\"a\":\"\t\"}",
        "\u{feff}{}",
    ] {
        for (origin, error_type) in [(APPLICATION, "parse_error"), (PROXY, "proxy_parse_error")] {
            let (found, reason) = error(text, origin);
            assert_eq!(found, error_type);
            assert!(reason.starts_with("not a JSON object: expected "), "{reason}");
        }
    }
    assert_eq!(
        error("{\"a\" 1}", APPLICATION).1,
        "not a JSON object: expected `:` at byte 5"
    );
    // Also where nothing is looked at.
    let broken_inside = line("{}").replace("\"pod_ip\":\"10.1.2.3\"", "\"labels\":{\"a\":[1,}]}");
    assert_eq!(error(broken_inside, APPLICATION).0, "parse_error");
}

#[test]
fn the_line_is_kept_whole() {
    assert_eq!(
        becomes("a \"line\"\t\\", APPLICATION),
        format!(
            r#"error {{"raw_line":"a \"line\"\t\\","error":"not a JSON object: expected an object at byte 0","error_type":"parse_error","timestamp":{RECEIVED_NS},"source":{{"service":"api","environment":"P1","subscription":"cp2"}}}}"#
        )
    );
}

#[test]
fn what_is_no_utf_8_is_kept_as_base64() {
    assert_eq!(
        becomes(b"\xff\xfe{}", PROXY),
        format!(
            r#"error {{"raw_line":"//57fQ==","raw_line_encoding":"base64","error":"not a JSON object: expected an object at byte 0","error_type":"proxy_parse_error","timestamp":{RECEIVED_NS},"source":{{"service":"apache-proxy","environment":"P1","subscription":"cp2"}}}}"#
        )
    );
    // In a record it is no hindrance.
    let mut bytes = line(r#"{"level":"l","loggerName":"n","message":"x?y"}"#).into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[at] = 0xff;
    assert!(becomes(bytes, APPLICATION).contains("\"msg\":\"x\u{fffd}y\""));
}

#[test]
fn time_and_pod_are_those_of_the_line_if_they_were_found() {
    let record = |line: &str| becomes(line, APPLICATION);
    let whole = line(r#"{"level":"l","loggerName":"n"}"#);
    assert!(record(&whole).ends_with(
        r#""error":"without message","error_type":"validation_error","timestamp":1749168000500000000,"source":{"service":"api","environment":"P1","subscription":"cp2","pod_name":"api-674b9bdb88-vm775"}}"#
    ));
    let cut = record(&whole[..whole.len() - 1]);
    assert!(cut.contains(r#""timestamp":1749168000500000000,"#), "{cut}");
    assert!(cut.ends_with(r#""pod_name":"api-674b9bdb88-vm775"}}"#), "{cut}");
    let without_time = record(r#"{"kubernetes":{"pod_name":"p"},"log":"m"}"#);
    assert!(without_time.contains(r#""error":"no usable timestamp","error_type":"parse_error""#));
    assert!(without_time.contains(&format!("\"timestamp\":{RECEIVED_NS},")));
}
