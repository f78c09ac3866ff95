use super::*;
use crate::pipeline::analyze::tests::{calm, day, report};

#[test]
fn what_logs_say_never_becomes_markup() {
    let evil = r#"<script>alert(1)</script><img src=x onerror=alert(2)>\" onload=\"x"#;
    let line = format!(
        r#"{{"@timestamp":"2025-06-06T00:00:01Z","logs":{{"instant":{{"epochSecond":1749168001}},"level":"ERROR","loggerName":"{evil}","thread":"t","message":"{evil}","thrown":"{evil}"}},"kubernetes":{{"pod_name":"{evil}"}}}}"#
    );
    let request = format!(
        r#"{{"@timestamp":"2025-06-06T00:00:01Z","logs":{{"contextMap":{{"requestLine":"GET /<script>alert(3)</script> HTTP/1.1","statusCode":"500","processMillis":"1","remoteHost":"{evil}"}}}},"kubernetes":{{"pod_name":"api-x"}}}}"#
    );
    let page = render(&report(&[line, request, evil.to_owned()], 10));
    let (_, body) = page.split_once("<body>").unwrap();
    assert_eq!(body.matches("<script").count(), 1, "{body}");
    assert!(!body.contains("<img") && body.contains("&lt;script&gt;alert(1)"));
    assert!(!page.contains("\" onload=\""));
}

#[test]
fn nothing_is_fetched() {
    for page in [render(&day()), render(&calm()), render(&report(&[], 10))] {
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("url("));
        assert!(page.contains("default-src 'none'"));
        assert!(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"));
    }
}
