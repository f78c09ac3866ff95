//! Messages of applications.

use super::{APPLICATION, PROXY, becomes, line, outcome};

const WHOLE: &str = r#"{"instant":{"epochSecond":1749168000,"nanoOfSecond":611178002},"thread":"main","level":"WARN","loggerName":"com.shop.Orders","message":"it \"took\" 3 ms\n","thrown":{"name":"E","message":"no"},"endOfBatch":false,"contextMap":{"RemoteAddr":"10.0.0.115"},"threadId":5}"#;

#[test]
fn a_message_with_everything() {
    let expected = r#"application {"ts_ns":1749168000611178002,"level":"WARN","logger":"com.shop.Orders","thread":"main","msg":"it \"took\" 3 ms\n","thrown":"{\"name\":\"E\",\"message\":\"no\"}","client_ip":"10.0.0.115","pod_name":"api-674b9bdb88-vm775"}"#;
    assert_eq!(becomes(line(WHOLE), APPLICATION), expected);
    assert_eq!(becomes(line(WHOLE), PROXY), expected);
}

#[test]
fn keys_in_any_letter_case_at_the_top_and_in_logs() {
    let plain = becomes(line(WHOLE), APPLICATION);
    let (thread, level) = (r#""thread":"#, r#""level":"#);
    for logs in ["\"Logs\":", "\"LOGS\":", r#""l\u006fgs":"#] {
        let other = line(WHOLE).replace("\"logs\":", logs);
        let other = other.replace(thread, r#""THREAD":"#).replace(level, r#""Level":"#);
        let other = other
            .replace("loggerName", "LOGGERname")
            .replace("contextMap", "ContextMap");
        assert_eq!(becomes(other.replace("kubernetes", "Kubernetes"), APPLICATION), plain);
    }
    // Further down they are what they are.
    let other = line(WHOLE).replace("RemoteAddr", "remoteaddr");
    assert_eq!(
        becomes(other, APPLICATION),
        plain.replace(r#""client_ip":"10.0.0.115","#, "")
    );
}

#[test]
fn of_a_key_that_is_there_twice_the_last_counts() {
    let plain = becomes(line(WHOLE), APPLICATION);
    for (key, twice) in [
        (r#""level":"#, r#""Level":"ERROR","level":"#),
        (r#""instant":"#, r#""instant":{"epochSecond":1},"instant":"#),
        (
            r#""contextMap":"#,
            r#""contextMap":{"remoteHost":"1.1.1.1"},"contextMap":"#,
        ),
        (r#""pod_name":"#, r#""pod_name":"other","pod_name":"#),
    ] {
        assert_eq!(becomes(line(WHOLE).replace(key, twice), APPLICATION), plain, "{twice}");
    }
    let twice = line(WHOLE).replace(r#""logs":"#, r#""Logs":{"level":"ERROR","thrown":"x"},"logs":"#);
    assert_eq!(becomes(twice, APPLICATION), plain);
    let taken_back = line(WHOLE).replace(r#""kubernetes":"#, r#""logs":null,"kubernetes":"#);
    assert!(becomes(taken_back, APPLICATION).contains(r#""msg":"{\"not\":\"looked at\"}""#));
}

#[test]
fn texts_and_what_is_empty() {
    let message = |fields: &str| {
        let logs = format!(r#"{{"timeMillis":1,"level":"fine","loggerName":"l",{fields}}}"#);
        let record = becomes(line(&logs), APPLICATION);
        let fields = record
            .strip_prefix(r#"application {"ts_ns":1000000,"level":"fine","logger":"l","thread":"","#)
            .unwrap_or_else(|| panic!("{record}"));
        fields
            .strip_suffix(r#","pod_name":"api-674b9bdb88-vm775"}"#)
            .unwrap()
            .to_owned()
    };
    for (fields, expected) in [
        (r#""message":"m""#, r#""msg":"m""#),
        (r#""message":" m ""#, r#""msg":" m ""#),
        (r#""message":"-""#, r#""msg":"-""#),
        (
            r#""message":{"b": 1, "a": "<\u00e9>"}"#,
            r#""msg":"{\"b\":1,\"a\":\"<é>\"}""#,
        ),
        (r#""message":["x", {}]"#, r#""msg":"[\"x\",{}]""#),
        (r#""message":17.0"#, r#""msg":"17.0""#),
        (r#""message":"\ud83d\ude00 \ud83d""#, "\"msg\":\"😀 \u{fffd}\""),
        (r#""message":"m","thrown":"""#, r#""msg":"m""#),
        (r#""message":"m","thrown":null"#, r#""msg":"m""#),
        (r#""message":"m","thrown":"-""#, r#""msg":"m","thrown":"-""#),
        (
            r#""message":"m","thrown":"E\n\tat x""#,
            r#""msg":"m","thrown":"E\n\tat x""#,
        ),
        (r#""message":"m","thrown":[ 1 ]"#, r#""msg":"m","thrown":"[1]""#),
        (
            r#""message":"m","contextMap":{"clientIp":"c"}"#,
            r#""msg":"m","client_ip":"c""#,
        ),
        (
            r#""message":"m","contextMap":{"clientIp":"c","RemoteAddr":"b"}"#,
            r#""msg":"m","client_ip":"b""#,
        ),
        (
            r#""message":"m","contextMap":{"clientIp":"c","RemoteAddr":"b","remoteHost":"a"}"#,
            r#""msg":"m","client_ip":"a""#,
        ),
        (
            r#""message":"m","contextMap":{"clientIp":"c","remoteHost":""}"#,
            r#""msg":"m","client_ip":"c""#,
        ),
        (r#""message":"m","contextMap":"none""#, r#""msg":"m""#),
        // Keys of an access log without a request line.
        (
            r#""message":"m","status":"200","contextMap":{"statusCode":"200","processMillis":1}"#,
            r#""msg":"m""#,
        ),
        (
            r#""message":"m","requestFirstLine":null,"contextMap":{"requestLine":null}"#,
            r#""msg":"m""#,
        ),
    ] {
        assert_eq!(message(fields), expected, "{fields}");
    }
}

#[test]
fn blank_messages_are_passed_over() {
    for message in [r#""""#, r#"" ""#, r#""\n\t\r""#, r#""\u00a0""#] {
        for origin in [APPLICATION, PROXY] {
            assert_eq!(
                becomes(line(&format!(r#"{{"message":{message}}}"#)), origin),
                "skipped",
                "{message}"
            );
        }
    }
}

#[test]
fn what_is_required_unless_told_otherwise() {
    let whole = line(WHOLE);
    for (removed, missing) in [
        (r#""level":"WARN","#, "without level"),
        (r#""loggerName":"com.shop.Orders","#, "without logger"),
        (r#""message":"it \"took\" 3 ms\n","#, "without message"),
        (r#""pod_name":"api-674b9bdb88-vm775","#, "without pod_name"),
    ] {
        let without = whole.replace(removed, "");
        assert_ne!(without, whole);
        let (error_type, reason) = super::error(&without, APPLICATION);
        assert_eq!((&*error_type, &*reason), ("validation_error", missing));
        assert_eq!(super::error(&without, PROXY).0, "proxy_validation_error");
        assert!(outcome(without.as_bytes(), APPLICATION, false).starts_with("application {"));
    }
    let several = whole.replace("level", "_").replace("pod_name", "_");
    assert_eq!(super::error(several, APPLICATION).1, "without level, pod_name");
    assert_eq!(
        outcome(line("{}").as_bytes(), APPLICATION, false),
        r#"application {"ts_ns":1749168000500000000,"level":"","logger":"","thread":"","msg":"","pod_name":"api-674b9bdb88-vm775"}"#
    );
    let blank = line(r#"{"level":" ","loggerName":"l","message":"m"}"#);
    assert_eq!(super::error(blank, APPLICATION).1, "without level");
}
