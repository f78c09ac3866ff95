//! `clp init-opensearch`: what it puts, that it does so once, and that records of clp can be found by it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};

use crate::support::clp::Clp;
use crate::support::opensearch::OpenSearch;
use crate::support::process::free_port;

/// A line of an application, one of Tomcat, and one that is none.
const LINES: &str = concat!(
    r#"{"@timestamp":"2025-06-06T00:00:01.123456789Z","kubernetes":{"pod_name":"api-7-x"},"logs":{"instant":{"epochSecond":1749168001,"nanoOfSecond":123456789},"level":"WARN","loggerName":"com.example.Cart","thread":"main","message":"the cart is empty","contextMap":{"clientIp":"203.0.113.9"}}}"#,
    "\n",
    r#"{"@timestamp":"2025-06-06T00:00:02Z","kubernetes":{"pod_name":"api-7-x"},"logs":{"contextMap":{"requestLine":"GET /rest/v2/carts?fields=FULL HTTP/1.1","statusCode":"503","bytesSent":"12","processMillis":"41","remoteHost":"10.0.0.1, 10.0.0.2"}}}"#,
    "\n",
    "no JSON at all\n",
);

fn results(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["result"].as_str().unwrap()).collect()
}

#[test]
fn records_are_found_by_service_level_and_time() {
    let opensearch = OpenSearch::start();
    let clp = Clp::bare();
    let init = |flags: &[&str]| {
        let url = opensearch.url();
        let args = ["init-opensearch", "--format", "json", "--url", &url];
        let args: Vec<&str> = args.iter().chain(flags).copied().collect();
        clp.run(args).success()
    };

    assert_eq!(results(&init(&["--dry-run"]).json_lines()), ["would be created"; 2]);
    assert_eq!(results(&init(&[]).json_lines()), ["created"; 2]);
    assert_eq!(results(&init(&[]).json_lines()), ["exists"; 2]);

    // Records as they lie in Kafka, with what a connector takes from their headers.
    let extract = clp.args(["extract", "--input", "-", "--service", "api"]).input(LINES);
    let extracted = extract.run().success().json_lines();
    assert_eq!(extracted.len(), 3);
    for line in &extracted {
        let mut record = line["record"].clone();
        record["service"] = json!("api");
        record["record_type"] = line["kind"].clone();
        opensearch.request("POST", "/commerce-traces-2025.06.06/_doc", &record.to_string());
    }
    opensearch.request("POST", "/commerce-traces-*/_refresh", "");

    let found = |query: Value| -> Vec<Value> {
        let body = json!({"query": query, "sort": "@timestamp"}).to_string();
        let answer = opensearch.request("POST", "/commerce-traces-*/_search", &body);
        let hits = answer["hits"]["hits"].as_array().unwrap();
        hits.iter().map(|hit| hit["_source"].clone()).collect()
    };
    let warnings = found(json!({"bool": {"filter": [
        {"term": {"service": "api"}},
        {"term": {"level": "WARN"}},
        // To the nanosecond.
        {"range": {"@timestamp": {"gte": "2025-06-06T00:00:01.123456789Z", "lt": "2025-06-06T00:00:01.123456790Z"}}},
    ]}}));
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0]["msg"], "the cart is empty");
    assert_eq!(warnings[0]["ts_ns"], 1_749_168_001_123_456_789_i64);
    for (query, kind) in [
        (json!({"match": {"msg": "empty"}}), "application"),
        (json!({"term": {"client_ip.ip": "203.0.113.0/24"}}), "application"),
        (json!({"range": {"status_code": {"gte": 500}}}), "http"),
        (json!({"match": {"path.text": "carts"}}), "http"),
        // Of two addresses neither is one, but the text is.
        (json!({"term": {"client_ip": "10.0.0.1, 10.0.0.2"}}), "http"),
        (json!({"term": {"error_type": "parse_error"}}), "error"),
        (json!({"match": {"raw_line": "JSON"}}), "error"),
    ] {
        let records = found(query.clone());
        assert_eq!(records.len(), 1, "{query}");
        assert_eq!(records[0]["record_type"], kind, "{query}");
    }
    // The line that is no record has the time at which it was read.
    assert_eq!(found(json!({"exists": {"field": "@timestamp"}})).len(), 3);

    change_is_kept_unless_forced(&opensearch, init);
}

