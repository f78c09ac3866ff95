//! Requests, logged by Tomcat and by Apache.

use super::{APPLICATION, PROXY, becomes, error, line, outcome};

const TOMCAT: &str = r#"{"timeMillis":1749168000123,"level":"INFO","loggerName":"access","message":"","contextMap":{"requestLine":"GET /a?b=c HTTP/1.1","statusCode":"200","bytesSent":17,"processMillis":"12","remoteHost":"10.0.0.1"}}"#;

const APACHE: &str = r#"{"requestFirstLine":"POST /p HTTP/2.0","status":"404","remoteHost":"10.9.9.9","responseTime":"345","bytes":"-","localServerName":"shop.example.com","identdUsername":"-","remoteUser":"-","time":"[x]","referer":"https://x/","userAgent":"Mozilla","cache status":"hit"}"#;

#[test]
fn tomcat() {
    let http = r#"{"ts_ns":1749168000123000000,"method":"GET","path":"/a?b=c","status_code":200,"response_time_ms":12,"bytes_sent":17,"client_ip":"10.0.0.1","pod_name":"api-674b9bdb88-vm775""#;
    assert_eq!(becomes(line(TOMCAT), APPLICATION), format!("http {http}}}"));
    let proxy = format!(r#"proxy {http},"local_server_name":"","pod_ip":"10.1.2.3"}}"#);
    assert_eq!(becomes(line(TOMCAT), PROXY), proxy);
}

#[test]
fn apache() {
    let http = r#"{"ts_ns":1749168000500000000,"method":"POST","path":"/p","status_code":404,"response_time_ms":345,"bytes_sent":0,"client_ip":"10.9.9.9","pod_name":"api-674b9bdb88-vm775""#;
    assert_eq!(becomes(line(APACHE), APPLICATION), format!("http {http}}}"));
    let proxy = format!(
        r#"proxy {http},"local_server_name":"shop.example.com","remote_user":"-","referer":"https://x/","user_agent":"Mozilla","cache_status":"hit","pod_ip":"10.1.2.3"}}"#
    );
    assert_eq!(becomes(line(APACHE), PROXY), proxy);
    let other_case = APACHE
        .replace("cache status", "Cache Status")
        .replace("requestFirstLine", "RequestFirstLine");
    assert_eq!(becomes(line(&other_case), PROXY), proxy);
}

#[test]
fn fields_that_are_empty_are_left_out() {
    let bare = line(r#"{"requestFirstLine":"GET / HTTP/1.1","remoteUser":"","referer":null}"#);
    let bare = bare.replace(r#","pod_ip":"10.1.2.3""#, "");
    assert_eq!(
        becomes(bare, PROXY),
        r#"proxy {"ts_ns":1749168000500000000,"method":"GET","path":"/","status_code":0,"response_time_ms":0,"bytes_sent":0,"client_ip":"","pod_name":"api-674b9bdb88-vm775","local_server_name":""}"#
    );
}

#[test]
fn numbers() {
    for (number, expected) in [
        ("200", "200"),
        ("\"200\"", "200"),
        ("200.0", "200"),
        ("18446744073709551615", "18446744073709551615"),
        ("\"-9223372036854775808\"", "-9223372036854775808"),
        ("9007199254740993", "9007199254740993"),
        ("\"-\"", "0"),
        ("\"12 ms\"", "0"),
        ("null", "0"),
        ("[1]", "0"),
        ("1e99", "0"),
    ] {
        let logs = APACHE.replace("\"345\"", number);
        for origin in [APPLICATION, PROXY] {
            let record = becomes(line(&logs), origin);
            assert!(
                record.contains(&format!(r#""response_time_ms":{expected},"#)),
                "{number}: {record}"
            );
        }
    }
}

#[test]
fn on_the_proxy_topic_the_response_time_comes_first() {
    let time = |logs: &str, origin| {
        let record = becomes(line(logs), origin);
        let (_, behind) = record.split_once(r#""response_time_ms":"#).unwrap();
        behind.split(',').next().unwrap().to_owned()
    };
    let both = TOMCAT.replace(r#""processMillis""#, r#""responseTime":"99","processMillis""#);
    assert_eq!(time(&both, PROXY), "99");
    assert_eq!(time(&both, APPLICATION), "12");
    assert_eq!(time(&both.replace("99", "-"), PROXY), "12");
    assert_eq!(time(TOMCAT, PROXY), "12");
}

#[test]
fn probes_are_passed_over_and_what_is_no_request_line_is_an_error() {
    for (request_line, is_error) in [
        ("-", false),
        ("DESCRIBE / RTSP/1.0", false),
        ("PROPFIND / HTTP/1.1", false),
        ("get / HTTP/1.1", true),
        ("GET /a b HTTP/1.1", true),
        (r"\u0016\u0003\u0001\u0000", true),
        ("", true),
    ] {
        for logs in [
            TOMCAT.replace("GET /a?b=c HTTP/1.1", request_line),
            APACHE.replace("POST /p HTTP/2.0", request_line),
        ] {
            for (origin, error_type) in [(APPLICATION, "parse_error"), (PROXY, "proxy_parse_error")] {
                match is_error {
                    false => assert_eq!(becomes(line(&logs), origin), "skipped", "{request_line}"),
                    true => assert_eq!(error(line(&logs), origin).0, error_type, "{request_line}"),
                }
            }
        }
    }
}

#[test]
fn a_request_needs_no_level_but_a_pod() {
    let bare = line(r#"{"contextMap":{"requestLine":"GET / HTTP/1.1"}}"#);
    assert!(becomes(&bare, APPLICATION).starts_with("http {"));
    let without_pod = bare.replace("pod_name", "_");
    let expected = |error_type: &str| (error_type.to_owned(), "without pod_name".to_owned());
    assert_eq!(error(&without_pod, APPLICATION), expected("validation_error"));
    assert_eq!(error(&without_pod, PROXY), expected("proxy_validation_error"));
    assert!(outcome(without_pod.as_bytes(), PROXY, false).starts_with("proxy {"));
}
