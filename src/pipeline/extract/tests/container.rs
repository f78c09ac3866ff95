//! Plain lines of containers.

use super::{APPLICATION, PROXY, becomes, error, outcome};

fn line(log: &str) -> String {
    format!(
        r#"{{"time":"2025-06-06T00:00:01Z","stream":"stderr","log":{log},"kubernetes":{{"pod_name":"zookeeper-0"}}}}"#
    )
}

#[test]
fn the_message_is_the_text() {
    for (log, level, msg) in [
        (r#""plain""#, "INFO", r#""plain""#),
        (r#""a Warning\n""#, "WARNING", r#""a Warning\n""#),
        (
            r#""\u001b[31mERROR\u001b[0m boom""#,
            "ERROR",
            r#""\u001b[31mERROR\u001b[0m boom""#,
        ),
        (r#"{"level":"debug"}"#, "DEBUG", r#""{\"level\":\"debug\"}""#),
        (
            r#""{\"message\":\"of no logs\"}""#,
            "INFO",
            r#""{\"message\":\"of no logs\"}""#,
        ),
    ] {
        let expected = format!(
            r#"application {{"ts_ns":1749168001000000000,"level":"{level}","logger":"zookeeper","thread":"","msg":{msg},"pod_name":"zookeeper-0"}}"#
        );
        for origin in [APPLICATION, PROXY] {
            assert_eq!(becomes(line(log), origin), expected);
        }
        let logs_are_none = line(log).replace("\"stream\"", r#""logs":"text","Logs":null,"stream""#);
        assert_eq!(becomes(logs_are_none, APPLICATION), expected);
    }
}

#[test]
fn blank_ones_are_passed_over() {
    for log in [r#""""#, r#""\n""#, r#""  \r\n""#] {
        assert_eq!(becomes(line(log), APPLICATION), "skipped");
    }
}

#[test]
fn message_and_pod_are_required() {
    assert_eq!(error(line("null"), APPLICATION).1, "without message");
    let without_pod = line(r#""plain""#).replace("pod_name", "_");
    assert_eq!(error(&without_pod, APPLICATION).1, "without pod_name");
    assert_eq!(
        outcome(without_pod.as_bytes(), APPLICATION, false),
        r#"application {"ts_ns":1749168001000000000,"level":"INFO","logger":"container","thread":"","msg":"plain","pod_name":""}"#
    );
}