fn change_is_kept_unless_forced(opensearch: &OpenSearch, init: impl Fn(&[&str]) -> crate::support::running::Outcome) {
    let path = "/_index_template/commerce-traces";
    let shown = opensearch.request("GET", path, "");
    let mut template = shown["index_templates"][0]["index_template"].clone();
    template["template"]["settings"]["index"]["number_of_shards"] = json!("3");
    template["template"]["mappings"]["properties"]["tenant"] = json!({"type": "keyword"});
    opensearch.request("PUT", path, &template.to_string());

    let kept = init(&[]);
    let rows = kept.json_lines();
    assert_eq!(results(&rows), ["exists", "differs"]);
    assert_eq!(
        rows[1]["differences"],
        json!([
            "template.mappings.properties.tenant is not from clp",
            "template.settings.index.number_of_shards is 3, not 1"
        ])
    );
    assert!(kept.stderr.contains("--force puts it"), "{}", kept.stderr);
    assert_eq!(
        results(&init(&["--force", "--dry-run"]).json_lines()),
        ["exists", "would be updated"]
    );
    assert_eq!(results(&init(&["--force"]).json_lines()), ["exists", "updated"]);
    assert_eq!(results(&init(&[]).json_lines()), ["exists"; 2]);
}

/// Answers the one request that comes, and gives what it was.
fn answering(answer: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    (url, served)
}

#[test]
fn what_fails_is_told_without_the_password() {
    let clp = Clp::bare();
    let (url, served) = answering("HTTP/1.1 401 Unauthorized\r\nContent-Length: 12\r\n\r\nUnauthorized");
    let refused = clp
        .args(["init-opensearch", "--user", "clp", "--url", &url])
        .env("OPENSEARCH_PASSWORD", "hunter2-hunter2-hunter2")
        .run()
        .expect_code(1);
    let request = served.join().unwrap();
    assert!(
        request.starts_with("GET /_ingest/pipeline/commerce-traces "),
        "{request}"
    );
    // clp:hunter2-hunter2-hunter2
    let login = "authorization: basic y2xwomh1bnrlcjitahvudgvymi1odw50zxiy";
    assert!(request.to_lowercase().contains(login), "{request}");
    assert!(
        refused
            .stderr
            .contains("refused to show the ingest pipeline: 401 Unauthorized"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("hint: give --user"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("hunter2"), "{}", refused.stderr);

    let (url, _served) = answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>");
    let other = clp.run(["init-opensearch", "--url", &url]).expect_code(1);
    assert!(
        other.stderr.contains("does not answer as an OpenSearch does"),
        "{}",
        other.stderr
    );

    let nobody = format!("http://127.0.0.1:{}", free_port());
    let nobody = clp
        .run(["init-opensearch", "--wait", "1", "--url", &nobody])
        .expect_code(1);
    assert!(nobody.stderr.contains("did not answer within 1 s"), "{}", nobody.stderr);
    assert!(nobody.stderr.contains("refused"), "{}", nobody.stderr);

    let secret = clp
        .run(["init-opensearch", "--url", "https://admin:hunter2@localhost:9200"])
        .expect_code(3);
    assert!(
        secret.stderr.contains("`https://****@localhost:9200`"),
        "{}",
        secret.stderr
    );
    assert!(!secret.stderr.contains("hunter2"), "{}", secret.stderr);
    clp.run(["init-opensearch", "--ca-file", "not-there.pem"])
        .expect_code(3);
}
